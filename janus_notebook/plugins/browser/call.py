"""`BrowserCall`: a handle's media in a browser page, from the first word of the page to why it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from janus_notebook.errors import JanusError, JanusMediaError, JanusStateError, JanusTimeoutError
from janus_notebook.plugins.browser.flows import Flow, names_of
from janus_notebook.plugins.browser.page import SILENT_SECONDS, Buffers, Page, Send
from janus_notebook.plugins.browser.peer import BrowserPeer, Wants
from janus_notebook.plugins.browser.picture import picture
from janus_notebook.plugins.browser.reading import text_of
from janus_notebook.plugins.browser.words import BYES, ENDS, NOT_READY, PAGE_LEFT
from janus_notebook.texts import BLOCK_LIMIT, clean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from janus_notebook.client.session import JanusSession
    from janus_notebook.media.peer import Peer
    from janus_notebook.plugins.webrtc import WebRtcPlugin

__all__ = ["BrowserCall", "State"]

State = Literal["waiting", "asking", "connecting", "connected", "ended", "failed"]

ACTIVE: Final = ("asking", "connecting", "connected")
WATCH_SECONDS: Final = 1.0


class BrowserCall:
    """The media of a handle in a browser page: what it sends comes from there, and what it receives is shown
    there. It begins when a page shows it; of several pages the first has it.

    Args:
        handle: attached, without media.
        wants: what to send.
        flow: which of the plugin's requests negotiates it.
        ice_servers: STUN and TURN servers.
        after: what has to end before it begins.

    Attributes:
        handle: whose media they are.
        state: ``waiting`` (for a page), ``asking`` (for the camera), ``connecting``, ``connected``,
            ``ended``, ``failed``.
        error: why it has failed, or None.
        reason: why it has ended or failed, in words; or "".
        wants: what it sends.
    """

    def __init__(
        self,
        handle: WebRtcPlugin,
        wants: Wants,
        flow: Flow,
        *,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        after: BrowserCall | None = None,
    ) -> None:
        self.handle = handle
        self.wants = wants
        self.state: State = "waiting"
        self.reason = ""
        self.error: JanusError | None = None
        self._flow = flow
        self._ice_servers = tuple(ice_servers)
        self._after = after
        self._wire: Send | None = None
        self._deaf: Callable[[], bool] = lambda: False
        self._page: Page | None = None
        self._peer: BrowserPeer | None = None
        self._running: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[Any] | None = None
        self._over = asyncio.Event()
        self._changed = asyncio.Event()

    def __repr__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return clean(f"<BrowserCall of {self.handle.name}, {self.state}{why}>", BLOCK_LIMIT)

    # -- for everybody ------------------------------------------------------------------------

    @property
    def active(self) -> bool:
        """Whether a page has it, and it has not ended."""
        return self.state in ACTIVE

    @property
    def on_its_way(self) -> bool:
        """Whether it is `active`, or waits for a page."""
        return self.active or self.state == "waiting"

    @property
    def names(self) -> dict[str, str]:
        """Whom one sees and hears, by mid; "" is for the others."""
        return names_of(self.handle)

    async def ready(self, timeout: float = 60.0) -> None:
        """Wait until media flow.

        Args:
            timeout: seconds; asking for the camera counts.

        Raises:
            JanusMediaError: the browser gave no camera, or the connection failed; its text is what the panel
                says. It has ended meanwhile.
            JanusError: whatever Janus said of the request.
            JanusTimeoutError: not within `timeout`; says what it waits for.
        """
        try:
            async with asyncio.timeout(timeout):
                while self.state in ("waiting", "asking", "connecting"):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as exc:
            what, hint = NOT_READY.get(self.state, NOT_READY["connecting"])
            raise JanusTimeoutError(f"not ready within {timeout:g} s: {what}", hint=hint) from exc
        if self.state != "connected":
            raise self._why_not()

    async def snapshot(
        self, *, local: bool = False, mid: str | None = None, timeout: float = 10.0
    ) -> NDArray[Any]:
        """Return the picture that the browser shows now; the stream goes on.

        Args:
            local: what the browser sends, instead of what it receives.
            mid: of the video; None for the first.
            timeout: seconds.

        Returns:
            uint8, (height, width, 3), RGB.

        Raises:
            JanusStateError: nothing is connected.
            JanusMediaError: there is no such video, no picture yet, or numpy is missing.
            JanusTimeoutError: the browser did not answer in time.
        """
        if self.state != "connected" or self._page is None:
            raise JanusStateError(f"the browser's media are {self.state}", hint="await camera.ready() first.")
        answer = await self._page.ask("snapshot", timeout=timeout, local=local, mid=mid)
        return picture(answer)

    async def hangup(self) -> None:
        """End it on both sides; `restart` begins anew. Idempotent."""
        await self.end("hangup() was called")

    async def restart(self) -> None:
        """Begin anew in the same page, after it has ended.

        Raises:
            JanusStateError: it has not ended, no page shows it, or the handle cannot negotiate.
        """
        if self.state not in ("ended", "failed"):
            raise JanusStateError(f"the browser's media are {self.state}: there is nothing to start again")
        self.check_idle()
        if self._wire is None or self._page is None:
            raise JanusStateError("no page shows it", hint="Put it last in a cell.")
        await self.begin(self._page.ident)

    # -- for who makes it, and for the wire ---------------------------------------------------

    def check_idle(self) -> None:
        """Refuse a handle that is not attached, or has media already.

        Raises:
            JanusStateError: so it is.
        """
        self.handle._attached()
        # A call that rings is negotiated from the other side, so that counts for nothing.
        if self.handle.webrtc or self.handle.state == "connected":
            raise JanusStateError(
                f"{self.handle.name} has media already, from the kernel or another camera()",
                hint="await handle.hangup() first.",
            ).within(plugin=self.handle.name, handle_id=self.handle.id)

    def use_wire(self, send: Send, deaf: Callable[[], bool]) -> None:
        """Talk to pages over this wire; see `Page`."""
        self._wire, self._deaf = send, deaf

    def hear_page(self, message: Mapping[str, Any], buffers: Buffers) -> None:
        """Take a message of a page, whichever it is."""
        ident = text_of(message.get("from"))
        if not ident or self._wire is None:
            return
        self._wire({"type": "page", "to": ident, "ack": message.get("seq")})
        if message.get("say") == "hello":
            self._greet(ident)
        elif self._page is not None and ident == self._page.ident:
            self._page.hear(message, buffers)

    @property
    def page(self) -> str:
        """The page that has it, or had it last; "" before."""
        return self._page.ident if self._page is not None else ""

    def _greet(self, ident: str) -> None:
        if self.state == "waiting":
            self._start(ident)
        elif self._page is not None and ident != self._page.ident and not self.active:
            self._page = self._make_page(ident)  # it may start it again

    async def begin(self, ident: str) -> None:
        """Begin in this page; if another one has it, it ends there."""
        await self.end("it was started again")
        self._start(ident)

    async def end_former(self) -> None:
        """End the call before this one, whose handle it needs. Idempotent."""
        if self._after is not None:
            await self._after.end("camera() was called again")
            self._after = None

    # -- inside -------------------------------------------------------------------------------

    def _make_page(self, ident: str) -> Page:
        assert self._wire is not None  # a page has spoken over it
        return Page(ident, self._wire, self._deaf, self._news)

    def _start(self, ident: str) -> None:
        session = self.handle.session
        if session is None:
            self._set("failed", self.handle._not_attached())
            return
        self._page = self._make_page(ident)
        self._over = asyncio.Event()
        self.error, self.reason = None, ""
        self._set("asking" if self.wants.video or self.wants.audio else "connecting")
        self._running = session.spawn(self._run(self._page, session), name="janus-browser-call")
        session.spawn(self._watch(self._page, self._over), name="janus-browser-watch")

    async def _run(self, page: Page, session: JanusSession) -> None:
        try:
            await self.end_former()
            self.check_idle()
            sends = {"video": self.wants.video, "audio": self.wants.audio}
            if self.state == "asking":
                await page.ask("capture", timeout=None, wants=self.wants.plain())
                self._set("connecting")
            self.handle.use_peers(self._make_peer)
            await self._flow.run({**sends, "ice_servers": self._ice_servers})
            if self._peer is None or self._peer.state == "closed":
                raise JanusMediaError(f"Janus hung up at once: {self.handle.reason or 'it gave no reason'}")
            self._set("connected")
        except asyncio.CancelledError:
            if self.active:  # it was not ended from here
                self._stop("its session has ended")
            raise
        except JanusError as exc:
            self._close(page)
            self._set("failed", exc)
        except BaseException as exc:
            self._close(page)
            self._set("failed", JanusMediaError(f"it failed: {type(exc).__name__}: {exc}"))
            raise

    def _make_peer(self, *, ice_servers: Iterable[Mapping[str, Any]], **_: Any) -> Peer:
        """What a handle negotiates with; it has the methods of a `Peer`."""
        page = self._page
        assert page is not None  # the call is active

        def on_candidates(found: list[dict[str, Any]]) -> None:
            if self.active and self.handle.session is not None and self.handle.id is not None:
                self.handle.session.spawn(self.handle.trickle(found), name="janus-browser-trickle")

        peer = BrowserPeer(
            page,
            ice_servers=ice_servers,
            on_candidates=on_candidates,
            on_close=lambda: self._peer_closed(peer),
        )
        self._peer = peer
        return cast("Peer", peer)

    def _peer_closed(self, peer: BrowserPeer) -> None:
        if peer is self._peer and self.state == "connected":
            why = self.handle.reason
            self._stop(ENDS.get(why, f"Janus hung up: {why}"))

    def _news(self, message: Mapping[str, Any]) -> None:
        """What the page says of itself."""
        if message.get("say") == "bye":
            why = BYES.get(str(message.get("why")), "the page ended it")
            if self.active:
                self._lose(why)
            elif self.reason == ENDS[PAGE_LEFT]:  # Janus has seen it first
                self.reason = why
                self._set("ended")
        elif self._peer is not None:
            self._peer.hear(message)

    async def _watch(self, page: Page, over: asyncio.Event) -> None:
        """Follow whether the page is there, until the call is over."""
        while not over.is_set():
            try:
                async with asyncio.timeout(WATCH_SECONDS):
                    await over.wait()
            except TimeoutError:
                page.wait(WATCH_SECONDS)
                if page.silent > SILENT_SECONDS and self._page is page and self.active:
                    self._lose(f"nothing was heard of the page for {SILENT_SECONDS:g} s")

    def _lose(self, reason: str) -> None:
        """End it from here: the handle is hung up, by a task of the session."""
        session = self.handle.session
        running, self._running = self._running, None
        self._stop(reason)
        if session is not None:
            self._ending = session.spawn(self._hang_up(running), name="janus-browser-hangup")

    async def _hang_up(self, running: asyncio.Task[None] | None) -> None:
        if running is not None and not running.done():
            running.cancel()
            await asyncio.wait([running])
        handle = self.handle
        if handle.id is not None and (handle.webrtc or handle.state in ("negotiating", "connected")):
            await handle.hangup()

    async def end(self, reason: str) -> None:
        """End it on both sides, and say why. Idempotent."""
        await self.end_former()
        if self.active:
            self._lose(reason)
        elif self.state == "waiting":
            self._stop(reason)
        if self._ending is not None:
            await asyncio.wait([self._ending])  # its error goes to the session's log

    def _stop(self, reason: str) -> None:
        if self._page is not None:
            self._close(self._page)
        self.reason = reason
        self._set("ended")

    def _close(self, page: Page) -> None:
        page.tell("close")
        page.end(JanusMediaError(self.reason or "the browser's media have ended"))

    def _set(self, state: State, error: JanusError | None = None) -> None:
        """Change the state, and say so in the session's log."""
        self.state = state
        if error is not None:
            self.error, self.reason = error, str(error)
        if not self.active:
            if self.handle._maker == self._make_peer:  # else the next call has it already
                self.handle.use_peers(None)
            self._over.set()
        session = self.handle.session
        if session is not None:
            raw = {"state": state, "reason": self.reason, "plugin": self.handle.name}
            session.events.record("local", "browser", raw, session.id, self.handle.id)
        self._changed.set()

    def _why_not(self) -> JanusError:
        if self.error is not None:
            return self.error
        return JanusMediaError(f"the browser's media have ended: {self.reason}", hint="Start it again there.")
