"""`RoomView`: who is in a room and what they publish, followed live."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Self

import msgspec

from janus_notebook.errors import JanusStateError, JanusTimeoutError
from janus_notebook.plugins.requests import Id
from janus_notebook.plugins.videoroom import events
from janus_notebook.plugins.videoroom.bell import Bell
from janus_notebook.plugins.videoroom.history import RoomHistory
from janus_notebook.plugins.videoroom.replies import (
    ListedParticipant,
    Publisher,
    PublisherStream,
    RoomJoinedAndConfigured,
)
from janus_notebook.texts import BLOCK_LIMIT, NAME_LIMIT, clean

if TYPE_CHECKING:
    from janus_notebook.plugins.videoroom.plugin import JanusVideoRoomPlugin

__all__ = ["Participant", "RoomChanges", "RoomState", "RoomView"]

RoomState = Literal["new", "joined", "left", "kicked", "destroyed"]

# Events that overtake the answer to `join` wait for it; there are few.
EARLY_EVENTS = 1000


class Participant(Publisher, frozen=True, kw_only=True):
    """Somebody in a room, as it is known now.

    Attributes:
        publisher: whether it publishes.
        me: whether it is oneself.
    """

    publisher: bool = False
    me: bool = False

    def __repr__(self) -> str:
        name = f" {clean(repr(self.display), NAME_LIMIT)}" if self.display else ""
        words = ["me"] if self.me else []
        if self.publisher:
            words += [_in_words(stream) for stream in self.streams] or ["publishes"]
        if self.talking:
            words.append("talking")
        return clean(f"<{self.id!r}{name}{': ' if words else ''}{', '.join(words)}>")


class RoomView:
    """Who is in the room that a handle has joined, followed by its events and answers.

    In a room without ``notify_joining`` Janus tells only of those who publish, or have published.
    Each property gives what is known now; ``async for view in room.view`` goes on after each change.

    Attributes:
        state: ``new`` before the join; ``joined``; then ``left``, ``kicked`` or ``destroyed``.
        room: the room's id, or None before the join.
        description: its name.
        id: the own id in the room.
        private_id: what subscribers of the same person bring, where the room asks for it.
        handle: the handle that has joined; None for a view of its own.
        history: who came and went (`RoomHistory`).
    """

    def __init__(self, handle: JanusVideoRoomPlugin | None = None) -> None:
        self.handle = handle
        self.history = RoomHistory()
        self._bell = Bell()
        # How often each room was destroyed while one was in it; a new handle's room does not change that.
        self._destructions: Counter[Id] = Counter()
        self._forget("new")

    def _forget(self, state: RoomState) -> None:
        self.state: RoomState = state
        self.room: Id | None = None
        self.description = ""
        self.id: Id | None = None
        self.private_id: int | None = None
        # Replaced at each change, never changed: other threads may be reading it.
        self._people: dict[Id, Participant] = {}
        # How often each has stopped publishing: Janus does not tell subscribers of all of it.
        self._stops: Counter[Id] = Counter()
        self._early: deque[Mapping[str, Any]] = deque(maxlen=EARLY_EVENTS)

    # -- what is known ------------------------------------------------------------------------

    @property
    def participants(self) -> tuple[Participant, ...]:
        """Everybody who is known to be in the room, oneself first."""
        return tuple(self._people.values())

    @property
    def publishers(self) -> tuple[Participant, ...]:
        """The others who publish: those one can subscribe to."""
        return tuple(each for each in self._people.values() if each.publisher and not each.me)

    @property
    def feeds(self) -> tuple[Id, ...]:
        """The ids of `publishers`, as a subscriber's ``set`` takes them."""
        return tuple(each.id for each in self.publishers)

    @property
    def me(self) -> Participant | None:
        """Oneself; None before the join and after the end."""
        return next((each for each in self._people.values() if each.me), None)

    def participant(self, id: Id) -> Participant | None:
        """The participant with this id, or None."""
        return self._people.get(id)

    @property
    def version(self) -> int:
        """How many changes there have been."""
        return self._bell.count

    @property
    def summary(self) -> str:
        """All of it as plain text: a line for the room, and one for each participant."""
        if self.state == "new":
            return "no room joined"
        name = f" {self.description!r}" if self.description else ""
        publishing = sum(each.publisher for each in self._people.values())
        lines = [f"room {self.room!r}{name}: {self.state}"]
        if self.state == "joined":
            lines[0] += f", {self._number}, {publishing} publishing"
        for each in self._people.values():
            lines.append(f"  {repr(each)[1:-1]}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        if self.state != "joined":
            return f"<RoomView {self.state}{f' (room {self.room!r})' if self.room is not None else ''}>"
        people = ", ".join(map(repr, self._people.values()))
        return clean(f"<RoomView of room {self.room!r}, {self._number}: {people}>", BLOCK_LIMIT)

    @property
    def _number(self) -> str:
        return f"{len(self._people)} participant{'' if len(self._people) == 1 else 's'}"

    def stops(self, id: Id) -> int:
        """How often this participant has stopped publishing, for subscribers that hold on to a feed."""
        return self._stops[id]

    def destructions(self, room: Id) -> int:
        """How often this room was destroyed while one was in it, for subscribers of it."""
        return self._destructions[room]

    # -- waiting ------------------------------------------------------------------------------

    async def changed(self, timeout: float | None = None, *, since: int | None = None) -> Self:
        """Wait for the next change, and return the view.

        Args:
            timeout: seconds; None waits without end.
            since: a `version`: return at once if there has been a change after it.

        Raises:
            JanusTimeoutError: nothing changed in time.
            JanusStateError: one is no longer in the room, so nothing will.
        """
        version = self.version if since is None else since
        if self.version <= version and self.state not in ("new", "joined"):
            raise JanusStateError(f"room {self.room!r} was {self.state}: its view changes no more")
        await self._wait(version, timeout, "nothing changed in the room")
        return self

    async def until(self, condition: Callable[[Self], object], timeout: float = 10.0) -> Self:
        """Wait until a condition holds: ``await view.until(lambda view: len(view.publishers) == 2)``.

        Args:
            condition: called with the view, now and after each change.
            timeout: seconds.

        Raises:
            JanusTimeoutError: it did not come to hold in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        while True:
            version = self.version
            if condition(self):
                return self
            await self._wait(version, max(deadline - loop.time(), 0.0), f"not so yet in the room: {self!r}")

    def __aiter__(self) -> RoomChanges:
        return RoomChanges(self)

    async def _wait(self, version: int, timeout: float | None, why_not: str) -> None:
        try:
            async with asyncio.timeout(timeout):
                await self._bell.wait(version)
        except TimeoutError as exc:
            raise JanusTimeoutError(f"{why_not} within {timeout:g} s") from exc

    # -- following (called by the handle) --------------------------------------------------------

    def follow(self, data: Mapping[str, Any], request: Mapping[str, Any] | None = None) -> None:
        """Take in what Janus said. Saying it twice changes nothing.

        Args:
            data: the plugin's data of an event, or of an answer.
            request: the body of the request that it answers; None for an event.
        """
        before = (self.state, self._people)
        publishing = self.feeds
        if request is not None and data.get("videoroom") == "joined":
            self._join(data, request)
        elif self.state == "joined":
            if request is None:
                self._follow_event(data)
            else:
                self._follow_answer(data, request)
        elif self.state == "new" and request is None:
            self._early.append(data)
        if before != (self.state, self._people):
            self._stops.update(set(publishing) - set(self.feeds))
            self._ring(kicked="kicked" in data)

    def follow_media(self, up: bool) -> None:
        """The own PeerConnection came up, or is gone."""
        me, before = self.me, self._people
        if me is not None:
            self._change(me.id, publisher=up, streams=me.streams if up else (), talking=None)
        if self._people != before:
            self._ring()

    def correct(self, listed: Iterable[ListedParticipant]) -> None:
        """Take over what `listparticipants` says, where the view says something else."""
        if self.state != "joined":
            return
        people: dict[Id, Participant] = {}
        for each in listed:
            known = self._people.get(each.id, Participant(id=each.id, me=each.id == self.id))
            people[each.id] = msgspec.structs.replace(
                known,
                display=each.display,
                publisher=each.publisher,
                talking=each.talking,
                dummy=each.dummy,
                streams=known.streams if each.publisher or known.me else (),
            )
        # In the order that they have here; new ones behind.
        people = {key: people[key] for key in (*self._people, *people) if key in people}
        if people != self._people:
            publishing = self.feeds
            self._people = people
            self._stops.update(set(publishing) - set(self.feeds))
            self._ring()

    def begin(self) -> None:
        """The handle was attached, and is in no room."""
        if self.state != "new":
            self._forget("new")
            self._ring()

    def end(self, state: Literal["left", "kicked", "destroyed"]) -> None:
        """One is no longer in the room. The first reason stays."""
        if self.state == "joined":
            self.state = state
            self._people = {}
            if state == "destroyed" and self.room is not None:
                self._destructions[self.room] += 1
            self._ring()

    def _ring(self, *, kicked: bool = False) -> None:
        self.history.note(self.state, self._people, kicked=kicked)
        self._bell.ring()

    def _join(self, data: Mapping[str, Any], request: Mapping[str, Any]) -> None:
        # The wider of the two classes: its streams are those that one publishes oneself.
        joined = RoomJoinedAndConfigured.read(dict(data), jsep=None, raw={})
        if joined.id is None:
            return
        early = self._early
        self._forget("joined")
        self.room, self.description = joined.room, joined.description
        self.id, self.private_id = joined.id, joined.private_id
        me = Participant(
            id=joined.id,
            me=True,
            display=str(request.get("display") or ""),
            metadata=request.get("metadata"),
            streams=joined.streams,
        )
        people = {me.id: me}
        people |= {
            each.id: Participant(id=each.id, display=each.display, metadata=each.metadata)
            for each in joined.attendees
        }
        self._people = people | {each.id: _publishing(each) for each in joined.publishers}
        for event in early:
            self._follow_event(event)

    def _follow_answer(self, data: Mapping[str, Any], request: Mapping[str, Any]) -> None:
        me = self.me
        assert me is not None
        if data.get("leaving") == "ok":
            self.end("left")
        elif data.get("unpublished") == "ok":
            self._change(me.id, publisher=False, streams=(), talking=None)
        elif data.get("configured") == "ok":
            for key in ("display", "metadata"):
                if request.get(key) is not None:
                    self._change(me.id, **{key: request[key]})
            answer = RoomJoinedAndConfigured.read(dict(data), jsep=None, raw={})
            if answer.streams:
                self._change(me.id, streams=answer.streams)

    def _follow_event(self, data: Mapping[str, Any]) -> None:
        match events.detail(data).read(dict(data)):
            case events.RoomPublishers(publishers=publishers):
                for publisher in publishers:
                    if publisher.id != self.id:
                        self._people = {**self._people, publisher.id: _publishing(publisher)}
            case events.RoomJoining(joining=user) if user is not None and user.id not in self._people:
                arrived = Participant(id=user.id, display=user.display, metadata=user.metadata)
                self._people = {**self._people, user.id: arrived}
            case events.RoomUnpublished(unpublished=id):
                self._change(id, publisher=False, streams=(), talking=None)
            case events.RoomLeaving(leaving="ok", reason="kicked"):
                self.end("kicked")
            case events.RoomLeaving(leaving=id) | events.RoomKicked(kicked=id) if id != self.id:
                self._people = {key: each for key, each in self._people.items() if key != id}
            case events.RoomDisplay(id=id) as named:
                for key in ({"display", "metadata"} & data.keys()) - {*named.unreadable}:
                    self._change(id, **{key: getattr(named, key)})
            case events.RoomModeration(id=id, mid=mid, moderation=word):
                self._change_stream(id, mid, moderated=word == "muted")
            case events.RoomTalking(id=id, mid=mid) as talking:
                talks = not isinstance(talking, events.RoomStoppedTalking)
                self._change(id, talking=talks)
                self._change_stream(id, mid, talking=talks)
            case events.RoomClosed():
                self.end("destroyed")

    def _change(self, id: Id, **fields: Any) -> None:
        """Change what is known of a participant; of somebody who is not there nothing is."""
        known = self._people.get(id)
        if known is not None:
            changed = msgspec.structs.replace(known, **fields)
            if changed != known:
                self._people = {**self._people, id: changed}

    def _change_stream(self, id: Id, mid: str, **fields: Any) -> None:
        known = self._people.get(id)
        if known is not None:
            streams = tuple(
                msgspec.structs.replace(stream, **fields) if stream.mid == mid else stream
                for stream in known.streams
            )
            self._change(id, streams=streams)


class RoomChanges:
    """``async for view in room.view``: the view as it is, and again after each change.

    Changes that come faster than they are read are one. It ends when one is no longer in the room.
    """

    def __init__(self, view: RoomView) -> None:
        self._view = view
        self._seen = -1

    def __repr__(self) -> str:
        return f"<RoomChanges of {self._view!r}; use `async for view in room.view`>"

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> RoomView:
        view = self._view
        if view.version <= self._seen and view.state not in ("new", "joined"):
            raise StopAsyncIteration
        await view._bell.wait(self._seen)
        self._seen = view.version
        return view


def _publishing(publisher: Publisher) -> Participant:
    return Participant(
        publisher=True, **{field: getattr(publisher, field) for field in Publisher.__struct_fields__}
    )


def _in_words(stream: PublisherStream) -> str:
    words = [stream.type, f"mid {stream.mid}", stream.codec, repr(stream.description)]
    if not stream.description:
        words.pop()
    words += [word for word in ("disabled", "moderated") if getattr(stream, word)]
    return " ".join(filter(None, words))
