"""The verbs of ``%janus admin`` that look: sessions, handles, info, status, loops."""

from __future__ import annotations

from typing import Any

import msgspec

from janus_notebook.client.tables import Table
from janus_notebook.config import mask, mask_url
from janus_notebook.magics.commands.admin.verbs import (
    Verb,
    admin_of,
    handle_ids,
    handle_words,
    on_a_handle,
    seen,
    session_id,
    session_words,
    verb_parser,
)
from janus_notebook.magics.context import Context

__all__ = ["VERBS", "overview"]


def overview(context: Context) -> Table:
    """Who the server is, what goes on there, and how it is set."""
    admin = admin_of(context, None)
    info, status = admin.info().result(), admin.get_status().result()
    sessions = _sessions(admin)
    rows = [
        ("server", f"{info.name} {info.version_string} at {mask_url(admin.base_url)}"),
        ("name", info.server_name),
        ("sessions", str(len(sessions))),
        ("handles", str(sum(len(session.handles) for session in sessions))),
        ("takes new sessions", _shown(info.accepting_new_sessions)),
        ("plugins", ", ".join(sorted(name.removeprefix("janus.plugin.") for name in info.plugins))),
    ]
    return Table([("what", "now"), *rows, *_settings(status)])


def _settings(status: Any) -> list[tuple[str, str]]:
    return [(name.replace("-", "_"), _shown(value)) for name, value in status.data.items()]


def _shown(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _sessions(admin: Any) -> Any:
    found = admin.sessions().result()
    for session in found:
        seen.note(session.id, [handle.handle_id for handle in session.handles])
    return found


def _run_sessions(context: Context, options: Any) -> Any:
    return _sessions(admin_of(context, options))


def _run_handles(context: Context, options: Any) -> Any:
    chosen = None if options.session is None else session_id(context, options.session)
    found = admin_of(context, options).handles(chosen).result()
    for handle in found:
        seen.note(handle.session_id, [handle.handle_id])
    return found


def _run_info(context: Context, options: Any) -> Table:
    chosen = handle_ids(context, options)
    info = admin_of(context, options).handle_info(*chosen, plugin_only=options.plugin or None).result()
    rows = [
        ("session", f"{info.session_id} by {info.session_transport or 'nobody'}"),
        ("handle", str(info.handle_id)),
        ("plugin", info.plugin),
        ("opaque id", info.opaque_id or ""),
        ("state", info.state),
        ("age", "" if info.age is None else f"{info.age:.1f} s"),
        ("idle", "" if info.idle is None else f"{info.idle:.1f} s"),
    ]
    if info.webrtc is not None:
        ice, dtls = info.webrtc.ice, info.webrtc.dtls
        rows += [
            ("ICE", f"{ice.state} {ice.selected_pair}"),
            ("DTLS", f"{dtls.dtls_state} {dtls.dtls_role} {dtls.srtp_profile}"),
        ]
    rows += [(f"mid {mid}", _medium(media)) for mid, media in info.media.items()]
    captures = (info.pcap_file, info.text2pcap_file)
    rows += [("captured to", path) for path in captures if path is not None]
    rows += [(f"plugin's {key}", str(value)) for key, value in mask(info.plugin_specific).items()]
    return Table([("what", "now"), *rows])


def _medium(media: Any) -> str:
    ways = {("in", media.direction.recv): media.stats.in_, ("out", media.direction.send): media.stats.out}
    parts = [
        f"{way} {traffic.packets:,} packets, {traffic.bits_per_second / 1000:,.0f} kbit/s"
        for (way, used), traffic in ways.items()
        if used
    ]
    rtcp = media.rtcp.main
    lost = [f"lost {rtcp.lost} in, {rtcp.lost_by_remote} out, rtt {rtcp.rtt} ms"] if rtcp is not None else []
    return "; ".join([f"{media.type} {media.codecs.codec}".strip(), *parts, *lost])


def _run_status(context: Context, options: Any) -> Table:
    return Table([("setting", "now"), *_settings(admin_of(context, options).get_status().result())])


def _run_loops(context: Context, options: Any) -> Table | None:
    found = admin_of(context, options).loops_info().result()
    if not found:
        print("Each handle has an event loop of its own.")  # noqa: T201 - it was asked for
        return None
    rows = [tuple(map(str, msgspec.structs.astuple(loop))) for loop in found]
    return Table([("loop", "handles"), *rows])


_sessions_parser = verb_parser("sessions", "List everybody's sessions.")
_handles_parser = verb_parser("handles", "List everybody's handles, or those of a session.")
_handles_parser.add_argument("session", nargs="?", metavar="SESSION", help="id, or a session's variable")
_info_parser = on_a_handle(verb_parser("info", "Tell about a handle: its state, media, statistics."))
_info_parser.add_argument("--plugin", action="store_true", help="only what the plugin says of it")

VERBS = {
    "sessions": Verb(_sessions_parser, _run_sessions),
    "handles": Verb(_handles_parser, _run_handles, session_words),
    "info": Verb(_info_parser, _run_info, handle_words),
    "status": Verb(verb_parser("status", "Show the settings that can be changed."), _run_status),
    "loops": Verb(verb_parser("loops", "Show the server's event loops."), _run_loops),
}
