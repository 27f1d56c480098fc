"""A connection under any interleaving: each request ends once, each event comes once, nothing is left.

Requests are real tasks on asyncio's own loop. A sequence is a string of bytes, each one an operation of the
table below; when the tasks run is one of them, so that several things can fall into one instant.
"""

from __future__ import annotations

import asyncio
import gc
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from math import inf
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from janus_notebook import (
    JanusConnection,
    JanusConnectionError,
    JanusError,
    JanusPluginError,
    JanusProtocolError,
    JanusServerError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.protocol.router import Occurred
from tests.client.memory import FarEnd, instant_loop, memory_scheme, run_instantly

Operation = tuple[Any, ...]
Message = dict[str, Any]

NEWEST = range(4)  # a request is named by its age: 0 is the newest
VERBS = ["message", "attach", "keepalive", "detach"]
ANSWERS = ["ack", "success", "event", "error", "event with error"]

OPERATIONS: list[Operation] = [
    ("nothing",),
    *(("request", *rest) for rest in product(VERBS, [1, 2], [1, 2], [1.0, 3.0])),
    *(4 * [("run", steps) for steps in [1, 2, 6]]),
    *(("cancel", age) for age in NEWEST),
    *(("answer", kind, age) for kind, age in product(ANSWERS, NEWEST)),
    *(("stray", kind) for kind in ["ack", "success", "event", "error"]),
    *(
        ("occur", kind, *ids)
        for kind, ids in product(["media", "event", "novelty"], product([1, 2, 9], [1, 2]))
    ),
    ("error for nobody",),
    ("garbage",),
    *(("occur", "timeout", session, None) for session in [1, 2]),
    *(("occur", "detached", session, handle) for session, handle in product([1, 2], [1, 2])),
    *(("fail session", session) for session in [1, 2]),
    *(("fail handle", session, handle) for session, handle in product([1, 2], [1])),
    *(2 * [("jump", seconds) for seconds in [0.5, 1.0]]),
    ("sleep", 1.0),
    ("drop",),
    ("writing", "fails"),
    ("writing", "hangs"),
    *(3 * [("writing", "works")]),
    ("close",),
    *(4 * [("open",)]),
]


ENDS = {"the far end has gone", "the write failed", "the connection was closed on our side"}


class User:
    """A session as the connection sees it, that takes down what it is told."""

    def __init__(self, session_id: int) -> None:
        self.id = session_id
        self.added = False
        self.told: Counter[int] = Counter()
        self.errors = 0
        self.ends: list[str] = []
        self.requests = 0

    def on_request(self, message: Mapping[str, Any], text: bytes) -> None:
        self.requests += 1

    def on_reply(self, message: Message, text: bytes, handle_id: int | None, *, late: bool = False) -> None:
        assert json.loads(text) == message
        self.told[message["n"]] += 1

    def on_event(self, event: Occurred, text: bytes) -> None:
        assert json.loads(text) == event.message
        self.told[event.message["n"]] += 1

    def on_refused(self, error: JanusServerError) -> None:
        raise AssertionError(error)

    def on_error(self, error: JanusError) -> None:
        self.errors += 1

    def on_connection_end(self, state: Literal["lost", "closed"], error: JanusError) -> None:
        assert self.added, "told twice, or of a connection that it did not use"
        assert isinstance(error, JanusConnectionError)
        self.ends.append(error.message)
        self.added = False


@dataclass(eq=False)
class Call:
    """One call of `JanusConnection.request`, and what came of it."""

    transaction: str
    verb: str
    session: int
    handle: int
    timeout: float
    began: float = 0.0
    cancelled: bool = False
    replies: list[Message] = field(default_factory=list)
    late: list[Message] = field(default_factory=list)
    task: asyncio.Task[Message] | None = None
    ended: float = 0.0
    # Between which of the texts that were read it was under way.
    first: int = 0
    last: int = 0
    could_be_lost: bool = False


class Trial:
    def __init__(self) -> None:
        self.far = FarEnd()
        self.far.on_read = self.note_read
        self.connection = JanusConnection("memory://far", far=self.far)
        self.users = {number: User(number) for number in (1, 2)}
        self.calls: list[Call] = []
        self.read: list[tuple[float, bytes]] = []
        self.number = 0
        self.happened: Counter[str] = Counter()
        self.aside: list[asyncio.Task[None]] = []

    async def play(self, operations: Iterable[Operation]) -> Counter[str]:
        await self.open()
        for operation in operations:
            await self.step(operation)
        return await self.finish()

    async def step(self, operation: Operation) -> None:
        match operation:
            case ("request", verb, session, handle, timeout):
                self.request(verb, session, handle, timeout)
            case ("run", steps):
                await run_tasks(steps)
            case ("cancel", age):
                for call in self.aged(age):
                    assert call.task is not None
                    call.cancelled = call.task.cancel() or call.cancelled
            case ("answer", kind, age):
                for call in self.aged(age):
                    self.answer(kind, call.transaction, call.session, call.handle)
            case ("stray", kind):
                self.answer(kind, "nobody's", 1, 1)
            case ("error for nobody",):
                self.push(janus="error", error={"code": 454, "reason": "?"})
            case ("occur", kind, session, handle):
                self.happened[f"{kind} {session} {handle}"] += 1
                ids = {"session_id": session, "sender": handle}
                self.push(janus=kind, **{name: value for name, value in ids.items() if value is not None})
            case ("garbage",):
                self.far.push(b'{"janus":')
            case ("fail session", session):
                self.happened[f"timeout {session} None"] += 1
                self.connection.fail_session(session, lambda: JanusStateError("the session ended"))
            case ("fail handle", session, handle):
                self.happened[f"detached {session} {handle}"] += 1
                self.connection.fail_handle(session, handle, lambda: JanusStateError("the handle ended"))
            case ("jump", seconds):
                instant_loop().jump(seconds)
            case ("sleep", seconds):
                await asyncio.sleep(seconds)
            case ("drop",):
                self.happened["end"] += 1
                self.far.drop()
            case ("writing", how):
                self.far.writing = how
                self.happened[how] += 1
            case ("close",):
                self.happened["end"] += 1
                self.aside.append(asyncio.create_task(self.connection.close()))
            case ("open",):
                self.aside.append(asyncio.create_task(self.open()))
            case _:
                raise AssertionError(operation)

    async def open(self) -> None:
        await self.connection.open()
        for user in self.users.values():
            if self.connection.state == "connected":
                self.connection.add(user)
                user.added = True

    def aged(self, age: int) -> list[Call]:
        return self.calls[-1 - age :][:1] if age < len(self.calls) else []

    def push(self, **message: Any) -> None:
        self.number += 1
        self.far.push(json.dumps({**message, "n": self.number}).encode())

    def answer(self, kind: str, transaction: str, session: int, handle: int) -> None:
        kind, _, error = kind.partition(" with ")
        fields: Message = {"janus": kind, "transaction": transaction, "session_id": session}
        if kind == "error":
            fields["error"] = {"code": 458, "reason": "no"}
        elif kind != "ack":
            fields["sender"] = handle
            fields["plugindata"] = {"data": {"error": "no"} if error else {"result": "ok"}}
        self.push(**fields)

    def note_read(self, text: bytes) -> None:
        if self.connection.state == "connected":
            self.read.append((instant_loop().time(), text))

    def request(self, verb: str, session: int, handle: int, timeout: float) -> None:
        call = Call(f"t{len(self.calls)}", verb, session, handle, timeout)
        message = {"janus": verb, "transaction": call.transaction, "session_id": session, "handle_id": handle}

        async def make() -> Message:
            call.began, call.first = instant_loop().time(), len(self.read)
            try:
                return await self.connection.request(
                    message,
                    timeout=timeout,
                    user=self.users[session],
                    on_reply=call.replies.append,
                    on_late=call.late.append if len(self.calls) % 2 else None,
                )
            finally:
                call.ended, call.last = instant_loop().time(), len(self.read)
                call.could_be_lost = bool(self.happened["end"] + self.happened["fails"])

        call.task = asyncio.create_task(make())
        self.calls.append(call)

    async def finish(self) -> Counter[str]:
        await asyncio.sleep(3.5)
        assert all(call.task is None or call.task.done() for call in self.calls), "a deadline did not come"
        await self.connection.close()
        await run_tasks(6)
        for task in self.aside:
            assert task.done()
            task.result()
        outcomes = Counter(self.outcome(call) for call in self.calls)
        self.check_delivery()
        assert self.connection.state in ("closed", "lost")
        assert self.connection.in_flight == 0
        assert left_in(self.connection) == {}
        assert left_in(self.connection._router) == {}
        assert not self.far.open
        return outcomes

    def outcome(self, call: Call) -> str:
        """How the call ended; there must be a reason for that end, and none for another."""
        assert call.task is not None
        assert call.task.done(), "a request never ended"
        assert len(call.replies) + len(call.late) <= 1, "one request, two answers"
        gone = [f"timeout {call.session} None", f"detached {call.session} {call.handle}"]
        if call.task.cancelled():
            assert call.cancelled
            return "cancelled"
        error = call.task.exception()
        if not isinstance(error, JanusTimeoutError):
            assert not call.late, "an answer came to a caller who had not given up"
        match error:
            case None:
                assert call.replies == [call.task.result()]
                assert call.task.result()["transaction"] == call.transaction
                return "replied"
            case JanusServerError() | JanusPluginError():
                assert not call.replies
                return "refused"
            case JanusTimeoutError():
                assert call.ended >= call.began + call.timeout
                assert not self.answers(call, before=call.began + call.timeout)
                assert not call.replies
                return "timed out"
            case JanusStateError():
                assert any(self.happened[name] for name in gone)
                assert not call.replies
                return "ended with its session or handle"
            case JanusConnectionError():
                assert call.could_be_lost
                assert not self.answers(call)
                assert not call.replies
                return "lost"
            case _:
                raise error

    def answers(self, call: Call, before: float = inf) -> list[Message]:
        """Final answers to the call that were read while it was under way."""
        texts = [text for when, text in self.read[call.first : call.last] if when < before]
        messages = [json.loads(text) for text in texts if call.transaction.encode() in text]
        return [
            message
            for message in messages
            if message["transaction"] == call.transaction
            and (message["janus"] != "ack" or call.verb == "keepalive")
        ]

    def check_delivery(self) -> None:
        expected: dict[int, Counter[int]] = {1: Counter(), 2: Counter()}
        nobodys: set[int] = set()
        garbage = 0
        for _, text in self.read:
            try:
                message = json.loads(text)
            except ValueError:
                garbage += 1
                continue
            match message.get("session_id"):
                case 1 | 2 as session:
                    expected[session][message["n"]] += 1
                case 9:
                    for counter in expected.values():
                        counter[message["n"]] += 1
                case _:
                    # The one request that it can mean, and so its session; or nobody's, and so for both.
                    nobodys.add(message["n"])
        for session, user in self.users.items():
            assert {n: times for n, times in user.told.items() if n not in nobodys} == expected[session]
            assert user.errors == garbage
            assert not user.added
            assert set(user.ends) <= ENDS
        for n in nobodys:
            assert sorted(user.told[n] for user in self.users.values()) in ([0, 1], [1, 1])


async def run_tasks(steps: int) -> None:
    for _ in range(steps):
        await asyncio.sleep(0)


def left_in(thing: object) -> dict[str, Any]:
    """What an object still holds, whatever its fields are called."""
    return {
        name: value
        for name, value in vars(thing).items()
        if isinstance(value, Sized) and not isinstance(value, str) and name != "options" and len(value)
    }


def sequence(blob: bytes) -> list[Operation]:
    operations = (OPERATIONS[byte % len(OPERATIONS)] for byte in blob)
    return [operation for operation in operations if operation != ("nothing",)]


def play_sequences(count: int) -> Counter[str]:
    """Play `count` generated sequences; return how the requests in them ended."""
    played: set[int] = set()
    outcomes: Counter[str] = Counter()

    # A few more, for those that come twice.
    @settings(
        max_examples=count + count // 20 + 20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(st.binary(min_size=20, max_size=60).map(sequence))
    def play(operations: list[Operation]) -> None:
        note(str(operations))
        played.add(hash(tuple(operations)))
        outcomes.update(run_instantly(Trial().play(operations)))

    play()
    assert len(played) >= count
    return outcomes


@pytest.fixture(autouse=True)
def scheme() -> Iterator[None]:
    with memory_scheme():
        yield


@pytest.mark.generated
def test_each_request_ends_once_and_each_event_comes_once() -> None:
    outcomes = play_sequences(500)
    # Each way to end has been tried.
    assert len(outcomes) == 6, outcomes
    assert min(outcomes.values()) > 10, outcomes


class Faulty(User):
    """A session with a bug, in what it does with a reply."""

    def on_reply(self, message: Message, text: bytes, handle_id: int | None, *, late: bool = False) -> None:
        raise ZeroDivisionError


def faulty_hook(message: Message) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("user", "kind", "state"),
    [
        (User(1), "success", "lost"),
        (User(1), "error", "connected"),
        (Faulty(1), "success", "lost"),
        (Faulty(1), "error", "lost"),
    ],
)
def test_a_bug_in_what_takes_a_reply_keeps_no_caller_waiting(user: User, kind: str, state: str) -> None:
    async def main() -> None:
        instant_loop().set_exception_handler(lambda *_: None)  # the bug's own report
        far = FarEnd()
        connection = JanusConnection("memory://far", far=far)
        await connection.open()
        message = {"janus": "info", "transaction": "t"}
        call = asyncio.create_task(connection.request(message, timeout=5, user=user, on_reply=faulty_hook))
        await run_tasks(2)
        far.push(json.dumps({"janus": kind, "transaction": "t", "n": 1}).encode())
        done, _ = await asyncio.wait([call], timeout=60)
        ended_as = connection.state
        call.cancel()
        await connection.close()
        assert done, "its deadline has long passed"
        assert isinstance(call.exception(), JanusProtocolError | JanusServerError)
        assert ended_as == state

    run_instantly(main())


def test_a_session_that_has_left_is_told_nothing_more() -> None:
    async def main() -> None:
        connection = JanusConnection("memory://far", far=FarEnd())
        await connection.open()
        users = first, second = User(1), User(2)
        for user in users:
            user.added = True
            connection.add(user)
        event = json.dumps({"janus": "webrtcup", "session_id": 1, "sender": 5, "n": 7}).encode()
        connection.feed(event)
        connection.remove(first)
        connection.feed(event)  # of no session that is known, and so for all
        assert (first.told[7], second.told[7]) == (1, 1)
        await connection.close()

    run_instantly(main())


@pytest.mark.parametrize("writing", ["works", "hangs"])
@pytest.mark.parametrize("error_first", [False, True])
def test_an_error_for_a_caller_that_gives_up_in_the_same_instant(
    error_first: bool, writing: Literal["works", "hangs"]
) -> None:
    async def main() -> None:
        far = FarEnd()
        connection = JanusConnection("memory://far", far=far)
        await connection.open()
        far.writing = writing
        call = asyncio.create_task(connection.request({"janus": "info", "transaction": "t"}, timeout=5))
        await run_tasks(2)
        error = json.dumps({"janus": "error", "transaction": "t", "error": {"code": 490}}).encode()
        steps: list[Callable[[], object]] = [call.cancel, partial(connection.feed, error)]
        for step in reversed(steps) if error_first else steps:
            step()
        await asyncio.wait([call])
        assert call.cancelled()
        assert (connection.state, connection.in_flight) == ("connected", 0)
        del call, steps
        gc.collect()  # an error that nobody has seen would be told now
        await connection.close()

    run_instantly(main())


def test_a_deadline_beside_a_request_that_is_only_remembered() -> None:
    """Its late reply would still be undone; it has no deadline any more, and delays nobody's."""

    async def main() -> None:
        far, undone = FarEnd(), list[Message]()
        connection = JanusConnection("memory://far", far=far)
        await connection.open()
        create = {"janus": "create", "transaction": "given up"}
        given_up = asyncio.create_task(connection.request(create, timeout=60, on_late=undone.append))
        await run_tasks(2)
        given_up.cancel()
        began = instant_loop().time()
        with pytest.raises(JanusTimeoutError):
            await connection.request({"janus": "info"}, timeout=5)
        assert instant_loop().time() - began == 5
        late = {"janus": "success", "transaction": "given up", "data": {"id": 7}}
        connection.feed(json.dumps(late).encode())
        assert undone == [late]
        await connection.close()

    run_instantly(main())


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
def test_the_same_for_long() -> None:
    play_sequences(10_000)
