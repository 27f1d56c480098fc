"""Whatever arrives: the decoder raises its own error or returns a message, and what follows takes that."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, TypeVar, get_args

import pytest
from hypothesis import HealthCheck, given, settings

from janus_notebook import JanusError, JanusOptionError, JanusProtocolError
from janus_notebook.protocol.events import Direction, JanusEvent, event_class
from janus_notebook.protocol.messages import MAX_DEPTH, Message, decode, encode
from janus_notebook.protocol.router import Failed, Router
from tests.protocol.texts import MESSAGES, changed, dump, loosened, texts

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


def depth(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


def outcome(call: Callable[[], T], expected: type[JanusError]) -> tuple[T | None, JanusError | None]:
    """What `call` returns, and what it raises; only `expected` may be raised."""
    try:
        return call(), None
    except expected as exc:
        check_error(exc)
        return None, exc


def check_error(error: JanusError) -> None:
    lines = error._render_traceback_()
    assert len(lines) == 1
    assert "\n" not in lines[0]
    assert repr(error)


def check_event(event: JanusEvent, text: bytes) -> None:
    """Each property of an event can be read, and none shows a secret that stands under its name."""
    shown = {name: getattr(event, name) for name in dir(event) if not name.startswith("_")}
    assert isinstance(shown["summary"], str)
    # A changed text may have the secret in another place as well, or only there.
    if decode(text).get("token") == "s3cret" and text.count(b"s3cret") == 1:
        assert "s3cret" not in f"{event!r} {shown}"


def take(text: bytes) -> str:
    """Do with `text` what is done with one that arrives, and say what it was."""
    message, error = outcome(lambda: decode(text), JanusProtocolError)
    if message is None:
        assert len(str(error)) < 600
        return "refused"
    assert isinstance(message["janus"], str)
    assert depth(message) <= MAX_DEPTH
    assert decode(text.decode()) == message
    again, error = outcome(lambda: encode(message), JanusOptionError)
    if again is None:
        assert "too large for Janus" in str(error)
    else:
        assert decode(again) == message
    route(message)
    for direction in DIRECTIONS:
        kind = message["janus"]
        check_event(event_class(direction, kind)(1, 0.0, 0.0, direction, kind, 1, 2, text), text)
    return "a message"


def route(message: Message) -> None:
    for verb in ("message", "keepalive"):
        router = Router()
        router.expect("t", verb, 1, 2)
        effects = router.feed(message)
        assert effects
        for effect in effects:
            if isinstance(effect, Failed):
                check_error(effect.error)
        router.abandon("t")
        assert len(router.feed(message)) == 1


def feed_texts(count: int) -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=count // 4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(texts)
    def feed(arriving: list[bytes]) -> None:
        for text in arriving:
            seen[take(text)] += 1

    feed()
    assert seen.total() >= count
    assert min(seen["refused"], seen["a message"]) > count / 5, seen


@pytest.mark.generated
def test_nothing_that_arrives_breaks_the_protocol() -> None:
    feed_texts(1_000)


@pytest.mark.nightly
@pytest.mark.timeout(1_800)
def test_the_same_for_long() -> None:
    feed_texts(100_000)


@pytest.mark.parametrize("number", range(len(MESSAGES)))
def test_what_is_changed_was_a_real_message(number: int) -> None:
    assert decode(changed(bytes([number]))) == decode(dump(loosened(MESSAGES[number]))) == MESSAGES[number]
