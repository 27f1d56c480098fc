"""The tasks of one object: awaited at its end, and cancelled where that would take too long."""

from __future__ import annotations

import asyncio

from janus_notebook import JanusError
from janus_notebook.client.tasks import Tasks
from tests.client.scripted import run


def test_what_does_not_end_in_time_is_cancelled() -> None:
    async def main() -> None:
        errors: list[JanusError] = []
        tasks = Tasks(errors.append)
        quick = tasks.spawn(asyncio.sleep(0, "done"), name="quick")
        hanging = tasks.spawn(asyncio.Event().wait(), name="hanging")
        await tasks.settle(0.05)
        assert quick.result() == "done"
        assert hanging.cancelled()
        assert errors == []

    run(main())
