"""Where a view's video comes from: a handle, one feed of a subscription, or a single track."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError
from janus_notebook.panels.snapshot import NAME_LIMIT, clean, is_moving

if TYPE_CHECKING:
    from janus_notebook.client.replay import AnySession
    from janus_notebook.media.tracks import ReceivedTrack
    from janus_notebook.plugins.videoroom.subscriber import RoomSubscriber
    from janus_notebook.plugins.webrtc import WebRtcPlugin

__all__ = ["Source", "handle_source", "subscriber_source", "track_source"]


@dataclass(frozen=True)
class Source:
    """How a view finds its track, of a core object that it holds weakly.

    Attributes:
        title, ident, which: what the view is called.
        find: gives the track that there is now, or raises the `JanusError` that says why there is none.
        session: gives the session, or None.
        alive: whether there may be video again.
    """

    title: str
    ident: str
    which: str
    find: Callable[[Any], ReceivedTrack]
    session: Callable[[Any], AnySession | None]
    alive: Callable[[Any], bool]


def handle_source(handle: WebRtcPlugin, which: str) -> Source:
    """A handle's first video track, or the one with that mid; also after it has negotiated anew.

    Raises:
        JanusOptionError: it is no video, or nothing of that name is received.
    """
    if not isinstance(which, str):
        raise JanusOptionError(f"which={which!r}", hint='Give "video" or a mid, such as "1".')
    if which != "video":
        try:
            _video(handle.track(which))
        except (JanusMediaError, JanusStateError) as exc:
            raise JanusOptionError(str(exc), hint='view("video") waits for video that comes later.') from exc
    return Source(
        title=clean(handle.name.removeprefix("janus.plugin."), NAME_LIMIT),
        ident=" ".join(filter(None, [clean(handle.label, NAME_LIMIT), str(handle.id or "")])),
        which=_named(which),
        find=partial(_of_handle, which=which),
        session=lambda core: core.session,
        alive=lambda core: core.session is not None and core.id is not None and is_moving(core.session),
    )


def subscriber_source(subscriber: RoomSubscriber, feed: Any, which: str) -> Source:
    """The video of one feed.

    Raises:
        JanusMediaError: it is not received.
        JanusOptionError: it is no video.
    """
    _video(subscriber.track(feed, which))
    name = getattr(feed, "display", None) or getattr(feed, "id", feed)
    return Source(
        title=clean(f"VideoRoom {subscriber.room}", NAME_LIMIT),
        ident=clean(name, NAME_LIMIT),
        which=_named(which),
        find=lambda core: _video(core.track(feed, which)),
        session=lambda core: core.session,
        alive=lambda core: core.handle.id is not None and is_moving(core.session),
    )


def track_source(track: ReceivedTrack) -> Source:
    """One track, until it ends.

    Raises:
        JanusOptionError: it is no video.
    """
    _video(track)

    def find(core: ReceivedTrack) -> ReceivedTrack:
        if core.ended is not None:
            raise JanusMediaError(core.ended)
        return core

    return Source(
        title="Received track",
        ident="",
        which=f"video, mid {clean(track.mid, NAME_LIMIT)}",
        find=find,
        session=lambda _core: None,
        alive=lambda core: core.ended is None,
    )


def _of_handle(handle: WebRtcPlugin, which: str) -> ReceivedTrack:
    if handle.state in ("hungup", "detached"):
        why = f" ({handle.reason})" if handle.reason else ""
        what = "hung up" if handle.state == "hungup" else "detached"
        again = f"It goes on after {handle.begins_media}." if handle.state == "hungup" else ""
        raise JanusMediaError(f"the handle is {what}{why}", hint=again)
    return _video(handle.track(which))


def _named(which: str) -> str:
    return which if which == "video" else f"video, mid {clean(which, NAME_LIMIT)}"


def _video(track: ReceivedTrack) -> ReceivedTrack:
    if track.kind != "video":
        raise JanusOptionError(
            f"mid {track.mid} is {track.kind}, and view() shows video",
            hint="await track.snapshot() gives its samples.",
        )
    return track
