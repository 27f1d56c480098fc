"""What TextRoom says on its own, all of it over the data channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec

from janus_notebook.client.requests import Id
from janus_notebook.protocol.plugin_events import PluginDetail

__all__ = [
    "DETAILS",
    "TextAnnouncement",
    "TextDestroyed",
    "TextError",
    "TextJoin",
    "TextKicked",
    "TextLeave",
    "TextMessage",
    "detail_class",
]


class TextMessage(PluginDetail, frozen=True, kw_only=True):
    """``message``: somebody wrote to a room; one's own messages come back too, whispers do not.

    Attributes:
        room: its id.
        sender: who wrote it (Janus's ``from``).
        date: when the server took it, in ISO 8601.
        text: the message.
        whisper: whether it was meant for us in particular.
        display: the sender's name to show; only in the messages of a room's history.
    """

    name: ClassVar[str] = "message"

    room: Id = 0
    sender: str = msgspec.field(name="from", default="")
    date: str = ""
    text: str = ""
    whisper: bool = False
    display: str | None = None

    @property
    def summary(self) -> str:
        return f"{self.sender} in {self.room}{', whispering' if self.whisper else ''}: {self.text}"


class TextAnnouncement(PluginDetail, frozen=True, kw_only=True):
    """``announcement``: who manages a room wrote to all in it.

    Attributes:
        room: its id.
        date: when the server took it, in ISO 8601.
        text: the announcement.
    """

    name: ClassVar[str] = "announcement"

    room: Id = 0
    date: str = ""
    text: str = ""

    @property
    def summary(self) -> str:
        return f"announcement in {self.room}: {self.text}"


class TextJoin(PluginDetail, frozen=True, kw_only=True):
    """``join``: somebody has joined a room; it comes for oneself too.

    Attributes:
        room: its id.
        username: who.
        display: the name to show; None if there is none.
    """

    name: ClassVar[str] = "join"

    room: Id = 0
    username: str = ""
    display: str | None = None

    @property
    def summary(self) -> str:
        return f"{self.username} joined {self.room}"


class TextLeave(PluginDetail, frozen=True, kw_only=True):
    """``leave``: somebody has left a room; it comes for oneself too.

    Attributes:
        room: its id.
        username: who.
    """

    name: ClassVar[str] = "leave"

    room: Id = 0
    username: str = ""

    @property
    def summary(self) -> str:
        return f"{self.username} left {self.room}"


class TextKicked(PluginDetail, frozen=True, kw_only=True):
    """``kicked``: somebody was removed from a room; it comes to that one too.

    Attributes:
        room: its id.
        username: who.
    """

    name: ClassVar[str] = "kicked"

    room: Id = 0
    username: str = ""

    @property
    def summary(self) -> str:
        return f"{self.username} was kicked from {self.room}"


class TextDestroyed(PluginDetail, frozen=True, kw_only=True):
    """``destroyed``: a room is gone; it also comes to who has destroyed it.

    Attributes:
        room: its id.
    """

    name: ClassVar[str] = "destroyed"

    room: Id = 0

    @property
    def summary(self) -> str:
        return f"room {self.room} was destroyed"


class TextError(PluginDetail, frozen=True, kw_only=True):
    """``error_message``: what was sent is refused, and no call waits for the answer.

    That is a message with ``ack=False``. (Janus's name of it is ``error``, as for errors of any kind.)

    Attributes:
        error_code: the plugin's number.
        error: its text.
        transaction: of what was sent; "" if the server could not read it.
    """

    name: ClassVar[str] = "error_message"

    error_code: int = 0
    error: str = ""
    transaction: str = ""

    @property
    def summary(self) -> str:
        return f"{self.error} ({self.error_code})"


DETAILS: tuple[type[PluginDetail], ...] = (
    TextMessage,
    TextAnnouncement,
    TextJoin,
    TextLeave,
    TextKicked,
    TextDestroyed,
    TextError,
)

_BY_NAME: dict[str, type[PluginDetail]] = {detail.name: detail for detail in DETAILS} | {"error": TextError}


def detail_class(data: Mapping[str, Any]) -> type[PluginDetail]:
    """The class for what the plugin said."""
    return _BY_NAME.get(str(data.get("textroom")), PluginDetail)
