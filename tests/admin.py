"""Asking a gateway's Admin API, for tests that check what is left on the server."""

from __future__ import annotations

import time
from typing import Any

import httpx

from janus_notebook.gateway import LocalGateway


def admin(gateway: LocalGateway, request: str, *ids: int, **fields: Any) -> dict[str, Any]:
    """Send one Admin request, at the level of the session and handle ids given, and return the answer."""
    path = "/".join([gateway.admin_url, *map(str, ids)])
    body = {"janus": request, "transaction": "t", "admin_secret": gateway.admin_secret, **fields}
    answer: dict[str, Any] = httpx.post(path, json=body, timeout=5.0).raise_for_status().json()
    assert answer["janus"] != "error", answer
    return answer


def sessions(gateway: LocalGateway) -> list[int]:
    """The ids of the sessions that the server has."""
    found: list[int] = admin(gateway, "list_sessions")["sessions"]
    return found


def wait_until_empty(gateway: LocalGateway, seconds: float) -> float:
    """Wait until the server has no session; returns after how many seconds it had none."""
    began = time.monotonic()
    while left := sessions(gateway):
        assert time.monotonic() - began < seconds, f"after {seconds} s the server still has {left}"
        time.sleep(0.05)
    return time.monotonic() - began
