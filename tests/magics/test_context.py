"""How long a line waits for a call that has no deadline of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from janus_notebook.bridge import background, stop_background
from janus_notebook.errors import JanusTimeoutError
from janus_notebook.magics.context import Context


@pytest.fixture(autouse=True)
def loop_that_ends() -> Iterator[None]:
    yield
    stop_background()


async def never() -> None:
    await asyncio.Event().wait()


async def at_once() -> int:
    return 5


async def late() -> None:
    raise JanusTimeoutError("no answer within 3 s")


def test_a_call_is_given_up_when_its_time_is_over() -> None:
    call = background().submit(never, name="attach")
    with pytest.raises(
        JanusTimeoutError, match=r"attach took longer than 0.05 s, and was given up\. --timeout"
    ):
        Context.wait(call, 0.05)
    with pytest.raises(asyncio.CancelledError):
        call.result(5)


def test_a_call_that_ends_is_left_as_it_is() -> None:
    assert Context.wait(background().submit(at_once, name="info"), 5) == 5
    assert Context.wait(background().submit(at_once, name="info"), None) == 5
    # Its own deadline, not that of the line.
    with pytest.raises(JanusTimeoutError, match="no answer within 3 s"):
        Context.wait(background().submit(late, name="info"), 5)
