"""A process that tells a monitor of events, as Janus's event handlers do.

``python -m tests.monitor.sender URL COUNT GROUP``: by HTTP as sampleevh (one request at a time on one
connection), by WebSocket as wsevh. GROUP is how many events a delivery holds, 0 for one that is no array.
"""

from __future__ import annotations

import base64
import http.client
import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

SESSIONS = 10


def event(number: int) -> dict[str, Any]:
    """An event with a number of its own; the sessions take turns."""
    return {
        "emitter": "sender",
        "type": 64,
        "timestamp": 1_767_225_600_000_000 + number,
        "session_id": 1000 + number % SESSIONS,
        "handle_id": 2000 + number % SESSIONS,
        "event": {"plugin": "janus.plugin.videoroom", "data": {"event": "joined", "room": 1, "id": number}},
    }


def deliveries(count: int, group: int) -> Iterator[bytes]:
    for first in range(0, count, group or 1):
        some = [event(number) for number in range(first, min(first + (group or 1), count))]
        yield json.dumps(some if group else some[0]).encode()


def post_all(url: str, bodies: Iterator[bytes]) -> None:
    parts = urlsplit(url)
    assert parts.hostname is not None
    token = base64.b64encode(f"{parts.username}:{parts.password}".encode()).decode()
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    for body in bodies:
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
        connection.request("POST", parts.path, body, headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, response.status
    connection.close()


def send_all(url: str, bodies: Iterator[bytes]) -> None:
    with connect(url, compression=None) as socket:
        for body in bodies:
            socket.send(body, text=True)


if __name__ == "__main__":
    given, number_of, size = sys.argv[1:]
    tell = post_all if given.startswith("http") else send_all
    tell(given, deliveries(int(number_of), int(size)))
