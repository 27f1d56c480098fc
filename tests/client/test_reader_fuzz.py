"""Whatever a server sends, a session goes on reading, and everything it has taken down can be shown."""

from __future__ import annotations

import asyncio
import json
import operator
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from janus_notebook import JanusError, JanusPlugin, JanusProtocolError, JanusSession
from janus_notebook.protocol.messages import decode
from tests.client.memory import FarEnd, memory_scheme, run_instantly
from tests.protocol.texts import ODDITIES, json_values, texts

INFO = {"janus": "server_info", "session-timeout": 60, "plugins": {}}
SESSION, HANDLE = 1, 2


class PoliteServer(FarEnd):
    """Answers each request, but those with the transaction "t"; `odd` replaces an answer."""

    def __init__(self, odd: dict[str, bytes] | None = None) -> None:
        super().__init__()
        self.odd = odd or {}
        self.on_send = self.answer

    def answer(self, text: bytes) -> None:
        request = json.loads(text)
        verb, transaction = request["janus"], request["transaction"]
        if transaction == "t":
            return
        answer: dict[str, Any] = {"janus": "success", "session_id": request.get("session_id")}
        if verb == "info":
            answer = INFO
        elif verb in ("create", "attach"):
            answer["data"] = {"id": SESSION if verb == "create" else HANDLE}
        elif verb == "keepalive":
            answer["janus"] = "ack"
        body = json.dumps({**answer, "transaction": transaction}).encode()
        self.push(self.odd.get(verb, body).replace(b"TRANSACTION", transaction.encode()))


def check_log(session: JanusSession) -> None:
    """Everything that was recorded can be shown."""
    entries = list(session.events)
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    for entry in entries:
        assert isinstance(entry.summary, str)
        assert repr(entry)
        assert isinstance(entry.raw, dict)
        for name in dir(type(entry)):
            if isinstance(getattr(type(entry), name), property):
                getattr(entry, name)
    assert repr(session)
    assert session.counters["errors"] <= len(entries)


async def feed(arriving: list[bytes], verb: str) -> int:
    """Let a session with one handle and a request under way read `arriving`; return how many it read."""
    far = PoliteServer()
    session = JanusSession("memory://far", far=far, recover=None)
    plugin = JanusPlugin("echotest")
    await session.create()
    await plugin.attach(session)
    request = {"janus": verb, "transaction": "t", "handle_id": HANDLE}
    pending = asyncio.create_task(session.send(request, timeout=5))
    attaching = asyncio.create_task(JanusPlugin("sip").attach(session)) if verb == "attach" else None
    await asyncio.sleep(0)
    before = session.events.total
    read: list[bytes] = []
    far.on_read = read.append
    for text in arriving:
        far.push(text)
    while far.unread():  # noqa: ASYNC110 # the reader has no event for it
        await asyncio.sleep(0)
    if session.state == "connected":
        assert session.events.total >= before + len(arriving), "something came, and was not taken down"
        assert (await session.connection.info())["janus"] == "server_info"
    else:
        # It can only have been told so.
        assert session.reason
        assert b'"timeout"' in b"".join(arriving) or "no longer knows" in session.reason
    count = len(read)
    await asyncio.gather(pending, *([attaching] if attaching else []), return_exceptions=True)
    error = None if pending.cancelled() else pending.exception()
    assert error is None or isinstance(error, JanusError), error
    assert repr(plugin)
    assert repr(plugin.media)
    await session.destroy()
    check_log(session)
    assert (session.state, session.connection.in_flight) in [("closed", 0), ("lost", 0)]
    return count


def feed_texts(count: int) -> None:
    fed = 0

    @settings(max_examples=count // 6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.builds(operator.add, texts, texts), st.sampled_from(["message", "keepalive", "attach"]))
    def play(arriving: list[bytes], verb: str) -> None:
        nonlocal fed
        fed += run_instantly(feed(arriving, verb))

    play()
    assert fed >= count


async def begin(odd: dict[str, bytes]) -> str:
    """Create a session and attach a handle where some answers are odd; say what came of it."""
    session = JanusSession("memory://far", far=PoliteServer(odd), recover=None, timeout=1)
    try:
        async with asyncio.timeout(60):
            await session.create()
            await JanusPlugin("echotest").attach(session)
    except JanusError as exc:
        return type(exc).__name__
    finally:
        await session.destroy()
        check_log(session)
        assert session.connection.in_flight == 0
    return "done"


@pytest.fixture(autouse=True)
def scheme() -> Iterator[None]:
    with memory_scheme():
        yield


@pytest.mark.generated
def test_nothing_that_arrives_stops_the_reader() -> None:
    feed_texts(800)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
def test_the_same_for_long() -> None:
    feed_texts(20_000)


FIELDS = {
    "info": ["session-timeout", "reclaim-session-timeout", "plugins", "janus", "name"],
    "create": ["data", "janus", "session_id"],
    "attach": ["data", "janus", "session_id"],
}
PLACES = [(verb, name) for verb, names in FIELDS.items() for name in names]


@pytest.mark.parametrize(("verb", "name"), PLACES)
def test_any_value_in_the_first_answers(verb: str, name: str) -> None:
    for odd in ODDITIES:
        for value in (odd, b'{"id":' + odd + b"}"):
            kind = b"" if name == "janus" else b'"janus":"success",'
            text = b'{"transaction":"TRANSACTION",%s"%s":%s}' % (kind, name.encode(), value)
            ended = run_instantly(begin({verb: text}))
            assert ended in ("done", "JanusProtocolError", "JanusTimeoutError", "JanusServerError"), text


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(PLACES), json_values)
def test_other_values_in_the_first_answers(place: tuple[str, str], value: Any) -> None:
    verb, name = place
    text = json.dumps({"janus": "success", "transaction": "TRANSACTION", name: value}).encode()
    try:
        decode(text)
    except JanusProtocolError:
        return
    assert run_instantly(begin({verb: text}))
