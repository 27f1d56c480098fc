"""Asking a gateway's Admin API, for tests that check what is left on the server."""

from __future__ import annotations

import time
from typing import Any, Protocol

import httpx


class HasAdminApi(Protocol):
    """A gateway with an Admin API over HTTP; so far as these tests need, they all are alike."""

    @property
    def admin_url(self) -> str: ...

    @property
    def admin_secret(self) -> str: ...


def admin(gateway: HasAdminApi, request: str, **fields: Any) -> dict[str, Any]:
    """Send one Admin request, with ``session_id`` and ``handle_id`` as it needs them; return the answer."""
    message = {"janus": request, "transaction": "t", "admin_secret": gateway.admin_secret, **fields}
    # There is no TLS here, and loading the certificates for it would take most of the time.
    response = httpx.post(gateway.admin_url, json=message, timeout=5.0, verify=False)
    answer: dict[str, Any] = response.raise_for_status().json()
    assert answer["janus"] != "error", answer
    return answer


def sessions(gateway: HasAdminApi) -> list[int]:
    """The ids of the sessions that the server has."""
    found: list[int] = admin(gateway, "list_sessions")["sessions"]
    return found


def handles(gateway: HasAdminApi, session_id: int | None) -> list[int]:
    """The ids of the handles that a session has on the server."""
    found: list[int] = admin(gateway, "list_handles", session_id=session_id)["handles"]
    return found


def assert_empty(gateway: HasAdminApi, seconds: float = 2.0) -> None:
    """Fail unless the server has no session any more, within `seconds`."""
    deadline = time.monotonic() + seconds
    while left := sessions(gateway):
        assert time.monotonic() < deadline, f"after {seconds} s the server still has {left}"
        time.sleep(0.02)
