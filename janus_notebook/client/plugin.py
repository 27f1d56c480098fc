"""`JanusPlugin`: a handle on a plugin. Typed plugins derive from it; it drives any plugin itself."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

import msgspec

from janus_notebook.client.replies import PluginReply
from janus_notebook.errors import (
    JanusError,
    JanusOptionError,
    JanusPluginError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.protocol.events import (
    HangupEvent,
    JanusEvent,
    MediaEvent,
    SlowLinkEvent,
    StateEvent,
)
from janus_notebook.protocol.messages import Message
from janus_notebook.protocol.typed import Record
from janus_notebook.texts import NAME_LIMIT, clean

if TYPE_CHECKING:
    from janus_notebook.client.ladder import Ladder
    from janus_notebook.client.log import Subscription
    from janus_notebook.client.session import JanusSession

__all__ = ["HandleState", "JanusPlugin", "MediaState", "PluginReply", "full_plugin_name", "media_after"]

HandleState = Literal["new", "attached", "negotiating", "connected", "hungup", "detached"]

PREFIX = "janus.plugin."

R = TypeVar("R")

# How long `hangup` waits for the event that says that the PeerConnection is gone.
HANGUP_SECONDS = 1.0


class MediaState(Record, frozen=True, kw_only=True):
    """What Janus has said of one media section of a handle.

    Attributes:
        mid: the media section (SDP ``a=mid``).
        type: ``audio`` or ``video``; "" until a ``media`` event named it.
        receiving: whether Janus receives it from us; None until it said so.
        slowlinks: how many slowlink events there were.
        lost: packets lost in all of them.
    """

    mid: str
    type: str = ""
    receiving: bool | None = None
    slowlinks: int = 0
    lost: int = 0


def media_after(media: dict[str, MediaState], event: JanusEvent) -> dict[str, MediaState]:
    """What is known of a handle's media after one more event, given what was known before."""
    match event:
        case MediaEvent():
            state = media.get(event.mid, MediaState(mid=event.mid))
            now = msgspec.structs.replace(state, type=event.type, receiving=event.receiving)
            return {**media, event.mid: now}
        case SlowLinkEvent():
            state = media.get(event.mid, MediaState(mid=event.mid, type=event.media))
            worse = msgspec.structs.replace(
                state, slowlinks=state.slowlinks + 1, lost=state.lost + event.lost
            )
            return {**media, event.mid: worse}
        case HangupEvent():
            return {mid: msgspec.structs.replace(state, receiving=False) for mid, state in media.items()}
    return media


def full_plugin_name(name: str) -> str:
    """Return the package name: ``echotest`` becomes ``janus.plugin.echotest``."""
    if not isinstance(name, str) or not name.strip():
        raise JanusOptionError(f"a plugin's name is expected, not {name!r}", hint="For example 'echotest'.")
    return name if "." in name else PREFIX + name


