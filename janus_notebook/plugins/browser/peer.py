"""`BrowserPeer`: a peer connection in a page, with the methods that handles use of our own `Peer`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError, JanusTimeoutError
from janus_notebook.plugins.browser import reading
from janus_notebook.plugins.browser.channel import BrowserChannel
from janus_notebook.plugins.browser.page import Page

__all__ = ["KINDS", "BrowserPeer", "Wants"]

KINDS: Final = ("audio", "video")
DEFAULT_LABEL: Final = "JanusDataChannel"
STATES: Final = ("new", "connecting", "connected", "disconnected", "failed", "closed")
SNAPSHOT: Final = "await camera.snapshot() gives the browser's picture."


@dataclass(frozen=True)
class Wants:
    """What a page is to send.

    Attributes:
        video: ``camera``, ``screen``, ``test``, or None.
        audio: ``microphone``, ``test``, or None.
        width, height, fps: of the video, as far as its source can; None leaves it to the browser.
        simulcast: send the video in three sizes.
    """

    video: str | None = None
    audio: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    simulcast: bool = False

    def plain(self) -> dict[str, Any]:
        """As the page takes it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


class BrowserPeer:
    """A peer connection in a page. What it sends was captured there before.

    Args:
        page: where it is.
        ice_servers: STUN and TURN servers.
        on_candidates: called with the page's candidates as they come.
        on_close: called once, when it is closed.

    Attributes:
        on_change: as that of `Peer`.
    """

    def __init__(
        self,
        page: Page,
        *,
        ice_servers: Iterable[Mapping[str, Any]],
        on_candidates: Callable[[list[dict[str, Any]]], None],
        on_close: Callable[[], None],
    ) -> None:
        self.on_change: Callable[[], None] | None = None
        self._page = page
        self._ice_servers = [dict(server) for server in ice_servers]
        self._on_candidates, self._on_close = on_candidates, on_close
        self._send: dict[str, bool] = {}
        self._channels: dict[str, BrowserChannel] = {}
        self._told: dict[str, Any] = {}
        self._stats: dict[str, Any] = {"transport": {}, "media": {}}
        self._changed = asyncio.Event()
        self._begun = self._closed = False

    def __repr__(self) -> str:
        return f"<BrowserPeer {self.state}>"

    def __getattr__(self, name: str) -> NoReturn:
        # What is asked of our own peer connections alone, such as another source.
        if name.startswith("_"):
            raise AttributeError(name)
        raise JanusStateError(
            f"{name} is for media of the kernel, and this handle's are in the browser", hint=SNAPSHOT
        )

    # --- negotiation

    async def prepare(self, *, video: object = None, audio: object = None, **of_ours: object) -> None:
        """Choose what is sent of what the page has captured: a text sends it, False no longer, None as it is.

        Raises:
            JanusOptionError: another source, or an option of our own peer connection.
        """
        for name, value in of_ours.items():
            if value is not None:
                raise JanusOptionError(f"{name} is for media of the kernel, not of the browser")
        for kind, source in (("video", video), ("audio", audio)):
            if not (source is None or source is False or isinstance(source, str)):
                raise JanusOptionError(
                    f"the {kind} of this handle comes from the browser, not from {type(source).__name__}",
                    hint="hangup() first, then publish it from here.",
                )
            if source is not None:
                self._send[kind] = source is not False

    async def offer(
        self, *, data: bool = False, receive: Collection[str] = KINDS, trickle: bool = False
    ) -> dict[str, Any]:
        """Return the page's offer as Janus's ``jsep``."""
        return await self._describe("offer", trickle, data=data, receive=list(receive))

    async def answer(
        self,
        jsep: Mapping[str, Any],
        *,
        receive: Collection[str] = KINDS,
        renewed: Collection[str] = (),
        trickle: bool = False,
    ) -> dict[str, Any]:
        """Take an offer and return the page's answer."""
        return await self._describe("answer", trickle, remote=jsep.get("sdp"), receive=list(receive))

    async def _describe(self, verb: str, trickle: bool, **arguments: Any) -> dict[str, Any]:
        if self._closed:
            raise JanusStateError("the browser's peer connection is closed")
        self._begun = True
        answer = await self._page.ask(
            verb, send=dict(self._send), ice_servers=self._ice_servers, first=trickle, **arguments
        )
        if not isinstance(answer.value, str) or not answer.value:
            raise JanusMediaError(f"the browser's {verb} holds no SDP")
        return {"type": verb, "sdp": answer.value, "trickle": trickle}

    async def accept(self, jsep: Mapping[str, Any]) -> None:
        """Take the answer to the page's offer."""
        await self._page.ask("accept", remote=jsep.get("sdp"))

    async def rollback(self) -> None:
        """Forget an offer that waits for its answer."""
        if self._begun and not self._closed:
            await self._page.ask("rollback")

    def candidates(self) -> list[dict[str, Any]]:
        """None: the page sends its own as it finds them."""
        return []

    async def add_candidate(self, candidate: Mapping[str, Any] | None) -> None:
        """Take a candidate of Janus."""
        if not self._closed:
            self._page.tell("candidate", candidate=dict(candidate or {"completed": True}))

    async def connected(self, timeout: float = 15.0) -> None:
        """Wait until media can flow; see `Peer.connected`."""
        try:
            async with asyncio.timeout(timeout):
                while self.state != "connected":
                    if self._page.over:
                        raise JanusMediaError(self._page.over)
                    if self.state in ("failed", "closed"):
                        raise JanusMediaError(
                            f"not connected: the browser's ICE is {self._told.get('ice', 'new')}, its DTLS "
                            f"{self._told.get('dtls', 'new')}",
                            hint="Can UDP pass both ways between this browser and the server?",
                        )
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as exc:
            raise JanusTimeoutError(
                f"not connected within {timeout:.1f} s: the browser's ICE is {self._told.get('ice', 'new')}",
                hint="Can UDP pass both ways between this browser and the server?",
            ) from exc

    def channel(self, label: str = DEFAULT_LABEL) -> BrowserChannel:
        """Return the data channel with this label; the page opens it if Janus has not."""
        known = self._channels.get(label)
        if known is not None and known.state != "closed":
            return known
        if self._closed:
            raise JanusStateError("the browser's peer connection is closed")
        made = BrowserChannel(self._page, label, lambda: self._page.tell("close_channel", label=label))
        self._channels[label] = made
        self._page.tell("channel", label=label)
        return made

    async def close(self) -> None:
        """End it. Idempotent."""
        if not self._closed:
            self._closed = True
            self._page.tell("close")
            for channel in self._channels.values():
                channel.end("the peer connection was closed")
            self._notify()
            self._on_close()

    # --- state

    @property
    def state(self) -> str:
        """``new``, ``connecting``, ``connected``, ``disconnected``, ``failed`` or ``closed``."""
        return "closed" if self._closed else str(self._told.get("state", "new"))

    @property
    def tracks(self) -> tuple[()]:
        """None: what is received is in the page."""
        return ()

    def track(self, which: str) -> NoReturn:
        """There is none here.

        Raises:
            JanusMediaError: always; says where the media are.
        """
        raise JanusMediaError(f"no track {which!r} comes here: the media are in the browser", hint=SNAPSHOT)

    def facts(self) -> dict[str, Any]:
        """What the page has told, in the form of `Peer.facts`."""
        told = self._told
        return {
            "state": self.state,
            "signaling": told.get("signaling", "stable"),
            "ice_gathering": told.get("ice_gathering", "new"),
            "ice": "closed" if self._closed else told.get("ice", "new"),
            "dtls": "closed" if self._closed else told.get("dtls", "new"),
            "pair": told.get("pair"),
            "sources": {kind: "live" for kind, on in self._send.items() if on},
            "tracks": told.get("tracks", []),
        }

    async def stats(self) -> dict[str, Any]:
        """The page's newest counters, in the form of `Peer.stats`."""
        return self._stats

    def hear(self, message: Mapping[str, Any]) -> None:
        """Take what the page says of the connection."""
        match message.get("say"):
            case "candidates" if not self._closed:
                if found := reading.candidates_of(message.get("candidates")):
                    self._on_candidates(found)
            case "state" | "beat" if isinstance(message.get("peer"), Mapping):
                self._learn(message["peer"])
            case "channel" | "message" | "channel_closed":
                self._hear_channel(message)

    def _learn(self, peer: Mapping[str, Any]) -> None:
        before = self._told
        state = peer.get("state")
        names = ("signaling", "ice_gathering", "ice", "dtls")
        self._told = {
            "state": state if state in STATES else "new",
            **{name: reading.text_of(peer.get(name)) or "new" for name in names},
            "pair": reading.pair_of(peer.get("pair")) or before.get("pair"),
            "tracks": reading.tracks_of(peer.get("tracks")),
        }
        if "stats" in peer:
            self._stats = reading.stats_of(peer["stats"])
        if self._told != before:
            self._notify()

    def _hear_channel(self, message: Mapping[str, Any]) -> None:
        label = message.get("label")
        if not isinstance(label, str) or self._closed:
            return
        if label not in self._channels:  # Janus has opened it
            made = BrowserChannel(self._page, label, lambda: self._page.tell("close_channel", label=label))
            self._channels[label] = made
        channel = self._channels[label]
        match message:
            case {"say": "channel"}:
                channel.opened_there()
            case {"say": "message", "text": str(text)}:
                channel.take(text)
            case {"say": "message", "data": list(data)}:
                channel.take(bytes(n & 255 for n in data if isinstance(n, int)))
            case {"say": "channel_closed"}:
                channel.end("the other side closed it")

    def _notify(self) -> None:
        self._changed.set()
        if self.on_change is not None:
            asyncio.get_running_loop().call_soon(self.on_change)
