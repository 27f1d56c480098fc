"""`Waiter`: a request on its way, from the write to the reply or the deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from janus_notebook.client.user import ConnectionUser
from janus_notebook.errors import JanusTimeoutError
from janus_notebook.protocol.messages import Message

__all__ = ["Handler", "Waiter"]

Handler = Callable[[Message], None]


class Waiter(msgspec.Struct, eq=False):
    """A request whose reply is awaited."""

    future: asyncio.Future[Message]
    verb: str
    timeout: float
    deadline: float
    user: ConnectionUser | None
    handle_id: int | None
    on_reply: Handler | None
    on_late: Handler | None
    acknowledged: bool = False
    # The task that is writing the request: only a cancellation ends a write that hangs.
    writer: asyncio.Task[Any] | None = None
    stopped: bool = False
    # It still waited for its turn when it was stopped.
    unsent: bool = False

    def expire(self) -> None:
        """The deadline has come."""
        if self.writer is not None:
            self.stop_writing()
        elif not self.future.done():
            self.future.set_exception(self.error())

    def stop_writing(self) -> None:
        """It is over, whether or not the write is: over HTTP the event may come and the ack never."""
        # Not a task that runs just now: its transport answers while it sends, and is about to return.
        if self.writer is not None and not self.stopped and self.writer is not asyncio.current_task():
            self.stopped = True
            self.writer.cancel()

    def error(self) -> JanusTimeoutError:
        """What its caller is told at the deadline."""
        if self.unsent:
            return JanusTimeoutError(
                f"{self.verb!r} was not sent within {self.timeout:g} s: other requests were before it",
                hint="Send fewer at once, or pass a longer timeout; WebSocket takes more of them.",
            )
        if self.acknowledged:
            return JanusTimeoutError(
                f"Janus acknowledged {self.verb!r}, but its plugin sent no answer within {self.timeout:g} s",
                hint="Some requests get no answer in the wrong state; else pass a longer timeout.",
            )
        return JanusTimeoutError(
            f"no reply to {self.verb!r} within {self.timeout:g} s",
            hint="Is the server alive? Else pass a longer timeout.",
        )
