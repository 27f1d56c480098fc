"""A server of its own thread, for kernels: every word that it says is hostile text."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from tests.client.scripted import scripted
from tests.hostile.corpus import encodable, poisoned
from tests.hostile.messages import CORE, plugin_events
from tests.protocol.texts import SERVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.client.scripted import Message


def serve(text: str) -> str:
    """Start it and return its URL; it ends with the process."""
    ready = threading.Event()
    urls: list[str] = []

    async def main() -> None:
        async with scripted() as server:
            said = encodable(text)[:20_000]
            server.info = poisoned(SERVER, said) | {
                "janus": "server_info",
                "session-timeout": 60,
                "author": said,
                "plugins": {f"janus.plugin.{said}": {"name": said, "author": said, "version_string": said}},
                "transports": {f"janus.transport.{said}": {"name": said}},
            }
            events = [m for m in (*CORE, *plugin_events()) if "sender" in m and "transaction" not in m]

            def attached(request: Message) -> Iterable[Message]:
                answer = server.made(request)
                yield answer
                place = {"session_id": request["session_id"], "sender": answer["data"]["id"]}
                yield from (
                    poisoned(event, said) | place for event in events if event["janus"] not in ("detached",)
                )

            def refused(request: Message) -> Iterable[Message]:
                data = {"x": said, "error_code": 400, "error": said, said: said}
                yield server.event(request, **data)

            server.on["attach"] = attached
            server.on["message"] = refused
            server.on["nonsense"] = lambda request: [server.error(request, 453, said)]
            urls.append(server.url)
            ready.set()
            await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=(main(),), daemon=True, name="hostile server").start()
    if not ready.wait(30):
        raise TimeoutError("the hostile server did not start")
    return urls[0]
