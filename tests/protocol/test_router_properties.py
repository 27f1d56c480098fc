"""The router under any interleaving: each request ends once, each event is delivered once, nothing is left.

A sequence is a string of bytes, each one an operation of the table below. That is fast to generate, and it
shrinks well: byte 0 does nothing and is left out of what a failure shows. A model, written from the
protocol's rules and not from the router, says beforehand what each operation must lead to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sized
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from janus_notebook import JanusConnectionError, JanusError, JanusPluginError, JanusServerError
from janus_notebook.protocol import router as router_module
from janus_notebook.protocol.router import (
    Acknowledged,
    Effect,
    Failed,
    Ignored,
    Late,
    Occurred,
    Replied,
    Router,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

Operation = tuple[Any, ...]
Outcome = tuple[Any, ...]
Message = dict[str, Any]

REMEMBERED = 3  # how many given-up requests the router remembers here: few, so that some are forgotten
NEWEST = range(5)  # a request is named by its age: 0 is the newest

VERBS = ["message", "attach", "keepalive", "Trickle", "detach"]
ANSWERS = ["ack", "success", "event", "error", "pong", "novelty", "event with error", "success with error"]

OPERATIONS: list[Operation] = [
    ("nothing",),
    *(2 * [("expect", *rest) for rest in product(VERBS, [1, 2], [1, 2])]),
    ("expect", "info", None, None),
    ("expect", "attach", 1, None),
    ("expect", "keepalive", 2, None),
    *(2 * [("abandon", age) for age in NEWEST]),
    *(("expect again", age) for age in NEWEST),
    *(("answer", kind, age) for kind, age in product(ANSWERS, NEWEST)),
    *(("answer of another session", kind, age) for kind, age in product(["ack", "event"], NEWEST)),
    *(("stray", kind) for kind in ["ack", "success", "event", "error", "pong", "novelty"]),
    *(("without transaction", kind) for kind in ["ack", "success", "error", "pong", "server_info"]),
    *(("odd transaction", kind, odd) for kind, odd in product(["event", "error"], [None, 5, ("t1",)])),
    *(
        ("occur", kind, session, handle)
        for kind, session, handle in product(["media", "hangup", "event", "novelty"], [1, 2, None], [1, 2])
    ),
    *(("occur", "timeout", session, None) for session in [1, 2, 3, None]),
    *(("occur", "detached", session, handle) for session, handle in product([1, 2, None], [1, 2, None])),
    ("repeat",),
    ("end", None, None),
    *(("end", session, None) for session in [1, 2]),
    *(("end", session, handle) for session, handle in product([1, 2], [1, 2])),
]


@dataclass(eq=False)
class Request:
    transaction: str
    verb: str
    session: int | None
    handle: int | None
    state: str = "open"  # then "given up" or "over"

    @property
    def ends_with_ack(self) -> bool:
        return self.verb.lower() in ("keepalive", "trickle")


class Model:
    """What must happen, by the rules of the protocol."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def named(self, transaction: object) -> Request | None:
        for request in reversed(self.requests):
            if request.transaction == transaction and request.state != "over":
                return request
        return None

    def open(self, session: int | None = None, handle: int | None = None) -> list[Request]:
        return [
            request
            for request in self.requests
            if request.state == "open"
            and session in (None, request.session)
            and handle in (None, request.handle)
        ]

    def given_up(self) -> list[Request]:
        return [request for request in self.requests if request.state == "given up"]

    def feed(self, message: Message) -> list[Outcome]:
        kind = message["janus"]
        request = self.named(message.get("transaction"))
        if request is not None:
            return [self.answered(request, message)]
        if kind == "error" and "transaction" not in message and len(self.open()) == 1:
            return [self.answered(self.open()[0], message)]
        if kind == "error" and "transaction" not in message:
            return [("occurred", kind, message.get("session_id"), None)]
        if kind in ("ack", "success", "error", "pong", "server_info"):
            return [("ignored",)]
        session, handle = message.get("session_id"), message.get("sender")
        outcomes: list[Outcome] = [("occurred", kind, session, handle)]
        if kind == "timeout" and session is not None:
            outcomes += self.ended(session, None)
        if kind == "detached" and handle is not None:
            outcomes += self.ended(session, handle)
        return outcomes

    def answered(self, request: Request, message: Message) -> Outcome:
        receipt = message["janus"] == "ack" and not request.ends_with_ack
        if request.state == "given up":
            if receipt:
                return ("ignored",)
            request.state = "over"
            return ("late", request.transaction)
        if receipt:
            return ("acknowledged", request.transaction)
        request.state = "over"
        if message["janus"] == "error":
            return ("failed", request.transaction, JanusServerError)
        if "error" in message.get("plugindata", {}).get("data", {}):
            return ("failed", request.transaction, JanusPluginError)
        return ("replied", request.transaction)

    def ended(self, session: int | None, handle: int | None) -> list[Outcome]:
        """A connection, session or handle is gone; a handle's own detach may still be answered."""
        outcomes: list[Outcome] = []
        for request in self.open(session, handle):
            if handle is None or request.verb != "detach":
                request.state = "over"
                outcomes.append(("failed", request.transaction, JanusError))
        if session is None and handle is None:
            for request in self.given_up():
                request.state = "over"
        return outcomes


