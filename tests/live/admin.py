"""The Admin API of a test's gateway, without any code of ours in between."""

from __future__ import annotations

import json
import time
import urllib.request
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from janus_notebook import LocalGateway


def admin(gateway: LocalGateway, request: str, **fields: Any) -> dict[str, Any]:
    """Send one request of the Admin API and return its answer."""
    message = {"janus": request, "transaction": "t", "admin_secret": gateway.admin_secret, **fields}
    post = urllib.request.Request(gateway.admin_url, json.dumps(message).encode())
    with urllib.request.urlopen(post, timeout=5) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def assert_empty(gateway: LocalGateway, seconds: float = 2.0) -> None:
    """Fail unless the server has no session any more."""
    deadline = time.monotonic() + seconds
    while sessions := admin(gateway, "list_sessions")["sessions"]:
        assert time.monotonic() < deadline, f"sessions left on the server: {sessions}"
        time.sleep(0.02)
