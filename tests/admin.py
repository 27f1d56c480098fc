"""Asking a gateway's Admin API, for tests that check what is left on the server."""

from __future__ import annotations

import time
from typing import Any

import httpx

from janus_notebook.gateway import LocalGateway


def admin(gateway: LocalGateway, request: str, **fields: Any) -> dict[str, Any]:
    """Send one Admin request, with ``session_id`` and ``handle_id`` as it needs them; return the answer."""
    message = {"janus": request, "transaction": "t", "admin_secret": gateway.admin_secret, **fields}
    response = httpx.post(gateway.admin_url, json=message, timeout=5.0)
    answer: dict[str, Any] = response.raise_for_status().json()
    assert answer["janus"] != "error", answer
    return answer


def sessions(gateway: LocalGateway) -> list[int]:
    """The ids of the sessions that the server has."""
    found: list[int] = admin(gateway, "list_sessions")["sessions"]
    return found


def assert_empty(gateway: LocalGateway, seconds: float = 2.0) -> None:
    """Fail unless the server has no session any more, within `seconds`."""
    deadline = time.monotonic() + seconds
    while left := sessions(gateway):
        assert time.monotonic() < deadline, f"after {seconds} s the server still has {left}"
        time.sleep(0.02)