class Trial:
    """A router and its model through one sequence."""

    def __init__(self) -> None:
        self.router = Router()
        self.model = Model()
        self.made = 0
        self.ends: Counter[str] = Counter()
        self.fed: list[Message] = []
        self.seen: Counter[int] = Counter()

    def play(self, operations: Iterable[Operation]) -> None:
        for operation in operations:
            self.step(operation)
            self.agree()
        self.finish()

    def step(self, operation: Operation) -> None:
        match operation:
            case ("nothing",):
                pass
            case ("expect", verb, session, handle):
                self.expect(f"t{len(self.model.requests)}", verb, session, handle)
            case ("end", session, handle):
                expected = self.model.ended(session, handle)
                effects = self.router.end(
                    lambda: JanusConnectionError("lost"), session_id=session, handle_id=handle
                )
                self.check(effects, expected)
            case ("without transaction", kind):
                self.feed(kind)
            case ("stray", kind):
                self.feed(kind, transaction="nobody's")
            case ("odd transaction", kind, odd):
                self.feed(kind, transaction=list(odd) if isinstance(odd, tuple) else odd)
            case ("occur", kind, session, handle):
                ids = {"session_id": session, "sender": handle}
                self.feed(kind, **{name: value for name, value in ids.items() if value is not None})
            case ("repeat",):
                if self.fed:
                    message = self.fed[-1]
                    self.feed(
                        message["janus"], **{k: v for k, v in message.items() if k not in ("janus", "n")}
                    )
            case (what, *kinds, age):
                if self.model.requests:
                    self.on(what, kinds, self.model.requests[-1 - age % len(self.model.requests)])
            case _:
                raise AssertionError(operation)

    def on(self, what: str, kinds: list[str], request: Request) -> None:
        match what:
            case "abandon":
                self.abandon(request)
            case "expect again":
                if self.model.named(request.transaction) in self.model.given_up():
                    self.expect(request.transaction, request.verb, request.session, request.handle)
            case "answer":
                kind, _, error = kinds[0].partition(" with ")
                data = {"error": "no", "error_code": 0} if error else {"result": "ok"}
                plugindata = {"plugin": "janus.plugin.echotest", "data": data}
                self.feed(
                    kind,
                    transaction=request.transaction,
                    session_id=request.session,
                    sender=request.handle,
                    plugindata=plugindata,
                )
            case "answer of another session":
                self.feed(kinds[0], transaction=request.transaction, session_id=99, sender=98)
            case _:
                raise AssertionError(what)

    def expect(self, transaction: str, verb: str, session: int | None, handle: int | None) -> None:
        before = self.model.named(transaction)
        if before is not None:
            before.state = "over"
        self.made += 1
        self.model.requests.append(Request(transaction, verb, session, handle))
        self.router.expect(transaction, verb, session, handle)

    def abandon(self, request: Request) -> None:
        forgotten: list[str] = []
        if request.state == "open":
            self.ends[request.transaction] += 1
            # The longest given up is forgotten: the order of giving up, which the list keeps.
            if len(self.model.given_up()) == REMEMBERED:
                oldest = self.model.given_up()[0]
                oldest.state = "over"
                forgotten = [oldest.transaction]
            request.state = "given up"
            self.model.requests.remove(request)
            self.model.requests.append(request)
            assert self.router.abandon(request.transaction) == forgotten
        elif self.model.named(request.transaction) not in self.model.open():
            assert self.router.abandon(request.transaction) == []

    def feed(self, kind: str, **fields: Any) -> None:
        message = {"janus": kind, "n": len(self.fed), **fields}
        self.fed.append(message)
        expected = self.model.feed(message)
        effects = self.router.feed(message)
        self.check(effects, expected)
        # The message itself comes out once, whole, of whatever effect it led to.
        whole = [effect for effect in effects if effect.message is message]
        assert len(whole) == 1
        assert whole == effects[:1]
        self.seen[message["n"]] += 1

    def check(self, effects: list[Effect], expected: list[Outcome]) -> None:
        outcomes: list[Outcome] = []
        for effect in effects:
            match effect:
                case Replied(transaction):
                    self.ends[transaction] += 1
                    outcomes.append(("replied", transaction))
                case Failed(transaction, error):
                    self.ends[transaction] += 1
                    family = next(
                        (t for t in (JanusServerError, JanusPluginError) if isinstance(error, t)), None
                    )
                    outcomes.append(("failed", transaction, family or JanusError))
                case Acknowledged(transaction):
                    outcomes.append(("acknowledged", transaction))
                case Late(transaction):
                    outcomes.append(("late", transaction))
                case Ignored():
                    outcomes.append(("ignored",))
                case Occurred(kind, session, handle):
                    outcomes.append(("occurred", kind, session, handle))
        assert sorted(outcomes, key=repr) == sorted(expected, key=repr)
        errors = [effect.error for effect in effects if isinstance(effect, Failed)]
        assert len({id(error) for error in errors}) == len(errors), "one error raised in two places"

    def agree(self) -> None:
        waiting = self.model.open()
        assert len(self.router) == len(waiting)
        assert all(request.transaction in self.router for request in waiting)

    def finish(self) -> None:
        for session, handle in product([1, 2], [1, 2]):
            pending = sorted(self.router.pending_on(session, handle))
            assert pending == sorted(request.transaction for request in self.model.open(session, handle))
        self.step(("end", None, None))
        assert left_in(self.router) == {}
        assert self.ends == Counter(request.transaction for request in self.model.requests)
        assert self.ends.total() == self.made
        assert self.seen == Counter(range(len(self.fed)))


