"""Tables of everybody's sessions and handles."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

from janus_notebook.client.admin.handle_info import HandleInfo
from janus_notebook.client.frames import load_pandas
from janus_notebook.client.tables import Table
from janus_notebook.protocol.typed import Record

__all__ = ["HandleTable", "SessionSummary", "SessionTable"]

T = TypeVar("T")


class SessionSummary(Record, frozen=True, kw_only=True):
    """A session of anybody's.

    What Janus tells of a session, it tells with its handles: without one only the id is known.

    Attributes:
        id: Janus's id of it.
        handles: what is attached in it.
    """

    id: int
    handles: tuple[HandleInfo, ...] = ()

    @property
    def transport(self) -> str:
        """What its owner came by, such as ``janus.transport.websockets``; "" if not known."""
        return self.handles[0].session_transport if self.handles else ""

    @property
    def timeout(self) -> int | None:
        """Seconds without requests after which it ends, if known."""
        return self.handles[0].session_timeout if self.handles else None

    @property
    def idle(self) -> float | None:
        """Seconds since its owner last asked for something, if known."""
        return self.handles[0].idle if self.handles else None

    @property
    def bitrate_in(self) -> int:
        """Bits that its owner sent in the last second."""
        return sum(handle.bitrate_in for handle in self.handles)

    @property
    def bitrate_out(self) -> int:
        """Bits that the server sent to its owner in the last second."""
        return sum(handle.bitrate_out for handle in self.handles)


class _Overview(Sequence[T], Generic[T]):
    """Some of a server's things at one moment; reads as a tuple of them."""

    def __init__(self, items: Sequence[T]) -> None:
        self._items = tuple(items)

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(self._items)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self._items[index]

    @abstractmethod
    def _rows(self) -> list[dict[str, Any]]:
        """A dict for each item, with the values of `_columns`."""

    @abstractmethod
    def _columns(self) -> list[str]:
        """The names of the columns."""

    def _table(self) -> Table:
        columns = self._columns()
        rows = [[_shown(name, row[name]) for name in columns] for row in self._rows()]
        return Table([[name.removesuffix("_id").replace("_", " ") for name in columns], *rows])

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()

    def to_frame(self) -> Any:
        """The same as a pandas DataFrame, with a row for each; ids are exact whole numbers.

        Raises:
            JanusOptionError: pandas is not installed.
        """
        pandas = load_pandas("to_frame()")
        frame = pandas.DataFrame(self._rows(), columns=self._columns())
        kinds = {name: kind for name, kind in _KINDS.items() if name in frame}
        return frame.astype(kinds)


class SessionTable(_Overview[SessionSummary]):
    """A server's sessions: a sequence of `SessionSummary` that shows itself as a table."""

    def _columns(self) -> list[str]:
        return [
            "session_id",
            "transport",
            "handles",
            "plugins",
            "idle",
            "timeout",
            "bitrate_in",
            "bitrate_out",
        ]

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "session_id": session.id,
                "transport": _short(session.transport),
                "handles": len(session.handles),
                "plugins": ", ".join(sorted({_short(handle.plugin) for handle in session.handles})),
                "idle": session.idle,
                "timeout": session.timeout,
                "bitrate_in": session.bitrate_in,
                "bitrate_out": session.bitrate_out,
            }
            for session in self
        ]


class HandleTable(_Overview[HandleInfo]):
    """Handles of a server: a sequence of `HandleInfo` that shows itself as a table."""

    def _columns(self) -> list[str]:
        first = ["session_id", "handle_id", "plugin", "opaque_id", "transport", "state"]
        return [*first, "age", "bitrate_in", "bitrate_out"]

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "session_id": handle.session_id,
                "handle_id": handle.handle_id,
                "plugin": _short(handle.plugin),
                "opaque_id": handle.opaque_id,
                "transport": _short(handle.session_transport),
                "state": handle.state,
                "age": handle.age,
                "bitrate_in": handle.bitrate_in,
                "bitrate_out": handle.bitrate_out,
            }
            for handle in self
        ]


# A float, which pandas takes for numbers that may be missing, is not exact for Janus's ids.
_KINDS = {
    "session_id": "Int64",
    "handle_id": "Int64",
    "timeout": "Int64",
    "idle": "float64",
    "age": "float64",
    "opaque_id": "string",
}


def _short(name: str) -> str:
    """``janus.plugin.echotest`` without what all such names begin with."""
    return name.split(".", 2)[2] if name.startswith("janus.") and name.count(".") > 1 else name


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in ("idle", "age"):
        return f"{value:.1f} s"
    if name.startswith("bitrate"):
        return f"{value / 1000:,.0f} kbit/s" if value else ""
    return str(value)
