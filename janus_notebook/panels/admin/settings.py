"""The settings of a server that can be changed while it runs: what they mean, and what changes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from janus_notebook.errors import JanusOptionError

if TYPE_CHECKING:
    from janus_notebook.client.admin.admin import JanusAdmin
    from janus_notebook.panels.admin.reading import Reading

__all__ = ["SETTINGS", "SettingKind", "change", "settings_snapshot"]

LOG_LEVELS: Final = (
    "0 – nothing",
    "1 – fatal errors only",
    "2 – errors",
    "3 – warnings too",
    "4 – information (default)",
    "5 – verbose",
    "6 – very verbose",
    "7 – everything, for debugging",
)
MUCH_TEXT: Final = "The server then writes very much into its log, and becomes slower."
HIGHEST: Final = 2**31 - 1


@dataclass(frozen=True)
class SettingKind:
    """One setting.

    Attributes:
        name: as `ServerStatus` has it, and its request after ``set_``.
        label: what a person calls it.
        meaning: one or two sentences.
        kind: how it is shown and changed; ``fact`` can't be changed while the server runs.
        unit: of a number.
        confirm: asked before the change; "" for nothing.
        when: which change is asked about: to True or False, to a number that is ``less`` than now, or to a
            log level that is ``much``.
    """

    name: str
    label: str
    meaning: str
    kind: Literal["number", "switch", "level", "fact"]
    unit: str = ""
    confirm: str = ""
    when: Literal["on", "off", "less", "much", ""] = ""


SETTINGS: Final = (
    SettingKind(
        "accept_new_sessions",
        "Accept new sessions",
        "Off: nobody can open a session any more (error 472); those that exist go on. So a server is emptied "
        "before it is taken down.",
        "switch",
        confirm="Refuse every new session, of everybody, from now on?",
        when="off",
    ),
    SettingKind(
        "session_timeout",
        "Session timeout",
        "A session that asks for nothing for so long is ended, with its handles. 0: never.",
        "number",
        "s",
        "A shorter timeout ends sessions whose owners send keepalives less often than that. Go on?",
        "less",
    ),
    SettingKind(
        "reclaim_session_timeout",
        "Reclaim timeout",
        "A session outlives its lost connection by so long, and may be claimed by a new one. Only the "
        "configuration file changes it.",
        "fact",
        "s",
    ),
    SettingKind(
        "candidates_timeout",
        "Candidates timeout",
        "ICE candidates that come before their offer or answer wait for it so long. Only the configuration "
        "file changes it.",
        "fact",
        "s",
    ),
    SettingKind(
        "slowlink_threshold",
        "Slow link threshold",
        "So many packets lost in one second make a slowlink event. 0: no such events.",
        "number",
        "packets",
    ),
    SettingKind(
        "no_media_timer",
        "No-media timer",
        "No packet for so long makes a media event that says so. 0: no such events.",
        "number",
        "s",
    ),
    SettingKind(
        "min_nack_queue",
        "Shortest NACK queue",
        "Sent packets are kept at least so long, to be sent again when one was lost.",
        "number",
        "ms",
    ),
    SettingKind(
        "nack_optimizations",
        "NACK optimizations",
        "Forget the packets that are kept for sending again whenever a key frame was sent.",
        "switch",
    ),
    SettingKind(
        "log_level",
        "Log level",
        "How much the server writes into its log.",
        "level",
        confirm=f"Log that much? {MUCH_TEXT}",
        when="much",
    ),
    SettingKind("log_timestamps", "Log times", "Each line of the log begins with the time.", "switch"),
    SettingKind(
        "log_colors",
        "Log colours",
        "The log has colours: good in a terminal, a nuisance in a file.",
        "switch",
    ),
    SettingKind(
        "locking_debug",
        "Log every lock",
        f"For the search of deadlocks. {MUCH_TEXT}",
        "switch",
        confirm=f"Log every lock? {MUCH_TEXT}",
        when="on",
    ),
    SettingKind(
        "refcount_debug",
        "Log every reference",
        f"For the search of memory leaks. {MUCH_TEXT}",
        "switch",
        confirm=f"Log every change of a reference count? {MUCH_TEXT}",
        when="on",
    ),
    SettingKind("libnice_debug", "Log libnice", "libnice, which does ICE, logs what it does.", "switch"),
)
_BY_NAME: Final = {setting.name: setting for setting in SETTINGS}


def settings_snapshot(reading: Reading) -> list[dict[str, Any]]:
    """The settings that this server has, with their values."""
    rows = []
    for setting in SETTINGS:
        value = _value(reading, setting.name)
        if value is None:
            continue
        rows.append(
            {
                "name": setting.name,
                "label": setting.label,
                "meaning": setting.meaning,
                "kind": setting.kind,
                "unit": setting.unit,
                "confirm": setting.confirm,
                "when": setting.when,
                "value": value,
                "choices": list(LOG_LEVELS) if setting.kind == "level" else [],
            }
        )
    return rows


def _value(reading: Reading, name: str) -> int | None:
    if name == "accept_new_sessions":
        known = reading.info.data.get("accepting-new-sessions")
        return known if isinstance(known, bool) else None
    found: int | None = getattr(reading.status, name)
    return found


async def change(admin: JanusAdmin, arguments: Mapping[str, Any]) -> str:
    """Change a setting as the front end asks: ``{"name": ..., "value": ...}``; return what it is now.

    Raises:
        JanusOptionError: there is no such setting, or the value is not one for it.
        JanusError: as the requests of `JanusAdmin` do.
    """
    setting = _BY_NAME.get(str(arguments.get("name")))
    value = arguments.get("value")
    if setting is None or setting.kind == "fact":
        raise JanusOptionError.unknown("setting", str(arguments.get("name")), _BY_NAME)
    if setting.kind == "switch":
        if not isinstance(value, bool):
            raise JanusOptionError(f"{setting.label} is on or off, not {value!r}")
    elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= HIGHEST:
        raise JanusOptionError(f"{setting.label} is a whole number from 0 on, not {value!r}")
    elif setting.kind == "level" and value >= len(LOG_LEVELS):
        raise JanusOptionError(f"{setting.label} is from 0 to {len(LOG_LEVELS) - 1}, not {value!r}")
    method = setting.name if setting.name == "accept_new_sessions" else f"set_{setting.name}"
    done = await getattr(admin, method)(value)
    now = done.value
    shown = ("on" if now else "off") if isinstance(now, bool) else f"{now} {setting.unit}".strip()
    return f"{setting.label}: {shown} now"
