"""The EchoTest plugin: it sends back whatever media it receives.

Source: "EchoTest plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from janus_notebook.client.replies import PluginReply
from janus_notebook.errors import JanusOptionError
from janus_notebook.plugins.requests import Extra, body_of, request
from janus_notebook.plugins.webrtc import WebRtcPlugin
from janus_notebook.protocol.plugin_events import PluginDetail, register_details

__all__ = ["EchoAnswered", "EchoDone", "EchoLayer", "EchoOk", "EchoSlowLink", "JanusEchoTestPlugin"]


class EchoAnswered(PluginReply, frozen=True, kw_only=True):
    """The answer to `configure`.

    Attributes:
        echotest: ``event``.
        result: ``ok``.
    """

    echotest: str = ""
    result: str = ""


class EchoOk(PluginDetail, frozen=True, kw_only=True):
    """``ok``: a negotiation or a change was carried out after its request had ended."""

    name: ClassVar[str] = "ok"


class EchoDone(PluginDetail, frozen=True, kw_only=True):
    """``done``: the PeerConnection is closed."""

    name: ClassVar[str] = "done"


class EchoSlowLink(PluginDetail, frozen=True, kw_only=True):
    """``slow_link``: packets are lost, and the cap for the sender has changed.

    The new bitrate is in ``detail["result"]["bitrate"]``, in bits per second.
    """

    name: ClassVar[str] = "slow_link"


class EchoLayer(PluginDetail, frozen=True, kw_only=True):
    """``layer``: another simulcast or SVC layer is echoed; what did not change is None.

    Attributes:
        videocodec: of the video.
        substream, temporal: simulcast layers, 0 (lowest) to 2.
        spatial_layer, temporal_layer: SVC layers.
    """

    name: ClassVar[str] = "layer"

    videocodec: str = ""
    substream: int | None = None
    temporal: int | None = None
    spatial_layer: int | None = None
    temporal_layer: int | None = None


def _detail(data: Mapping[str, Any]) -> type[PluginDetail]:
    result = data.get("result")
    if isinstance(result, Mapping):
        return EchoSlowLink
    if result in ("ok", "done"):
        return EchoOk if result == "ok" else EchoDone
    layers = ("substream", "temporal", "spatial_layer", "temporal_layer")
    return EchoLayer if any(key in data for key in layers) else PluginDetail


class JanusEchoTestPlugin(WebRtcPlugin):
    """A handle on EchoTest (``janus.plugin.echotest``)."""

    plugin_name: ClassVar[str] = "janus.plugin.echotest"
    details = (EchoOk, EchoDone, EchoSlowLink, EchoLayer)

    @request(newer={"svc": "1.1.4", "spatial_layer": "1.1.4", "temporal_layer": "1.1.4"})
    async def configure(
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
        svc: bool | None = None,
        spatial_layer: int | None = None,
        temporal_layer: int | None = None,
        audiocodec: str | None = None,
        videocodec: str | None = None,
        videoprofile: str | None = None,
        opusred: bool | None = None,
        min_delay: int | None = None,
        max_delay: int | None = None,
        jsep: Mapping[str, Any] | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> EchoAnswered:
        """Tune the echo, or negotiate it with an offer. This is the plugin's only request.

        Without `jsep`, at least one parameter other than the codecs must be given, else the plugin
        refuses the request. A parameter left at None is not sent, and stays as it is.

        Args:
            audio: whether audio is echoed.
            video: whether video is echoed.
            bitrate: cap for the sender in bits per second (by REMB); 0 for none.
            record: start or stop recording both directions on the server.
            filename: base name of the recording; the plugin appends ``-audio``, ``-video``, ``-data``.
            substream: simulcast layer to echo, 0 (lowest) to 2.
            temporal: temporal layer to echo, 0 to 2.
            fallback: microseconds without packets before a lower simulcast layer is taken.
            svc: whether the offer uses SVC (Janus 1.1.4 and newer).
            spatial_layer: SVC spatial layer, 0 to 2 (Janus 1.1.4 and newer).
            temporal_layer: SVC temporal layer, 0 to 2 (Janus 1.1.4 and newer).
            audiocodec: codec to force in the answer, such as ``opus``; only with an offer.
            videocodec: codec to force in the answer, such as ``vp8``; only with an offer.
            videoprofile: profile for H.264 or VP9; only with an offer.
            opusred: negotiate redundant audio for Opus; only with an offer.
            min_delay: playout delay hint in milliseconds, lower bound.
            max_delay: playout delay hint in milliseconds, upper bound.
            jsep: the SDP offer, ``{"type": "offer", "sdp": ...}``; the answer comes back in the reply.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Returns:
            The plugin's answer, with the SDP answer as `PluginReply.jsep` if an offer was sent.

        Raises:
            JanusPluginError: 413 INVALID_ELEMENT for a wrong value or an empty request, 414
                INVALID_SDP.
            JanusOptionError: nothing to configure was given.
        """
        arguments = locals()
        if jsep is None and not body_of("", arguments):
            raise JanusOptionError(
                "configure() was given nothing to change", hint="For example configure(video=False)."
            )
        return await self._ask("", EchoAnswered, arguments)

    async def publish(
        self,
        video: object = "pattern",
        audio: object = "auto",
        *,
        codecs: Sequence[str] | None = None,
        bitrate: int | None = None,
        ice_servers: Iterable[Mapping[str, Any]] = (),
        timeout: float = 15.0,
    ) -> EchoAnswered:
        """Send media from this process to Janus, and receive what it sends back.

        Returns when media can flow: ICE and DTLS are done on both sides. If it fails, or is
        cancelled, the PeerConnection is closed on both sides and the handle can publish again.

        Args:
            video: ``"pattern"`` for a moving test pattern; a numpy picture (uint8, height x width x 3,
                RGB, height and width even), or a function, iterator or generator function, async or not,
                that gives them; the path of a file, or a URL, that FFmpeg opens, or a `MediaFile` with
                ``loop=True``; ``"camera"`` for that of the machine where this runs, or a `Camera`; the
                ``frames()`` of a received track; an aiortc track; None for no video. The first frame is
                made before the offer. A source that fails, or gives nothing for 5 s, is an error event in
                the session's log, and the call goes on.
            audio: ``"tone"`` for a 440 Hz tone; numpy sound (int16, or float from -1 to 1; 48000 samples a
                second, and `SoundSource` for other rates), or a function, iterator or generator function
                that gives it; a file or URL; ``"microphone"``, or a `Microphone`; the ``chunks()`` of a
                received track; an aiortc track; None for no audio. ``"auto"`` is the sound of the
                file that `video` is, and a tone with any other video.
            codecs: names of the codecs to offer, the best first, such as ``["h264"]``; of a kind that has
                none among them, all are offered.
            bitrate: of the video in bits a second: what it is encoded at, and what Janus is told to allow.
            ice_servers: STUN and TURN servers (``{"urls", "username", "credential"}``). None by
                default: no public server is asked.
            timeout: seconds for all of it.

        Returns:
            The plugin's reply, with the SDP answer as `PluginReply.jsep`.

        Raises:
            JanusOptionError: a source that cannot be sent, such as a first frame of another shape
                or type; nothing to publish; or another argument is wrong.
            JanusMediaError: the ``media`` extra is missing, the function or iterator raised (its
                error is the cause), or ICE or DTLS failed.
            JanusPluginError, JanusServerError: Janus refused the offer.
            JanusTimeoutError: not connected in time; the text names the step it hangs in.
            JanusStateError: the handle is not attached, or is publishing already.

        Source: JSEP (RFC 8829); "Janus API", sections on ``message``, ``trickle``, ``webrtcup``.
        """
        # `in` would compare, which arrays refuse.
        sends = {kind: not (s is None or s is False) for kind, s in (("audio", audio), ("video", video))}
        if not any(sends.values()):
            raise JanusOptionError("nothing to publish", hint="Give video=, audio= or both.")

        async def configure(jsep: dict[str, Any]) -> EchoAnswered:
            return await self.configure(
                audio=sends["audio"], video=sends["video"], bitrate=bitrate, jsep=jsep
            )

        return await self._offer(
            configure,
            video=video,
            audio=audio,
            codecs=codecs,
            bitrate=bitrate,
            ice_servers=ice_servers,
            timeout=timeout,
            again=False,
        )


register_details(JanusEchoTestPlugin.plugin_name, _detail, JanusEchoTestPlugin.details)
