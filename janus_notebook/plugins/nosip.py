"""The NoSIP plugin: Janus as a gateway between WebRTC and plain RTP, with the signalling left to you.

A call has two sides. Each turns the SDP of its PeerConnection into a plain one (`generate`), and takes the
plain one of the other side in (`process`); how the plain SDP gets from one side to the other is yours:
SIP, a message, a file. `JanusNoSipPlugin.call` and `JanusNoSipPlugin.answer` do one side each.

Source: "NoSIP plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Literal, TypedDict

from janus_notebook.client.arguments import check_choice
from janus_notebook.client.replies import PluginReply
from janus_notebook.errors import JanusOptionError, JanusStateError
from janus_notebook.plugins.requests import Extra, request
from janus_notebook.plugins.webrtc import WebRtcPlugin
from janus_notebook.protocol.typed import Record

__all__ = [
    "JanusNoSipPlugin",
    "NoSipForward",
    "NoSipForwarder",
    "NoSipForwarders",
    "NoSipForwarding",
    "NoSipGenerated",
    "NoSipProcessed",
    "NoSipReply",
]

Srtp = Literal["sdes_optional", "sdes_mandatory"]


class NoSipForward(TypedDict, total=False):
    """What `rtp_forward` is to send, and where to.

    Keys:
        type: ``audio`` and ``video`` for what comes from the WebRTC side, ``peer_audio`` and
            ``peer_video`` for what comes from the RTP side.
        host, port: where to.
        host_family: ``ipv4`` or ``ipv6``, where `host` is a name.
        ssrc, pt: of the packets; those of the stream if none are given.
        srtp_suite, srtp_crypto: to encrypt: bits of the authentication tag (32 or 80), key in base64.
    """

    type: Literal["audio", "video", "peer_audio", "peer_video"]
    host: str
    host_family: str
    port: int
    ssrc: int
    pt: int
    srtp_suite: int
    srtp_crypto: str


class NoSipForwarder(Record, frozen=True, kw_only=True):
    """A forwarder of a call's media.

    Attributes:
        stream_id: for `stop_rtp_forward`.
        type: what it sends, as in `NoSipForward`.
        host, port: where to.
        media: ``audio`` or ``video``.
        pt, ssrc: of its packets, if they were given.
        srtp: whether its packets are encrypted.
    """

    stream_id: int = 0
    type: str = ""
    host: str = ""
    port: int = 0
    media: str = ""
    pt: int | None = None
    ssrc: int | None = None
    srtp: bool = False


class _Result(Record, frozen=True, kw_only=True):
    """What all answers have within their ``result``."""

    event: str = ""
    type: str = ""
    sdp: str = ""
    srtp: str = ""
    update: bool = False
    unique_id: str = ""
    stream_id: int = 0
    forwarders: tuple[NoSipForwarder, ...] = ()
    rtp_forwarders: tuple[NoSipForwarder, ...] = ()


class NoSipReply(PluginReply, frozen=True, kw_only=True):
    """An answer of NoSIP.

    Attributes:
        nosip: ``event``.
        result: what the plugin says; derived classes have properties for it.
    """

    nosip: str = ""
    result: _Result = _Result()

    @property
    def event(self) -> str:
        """What was done: ``generated``, ``processed``, ``hangingup``, ``recordingupdated`` ..."""
        return self.result.event


class NoSipGenerated(NoSipReply, frozen=True, kw_only=True):
    """The answer to `generate`: the plain SDP, to be sent to the other side."""

    @property
    def type(self) -> str:
        """``offer`` or ``answer``."""
        return self.result.type

    @property
    def sdp(self) -> str:
        """The plain SDP: where Janus receives the RTP of the other side."""
        return self.result.sdp

    @property
    def update(self) -> bool:
        """Whether it changes a call that stands."""
        return self.result.update

    @property
    def unique_id(self) -> str:
        """The call's id in the plugin (Janus 1.4.0 and newer; else "")."""
        return self.result.unique_id


