"""`MediaPlugin`: a handle's peer connection of ours, for those who use it: what it sends and receives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from janus_notebook.errors import JanusMediaError, JanusStateError, JanusTimeoutError
from janus_notebook.plugins.typed import TypedPlugin

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook.media import DataChannel, MediaRecording, Peer, ReceivedTrack

__all__ = ["MediaPlugin"]


class MediaPlugin(TypedPlugin):
    """A handle with a peer connection, or without one yet; derived classes negotiate it.

    Attributes:
        begins_media: the methods that make the peer connection, in words.
        in_browser: the newest `BrowserCall` of this handle, or None; it lives as long as the handle.
    """

    begins_media: ClassVar[str] = "publish()"

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self._peer: Peer | None = None
        self._negotiation = asyncio.Lock()
        self._recorded: tuple[object, ...] | None = None
        self._maker: Callable[..., Peer] | None = None
        self.in_browser: object = None

    @property
    def tracks(self) -> tuple[ReceivedTrack, ...]:
        """What is received, in the order of the media sections; empty without a peer connection."""
        return self._peer.tracks if self._peer is not None else ()

    @property
    def webrtc(self) -> dict[str, Any]:
        """What our own peer connection knows, as plain data (`Peer.facts`); empty if there is none."""
        return self._peer.facts() if self._peer is not None else {}

    def track(self, which: str) -> ReceivedTrack:
        """Return the first received track of a kind (``"audio"``, ``"video"``), or the one with that mid.

        ``await track.snapshot()`` gives one frame as numpy.

        Raises:
            JanusStateError: there is no peer connection here.
            JanusMediaError: no such track is received; names those that are.
        """
        return self._live_peer().track(which)

    async def record(self, path: str | Path, *, overwrite: bool = False) -> MediaRecording:
        """Record what is received here into one file, all tracks in step, from now on.

        ::

            async with await handle.record("call.mp4") as recording:  # in a notebook without the inner await
                await asyncio.sleep(10)

        It ends with ``await recording.stop()``, or by itself with the call, the session or the process; the
        file is complete in any case. ``recording.seconds``, ``.bytes`` and ``.frames`` tell how far it is.

        Args:
            path: where to, with a suffix that says how: ``.mp4``, ``.mkv`` (H.264), ``.webm`` (VP8), or
                ``.wav`` for sound alone.
            overwrite: whether to replace such a file.

        Raises:
            JanusOptionError: an unknown suffix, no such folder, or there is such a file.
            JanusMediaError: nothing is received here.
            JanusStateError: there is no peer connection here.
        """
        return await self._live_peer().record(path, overwrite=overwrite)

    async def stats(self) -> dict[str, Any]:
        """Counters of our peer connection: ``transport``, and ``media`` by mid.

        Raises:
            JanusStateError: there is no peer connection here.
        """
        return await self._live_peer().stats()

    async def replace(
        self, *, video: object = None, audio: object = None, timeout: float = 15.0
    ) -> dict[str, str]:
        """Send something else in place of what is sent, without negotiating anew: nobody is asked.

        The other sides see the new source where the old one was. The old one is stopped, if it was made
        here; a track of yours stays yours.

        Args:
            video, audio: what to send, as in `JanusEchoTestPlugin.publish`; None leaves it as it is. False
                sends nothing for now, and True what was sent before. Of several tracks of a kind, a list
                with None for those that stay.
            timeout: seconds to wait for the first picture or sound of the new source.

        Returns:
            What is sent now, as in ``webrtc["sources"]``.

        Raises:
            JanusOptionError: a source that cannot be sent, such as a first picture of the wrong type.
            JanusMediaError: the source raised, or cannot be opened; what was sent is still sent.
            JanusStateError: nothing of that kind is sent, or there is no peer connection here.
            JanusTimeoutError: the new source gave nothing in time.
        """
        async with self._negotiation:
            peer = self._live_peer()
            async with self._first_frames(timeout):
                await peer.replace(video=video, audio=audio)
            return dict(peer.facts()["sources"])

    def use_peers(self, maker: Callable[..., Peer] | None) -> None:
        """Let the next first negotiations have peer connections of another make: those of a browser.

        Args:
            maker: called as `Peer` is, gives what has its methods; None for our own again.
        """
        self._maker = maker

    # --- for derived classes

    def _channel(self, label: str = "JanusDataChannel") -> DataChannel:
        """Return the data channel with this label: Janus's, if it has opened one, or else a new one.

        ``await channel.opened()`` comes before the first ``await channel.send(text)``. What arrives goes
        to ``channel.on_message``.

        Raises:
            JanusStateError: there is no peer connection here, or it has no data.
        """
        return self._live_peer().channel(label)

    def _live_peer(self) -> Peer:
        if self._peer is None:
            raise JanusStateError(
                f"{self.name} has no media here", hint=f"{self.begins_media} first."
            ).within(plugin=self.name, handle_id=self.id)
        return self._peer

    @asynccontextmanager
    async def _first_frames(self, left: float, timeout: float | None = None) -> AsyncIterator[None]:
        """Say what was waited for if a source takes too long to give its first frame."""
        try:
            async with asyncio.timeout(left):
                yield
        except TimeoutError as exc:
            raise JanusTimeoutError(
                f"the source gave no picture or sound within {timeout or left:g} s",
                hint="Does the function return?",
            ).within(plugin=self.name, handle_id=self.id) from exc

    def _source_failed(self, error: JanusMediaError) -> None:
        """Record it: no call waits for our source any more."""
        if self.session is not None:
            self.session.on_error(error.within(plugin=self.name, handle_id=self.id))

    def _record_change(self, peer: Peer) -> None:
        """Record the states of our own side, so that a log tells what happened between the messages."""
        facts = peer.facts()
        heard = tuple(t["mid"] for t in facts["tracks"] if t["frames"])
        states = facts["ice"], facts["dtls"], heard, tuple(facts["sources"].items())
        if self.session is not None and self.id is not None and states != self._recorded:
            self._recorded = states
            self.session.events.record("local", "peer", facts, self.session.id, self.id)