class JanusPlugin:
    """A handle on a plugin of the server.

    ``JanusPlugin("janus.plugin.anything")`` drives a plugin that we have no class for.

    Args:
        name: the plugin's package name, or its last part; a typed plugin brings its own.
        opaque_id: a text of yours that the server shows beside the handle in its Admin API and
            event handlers.

    Attributes:
        id: Janus's id of the handle, or None.
        session: the session it is attached to, or None.
        state: ``new, attached, negotiating, connected, hungup, detached``.
        media: a `MediaState` for each ``mid`` that Janus reported on.
        reason: why the PeerConnection or the handle ended, or "".
        transitions: the last changes of state (`StateEvent`), oldest first.
        label: what a person calls it, for panels and diagrams; in a notebook its variable's name.

    Source: "Janus API" of the Janus documentation, section "Handle-related requests".
    """

    plugin_name: ClassVar[str] = ""

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        self.name = full_plugin_name(name if name is not None else self.plugin_name)
        self.opaque_id = opaque_id
        self.id: int | None = None
        self.session: JanusSession | None = None
        self.state: HandleState = "new"
        self.reason = ""
        self.media: dict[str, MediaState] = {}
        self.transitions: deque[StateEvent] = deque(maxlen=50)
        self.attached: Message | None = None
        self.detached: Message | None = None
        self.lock = asyncio.Lock()
        self._label = ""
        # The plugin refused an SDP, for which Janus has made a PeerConnection all the same.
        self._left_over = False

    def __repr__(self) -> str:
        name = f" {self.id}" if self.id is not None else ""
        return f"<{type(self).__name__} {clean(self.name, NAME_LIMIT)}{name} {self.state}>"

    @property
    def server(self) -> Message | None:
        """The server's answer to ``info``; None before the handle is attached."""
        return self.session.server if self.session is not None else None

    @property
    def label(self) -> str:
        """What a person calls it, for panels and diagrams; in a notebook its variable's name."""
        return self._label

    @label.setter
    def label(self, text: str) -> None:
        self._label = text
        self._tell_label()

    def _tell_label(self) -> None:
        """Into the log, where it is known still when the handle is gone."""
        if self.session is not None and self.id is not None:
            self.session.events.label(self.id, self._label)

    # -- verbs --------------------------------------------------------------------------------

    async def attach(self, session: JanusSession) -> Message:
        """Attach to `session` and return Janus's answer; see `JanusSession.attach_plugin`."""
        if not hasattr(session, "attach_plugin"):
            raise JanusOptionError(f"a JanusSession is expected, not {session!r}")
        return await session.attach_plugin(self)

    async def detach(self) -> Message:
        """Detach and return Janus's answer; see `JanusSession.detach_plugin`. Idempotent."""
        if self.session is None:
            return {}
        return await self.session.detach_plugin(self)

    async def request(
        self,
        body: Mapping[str, Any],
        jsep: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> PluginReply:
        """Send a request to the plugin and return its final answer, whichever way it comes.

        Args:
            body: the plugin's own request, such as ``{"request": "list"}``.
            jsep: ``{"type": "offer" or "answer", "sdp": ...}`` to negotiate with it.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: the plugin refused it.
            JanusServerError: the core did.
            JanusTimeoutError: no answer in time.
            JanusStateError: the handle is not attached, or ended meanwhile.
        """
        if not isinstance(body, Mapping):
            raise JanusOptionError(f"the body of a request must be a dict, not {type(body).__name__}")
        message: Message = {"janus": "message", "body": body}
        if jsep is not None:
            message["jsep"] = jsep
        return PluginReply.from_message(await self._send(message, timeout))

    async def trickle(
        self,
        candidates: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None,
        timeout: float | None = None,
    ) -> Message:
        """Send ICE candidates of ours to Janus and return its ``ack``.

        Args:
            candidates: one candidate (``{"candidate", "sdpMid", "sdpMLineIndex"}``), several, or
                None for the end of candidates.
            timeout: seconds; None means the session's default.

        Source: "Janus API", section on ``trickle``; RFC 8838.
        """
        message: Message = {"janus": "trickle"}
        if candidates is None:
            message["candidate"] = {"completed": True}
        elif isinstance(candidates, Mapping):
            message["candidate"] = _checked_candidate(candidates)
        else:
            message["candidates"] = [_checked_candidate(candidate) for candidate in candidates]
        return await self._send(message, timeout)

    async def hangup(self, timeout: float | None = None) -> Message:
        """Close the PeerConnection of the handle and return Janus's answer; the handle lives on."""
        return await self._closing(lambda: self._send({"janus": "hangup"}, timeout))

    def events(self, kinds: Iterable[str] | None = None, *, buffer: int = 10_000) -> Subscription:
        """Follow this handle's events from now on: ``async for event in handle.events():``.

        Args:
            kinds: only these, such as ``["media", "slowlink", "hangup"]``, or names of the plugin's own
                events, such as ``["talking"]``; None for all that Janus sends. ``state`` gives the
                changes of `state`.
            buffer: how many events wait for a slow consumer; beyond it the oldest are dropped and
                counted (`Subscription.dropped`).

        The stream ends when the handle is detached.
        """
        session, handle_id = self._attached()
        return session.events.subscribe(kinds, handle_id=handle_id, buffer=buffer)

    async def wait_for(self, *kinds: str, timeout: float | None = None) -> JanusEvent:
        """Return the next event of one of these kinds.

        Raises:
            JanusTimeoutError: none came within `timeout` seconds (None: the session's default).
            JanusStateError: the handle ended first.
        """
        session, _ = self._attached()
        async with self.events(kinds or None) as events:
            try:
                return await events.get(session.timeout if timeout is None else timeout)
            except StopAsyncIteration:
                raise self._not_attached() from None

    def ladder(self, *, keepalives: bool = False, candidates: bool = False, limit: int = 200) -> Ladder:
        """This handle's signalling as a sequence diagram, also when it has ended; see `EventLog.ladder`."""
        if self.session is None or not self.transitions:
            raise self._not_attached()
        return self.session.events.ladder(
            handle_id=self.transitions[-1].handle_id,
            keepalives=keepalives,
            candidates=candidates,
            limit=limit,
        )

    # -- for the session and derived classes ---------------------------------------------------

    async def _closing(self, request: Callable[[], Awaitable[R]]) -> R:
        """Send a request that closes the PeerConnection, and wait for the event that says that it is gone."""
        async with self.events(["hangup"]) as ended:
            reply = await request()
            if self.state in ("negotiating", "connected") or self._left_over:
                # Its event follows the answer; it must not seem to end the next negotiation. There
                # is none if the server has no PeerConnection.
                with suppress(JanusTimeoutError, StopAsyncIteration):
                    await ended.get(HANGUP_SECONDS)
            return reply

    async def _send(self, message: Message, timeout: float | None) -> Message:
        session, handle_id = self._attached()
        return await session.send({**message, "handle_id": handle_id}, timeout)

    def _attached(self) -> tuple[JanusSession, int]:
        if self.session is not None:
            handle_id = self.id if self.id is not None else self.session.former_id(self)
            if handle_id is not None:
                return self.session, handle_id
        raise self._not_attached()

    def _not_attached(self) -> JanusStateError:
        why = f": {self.reason}" if self.state == "detached" and self.reason else ""
        hint = "Attach it to a session."
        if self.session is not None and not self.session.is_open:
            hint = "Its session has ended: create() one, and attach it again."
        error = JanusStateError(f"{self.name} is {self.state}, not attached{why}", hint=hint)
        return error.within(plugin=self.name)

    def begin(self, session: JanusSession, handle_id: int, message: Message) -> None:
        """The handle exists on the server now."""
        # So that a reader of the log knows it again: it is this handle, under another id.
        former = self.transitions[-1].handle_id if self.transitions and self.session is session else None
        self.session, self.id = session, handle_id
        self.attached, self.detached = message, None
        self.media = {}
        self.reason = ""
        self._left_over = False
        self._tell_label()
        self._set_state("attached", former=former)

    def end(self, reason: str) -> None:
        """The handle is gone, here or on the server. Idempotent."""
        if self.id is None:
            return
        self.attached = None
        self._set_state("detached", reason)
        self.id = None

    async def release(self) -> None:
        """Close what the handle owns on our side, before it is detached. For derived classes."""

    def on_jsep(self) -> None:
        """An SDP went either way."""
        if self.state in ("attached", "hungup"):
            self._set_state("negotiating")

    def on_jsep_refused(self, before: HandleState, error: JanusError) -> None:
        """The SDP of a request was refused, by Janus or by the plugin: nothing is being negotiated."""
        if before in ("attached", "hungup") and self.state == "negotiating":
            self._left_over = isinstance(error, JanusPluginError)
            self._set_state(before, str(error))

    def on_event(self, event: JanusEvent) -> None:
        """Follow an event of this handle. Derived classes extend it; they must not block or raise."""
        self.media = media_after(self.media, event)
        match event:
            case HangupEvent():
                self._left_over = False
                self._set_state("hungup", event.reason)
            case JanusEvent(kind="webrtcup"):
                self._set_state("connected")

    def _set_state(self, state: HandleState, reason: str = "", former: int | None = None) -> None:
        if state == self.state:
            return
        before, self.state = self.state, state
        self.reason = reason
        assert self.session is not None  # it was new before
        raw: Message = {"state": state, "before": before, "reason": reason, "plugin": self.name}
        if former is not None:
            raw["former"] = former
        event = self.session.events.record("local", "state", raw, self.session.id, self.id)
        assert isinstance(event, StateEvent)
        self.transitions.append(event)


def _checked_candidate(candidate: Mapping[str, Any]) -> Mapping[str, Any]:
    """A stray null or an empty candidate would silently end the gathering, so it is refused."""
    if not isinstance(candidate, Mapping) or not (candidate.get("candidate") or candidate.get("completed")):
        raise JanusOptionError(
            f"not an ICE candidate: {candidate!r}",
            hint='Expected {"candidate": ..., "sdpMid": "0", "sdpMLineIndex": 0}, or None for the end.',
        )
    return candidate
