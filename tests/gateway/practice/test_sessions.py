"""A handle's tasks: what a plugin promised for later, when the handle goes before."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from janus_notebook.gateway.practice.plugin import Done
from janus_notebook.gateway.practice.sessions import Handle, Session

if TYPE_CHECKING:
    from collections.abc import Callable


def end_before(handle: Handle) -> None:
    handle.gone = True


def end_after(_handle: Handle) -> None:
    pass


@pytest.mark.parametrize("before", [end_before, end_after])
def test_an_answer_that_nobody_waits_for_any_more_is_closed(before: Callable[[Handle], None]) -> None:
    """Its task is cancelled before its first step, and so never comes to await it."""

    async def answer() -> Done:
        raise AssertionError("it began")

    async def main() -> None:
        session, plugin, failed = Session(1, mock.Mock(), 0.0), mock.Mock(), mock.Mock()
        handle = Handle(
            2,
            session,
            plugin,
            opaque_id=None,
            token=None,
            full_trickle=True,
            created=0.0,
            on_task_error=failed,
        )
        session.handles[handle.id] = handle
        before(handle)
        result = answer()
        handle.finish("t", result)
        (task,) = handle.tasks
        handle.end()
        await asyncio.wait([task])
        assert inspect.getcoroutinestate(result) == inspect.CORO_CLOSED
        assert handle.tasks == ()
        failed.assert_not_called()

    asyncio.run(main())
