"""`Capture`: a packet capture that ends whatever happens."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Self, get_args

from janus_notebook.errors import JanusError, JanusOptionError, JanusServerError, JanusStateError
from janus_notebook.texts import clean

if TYPE_CHECKING:
    from janus_notebook.client.admin.admin import JanusAdmin

__all__ = ["Capture", "CaptureKind"]

CaptureKind = Literal["pcap", "text2pcap"]

# A session or handle that is gone has closed its file.
GONE = (458, 459)


class Capture:
    """A capture of a handle's RTP and RTCP: ``async with admin.capture(...) as capture: ...``.

    Made by `JanusAdmin.capture`.

    Attributes:
        session_id, handle_id: the handle.
        kind: ``pcap`` or ``text2pcap``.
        path: the file, on the server's machine; None before it began.
        running: whether it is under way, as far as is known here.
    """

    def __init__(
        self,
        admin: JanusAdmin,
        session_id: int,
        handle_id: int,
        *,
        kind: CaptureKind,
        folder: str | os.PathLike[str] | None,
        filename: str | None,
        truncate: int | None,
    ) -> None:
        if kind not in get_args(CaptureKind):
            raise JanusOptionError.unknown("kind of capture", str(kind), get_args(CaptureKind))
        self._admin = admin
        self.session_id = session_id
        self.handle_id = handle_id
        self.kind = kind
        self._folder = None if folder is None else os.fspath(folder)
        self._filename = filename
        self._truncate = truncate
        self.path: str | None = None
        self.running = False

    def __repr__(self) -> str:
        state = "running" if self.running else "ended" if self.path else "not begun"
        return clean(f"<Capture {self.kind} of handle {self.handle_id} to {self.path or 'no file'}, {state}>")

    async def __aenter__(self) -> Self:
        if self.running:
            raise JanusStateError("this capture is under way already", hint="Make another by capture().")
        admin = self._admin
        start = admin.start_pcap if self.kind == "pcap" else admin.start_text2pcap
        try:
            await start(
                self.session_id,
                self.handle_id,
                folder=self._folder,
                filename=self._filename,
                truncate=self._truncate,
            )
        except (JanusServerError, JanusOptionError):
            raise  # it has not begun: one that is under way is somebody else's
        except BaseException:
            await self._stop_if_there()  # it may have begun, with nobody to end it
            raise
        self.running = True
        try:
            info = await admin.handle_info(self.session_id, self.handle_id)
        except BaseException:
            await self._stop_if_there()
            raise
        self.path = info.pcap_file if self.kind == "pcap" else info.text2pcap_file
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """End the capture; idempotent. One that has ended with its handle is no error.

        Raises:
            JanusServerError: Janus refuses it (490: somebody else has ended it).
            JanusConnectionError, JanusTimeoutError: the server can't be asked, or does not answer.
        """
        if not self.running:
            return
        self.running = False
        admin = self._admin
        stop = admin.stop_pcap if self.kind == "pcap" else admin.stop_text2pcap
        try:
            await stop(self.session_id, self.handle_id)
        except JanusServerError as exc:
            if exc.code not in GONE:
                raise

    async def _stop_if_there(self) -> None:
        self.running = True
        with suppress(JanusError):  # what has gone wrong before is raised
            await self.stop()
