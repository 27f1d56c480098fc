"""`JanusVideoCallPlugin`: the handle, with a method for each request."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from janus_notebook.client.deadlines import check_seconds
from janus_notebook.client.requests import Extra, request
from janus_notebook.errors import (
    JanusCallError,
    JanusMediaError,
    JanusPluginError,
    JanusStateError,
    JanusTimeoutError,
)
from janus_notebook.plugins.negotiation import TAKE_IT
from janus_notebook.plugins.videocall.events import (
    DETAILS,
    CallAccepted,
    CallHangup,
    CallUpdate,
    IncomingCall,
)
from janus_notebook.plugins.videocall.replies import CallAnswer, CallUsers
from janus_notebook.plugins.webrtc import WebRtcPlugin
from janus_notebook.protocol.events import HangupEvent, JanusEvent, PluginEvent
from janus_notebook.protocol.messages import Message

if TYPE_CHECKING:
    from janus_notebook.client.log import Subscription
    from janus_notebook.client.session import JanusSession

__all__ = ["JanusVideoCallPlugin"]

# How long the other side may ring.
RING_SECONDS = 30.0

# For ICE and DTLS, once a call was taken.
MEDIA_SECONDS = 15.0

# How long after a call of ours its echo may come: the other side's end of it, told to us by Janus, which
# a new call to the same person would take for its own.
ECHO_SECONDS = 1.5

# How long Janus may take to clean up after a PeerConnection. A call that comes meanwhile is refused (471), or
# has crashed Janus 1.1.2.
CLEAN_SECONDS = 0.5

# Janus's own reason for a hangup, which may overtake the one that a person gave.
NO_REASON = "Remote WebRTC hangup"


class _End(NamedTuple):
    """How a call has ended.

    Attributes:
        reason: as it was given; "" for none.
        did: what the other side did; "" if it was not the other side.
    """

    reason: str = ""
    did: str = ""


class JanusVideoCallPlugin(WebRtcPlugin):
    """A handle on VideoCall (``janus.plugin.videocall``).

    A handle registers one name, for its life, and is in one call at a time.
    """

    plugin_name: ClassVar[str] = "janus.plugin.videocall"
    begins_media = "call() or accept()"
    details = DETAILS

    def __init__(self, name: str | None = None, *, opaque_id: str | None = None) -> None:
        super().__init__(name, opaque_id=opaque_id)
        self._username = ""
        self._other = self._last = ""
        self._in_call = False
        self._ringing = False
        self._incoming: PluginEvent | None = None
        self._why = _End()
        self._echo = ("", 0.0)
        self._clean_at = 0.0
        self._clearing: asyncio.Task[Any] | None = None

    @property
    def username(self) -> str:
        """The name that this handle has registered; "" before."""
        return self._username

    @property
    def caller(self) -> str:
        """Who calls us, as long as it rings; else ""."""
        return self._other if self._incoming is not None else ""

    @property
    def partner(self) -> str:
        """With whom we are in a call; "" if we are in none."""
        return self._other if self._in_call else ""

    # -- requests -----------------------------------------------------------------------------

    @request()
    async def list(self, *, extra: Extra = None, timeout: float | None = None) -> CallUsers:
        """List the names that are registered."""
        return await self._ask("list", CallUsers, locals())

    @request()
    async def register(
        self, *, username: str, extra: Extra = None, timeout: float | None = None
    ) -> CallAnswer:
        """Take a name, by which others can call this handle. It is kept until the handle is detached.

        Args:
            username: the name; unique on the server.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 476 USERNAME_TAKEN, 477 ALREADY_REGISTERED.
        """
        reply = await self._ask("register", CallAnswer, locals())
        self._username = reply.username or username
        return reply

    @request()
    async def call(
        self,
        *,
        username: str,
        video: object = "pattern",
        audio: object = "tone",
        ice_servers: Iterable[Mapping[str, Any]] = (),
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> CallAnswer:
        """Call somebody with media of ours, and wait until the call is taken and media can flow.

        If it does not come to that, or is cancelled, the call is hung up, and the handle can call again.

        With both sides in one notebook, don't await it before the other side has accepted::

            calling = alice.call(username="bob")      # in a script: asyncio.create_task(...)
            await bob.wait_for("incomingcall")
            await bob.accept()
            await calling

        Args:
            username: whom to call.
            video, audio: what to send, as `JanusEchoTestPlugin.publish` takes it; None for none.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by
                default: no public server is asked.
            jsep: an offer of your own instead, ``{"type": "offer", "sdp": ...}``. Then it returns once
                the other side rings; the answer comes with the event ``accepted``.
            extra: further parameters that a newer server knows.
            timeout: seconds in which the call must be taken; None means 30. With `jsep`: seconds for
                the request; None means the session's default.

        Returns:
            ``accepted``, with the name of who took it and the SDP answer; with `jsep` ``calling``.

        Raises:
            JanusCallError: the other side is busy, declined, or hung up; its ``reason`` says which.
            JanusTimeoutError: nobody took the call in time.
            JanusPluginError: 473 REGISTER_FIRST, 478 NO_SUCH_USERNAME, 479 USE_ECHO_TEST (it is we),
                480 ALREADY_IN_CALL.
            JanusMediaError, JanusOptionError: see `JanusEchoTestPlugin.publish`.
            JanusStateError: there is a PeerConnection already.
        """
        body: dict[str, Any] = {"username": username, "extra": extra}
        self._attached()
        await self._cleared(username)
        if jsep is not None:
            return await self._ring({**body, "jsep": jsep, "timeout": timeout})
        seconds = RING_SECONDS if timeout is None else check_seconds("timeout", timeout)

        async def send(offer: Mapping[str, Any]) -> CallAnswer:
            async with self.events(["accepted", "hangup_call", "hangup"]) as news:
                self._ringing = True
                try:
                    await self._ring({**body, "jsep": offer})
                    return await self._answered(news, username, seconds)
                finally:
                    self._ringing = False

        self._why = _End()
        negotiating = self._offer(
            send,
            video=video,
            audio=audio,
            ice_servers=ice_servers,
            timeout=seconds + MEDIA_SECONDS,
            again=False,
        )
        return await self._unless_ended(username, negotiating)

    @request()
    async def accept(
        self,
        *,
        video: object = "pattern",
        audio: object = "tone",
        ice_servers: Iterable[Mapping[str, Any]] = (),
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> CallAnswer:
        """Take the call that rings (``incomingcall``) with media of ours; returns when media can flow.

        Args:
            video, audio: what to send, as `JanusEchoTestPlugin.publish` takes it; None for none. The
                pattern and the tone are left out where the caller has not offered video or audio.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by
                default: no public server is asked.
            jsep: an answer of your own instead, ``{"type": "answer", "sdp": ...}``.
            extra: further parameters that a newer server knows.
            timeout: seconds for all of it; None means 15. With `jsep`: seconds for the request; None
                means the session's default.

        Raises:
            JanusStateError: nobody calls.
            JanusCallError: the caller has hung up meanwhile.
            JanusPluginError: 481 NO_CALL: nobody calls, or no longer.
            JanusMediaError, JanusOptionError, JanusTimeoutError: see `JanusEchoTestPlugin.publish`.
        """
        if jsep is not None:
            body = {"jsep": jsep, "extra": extra, "timeout": timeout}
            return self._taken(await self._ask("accept", CallAnswer, body))
        self._attached()
        if self._incoming is None:
            raise JanusStateError("nobody calls", hint='Await wait_for("incomingcall") first.').within(
                plugin=self.name, handle_id=self.id
            )

        async def send(answer: Mapping[str, Any]) -> CallAnswer:
            return await self._ask("accept", CallAnswer, {"jsep": answer, "extra": extra})

        caller, offer = self._other, self._incoming.jsep or {}
        kinds = re.findall(r"^m=(\w+)", str(offer.get("sdp")), re.MULTILINE)
        negotiating = self._answer(
            offer,
            send,
            video=None if isinstance(video, str) and "video" not in kinds else video,
            audio=None if isinstance(audio, str) and "audio" not in kinds else audio,
            ice_servers=ice_servers,
            timeout=MEDIA_SECONDS if timeout is None else check_seconds("timeout", timeout),
        )
        return self._taken(await self._unless_ended(caller, negotiating))

    @request()
    async def set(
        self,
        *,
        audio: bool | None = None,
        video: bool | None = None,
        bitrate: int | None = None,
        record: bool | None = None,
        filename: str | None = None,
        substream: int | None = None,
        temporal: int | None = None,
        fallback: int | None = None,
        restart: bool | None = None,
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> CallAnswer:
        """Tune the call; with `jsep`, negotiate it anew (`renegotiate` does that with media of ours).

        Args:
            audio: whether our audio reaches the other side.
            video: whether our video does.
            bitrate: cap for what we send, in bits per second (by REMB); 0 for none.
            record: start or stop recording what we send on the server.
            filename: base name of the recording.
            substream: simulcast layer to receive, 0 (lowest) to 2.
            temporal: temporal layer to receive, 0 to 2.
            fallback: microseconds without packets before a lower simulcast layer is taken.
            restart: restart ICE; goes with an offer made for that.
            jsep: a new offer, or the answer to one; the other side gets it with the event ``update``.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 474 INVALID_ELEMENT.
        """
        return await self._ask("set", CallAnswer, locals())

    @request(name="hangup")
    async def hangup_call(
        self, *, reason: str | None = None, extra: Extra = None, timeout: float | None = None
    ) -> CallAnswer:
        """Hang up: end the call, give up one that rings there, or decline one that rings here.

        Janus's name of it is ``hangup``, which of a handle closes the PeerConnection.

        Args:
            reason: what the other side is told.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        arguments = locals()
        before, self._why = self._why, _End(reason or "we hung up")
        try:
            reply = await self._ask("hangup", CallAnswer, arguments)
        except BaseException:
            self._why = before
            raise
        self._over(self._why)
        # Janus itself would close the PeerConnection up to a second later, and no call could begin before.
        await self.hangup(timeout)
        return reply

    async def renegotiate(
        self,
        *,
        video: object = None,
        audio: object = None,
        receive: Collection[str] = ("audio", "video"),
        timeout: float = 15.0,
    ) -> CallAnswer:
        """Change what we send in a call: offers it to the other side, and returns when it has answered.

        The other side's handle of this package answers by itself. If both sides do it in the same moment,
        neither gets its answer.

        Args:
            video, audio: what to send from now on, as `call` takes it; None leaves it as it is, False
                stops sending it.
            receive: the kinds to receive.
            timeout: seconds for all of it.

        Raises:
            JanusStateError: there is no call.
            JanusCallError: the other side hung up meanwhile.
            JanusTimeoutError: it did not answer in time.
        """
        self._live_peer()

        async def send(offer: Mapping[str, Any]) -> CallAnswer:
            async with self.events(["update", "hangup_call", "hangup"]) as news:
                await self.set(jsep=offer)
                return await self._answered(news, self._other, timeout)

        # A little more than for the answer, so that its absence is called by its name.
        return await self._offer(send, video=video, audio=audio, receive=receive, timeout=timeout + 1.0)

    # -- inside -------------------------------------------------------------------------------

    async def _ring(self, arguments: Mapping[str, Any]) -> CallAnswer:
        # Before it is asked: what happens to the call may be told before the answer.
        before, incoming = (self._other, self._why, self._echo), self._incoming
        self._other, self._why = arguments["username"], _End()
        try:
            reply = await self._ask("call", CallAnswer, arguments)
            if reply.event == "hangup":
                raise self._ended(arguments["username"], _End(reply.reason, "is busy"))
        except BaseException:
            if self._incoming is incoming:  # else somebody calls us meanwhile
                self._other, self._why, self._echo = before
            raise
        return reply

    def _taken(self, reply: CallAnswer) -> CallAnswer:
        self._incoming, self._in_call = None, bool(self._other)
        return reply

    async def _answered(self, news: Subscription, username: str, timeout: float) -> CallAnswer:
        """Wait for the other side's answer, or why there is none."""
        try:
            async with asyncio.timeout(timeout):
                async for event in news:
                    if not self._other:
                        closed = event.reason if isinstance(event, HangupEvent) else ""
                        raise self._ended(username, self._why if any(self._why) else _End(closed))
                    if isinstance(event, PluginEvent) and (event.jsep or {}).get("type") == "answer":
                        return CallAnswer.from_message(event.raw)
        except TimeoutError as exc:
            raise JanusTimeoutError(
                f"{username} did not answer within {timeout:g} s", hint="" if self._in_call else TAKE_IT
            ).within(plugin=self.name, handle_id=self.id) from exc
        raise self._not_attached()

    async def _unless_ended(self, username: str, negotiating: Coroutine[Any, Any, CallAnswer]) -> CallAnswer:
        """Negotiate; if somebody hangs up meanwhile, that is the error, and not what follows from it."""
        try:
            return await negotiating
        except (JanusCallError, JanusMediaError, JanusPluginError) as exc:
            if not any(self._why):
                raise
            raise self._ended(username, self._why) from exc

    def _busy(self) -> JanusStateError:
        other = f" with {self._other}" if self._other else ""
        error = JanusStateError(f"{self.name} is in a call{other} already", hint="hangup_call() ends it.")
        return error.within(plugin=self.name, handle_id=self.id)

    def _ended(self, username: str, end: _End) -> JanusCallError:
        error = JanusCallError(username, end.reason, did=end.did)
        return error.within(plugin=self.name, handle_id=self.id)

    async def _cleared(self, username: str) -> None:
        """Wait until nothing of an earlier call can reach the one that begins."""
        if self._clearing is not None:
            await asyncio.wait([self._clearing])
        loop = asyncio.get_running_loop()
        other, until = self._echo
        if other == username and until > loop.time():
            with suppress(JanusTimeoutError):
                await self.wait_for("hangup_call", timeout=until - loop.time())
        await asyncio.sleep(max(self._clean_at - loop.time(), 0.0))

    async def on_offer(self, jsep: Mapping[str, Any], event: PluginEvent) -> None:
        """Answer an ``update`` of the other side."""

        async def send(answer: Mapping[str, Any]) -> CallAnswer:
            return await self.set(jsep=answer)

        if isinstance(event.detail, CallUpdate):
            await self._answer(jsep, send)

    def on_event(self, event: JanusEvent) -> None:
        """Follow who calls, and with whom we are in a call."""
        super().on_event(event)
        if isinstance(event, HangupEvent):
            self._over(_End())  # nobody has hung up: it may have failed here
            self._clean_at = asyncio.get_running_loop().time() + CLEAN_SECONDS
        elif isinstance(event, PluginEvent):
            match event.detail:
                case IncomingCall() as call:
                    self._incoming, self._other, self._why = event, call.username, _End()
                case CallAccepted():
                    self._in_call = True
                case CallHangup() as hangup:
                    self._hung_up_there(hangup)

    def _hung_up_there(self, hangup: CallHangup) -> None:
        if hangup.username == self._echo[0]:
            self._echo = ("", 0.0)
        if hangup.username != self._other:
            # Of an earlier call.
            if not self._other and hangup.username == self._last and self._why.reason == NO_REASON:
                self._why = self._why._replace(reason=hangup.reason)
            return
        # Janus's own reason leaves open whether they declined or went away.
        rings_there = not self._in_call and self._incoming is None and hangup.reason != NO_REASON
        self._over(_End(hangup.reason, "declined the call" if rings_there else "hung up"))
        self._echo = ("", 0.0)
        if self.session is not None and self.state in ("negotiating", "connected") and not self._ringing:
            # Janus leaves our side of it open for a while, in which nobody could call us.
            self._clearing = self.session.spawn(self._clear(), name="janus-call-clear")

    async def _clear(self) -> None:
        with suppress(JanusStateError):  # detached meanwhile
            await self.hangup()

    def begin(self, session: JanusSession, handle_id: int, message: Message) -> None:
        """A handle that was attached anew has no name."""
        self._username = ""
        self._over(_End())
        super().begin(session, handle_id, message)

    def end(self, reason: str) -> None:
        """The handle is gone, and with it its name."""
        self._username = ""
        self._over(_End(reason))
        super().end(reason)

    def _over(self, why: _End) -> None:
        """There is no call, and none rings."""
        if self._other:
            self._echo = (self._other, asyncio.get_running_loop().time() + ECHO_SECONDS)
            self._last, self._why = self._other, self._why if any(self._why) else why
            self._incoming, self._in_call, self._other = None, False, ""
