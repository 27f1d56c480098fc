"""`Fault`: which outgoing messages a fault is about. What happens to them is in `faults`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from janus_notebook.errors import JanusOptionError
from janus_notebook.gateway.values import require_one_of, require_whole

if TYPE_CHECKING:
    from janus_notebook.gateway.practice.misbehaviour import Delivery, Front

VERBS = frozenset(
    {"attach", "claim", "create", "destroy", "detach", "hangup"}
    | {"info", "keepalive", "message", "ping", "trickle"}
)
KINDS = frozenset(
    {"ack", "detached", "error", "event", "hangup", "media", "pong", "server_info"}
    | {"slowlink", "success", "timeout", "trickle", "webrtcup"}
)
FRONTS: tuple[Front, ...] = ("ws", "http", "unix", "unix+dgram")
STREAMS = frozenset({"ws", "http"})


@dataclass(frozen=True, kw_only=True)
class Fault(ABC):
    """A rule: which outgoing messages, and (in a derived class) what happens to them.

    Args:
        message: the verb that the message answers (``attach``), or its kind (``event``, ``ack``); both
            where a word is both (``hangup``, ``trickle``); None for any message. An ``event`` with the
            transaction of a ``message`` answers it, as its ``ack`` does.
        kind: only messages of this kind.
        verb: only messages that answer this verb.
        nth: the first of these that the fault happens to, counted from 1.
        times: how many in a row it happens to; None for all from then on.
        on: the only transport it happens on: ``ws``, ``http``, ``unix`` or ``unix+dgram``; None for
            every one on which it can happen.

    Raises:
        JanusOptionError: an unknown word, a number out of range, or a transport it cannot happen on.
    """

    message: str | None = None
    kind: str | None = None
    verb: str | None = None
    nth: int = 1
    times: int | None = 1
    on: Front | None = None

    fronts: ClassVar[frozenset[str]] = frozenset(FRONTS)
    """The transports it can happen on."""
    to_answers_over_http: ClassVar[bool] = True
    """Whether it can happen to the answer of a POST, of which there is exactly one."""
    patience: ClassVar[float] = 1.0

    def __post_init__(self) -> None:
        for value, known in ((self.message, VERBS | KINDS), (self.kind, KINDS), (self.verb, VERBS)):
            if value is not None:
                require_one_of("message", value, known)
        require_whole("nth", self.nth, 1)
        if self.times is not None:
            require_whole("times", self.times, 1)
        if self.on is not None:
            require_one_of("transport", self.on, FRONTS)
        if self.on is not None and self.on not in self.fronts:
            possible = ", ".join(front for front in FRONTS if front in self.fronts)
            raise JanusOptionError(f"{type(self).__name__} cannot happen on {self.on}; only on {possible}")

    @property
    def holds(self) -> int:
        """How many messages it takes at once."""
        return 1

    def matches(self, delivery: Delivery) -> bool:
        """Whether it is about this message."""
        front, kind, verb = delivery.outlet.front, delivery.kind, delivery.verb
        return (
            self.message in (None, kind, verb)
            and self.kind in (None, kind)
            and self.verb in (None, verb)
            and self.on in (None, front)
            and front in self.fronts
            and (self.to_answers_over_http or not delivery.outlet.once)
        )

    def is_due(self, seen: int) -> bool:
        """Whether it happens to the `seen`-th message that it is about."""
        return self.nth <= seen and (self.times is None or seen < self.nth + self.times * self.holds)

    @abstractmethod
    def inflict(self, delivery: Delivery) -> None:
        """Do it: `delivery.send` sends the message, or something else in its place."""
