"""What a practice gateway can do wrong: the vocabulary of `PracticeGateway.misbehave`.

Each fault says which outgoing messages it is about, and what happens to them::

    gateway.misbehave(Delay("attach", 0.5))              # the next answer to attach, half a second late
    gateway.misbehave(Drop("message", kind="event"))     # the ack comes, the event never
    gateway.misbehave(CloseAt("event", byte=7), Garbage("keepalive", times=None))

A fault of your own is a frozen dataclass derived from `Fault` with a method `inflict`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusOptionError
from janus_notebook.gateway.practice.fault import STREAMS, Fault
from janus_notebook.gateway.practice.wire import encode
from janus_notebook.gateway.values import require_bool, require_seconds, require_text, require_whole

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.misbehaviour import Delivery

LARGEST_ID = 2**64 - 1

__all__ = [
    "CloseAt",
    "Delay",
    "Drop",
    "Duplicate",
    "Fault",
    "Flood",
    "Garbage",
    "HalfOpen",
    "Huge",
    "Misaddress",
    "Nested",
    "Reorder",
    "Unknown",
    "WrongTypes",
]


@dataclass(frozen=True)
class Delay(Fault):
    """The message comes `seconds` late; what follows it does not wait."""

    message: str | None = None
    seconds: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require_seconds("seconds", self.seconds)

    def inflict(self, delivery: Delivery) -> None:
        delivery.send_after(self.seconds)


@dataclass(frozen=True)
class Drop(Fault):
    """The message never comes. Over HTTP an answer that never comes ends the POST after 10 s."""

    message: str | None = None

    def inflict(self, delivery: Delivery) -> None:
        pass


@dataclass(frozen=True)
class Duplicate(Fault):
    """The message comes `copies` times more; over HTTP that happens to events only."""

    message: str | None = None
    copies: int = 1
    to_answers_over_http = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("copies", self.copies, 1)

    def inflict(self, delivery: Delivery) -> None:
        for _ in range(1 + self.copies):
            delivery.send()


@dataclass(frozen=True)
class Reorder(Fault):
    """`among` messages are held back, then come in reverse; `times` counts such groups.

    If they do not come together within `patience` seconds, those that are there come in reverse.
    ``Reorder("message", among=2)`` lets an event overtake its own ack.
    """

    message: str | None = None
    among: int = 2

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("among", self.among, 2)

    @property
    def holds(self) -> int:
        return self.among

    def inflict(self, delivery: Delivery) -> None:
        raise NotImplementedError("the rules release what they hold")


@dataclass(frozen=True)
class CloseAt(Fault):
    """The connection closes within the message: only `byte` bytes of its frame go out, head included.

    Over HTTP these are bytes of the answer. With `reset` the end is a TCP reset instead of an end of stream.
    """

    message: str | None = None
    byte: int = 0
    reset: bool = False
    fronts = STREAMS

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("byte", self.byte, 0)
        require_bool("reset", self.reset)

    def inflict(self, delivery: Delivery) -> None:
        delivery.outlet.write_cut(delivery.data, self.byte, reset=self.reset)


@dataclass(frozen=True)
class HalfOpen(Fault):
    """From this message on the gateway neither reads nor answers on that connection, nor closes it."""

    message: str | None = None
    fronts = frozenset({"ws", "http", "unix"})

    def inflict(self, delivery: Delivery) -> None:
        delivery.outlet.freeze()


@dataclass(frozen=True)
class Garbage(Fault):
    """Something else comes instead of the message.

    Args:
        data: what; text or bytes. Bytes that are no UTF-8 break the rules of WebSocket text (RFC 6455,
            section 8.1).
        raw: put it on the connection without a frame around it (WebSocket only).
        keep: let the message follow.
    """

    message: str | None = None
    data: str | bytes = '{"janus": garb'
    raw: bool = False
    keep: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.data, str | bytes):
            raise JanusOptionError(f"data={self.data!r}: expected text (str) or bytes")
        require_bool("raw", self.raw)
        require_bool("keep", self.keep)
        if self.raw and self.on not in (None, "ws"):
            raise JanusOptionError(f"Garbage with raw=True cannot happen on {self.on}; only on ws")

    def matches(self, delivery: Delivery) -> bool:
        if delivery.outlet.once and self.keep:
            return False
        return (not self.raw or delivery.outlet.front == "ws") and super().matches(delivery)

    def inflict(self, delivery: Delivery) -> None:
        data = self.data.encode() if isinstance(self.data, str) else self.data
        if self.raw:
            delivery.outlet.write_raw(data)
        else:
            delivery.send(data)
        if self.keep:
            delivery.send()


@dataclass(frozen=True)
class Huge(Fault):
    """The message is right, but has a member ``padding`` of `size` bytes."""

    message: str | None = None
    size: int = 4 * 2**20

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("size", self.size, 1)

    def inflict(self, delivery: Delivery) -> None:
        delivery.send(encode(delivery.message | {"padding": "x" * self.size}))


@dataclass(frozen=True)
class Nested(Fault):
    """The message is right, but has a member ``nested`` of `depth` arrays in one another."""

    message: str | None = None
    depth: int = 100_000

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("depth", self.depth, 1)

    def inflict(self, delivery: Delivery) -> None:
        delivery.send(b'%s,"nested":%s%s}' % (delivery.data[:-1], b"[" * self.depth, b"]" * self.depth))


@dataclass(frozen=True)
class WrongTypes(Fault):
    """Members of the message have another JSON type than they should.

    Args:
        members: which; empty for all.
    """

    message: str | None = None
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.members, tuple) or not all(isinstance(name, str) for name in self.members):
            hint = "Such as members=('session_id',)."
            raise JanusOptionError(f"members={self.members!r}: expected a tuple of names", hint=hint)

    def inflict(self, delivery: Delivery) -> None:
        message = delivery.message
        wrong = {
            name: another_type(value) if not self.members or name in self.members else value
            for name, value in message.items()
        }
        delivery.send(encode(wrong))


@dataclass(frozen=True)
class Unknown(Fault):
    """The message says that it is of a kind nobody has heard of.

    Args:
        name: that kind.
        keep: let the message itself follow.
    """

    message: str | None = None
    name: str = "unheard-of"
    keep: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_text("name", self.name)
        require_bool("keep", self.keep)

    def matches(self, delivery: Delivery) -> bool:
        return not (delivery.outlet.once and self.keep) and super().matches(delivery)

    def inflict(self, delivery: Delivery) -> None:
        delivery.send(encode(delivery.message | {"janus": self.name}))
        if self.keep:
            delivery.send()


@dataclass(frozen=True)
class Misaddress(Fault):
    """The message names another session: `session_id`."""

    message: str | None = None
    session_id: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("session_id", self.session_id, 0, LARGEST_ID)

    def inflict(self, delivery: Delivery) -> None:
        delivery.send(encode(delivery.message | {"session_id": self.session_id}))


@dataclass(frozen=True)
class Flood(Fault):
    """Behind the message come `count` events, as fast as the client takes them.

    They are of the message's session and handle, with ``plugindata.data`` ``{"flood": i}``, i from 0; so
    the first message that is about a handle sets it off, unless you say which.
    """

    count: int = 100_000
    to_answers_over_http = False

    def __post_init__(self) -> None:
        super().__post_init__()
        require_whole("count", self.count, 1)

    def matches(self, delivery: Delivery) -> bool:
        about_a_handle = delivery.handle_id is not None and "session_id" in delivery.message
        return about_a_handle and super().matches(delivery)

    def inflict(self, delivery: Delivery) -> None:
        delivery.send()
        delivery.run(self._flow(delivery))

    async def _flow(self, delivery: Delivery) -> None:
        outlet = delivery.outlet
        plugindata: dict[str, Any] = {"plugin": "janus.plugin.practice", "data": {"flood": 0}}
        event = {
            "janus": "event",
            "session_id": delivery.message["session_id"],
            "sender": delivery.handle_id,
            "plugindata": plugindata,
        }
        for number in range(self.count):
            plugindata["data"]["flood"] = number
            outlet.write(encode(event))
            if number % 100 == 99:  # let the rest of the gateway live
                await outlet.drained()


def another_type(value: Any) -> Any:
    """Return a value of another JSON type."""
    match value:
        case bool() | None:
            return "true"
        case int() | float():
            return str(value)
        case str():
            return 7
        case dict():
            return [value]
        case _:
            return {"list": value}
