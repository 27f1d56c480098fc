"""`ConnectionUser`: what a connection tells those who use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from janus_notebook.errors import JanusError, JanusServerError
from janus_notebook.protocol.messages import Message
from janus_notebook.protocol.router import Occurred

__all__ = ["ConnectionUser"]


class ConnectionUser(Protocol):
    """What a connection tells a session of it. Called on the loop, in the order of arrival."""

    @property
    def id(self) -> int | None: ...

    def on_request(self, message: Mapping[str, Any], text: bytes) -> None:
        """`message` is about to be written; `text` is its JSON without secrets of ours."""

    def on_reply(self, message: Message, text: bytes, handle_id: int | None, *, late: bool = False) -> None:
        """`message` answers or acknowledges a request of this session, made for a handle or not."""

    def on_event(self, event: Occurred, text: bytes) -> None:
        """An event for this session, or for none that we know."""

    def on_refused(self, error: JanusServerError) -> None:
        """The transport was refused what it does for this session on its own, such as a poll."""

    def on_error(self, error: JanusError) -> None:
        """Something went wrong that no call can raise."""

    def on_connection_end(self, state: Literal["lost", "closed"], error: JanusError) -> None:
        """The connection is gone."""
