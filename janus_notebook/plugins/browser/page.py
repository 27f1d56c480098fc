"""`Page`: a browser page at the other end of some wire: told things, asked things, heard of.

What travels are dicts of plain JSON, some with buffers of bytes. To the page: ``{"type": "page", "to": page,
"verb": ..., "n": number of a question or 0, ...}``. From it: ``{"type": "page", "from": page, "seq": number,
...}`` with ``re`` for the answer to a question (then ``value`` or ``error``), or ``say`` for what it says of
itself. Whatever it sends is acknowledged by its ``seq``, so that it knows whether it is heard.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from janus_notebook.errors import JanusError, JanusMediaError, JanusTimeoutError
from janus_notebook.plugins.browser.words import refused

__all__ = ["ASK_SECONDS", "SILENT_SECONDS", "Answer", "Buffers", "Page", "Send"]

ASK_SECONDS: Final = 15.0
"""How long a page may take to answer."""
SILENT_SECONDS: Final = 15.0
"""After how long of silence a page counts as gone; it says something every second."""
STEP_SECONDS: Final = 0.25
MOST_PARTS: Final = 64

Buffers = Sequence[bytes]
Send = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Answer:
    """What a page has answered.

    Attributes:
        value: plain data; not to be trusted.
        buffers: the bytes that came with it, joined.
    """

    value: Any
    buffers: bytes


class _Question:
    def __init__(self, verb: str, future: asyncio.Future[Answer]) -> None:
        self.verb, self.future = verb, future
        self.parts: dict[int, bytes] = {}

    def take(self, message: Mapping[str, Any], buffers: Buffers) -> None:
        """Take an answer, or a part of one."""
        if self.future.done():
            return
        if (error := message.get("error")) is not None:
            self.future.set_exception(refused(self.verb, error))
            return
        part, parts = message.get("part", 0), message.get("parts", 1)
        if not isinstance(part, int) or not isinstance(parts, int) or not 0 <= part < parts <= MOST_PARTS:
            self.future.set_exception(JanusMediaError(f"the browser's answer to {self.verb!r} is garbled"))
            return
        self.parts[part] = b"".join(map(bytes, buffers))
        if len(self.parts) == parts:
            whole = b"".join(self.parts[index] for index in range(parts))
            self.future.set_result(Answer(message.get("value"), whole))


class Page:
    """One page. Its methods are called on the session's loop.

    Args:
        ident: how the page calls itself.
        send: puts a message on the wire.
        deaf: whether nothing of the page can be heard just now, because the kernel runs a cell. That time
            counts for no deadline.
        on_news: called with what the page says of itself.

    Attributes:
        silent: seconds since it was heard last, without those in which it could not be.
        over: why it is no more, or "".
    """

    def __init__(
        self,
        ident: str,
        send: Send,
        deaf: Callable[[], bool],
        on_news: Callable[[Mapping[str, Any]], None],
    ) -> None:
        self.ident = ident
        self.silent = 0.0
        self.over = ""
        self._send, self._deaf, self._on_news = send, deaf, on_news
        self._numbers = itertools.count(1)
        self._questions: dict[int, _Question] = {}

    def tell(self, verb: str, **arguments: Any) -> None:
        """Tell it something that has no answer."""
        self._send({"type": "page", "to": self.ident, "verb": verb, "n": 0, **arguments})

    async def ask(self, verb: str, *, timeout: float | None = ASK_SECONDS, **arguments: Any) -> Answer:
        """Ask for something and return the answer.

        Args:
            verb: what.
            timeout: seconds in which the page can be heard; None waits for a person.
            arguments: plain data.

        Raises:
            JanusMediaError: the browser could not, or would not; or the page is gone.
            JanusTimeoutError: no answer in time.
        """
        if self.over:
            raise JanusMediaError(self.over)
        number = next(self._numbers)
        question = _Question(verb, asyncio.get_running_loop().create_future())
        self._questions[number] = question
        try:
            self._send({"type": "page", "to": self.ident, "verb": verb, "n": number, **arguments})
            left = timeout
            while not question.future.done():
                await asyncio.wait([question.future], timeout=STEP_SECONDS)
                if left is None or self._deaf():
                    continue
                left -= STEP_SECONDS
                if left <= 0 and not question.future.done():
                    raise JanusTimeoutError(
                        f"the browser did not answer ({verb}) within {timeout:g} s",
                        hint="Is the page with the camera still open?",
                    )
            return question.future.result()
        finally:
            del self._questions[number]

    def hear(self, message: Mapping[str, Any], buffers: Buffers) -> None:
        """Take a message of the page."""
        self.silent = 0.0
        number = message.get("re")
        if isinstance(number, int) and number in self._questions:
            self._questions[number].take(message, buffers)
        elif isinstance(message.get("say"), str):
            self._on_news(message)

    def wait(self, seconds: float) -> None:
        """So much time has passed."""
        if not self._deaf():
            self.silent += seconds

    def end(self, error: JanusError) -> None:
        """It is no more: whoever waits for an answer gets the error. Idempotent."""
        if not self.over:
            self.over = error.message
            for question in self._questions.values():
                if not question.future.done():
                    question.future.set_exception(error)
