"""VideoCall's answers: what they say stands under ``result``."""

from __future__ import annotations

import msgspec

from janus_notebook.client.replies import PluginReply
from janus_notebook.protocol.typed import Record

__all__ = ["CallAnswer", "CallResult", "CallUsers", "CallUsersResult"]


class CallResult(Record, frozen=True, kw_only=True):
    """What was done.

    Attributes:
        event: ``registered``, ``calling``, ``accepted``, ``set`` or ``hangup``.
        username: whom it is about; "" where the server does not say it.
        reason: of a ``hangup``.
    """

    event: str = ""
    username: str = ""
    reason: str = ""


class CallAnswer(PluginReply, frozen=True, kw_only=True):
    """The answer to every request but `list`.

    Attributes:
        videocall: ``event``.
        result: what was done.
    """

    videocall: str = ""
    result: CallResult = CallResult()

    @property
    def event(self) -> str:
        """``registered``, ``calling``, ``accepted``, ``set`` or ``hangup``."""
        return self.result.event

    @property
    def username(self) -> str:
        """Whom it is about; "" where the server does not say it."""
        return self.result.username

    @property
    def reason(self) -> str:
        """Of a ``hangup``."""
        return self.result.reason


class CallUsersResult(Record, frozen=True, kw_only=True):
    """What `list` has found.

    Attributes:
        users: the names (Janus's ``list``).
    """

    users: tuple[str, ...] = msgspec.field(name="list", default=())


class CallUsers(PluginReply, frozen=True, kw_only=True):
    """The answer to `list`.

    Attributes:
        videocall: ``event``.
        result: what was found.
    """

    videocall: str = ""
    result: CallUsersResult = CallUsersResult()

    @property
    def users(self) -> tuple[str, ...]:
        """The names that are registered."""
        return self.result.users
