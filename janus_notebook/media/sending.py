"""What a peer sends: its sources, in which media section, and what a failed offer returns to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from aiortc.mediastreams import MediaStreamTrack

from janus_notebook.errors import JanusMediaError, JanusOptionError, JanusStateError
from janus_notebook.media.arrays import Source
from janus_notebook.media.codecs import preferences, sent_codecs
from janus_notebook.media.file_reading import FileTrack
from janus_notebook.media.sources import opened, source_track
from janus_notebook.media.streams import STALL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from aiortc import RTCRtpTransceiver

__all__ = ["Sending"]

AUTO = "auto"  # the sound of the file that is sent, or a tone

# By whether it sends, and whether it receives.
DIRECTIONS = {
    (True, True): "sendrecv",
    (True, False): "sendonly",
    (False, True): "recvonly",
    (False, False): "inactive",
}


class Sending:
    """The sources of one `Peer`. What is chosen is placed by a description, and sent once that is agreed.

    Each source has a slot: ``"video"``, ``"video 2"`` and so on for the further ones of a list.

    Args:
        on_failure: called with the error when a source has failed or stalled, or the other side does not
            take it.
        on_change: called when a source has ended.

    Attributes:
        sources: what is sent, or is to be once the offer is answered, by slot.
        paused: the slots that keep their section, but send nothing.
        codecs: the names of those to offer, in the order of preference; of a kind without any, all.
        bitrate: of each video, in bits a second; None leaves it to the encoders.
    """

    def __init__(self, on_failure: Callable[[JanusMediaError], None], on_change: Callable[[], None]) -> None:
        self.sources: dict[str, MediaStreamTrack] = {}
        self.paused: set[str] = set()
        self.codecs: tuple[str, ...] = ()
        self.bitrate: int | None = None
        self._carriers: dict[str, RTCRtpTransceiver] = {}
        self._chosen: dict[str, MediaStreamTrack | None] = {}
        self._saved: tuple[dict[str, MediaStreamTrack], dict[str, RTCRtpTransceiver]] = {}, {}
        self._owned: list[MediaStreamTrack] = []
        self._stopped = False
        self._on_failure = on_failure
        self._on_change = on_change

    @property
    def chosen(self) -> bool:
        """Whether something is chosen that will be sent."""
        return any(track is not None for track in self._chosen.values())

    def tune(self, codecs: Sequence[str] | None, bitrate: int | None) -> None:
        """Set `codecs` and `bitrate` for the negotiations from now on; None leaves them as they are.

        Raises:
            JanusOptionError: an unknown codec, or no bitrate.
        """
        if codecs is not None:
            self.codecs = sent_codecs(codecs)
        if bitrate is not None:
            if isinstance(bitrate, bool) or not isinstance(bitrate, int) or bitrate < 0:
                raise JanusOptionError(f"bitrate={bitrate!r} is not a bitrate", hint="Give bits a second.")
            self.bitrate = bitrate or None  # 0 is no cap, as Janus has it

    async def choose(self, **given: object) -> None:
        """Take sources by kind, as `Peer.prepare` does, and have their first frames made."""
        self._chosen = await self._tracks(given, self._carriers)

    async def replace(self, **given: object) -> None:
        """Send something else in the sections that there are; see `Peer.replace`."""
        for kind, source in given.items():
            if source is None:
                continue
            slots = [slot for slot, one in _slots(kind, source, self._carriers) if one is not None]
            for slot in slots:
                if slot not in self._carriers:
                    there = ", ".join(self._carriers) or "nothing"
                    raise JanusStateError(
                        f"there is no {slot} to replace: {there} is sent", hint=f"Publish with {kind}= first."
                    )
        again = {
            slot
            for kind, source in given.items()
            for slot, one in _slots(kind, source, self._carriers)
            if one is True
        }
        tracks = await self._tracks(given, self._carriers, skip=again)
        for slot, track in tracks.items():
            if track is None:
                self.paused.add(slot)
            else:
                self.sources[slot] = track
                self.paused.discard(slot)
        self.paused -= again
        self.settle(self._carriers.values())

    async def _tracks(
        self, given: dict[str, object], known: Iterable[str], skip: Collection[str] = ()
    ) -> dict[str, MediaStreamTrack | None]:
        """Return the tracks of sources by slot; None where nothing is to be sent."""
        tracks: dict[str, MediaStreamTrack | None] = {}
        files: dict[str, Any] = {}
        made: list[MediaStreamTrack] = []
        for kind in sorted(given, reverse=True):  # video first: it may bring the sound
            for slot, one in _slots(kind, given[kind], known):
                if one is None or slot in skip:
                    continue
                if one is False:
                    tracks[slot] = None
                    continue
                if isinstance(one, str) and one == AUTO and kind == "audio":
                    sound = _sound_of(tracks.get("video"))
                    if sound is not None:
                        tracks[slot] = sound
                        made.append(sound)
                        continue
                    one = "tone"
                if isinstance(one, str):  # the same file for two kinds is read once, and in step
                    path = one
                    one = files[path] if path in files else opened(kind, path)
                    files[path] = one
                tracks[slot], made_here = source_track(kind, one)
                if made_here:
                    made += filter(None, [tracks[slot]])
        try:
            for track in tracks.values():
                if isinstance(track, Source):
                    await track.prepare()
            if self._stopped:  # while the first pictures were made
                raise JanusStateError("this peer is closed", hint="Make a new Peer to negotiate again.")
        except BaseException:
            for each in made:
                each.stop()
            raise
        # A film without sound is no error where the sound was left to it.
        silent = [slot for slot, track in tracks.items() if isinstance(track, FileTrack) and track.is_absent]
        for slot in silent:
            del tracks[slot]
        self._owned += made
        for slot, track in tracks.items():
            if track is not None:
                track.on("ended", partial(self._ended, slot, track))
        return tracks

    def save(self) -> None:
        """Remember what is sent, before a negotiation changes it."""
        self._saved = dict(self.sources), dict(self._carriers)

    def restore(self) -> None:
        """The negotiation came to nothing."""
        self.sources, self._carriers = self._saved

    def place(
        self, kind: str, sections: Iterable[RTCRtpTransceiver], add: Callable[[str], RTCRtpTransceiver]
    ) -> None:
        """Give what was chosen a section: its own, one of `sections`, or one that `add` makes."""
        for slot in [slot for slot in self._chosen if _kind(slot) == kind]:
            chosen, carrier = self._chosen.pop(slot), self._carriers.get(slot)
            self.paused.discard(slot)
            if chosen is not None:
                unused = (s for s in sections if s.kind == kind and s not in self._carriers.values())
                self._carriers[slot] = carrier or next(unused, None) or add(kind)
                self.sources[slot] = chosen
            elif carrier is not None:
                del self._carriers[slot], self.sources[slot]

    def direct(self, sections: Iterable[RTCRtpTransceiver], receive: Collection[str]) -> None:
        """Set the direction and the codecs of each section."""
        for section in sections:
            section.direction = DIRECTIONS[section in self._carriers.values(), section.kind in receive]
            if self.codecs:
                section.setCodecPreferences(preferences(section.kind, self.codecs))

    def settle(self, sections: Iterable[RTCRtpTransceiver]) -> None:
        """Send what was agreed, and stop the sources made here that are in use no more."""
        slots = {carrier: slot for slot, carrier in self._carriers.items()}
        for section in sections:
            slot = slots.get(section)
            sender: Any = section.sender
            source = None if slot is None or slot in self.paused else self.sources[slot]
            bitrate = self.bitrate if section.kind == "video" else None
            sender.use(source, bitrate=bitrate, on_stall=slot and partial(self._stalled, slot))
        in_use = [*self.sources.values(), *self._chosen.values()]
        unused = [track for track in self._owned if track not in in_use]
        self._owned = [track for track in self._owned if track in in_use]
        for track in unused:
            track.stop()

    def untaken(self) -> Iterator[tuple[str, str]]:
        """Yield what the other side's answer does not take: slot and the reason, as a sentence."""
        for slot, carrier in self._carriers.items():
            if carrier.currentDirection not in ("sendonly", "sendrecv", None):
                offered = ", ".join(name for name in self.codecs) or "of ours"
                yield slot, f"the other side does not take it (none of the codecs {offered}, perhaps)"

    def stop(self) -> None:
        """Stop the sources made here; what fails from now on is nobody's concern."""
        self._stopped = True
        self._on_failure = _ignored
        for track in self._owned:
            track.stop()

    def unsent(self, kind: str) -> str:
        """Return why a source of ours gives no more, as a sentence; "" if it does, or there is none."""
        source = self.sources.get(kind)
        if kind in self.paused:
            return f"Our own {kind} is paused: replace({kind}=True) sends it again."
        if source is None or source.readyState == "live":
            return ""
        why = getattr(source, "error", None) or "its source has ended."
        return f"Our own {kind} is no longer sent: {why}"

    def _ended(self, slot: str, source: MediaStreamTrack) -> None:
        error = getattr(source, "error", None)
        if error is not None:
            failure = JanusMediaError(f"{slot} is no longer sent: {error}")
            failure.__cause__ = error
            self._on_failure(failure)
        if self.sources.get(slot) is source:
            self._on_change()

    def _stalled(self, slot: str) -> None:
        self._on_failure(
            JanusMediaError(
                f"no {slot} is being sent: its source has given nothing for {STALL_SECONDS:g} s",
                hint="Does the function return? It goes on as soon as there is something.",
            )
        )


def _sound_of(video: MediaStreamTrack | None) -> MediaStreamTrack | None:
    """Return the sound that belongs to the picture that is sent, if it comes from a file."""
    return video.with_sound() if isinstance(video, FileTrack) else None


def _kind(slot: str) -> str:
    return slot.split()[0]


def _slots(kind: str, source: object, known: Iterable[str]) -> list[tuple[str, object]]:
    """Return what is given for each slot of a kind. None leaves one as it is, False sends nothing there."""
    if source is False:
        return [(slot, False) for slot in known if _kind(slot) == kind]
    many: Sequence[object] = source if isinstance(source, list) else [source]
    return [(kind if index == 0 else f"{kind} {index + 1}", one) for index, one in enumerate(many)]


def _ignored(error: JanusMediaError) -> None:
    """The peer is closed."""
