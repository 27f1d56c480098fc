"""What a peer sends: one source of each kind, in which media section, and what a failed offer returns to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from janus_notebook.errors import JanusMediaError
from janus_notebook.media.sources import ArraySource, source_track

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from aiortc import MediaStreamTrack, RTCRtpTransceiver

__all__ = ["Sending"]

# By whether it sends, and whether it receives.
DIRECTIONS = {
    (True, True): "sendrecv",
    (True, False): "sendonly",
    (False, True): "recvonly",
    (False, False): "inactive",
}


class Sending:
    """The sources of one `Peer`. What is chosen is placed by a description, and sent once that is agreed.

    Args:
        on_failure: called with the error when the function or iterator that gives pictures has failed.

    Attributes:
        sources: what is sent, or is to be once the offer is answered, by kind.
    """

    def __init__(self, on_failure: Callable[[JanusMediaError], None]) -> None:
        self.sources: dict[str, MediaStreamTrack] = {}
        self._carriers: dict[str, RTCRtpTransceiver] = {}
        self._chosen: dict[str, MediaStreamTrack | None] = {}
        self._saved: tuple[dict[str, MediaStreamTrack], dict[str, RTCRtpTransceiver]] = {}, {}
        self._owned: list[MediaStreamTrack] = []
        self._on_failure = on_failure

    @property
    def chosen(self) -> bool:
        """Whether something is chosen that will be sent."""
        return any(track is not None for track in self._chosen.values())

    async def choose(self, **given: object) -> None:
        """Take sources by kind, as `Peer.prepare` does, and have their first pictures made."""
        chosen: dict[str, MediaStreamTrack | None] = {}
        for kind, source in given.items():
            if source is False:
                chosen[kind] = None
            elif source is not None:
                chosen[kind], made_here = source_track(kind, source)
                if made_here:
                    self._owned += filter(None, [chosen[kind]])
        for kind, track in chosen.items():
            if isinstance(track, ArraySource):
                await track.prepare()
                track.on("ended", partial(self._ended, kind, track))
        self._chosen = chosen

    def save(self) -> None:
        """Remember what is sent, before a negotiation changes it."""
        self._saved = dict(self.sources), dict(self._carriers)

    def restore(self) -> None:
        """The negotiation came to nothing."""
        self.sources, self._carriers = self._saved

    def place(
        self, kind: str, sections: Iterable[RTCRtpTransceiver], add: Callable[[str], RTCRtpTransceiver]
    ) -> None:
        """Give the source that was chosen a section: its own, one of `sections`, or one that `add` makes."""
        if kind not in self._chosen:
            return
        track, carrier = self._chosen.pop(kind), self._carriers.get(kind)
        if track is not None:
            unused = (s for s in sections if s.kind == kind and s not in self._carriers.values())
            self._carriers[kind] = carrier or next(unused, None) or add(kind)
            self.sources[kind] = track
        elif carrier is not None:
            del self._carriers[kind], self.sources[kind]

    def direct(self, sections: Iterable[RTCRtpTransceiver], receive: Collection[str]) -> None:
        """Set the direction of each section."""
        for section in sections:
            section.direction = DIRECTIONS[section in self._carriers.values(), section.kind in receive]

    def settle(self, sections: Iterable[RTCRtpTransceiver]) -> None:
        """Send what was agreed, and stop the sources made here that are in use no more."""
        carried = {carrier: self.sources[kind] for kind, carrier in self._carriers.items()}
        for section in sections:
            sender: Any = section.sender
            sender.use(carried.get(section))
        in_use = [*self.sources.values(), *self._chosen.values()]
        for track in self._owned:
            if track not in in_use:
                track.stop()
        self._owned = [track for track in self._owned if track in in_use]

    def stop(self) -> None:
        """Stop the sources made here; what fails from now on is nobody's concern."""
        self._on_failure = _ignored
        for track in self._owned:
            track.stop()

    def unsent(self, kind: str) -> str:
        """Return why a source of ours gives no more, as a sentence; "" if it does, or there is none."""
        source = self.sources.get(kind)
        if source is None or source.readyState == "live":
            return ""
        why = getattr(source, "error", None) or "its source has ended."
        return f"Our own {kind} is no longer sent: {why}"

    def _ended(self, kind: str, source: ArraySource) -> None:
        if source.error is not None:
            error = JanusMediaError(f"{kind} is no longer sent: {source.error}")
            error.__cause__ = source.error
            self._on_failure(error)


def _ignored(error: JanusMediaError) -> None:
    """The peer is closed."""
