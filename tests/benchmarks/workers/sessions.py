"""200 sessions of this package on one connection, kept alive and otherwise idle."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from janus_notebook import JanusConnection, JanusSession

SESSIONS = 200


async def idle(sessions: list[JanusSession], seconds: float) -> dict[str, Any]:
    def keepalives() -> int:
        return sum(session.counters["replies"] for session in sessions)

    before, cpu, began = keepalives(), time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu) / (time.perf_counter() - began)
    alive = sum(session.state == "connected" for session in sessions)
    return {"share": share, "keepalives": keepalives() - before, "alive": alive}


async def main() -> None:
    loop = asyncio.get_running_loop()
    connection = JanusConnection(sys.argv[1])
    sessions = [JanusSession(connection=connection) for _ in range(SESSIONS)]
    for session in sessions:
        await session.create()
    print(json.dumps("ready"), flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await idle(sessions, json.loads(line)["seconds"])), flush=True)
    for session in sessions:
        await session.destroy()
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