class NoSipProcessed(NoSipReply, frozen=True, kw_only=True):
    """The answer to `process`; the SDP for our PeerConnection is its `jsep`."""

    @property
    def srtp(self) -> str:
        """``sdes_optional`` or ``sdes_mandatory`` if the other side offers SRTP, else ""."""
        return self.result.srtp

    @property
    def update(self) -> bool:
        """Whether it changes a call that stands."""
        return self.result.update

    @property
    def unique_id(self) -> str:
        """The call's id in the plugin (Janus 1.4.0 and newer; else "")."""
        return self.result.unique_id


class NoSipForwarding(NoSipReply, frozen=True, kw_only=True):
    """The answer to `rtp_forward` and `stop_rtp_forward`."""

    @property
    def forwarders(self) -> tuple[NoSipForwarder, ...]:
        """Those that were made."""
        return self.result.forwarders

    @property
    def stream_id(self) -> int:
        """The one that was stopped."""
        return self.result.stream_id


class NoSipForwarders(NoSipReply, frozen=True, kw_only=True):
    """The answer to `listforwarders`."""

    @property
    def forwarders(self) -> tuple[NoSipForwarder, ...]:
        """The forwarders of the call."""
        return self.result.rtp_forwarders or self.result.forwarders


class JanusNoSipPlugin(WebRtcPlugin):
    """A handle on NoSIP (``janus.plugin.nosip``): one side of a call.

    ::

        await alice.call(bob, audio="tone")                       # two handles
        await alice.call(send_over_sip_and_return_the_answer)     # anything else that takes an SDP
        reply = await bob.answer(sdp_that_came_from_somewhere)    # the other direction
        send_back(reply.sdp)

    Janus tells neither side that the other has hung up, and one does not notice it: the state stays
    ``connected``, only no media come any more. That, too, is left to your signalling; each side ends its own
    part by `hangup_call`. After a call with SRTP, take another handle for one without: the plugin keeps it
    in mind.
    """

    plugin_name: ClassVar[str] = "janus.plugin.nosip"
    begins_media = "call() or answer()"

    @request()
    async def generate(
        self,
        *,
        jsep: Mapping[str, Any],
        info: str | None = None,
        srtp: Srtp | None = None,
        srtp_profile: str | None = None,
        update: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> NoSipGenerated:
        """Turn the SDP of a PeerConnection into a plain one. Janus opens RTP ports for it.

        Args:
            jsep: the offer or answer of the PeerConnection; no data channels, no encrypted frames.
            info: a text of yours for the server's event handlers.
            srtp: whether to offer, or ask for, SRTP with keys in the SDP.
            srtp_profile: its profile, such as ``AES_CM_128_HMAC_SHA1_80``.
            update: it changes a call that stands.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 446 MISSING_SDP (none, or one with data channels), 444 INVALID_ELEMENT (an
                unknown `srtp` or profile), 450 TOO_STRICT (SRTP asked for and not offered).
        """
        return await self._ask("generate", NoSipGenerated, locals())

    @request()
    async def process(
        self,
        *,
        type: Literal["offer", "answer"],
        sdp: str,
        info: str | None = None,
        srtp: Srtp | None = None,
        srtp_profile: str | None = None,
        update: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> NoSipProcessed:
        """Take the plain SDP of the other side in; the reply's ``jsep`` is for the PeerConnection.

        Args:
            type: whether it is an offer or an answer.
            sdp: the plain SDP.
            info: a text of yours for the server's event handlers.
            srtp: whether SRTP is to be used, or must be.
            srtp_profile: its profile, such as ``AES_CM_128_HMAC_SHA1_80``.
            update: it changes a call that stands.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 446 MISSING_SDP (it cannot be read), 447 INVALID_SDP (no media, or no
                address), 450 TOO_STRICT (SRTP asked for and not offered).
            JanusOptionError: `type` is neither.
        """
        check_choice("type", type, ("offer", "answer"), extra)
        return await self._ask("process", NoSipProcessed, locals())

    @request(name="hangup")
    async def hangup_call(self, *, extra: Extra = None, timeout: float | None = None) -> NoSipReply:
        """Let the plugin close the PeerConnection and the RTP ports: its own request ``hangup``.

        It comes to the same as `hangup`, the verb of every handle. Returns when it is closed.
        """
        arguments = locals()
        try:
            return await self._closing(lambda: self._ask("hangup", NoSipReply, arguments))
        finally:
            await self.release()

    @request()
    async def recording(
        self,
        *,
        action: Literal["start", "stop"],
        audio: bool | None = None,
        video: bool | None = None,
        peer_audio: bool | None = None,
        peer_video: bool | None = None,
        filename: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> NoSipReply:
        """Start or stop recording the call, each medium of each side in a file of its own.

        Args:
            action: ``start`` or ``stop``.
            audio: of the WebRTC side.
            video: of the WebRTC side.
            peer_audio: of the RTP side.
            peer_video: of the RTP side.
            filename: base name of the files on the server; it makes one if none is given.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 449 RECORDING_ERROR (none of the four is True), 444 INVALID_ELEMENT
                (another action).
        """
        return await self._ask("recording", NoSipReply, locals())

    @request("1.3.1")
    async def keyframe(
        self,
        *,
        user: bool | None = None,
        peer: bool | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> NoSipReply:
        """Ask for a video keyframe (Janus 1.3.1 and newer).

        Args:
            user: of the WebRTC side.
            peer: of the RTP side.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("keyframe", NoSipReply, locals())

    @request("1.4.0")
    async def rtp_forward(
        self, *, streams: Sequence[NoSipForward], extra: Extra = None, timeout: float | None = None
    ) -> NoSipForwarding:
        """Send media of the call to somewhere else as well (Janus 1.4.0 and newer).

        Args:
            streams: what, and where to.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.
        """
        return await self._ask("rtp_forward", NoSipForwarding, locals())

    @request("1.4.0")
    async def stop_rtp_forward(
        self, *, stream_id: int, extra: Extra = None, timeout: float | None = None
    ) -> NoSipForwarding:
        """End the forwarder with the id `stream_id` (Janus 1.4.0 and newer).

        Raises:
            JanusPluginError: 451 NO_SUCH_STREAM.
        """
        return await self._ask("stop_rtp_forward", NoSipForwarding, locals())

    @request("1.4.0")
    async def listforwarders(self, *, extra: Extra = None, timeout: float | None = None) -> NoSipForwarders:
        """List the forwarders of the call (Janus 1.4.0 and newer)."""
        return await self._ask("listforwarders", NoSipForwarders, locals())

    async def call(
        self,
        to: JanusNoSipPlugin | Callable[[str], Awaitable[str | NoSipGenerated]],
        *,
        audio: object = "tone",
        video: object = None,
        peer_audio: object = "tone",
        peer_video: object = None,
        receive: Collection[str] | None = None,
        info: str | None = None,
        srtp: Srtp | None = None,
        srtp_profile: str | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        timeout: float = 15.0,
    ) -> NoSipProcessed:
        """Call somebody: another handle, or whoever takes a plain SDP offer and gives the answer to it.

        Returns when our own media can flow. If it fails, or is cancelled, what was begun is hung up on
        both sides.

        Args:
            to: another handle, which answers; or a coroutine function that gets our plain SDP offer,
                and returns the plain SDP answer of the other side.
            audio: what this side sends: ``"tone"`` for a 440 Hz tone, an aiortc track, or None.
            video: what this side sends: ``"pattern"``, pictures, an aiortc track, or None.
            peer_audio, peer_video: what the other handle sends, if `to` is one. They say also what to be
                ready for from anybody else, where `receive` does not.
            receive: the kinds to receive (``"audio"``, ``"video"``); None for all that either side sends.
            info: a text of yours for the server's event handlers.
            srtp: whether to offer, or ask for, SRTP with keys in the SDP between the two sides.
            srtp_profile: its profile, such as ``AES_CM_128_HMAC_SHA1_80``.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``).
            timeout: seconds for all of it.

        Raises:
            JanusOptionError: a source that cannot be sent, or `to` is neither.
            JanusMediaError: the ``media`` extra is missing, or ICE or DTLS failed.
            JanusPluginError: Janus refused one of the SDPs; see `generate` and `process`.
            JanusTimeoutError: not connected in time; the text names the step it hangs in.
            JanusStateError: a handle is not attached, or is in a call already.
        """
        if to is self or not (isinstance(to, JanusNoSipPlugin) or callable(to)):
            raise JanusOptionError(
                f"{to!r} can't be called",
                hint="Give another NoSIP handle, or a coroutine function from SDP offer to SDP answer.",
            )
        settings: dict[str, Any] = {"info": info, "srtp": srtp, "srtp_profile": srtp_profile}
        sources = {"audio": (audio, peer_audio), "video": (video, peer_video)}
        if receive is None:
            receive = [kind for kind, (ours, theirs) in sources.items() if _given(ours) or _given(theirs)]
        answered: list[JanusNoSipPlugin] = []

        async def exchange(jsep: dict[str, Any]) -> NoSipProcessed:
            ours = await self.generate(jsep=jsep, **settings)
            theirs: str | NoSipGenerated
            if isinstance(to, JanusNoSipPlugin):
                theirs = await to.answer(
                    ours.sdp, audio=peer_audio, video=peer_video, timeout=timeout, **settings
                )
                answered.append(to)
            else:
                theirs = await to(ours.sdp)
            sdp = theirs.sdp if isinstance(theirs, NoSipGenerated) else theirs
            return await self.process(type="answer", sdp=sdp, **settings)

        try:
            return await self._offer(
                exchange,
                audio=audio,
                video=video,
                receive=receive,
                ice_servers=ice_servers,
                timeout=timeout,
                again=False,
            )
        except BaseException:
            for other in answered:  # it would wait for us for ever
                if other.session is not None and other.id is not None:
                    other.session.spawn(other.hangup(), name="janus-nosip-undo")
            raise

    async def answer(
        self,
        sdp: str,
        *,
        audio: object = "tone",
        video: object = None,
        info: str | None = None,
        srtp: Srtp | None = None,
        srtp_profile: str | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        timeout: float = 15.0,
    ) -> NoSipGenerated:
        """Answer a call: take the plain SDP offer of the other side, and return our plain SDP answer.

        Returns when our own media can flow; ``reply.sdp`` is then for the other side.

        Args:
            sdp: the plain SDP offer.
            audio: what this side sends: ``"tone"`` for a 440 Hz tone, an aiortc track, or None.
            video: what this side sends: ``"pattern"``, pictures, an aiortc track, or None.
            info: a text of yours for the server's event handlers.
            srtp: whether SRTP is to be used, or must be.
            srtp_profile: its profile, such as ``AES_CM_128_HMAC_SHA1_80``.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``).
            timeout: seconds for all of it.

        Raises:
            JanusOptionError: a source that cannot be sent, or that the offer has no place for.
            JanusMediaError, JanusPluginError, JanusTimeoutError, JanusStateError: see `call`.
        """
        settings: dict[str, Any] = {"info": info, "srtp": srtp, "srtp_profile": srtp_profile}

        async def process() -> NoSipProcessed:
            return await self.process(type="offer", sdp=sdp, **settings)

        async def generate(jsep: dict[str, Any]) -> NoSipGenerated:
            return await self.generate(jsep=jsep, **settings)

        return await self._answer_to(
            process, generate, audio=audio, video=video, ice_servers=ice_servers, timeout=timeout
        )

    def _busy(self) -> JanusStateError:
        error = JanusStateError(f"{self.name} is in a call already", hint="hangup_call() ends it.")
        return error.within(plugin=self.name, handle_id=self.id)


def _given(source: object) -> bool:
    return source is not None and source is not False  # `in` would compare, which arrays refuse