def left_in(router: Router) -> dict[str, Any]:
    """What the router still holds, whatever its fields are called."""
    return {
        name: value for name, value in vars(router).items() if isinstance(value, Sized) and len(value) > 0
    }


def sequence(blob: bytes) -> list[Operation]:
    operations = (OPERATIONS[byte % len(OPERATIONS)] for byte in blob)
    return [operation for operation in operations if operation != ("nothing",)]


def play_sequences(count: int) -> None:
    """Play `count` generated sequences, no two the same."""
    played: set[int] = set()
    lengths = 0

    # A few more, for those that come twice.
    @settings(
        max_examples=count + count // 20 + 20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(st.binary(min_size=20, max_size=40).map(sequence))
    def play(operations: list[Operation]) -> None:
        nonlocal lengths
        note(str(operations))
        played.add(hash(tuple(operations)))
        lengths += len(operations)
        Trial().play(operations)

    with mock.patch.object(router_module, "MAX_ABANDONED", REMEMBERED):
        play()
    assert len(played) >= count
    assert lengths / len(played) > 20


@pytest.mark.generated
def test_each_request_ends_once_and_each_event_is_delivered_once() -> None:
    play_sequences(2_000)


@pytest.mark.nightly
@pytest.mark.timeout(7_200)
def test_the_same_for_long() -> None:
    play_sequences(100_000)
