"""What a sender reads while its source is replaced."""

from __future__ import annotations

import asyncio
from typing import Any

from aiortc.mediastreams import MediaStreamTrack

from janus_notebook.media.streams import Outlet
from tests.client.scripted import run


class Source(MediaStreamTrack):
    """Gives out its name when it is told to."""

    kind = "video"

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.due: asyncio.Queue[None] = asyncio.Queue()

    async def recv(self) -> Any:
        await self.due.get()
        return self.name


def test_the_last_frame_of_a_replaced_source_is_not_given_out() -> None:
    """It is there already, and nobody has taken it, in the moment in which another source comes."""

    async def main() -> None:
        switched: list[str] = []
        outlet = Outlet("video", lambda: switched.append("switched"))
        old, new = Source("old"), Source("new")
        outlet.use(old)
        old.due.put_nowait(None)
        assert await outlet.recv() == "old"
        assert switched == ["switched"]

        reading = asyncio.create_task(outlet.recv())
        await asyncio.sleep(0)  # it has begun to read
        old.due.put_nowait(None)
        outlet.use(new)
        new.due.put_nowait(None)
        assert await reading == "new"
        assert switched == ["switched", "switched"]
        for source in (old, new):
            source.stop()

    run(main())


def test_a_cancelled_sender_ends_also_while_its_source_is_replaced() -> None:
    async def main() -> None:
        outlet = Outlet("video", lambda: None)
        old, new = Source("old"), Source("new")
        outlet.use(old)
        for order in ("switch first", "cancel first"):
            reading = asyncio.create_task(outlet.recv())
            await asyncio.sleep(0)
            if order == "cancel first":
                reading.cancel()
            outlet.use(new if order == "switch first" else old)
            if order == "switch first":
                reading.cancel()
            await asyncio.wait([reading])
            assert reading.cancelled()
        new.due.put_nowait(None)
        outlet.use(new)
        assert await outlet.recv() == "new"  # and it can be read again
        for source in (old, new):
            source.stop()

    run(main())
