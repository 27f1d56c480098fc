"""Servers of a thread of their own, for kernels: every word that they say is hostile text."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, NamedTuple

from tests.client.admin_answers import AdminServer, admin_server
from tests.client.scripted import ScriptedServer, scripted
from tests.hostile.corpus import encodable, poisoned
from tests.hostile.messages import CORE, plugin_events
from tests.panels.admins import INFO, STATUS, publishing
from tests.protocol.texts import SERVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.client.scripted import Message

ID = 77


class Urls(NamedTuple):
    """Where they are."""

    janus: str
    admin: str


def serve(text: str) -> Urls:
    """Start them; they end with the process."""
    ready = threading.Event()
    urls: list[Urls] = []

    async def main() -> None:
        async with scripted() as server, admin_server() as admin:
            said = encodable(text)[:20_000]
            _be_janus(server, said)
            _be_admin(admin, said)
            urls.append(Urls(server.url, admin.url))
            ready.set()
            await asyncio.Event().wait()

    threading.Thread(target=asyncio.run, args=(main(),), daemon=True, name="hostile server").start()
    if not ready.wait(30):
        raise TimeoutError("the hostile server did not start")
    return urls[0]


def _be_janus(server: ScriptedServer, said: str) -> None:
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
        yield from (poisoned(event, said) | place for event in events if event["janus"] not in ("detached",))

    def refused(request: Message) -> Iterable[Message]:
        data = {"x": said, "error_code": 400, "error": said, said: said}
        yield server.event(request, **data)

    server.on["attach"] = attached
    server.on["message"] = refused
    server.on["nonsense"] = lambda request: [server.error(request, 453, said)]


def _be_admin(server: AdminServer, said: str) -> None:
    module = {"name": said, "author": said, "description": said, "version_string": said}
    info = poisoned(INFO, said, {"janus"}) | {
        "server-name": said,
        "plugins": {f"janus.plugin.{said}": module},
    }
    handle = poisoned(publishing(ID, ID, said, "audio", "video"), said, {"type"})
    server.fields = {
        "status": STATUS | {said: said},
        "sessions": [ID],
        "handles": [ID],
        "info": handle | {"opaque_id": said, "dump-to-pcap": True, "pcap-file": said, said: said},
        "loops": [{"id": 1, "handles": 2}],
        "response": {said: said, "list": [{"room": said, "description": said}]},
        "data": {"tokens": [{"token": said, "allowed_plugins": [said]}], "plugins": [said]},
        "ip": said,
        "elapsed": 1,
        "public_ip": said,
        "public_port": 1,
        "log_level": said,
        "log_colors": said,
        "accept": True,
    }
    server.on["info"] = lambda request: [server.reply(request, **info)]
    for verb in ("custom_logline", "destroy_session"):
        server.on[verb] = lambda request: [server.error(request, 490, said)]
