"""The plugin itself: which request goes where."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from janus_notebook.gateway.practice.negotiation import Negotiation
from janus_notebook.gateway.practice.plugin import Answer, Done, Later, PracticePlugin, Refused
from janus_notebook.gateway.practice.plugins.parameters import RefusalError
from janus_notebook.gateway.practice.plugins.videoroom import management, publishing, subscribing
from janus_notebook.gateway.practice.plugins.videoroom.management import CHECKER, INVALID_ELEMENT
from janus_notebook.gateway.practice.plugins.videoroom.rooms import Publisher, Subscriber

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from janus_notebook.gateway.practice.plugin import PracticeHandle
    from janus_notebook.gateway.practice.sdp import Description

__all__ = ["VideoRoom"]

INVALID_REQUEST = 423
JOIN_FIRST = 424
ALREADY_JOINED = 425
JOINS = ("join", "joinandconfigure")
LATER = {*JOINS, *publishing.REQUESTS, *subscribing.REQUESTS}


class VideoRoom(PracticePlugin):
    """``janus.plugin.videoroom``, without media.

    Descriptions are negotiated, and nobody is behind them: ``webrtcup`` never comes, and a participant
    counts as a publisher from its answer on (in Janus, from its ``webrtcup`` on).
    """

    package: ClassVar[str] = "janus.plugin.videoroom"
    name: ClassVar[str] = "Practice VideoRoom plugin"
    description: ClassVar[str] = "Rooms, publishers and subscribers of the practice gateway, without media."

    def __init__(self) -> None:
        self._rooms = management.make_rooms()
        # What a handle has joined as; None before.
        self._handles: dict[tuple[int, int], Publisher | Subscriber | None] = {}

    def attached(self, handle: PracticeHandle) -> None:
        self._handles[handle.session_id, handle.id] = None

    def message(
        self,
        handle: PracticeHandle,
        transaction: str,
        body: Mapping[str, Any],
        jsep: Mapping[str, Any] | None,
    ) -> Answer:
        joined = self._handles[handle.session_id, handle.id]
        try:
            CHECKER.check(body, {"request": "string!"})
        except RefusalError as refusal:
            return _error(refusal)
        later = body["request"] in LATER
        description: Description | None = None
        if jsep is not None and later:
            negotiation = joined.negotiation if joined is not None else Negotiation(handle)
            read = negotiation.read(jsep)
            if isinstance(read, Refused):
                return read
            description = read
        try:
            if not later:
                return self._at_once(body)
            answer = Later(self._later(handle, joined, body, description))
        except RefusalError as refusal:
            return Later(_error(refusal)) if later else _error(refusal)
        if isinstance(joined, Publisher):
            self._sources_changed()
        elif joined is not None and joined.behind:
            asyncio.get_running_loop().call_soon(joined.catch_up)  # after the answer
        return answer

    def trickle(self, handle: PracticeHandle, candidates: Sequence[Mapping[str, Any]]) -> None:
        """There is nobody to reach."""

    def hangup(self, handle: PracticeHandle) -> bool:
        joined = self._handles[handle.session_id, handle.id]
        if joined is None or not joined.negotiation.open:
            return False
        if isinstance(joined, Publisher):
            publishing.unpublish_by_core(joined)
            self._sources_changed()
        return joined.negotiation.close("Janus API")

    def detached(self, handle: PracticeHandle) -> None:
        joined = self._handles.pop((handle.session_id, handle.id))
        if isinstance(joined, Publisher):
            publishing.leave_for_good(joined)
            self._sources_changed()

    # --- inside

    def _at_once(self, body: Mapping[str, Any]) -> Done:
        answer = management.REQUESTS.get(body["request"])
        if answer is None:
            raise RefusalError(INVALID_REQUEST, f"Unknown request '{body['request']}'")
        done = Done(answer(self._rooms, body))
        self._sources_changed()
        return done

    def _later(
        self,
        handle: PracticeHandle,
        joined: Publisher | Subscriber | None,
        body: Mapping[str, Any],
        description: Description | None,
    ) -> Done | None:
        request = body["request"]
        if joined is None and request not in JOINS:
            raise RefusalError(JOIN_FIRST, "Invalid request on unconfigured participant")
        if isinstance(joined, Publisher):
            if request in JOINS:
                here = "Already in as a publisher on this handle"
                text = here if joined.room is not None else "Not in a room (create a new handle)"
                raise RefusalError(ALREADY_JOINED, text)
            if request in publishing.REQUESTS:
                return publishing.REQUESTS[request](joined, body, description)
        elif joined is not None:
            if request in JOINS:
                raise RefusalError(ALREADY_JOINED, "Already in as a subscriber on this handle")
            if request in subscribing.REQUESTS:
                return subscribing.REQUESTS[request](joined, body, description is not None)
        else:
            return self._join(handle, body, description)
        raise RefusalError(INVALID_REQUEST, f"Unknown request '{request}'")

    def _join(self, handle: PracticeHandle, body: Mapping[str, Any], description: Description | None) -> Done:
        self._rooms.find(body)
        CHECKER.check(body, {"ptype": "string!"})
        joined: Publisher | Subscriber
        if body["ptype"] == "publisher":
            configure = body["request"] == "joinandconfigure"
            joined, done = publishing.join(self._rooms, handle, body, description, configure=configure)
        elif body["ptype"] == "subscriber":
            joined, done = subscribing.join(self._rooms, handle, body)
        else:
            raise RefusalError(INVALID_ELEMENT, "Invalid element (ptype)")
        self._handles[handle.session_id, handle.id] = joined
        return done

    def _sources_changed(self) -> None:
        """Tell the subscribers of those who publish no more."""
        subscribers = [one for one in self._handles.values() if isinstance(one, Subscriber)]
        for subscriber in subscribers:
            publishers = {s.source[0] for s in subscriber.streams if s.source is not None}
            subscriber.lose({one for one in publishers if not one.streams})


def _error(refusal: RefusalError) -> Done:
    return Done({"videoroom": "event", "error_code": refusal.code, "error": refusal.reason})
