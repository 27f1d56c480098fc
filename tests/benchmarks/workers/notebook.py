"""This package in the hands of a notebook: calls through the background loop, one at a time."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from janus_notebook import connect
from janus_notebook.notebook.connect import NotebookSession


def by_result(session: NotebookSession, count: int) -> float:
    """Seconds for `count` calls that block the main thread."""
    began = time.perf_counter()
    for _ in range(count):
        session.send({"janus": "keepalive"}).result()
    return time.perf_counter() - began


async def by_await(session: NotebookSession, count: int) -> float:
    """Seconds for `count` calls that are awaited in a loop of the main thread, as in a cell."""
    began = time.perf_counter()
    for _ in range(count):
        await session.send({"janus": "keepalive"})
    return time.perf_counter() - began


def main() -> None:
    session: NotebookSession = connect(sys.argv[1]).result()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        count = order["count"]
        seconds = (
            by_result(session, count) if order["do"] == "result" else asyncio.run(by_await(session, count))
        )
        print(json.dumps({"seconds": seconds}), flush=True)
    session.destroy().result()


if __name__ == "__main__":
    main()
