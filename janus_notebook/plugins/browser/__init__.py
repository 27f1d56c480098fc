"""A handle's media in a browser page: the negotiation, without anything of Jupyter in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusOptionError

if TYPE_CHECKING:
    from janus_notebook.client.plugin import JanusPlugin
    from janus_notebook.plugins.browser.call import BrowserCall

__all__ = ["camera"]


def camera(
    handle: JanusPlugin,
    video: bool | None,
    audio: bool | None,
    source: str,
    size: Mapping[str, Any],
    ice_servers: Iterable[Mapping[str, Any]],
    request: Mapping[str, Any],
) -> BrowserCall:
    """Make the call of a handle; one that it has ends first. On the session's loop.

    Raises:
        JanusStateError: the handle is not attached, has media already, or has to do something before.
        JanusOptionError: an option that is unknown, or that the plugin cannot use.
    """
    from janus_notebook.plugins.browser.call import BrowserCall
    from janus_notebook.plugins.browser.flows import flow_of
    from janus_notebook.plugins.browser.peer import Wants
    from janus_notebook.plugins.webrtc import WebRtcPlugin

    session, _ = handle._attached()
    flow = flow_of(handle, request)
    assert isinstance(handle, WebRtcPlugin)  # those that have a flow are
    before = handle.in_browser if isinstance(handle.in_browser, BrowserCall) else None
    sends = {}
    for kind, given, usual in (("video", video, flow.video), ("audio", audio, flow.audio)):
        if given and usual is None:
            raise JanusOptionError(
                f"{handle.name} takes no {kind} from you here", hint=f"Leave {kind}= out."
            ).within(plugin=handle.name, handle_id=handle.id)
        sends[kind] = bool(usual if given is None else given)
    if flow.what not in ("watch", "play", "set up") and not any(sends.values()):
        raise JanusOptionError("nothing to send", hint="Give video=True, audio=True or both.")
    wants = Wants(
        video=source if sends["video"] else None,
        audio=("test" if source == "test" else "microphone") if sends["audio"] else None,
        **size,
    )
    call = BrowserCall(handle, wants, flow, ice_servers=ice_servers, after=before)
    if before is None or not before.on_its_way:
        call.check_idle()
    else:
        session.spawn(call.end_former(), name="janus-browser-end")
    handle.in_browser = call
    return call
