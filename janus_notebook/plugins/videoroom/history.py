"""`RoomHistory`: who came into a room and went, and since when those who are there are there."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from janus_notebook.plugins.requests import Id
    from janus_notebook.plugins.videoroom.room import Participant, RoomState

__all__ = ["Move", "RoomHistory", "RoomMove"]

Move = Literal["joined", "left", "kicked", "published", "unpublished", "destroyed"]

KEPT: Final = 200


@dataclass(frozen=True)
class RoomMove:
    """Something that somebody did in a room, or that was done to them.

    Attributes:
        time: POSIX seconds, when it was heard of.
        what: what it was; ``destroyed`` is the room itself.
        id, display: of whom.
        me: whether it was oneself.
    """

    time: float
    what: Move
    id: Id
    display: str
    me: bool


class RoomHistory:
    """The comings and goings in the room of a view, since one is there oneself.

    In a room without ``notify_joining`` Janus does not tell of those who never publish.
    """

    def __init__(self) -> None:
        self._moves: tuple[RoomMove, ...] = ()
        self._since: dict[Id, float] = {}
        self._people: Mapping[Id, Participant] = {}

    @property
    def moves(self) -> tuple[RoomMove, ...]:
        """The newest, oldest first; of the room that one is or was in last."""
        return self._moves

    def since(self, id: Id) -> float | None:
        """When a participant came, POSIX seconds; None for one who was there before oneself."""
        return self._since.get(id)

    def note(self, state: RoomState, people: Mapping[Id, Participant], *, kicked: bool = False) -> None:
        """Take in how the room stands now (called by the view, at each change).

        Args:
            state: of the view.
            people: who is there.
            kicked: whether somebody who is gone was thrown out.
        """
        now, before = time.time(), self._people
        if state == "joined" and not before:  # one has just come in oneself
            self._moves, self._since = (), {}
            for each in people.values():
                if each.me:
                    self._since = {each.id: now}
                    self._add(now, "joined", each)
        elif state == "joined":
            for each in people.values():
                self._compare(now, before.get(each.id), each)
            for each in (each for each in before.values() if each.id not in people):
                self._add(now, "kicked" if kicked else "left", each)
            self._since = {who: at for who, at in self._since.items() if who in people}
        else:
            ended: Move = "kicked" if state == "kicked" else "destroyed" if state == "destroyed" else "left"
            for each in before.values():
                if each.me:
                    self._add(now, ended, each)
        self._people = people if state == "joined" else {}

    def _compare(self, now: float, before: Participant | None, each: Participant) -> None:
        if before is None:
            self._since = {**self._since, each.id: now}
            self._add(now, "joined", each)
        if each.publisher != (before is not None and before.publisher):
            self._add(now, "published" if each.publisher else "unpublished", each)

    def _add(self, now: float, what: Move, each: Participant) -> None:
        move = RoomMove(time=now, what=what, id=each.id, display=each.display, me=each.me)
        self._moves = (*self._moves[-(KEPT - 1) :], move)
