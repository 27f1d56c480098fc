"""A log as a pandas DataFrame (the ``data`` extra)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from janus_notebook.errors import JanusOptionError
from janus_notebook.protocol.events import Direction, StateEvent
from janus_notebook.protocol.messages import MAX_INTEGER
from janus_notebook.texts import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from janus_notebook.protocol.events import JanusEvent

__all__ = ["frame_of", "load_pandas", "plugins_by_handle"]


def load_pandas(feature: str) -> Any:
    """Import pandas.

    Args:
        feature: what needs it, the subject of the error's sentence.

    Raises:
        JanusOptionError: it is not installed.
    """
    try:
        import pandas
    except ImportError as exc:
        raise JanusOptionError(
            f"{feature} needs the data extra", hint="pip install 'janus-notebook[data]'"
        ) from exc
    return pandas


def frame_of(events: Iterable[JanusEvent]) -> Any:
    """Return one row for each entry, oldest first, indexed by ``seq``.

    Columns: ``time`` (UTC), ``elapsed`` (seconds), ``direction``, ``kind``, ``name`` (for a plugin's event
    its own name), ``session_id`` and ``handle_id`` (whole numbers, exact, or missing), ``plugin``,
    ``transaction``, ``summary``, ``raw`` (the message as a dict, secrets masked). What others said is fit
    to be shown in all of them but ``raw``, which has it as it came.

    Raises:
        JanusOptionError: pandas is not installed.
    """
    pandas = load_pandas("to_frame()")
    entries = list(events)
    plugins = plugins_by_handle(entries)
    columns: dict[str, Any] = {
        "time": pandas.to_datetime([event.time for event in entries], unit="s", utc=True, errors="coerce"),
        "elapsed": pandas.array([event.elapsed for event in entries], dtype="float64"),
        "direction": pandas.Categorical(
            [event.direction for event in entries], categories=list(get_args(Direction))
        ),
        "kind": [clean(event.kind) for event in entries],
        "name": [clean(event.name) for event in entries],
        # A float, which pandas takes for numbers that may be missing, is not exact for Janus's ids.
        "session_id": pandas.array([_id(event.session_id) for event in entries], dtype="Int64"),
        "handle_id": pandas.array([_id(event.handle_id) for event in entries], dtype="Int64"),
        "plugin": pandas.array(
            [_word(plugins.get(event.handle_id or 0)) for event in entries], dtype="string"
        ),
        "transaction": pandas.array(
            [_word(event.raw.get("transaction")) for event in entries], dtype="string"
        ),
        "summary": [event.summary for event in entries],
        "raw": [event.raw for event in entries],
    }
    index = pandas.Index([event.seq for event in entries], name="seq", dtype="int64")
    return pandas.DataFrame(columns, index=index)


def _id(value: int | None) -> int | None:
    """An id that the column can hold; Janus's have 53 bits."""
    return value if value is None or -MAX_INTEGER <= value <= MAX_INTEGER else None


def _word(value: object) -> str | None:
    return None if value is None else clean(value)


def plugins_by_handle(events: Iterable[JanusEvent]) -> dict[int, str]:
    """Which handle is on which plugin, by its package name, as far as the entries say so."""
    found: dict[int, str] = {}
    for event in events:
        if event.handle_id is None or event.handle_id in found:
            continue
        if isinstance(event, StateEvent):
            plugin = event.raw.get("plugin")
        else:
            data = event.raw.get("event" if event.direction == "monitor" else "plugindata")
            plugin = data.get("plugin") if isinstance(data, dict) else None
        if isinstance(plugin, str):
            found[event.handle_id] = plugin
    return found
