"""`AudioRoom`: who is in the room that a handle has joined, as far as anybody has said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.plugins.audiobridge.events import (
    AudioDetail,
    AudioKicked,
    AudioKickedAll,
    AudioLeaving,
    AudioParticipantChanged,
    AudioParticipantJoined,
    AudioResumed,
    AudioRoomGone,
    AudioRoomMuted,
    AudioStoppedTalking,
    AudioSuspended,
    AudioTalking,
)
from janus_notebook.plugins.audiobridge.objects import AudioParticipant
from janus_notebook.plugins.requests import Id
from janus_notebook.texts import BLOCK_LIMIT, NAME_LIMIT, clean

if TYPE_CHECKING:
    from janus_notebook.plugins.audiobridge.plugin import JanusAudioBridgePlugin
    from janus_notebook.plugins.audiobridge.replies import AudioJoined

__all__ = ["AudioRoom"]


class AudioRoom:
    """The room that a handle has joined, and who is in it; it follows Janus's events.

    ``bridge.room["alice"].muted``; ``for who in bridge.room: ...``; ``"alice" in bridge.room``. The same
    object stays with the handle from room to room.

    Attributes:
        id: the room's id; None outside of any.
        me: one's own id in it; None outside of any.
        muted: whether the whole room is muted (`mute_room`); None until an event has said so.
        ended: why one is no longer in a room, such as ``left`` or ``kicked``; "" inside, or before.
    """

    def __init__(self, plugin: JanusAudioBridgePlugin) -> None:
        self.id: Id | None = None
        self.me: Id | None = None
        self.muted: bool | None = None
        self.ended = ""
        self._plugin = plugin
        # Never changed, only replaced: it is read from other threads.
        self._people: Mapping[Id, AudioParticipant] = {}
        self._why = ""
        self._recorders: list[list[AudioDetail]] = []

    @property
    def participants(self) -> tuple[AudioParticipant, ...]:
        """Everybody in the room, oneself too, in the order in which they were heard of."""
        return tuple(self._people.values())

    def __len__(self) -> int:
        return len(self._people)

    def __iter__(self) -> Iterator[AudioParticipant]:
        return iter(self.participants)

    def __contains__(self, which: object) -> bool:
        return any(self._is(who, which) for who in self)

    def __getitem__(self, which: Id) -> AudioParticipant:
        """The participant with an id, or the first with a name (`AudioParticipant.display`)."""
        for who in self:
            if self._is(who, which):
                return who
        names = [who.display or str(who.id) for who in self]
        raise JanusOptionError.unknown("participant", str(which), names)

    @staticmethod
    def _is(who: AudioParticipant, which: object) -> bool:
        return which in (who, who.id) or (which != "" and which == who.display)

    def __repr__(self) -> str:
        if self.id is None:
            return f"<AudioRoom: none{f', {self.ended}' if self.ended else ''}>"
        count = f"{len(self)} participant{'s' if len(self) != 1 else ''}"
        people = ", ".join(map(self._shown, self))
        muted = " (muted)" if self.muted else ""
        return clean(f"<AudioRoom {self.id}{muted}, {count}: {people}>", BLOCK_LIMIT)

    def _shown(self, who: AudioParticipant) -> str:
        notes = {
            "you": who.id == self.me,
            "no media": not who.setup,
            "muted": who.muted,
            "talking": who.talking,
            "suspended": who.suspended,
        }
        said = ", ".join(note for note, holds in notes.items() if holds)
        return clean(who.display or who.id, NAME_LIMIT) + (f" ({said})" if said else "")

    async def refresh(self, timeout: float | None = None) -> tuple[AudioParticipant, ...]:
        """Ask Janus who is in the room, and return it.

        Rarely needed: after a connection was lost and taken up again, what happened meanwhile is
        unknown.

        Raises:
            JanusStateError: one is in no room.
        """
        if self.id is None:
            raise JanusStateError("in no room", hint="Call join() first.").within(
                plugin=self._plugin.name, handle_id=self._plugin.id
            )
        with self.record() as seen:
            reply = await self._plugin.listparticipants(room=self.id, timeout=timeout)
            if reply.room == self.id:
                self._people = {who.id: who for who in reply.participants}
                self._follow_all(seen)
        return self.participants

    # -- for the handle -------------------------------------------------------------------------

    @contextmanager
    def record(self) -> Iterator[list[AudioDetail]]:
        """Keep the events that come while a list of participants is on its way.

        The list may be older or newer than any of them. All of them followed again on top of it, in
        their order, give what is.
        """
        seen: list[AudioDetail] = []
        self._recorders.append(seen)
        try:
            yield seen
        finally:
            # By identity: two lists that are equal are not the same.
            self._recorders = [other for other in self._recorders if other is not seen]

    def begin(
        self, reply: AudioJoined, given: Mapping[str, Any], setup: bool, seen: Iterable[AudioDetail]
    ) -> None:
        """One is in a room now.

        Args:
            reply: says who was there.
            given: the arguments of the request: the answer says nothing of oneself.
            setup: whether one's own media is connected already.
            seen: the events that came since the request.
        """
        if reply.id is None:
            return
        myself = AudioParticipant(
            id=reply.id,
            display=given.get("display") or "",
            setup=setup,
            muted=bool(given.get("muted")),
            spatial_position=given.get("spatial_position"),
            suspended=bool(given.get("suspended")),
        )
        self.id, self.me, self.muted, self.ended, self._why = reply.room, reply.id, None, "", ""
        self._people = {who.id: who for who in (*reply.participants, myself)}
        self._follow_all(seen)

    def end(self, why: str) -> None:
        """One is in no room any more."""
        if self.id is None:
            return
        self.ended = self._why or why
        self.id = self.me = self.muted = None
        self._people = {}

    def change_me(self, **changes: Any) -> None:
        """Something of one's own has changed: what is None has not."""
        if self.me is not None:
            self._change(self.me, **{key: value for key, value in changes.items() if value is not None})

    def on_event(self, detail: AudioDetail) -> None:
        """Something has happened in the room."""
        for seen in self._recorders:
            seen.append(detail)
        self._follow(detail)

    def _follow_all(self, details: Iterable[AudioDetail]) -> None:
        for detail in details:
            self._follow(detail)

    def _follow(self, detail: AudioDetail) -> None:
        """Take it in, also for the second time."""
        if self.id is None or detail.room != self.id:
            return  # of a room that was left meanwhile
        match detail:
            case AudioParticipantJoined() | AudioParticipantChanged():
                self._people = {
                    **self._people,
                    **{who.id: self._still_talking(who) for who in detail.participants},
                }
            case AudioResumed(participants=None):
                self._change(detail.resumed, suspended=False)
            case AudioResumed():
                others = {who.id: who for who in detail.participants or ()}
                me = {key: who for key, who in self._people.items() if key == self.me}
                self._people = others | me
                self._change(detail.resumed, suspended=False)
            case AudioLeaving(leaving=who) if who == self.me:
                self.end("left")
            case AudioLeaving():
                self._people = {key: who for key, who in self._people.items() if key != detail.leaving}
            case AudioKicked(kicked=who) | AudioKickedAll(kicked_all=who) if who == self.me:
                self._why = "kicked"
                if self._plugin.state not in ("negotiating", "connected"):
                    self.end("kicked")  # else one is still there until the hangup
            case AudioRoomMuted():
                self.muted = detail.muted
            case AudioTalking():
                self._change(detail.id, talking=True)
            case AudioStoppedTalking():
                self._change(detail.id, talking=False)
            case AudioSuspended():
                self._change(detail.suspended, suspended=True)
            case AudioRoomGone():
                self.end("the room was destroyed")

    def _still_talking(self, who: AudioParticipant) -> AudioParticipant:
        """The plugin does not say it again when something else has changed."""
        before = self._people.get(who.id)
        talking = who.talking or (before is not None and before.talking)
        return msgspec.structs.replace(who, talking=talking)

    def _change(self, which: Id | None, **changes: Any) -> None:
        who = self._people.get(which) if which is not None else None
        if who is not None:
            self._people = {**self._people, who.id: msgspec.structs.replace(who, **changes)}
