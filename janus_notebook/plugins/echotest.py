"""The EchoTest plugin: it sends back whatever media it receives.

Source: "EchoTest plugin documentation" of the Janus documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from janus_notebook.client.plugin import PluginReply
from janus_notebook.errors import JanusOptionError
from janus_notebook.plugins.webrtc import WebRtcPlugin

__all__ = ["JanusEchoTestPlugin"]


class JanusEchoTestPlugin(WebRtcPlugin):
    """A handle on EchoTest (``janus.plugin.echotest``)."""

    plugin_name: ClassVar[str] = "janus.plugin.echotest"

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
        extra: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> PluginReply:
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
            The plugin's answer: ``{"echotest": "event", "result": "ok"}``, with the SDP answer as
            `PluginReply.jsep` if an offer was sent.

        Raises:
            JanusPluginError: 413 INVALID_ELEMENT for a wrong value or an empty request, 414
                INVALID_SDP.
            JanusOptionError: nothing to configure was given.
        """
        given = {
            "audio": audio,
            "video": video,
            "bitrate": bitrate,
            "record": record,
            "filename": filename,
            "substream": substream,
            "temporal": temporal,
            "fallback": fallback,
            "svc": svc,
            "spatial_layer": spatial_layer,
            "temporal_layer": temporal_layer,
            "audiocodec": audiocodec,
            "videocodec": videocodec,
            "videoprofile": videoprofile,
            "opusred": opusred,
            "min_delay": min_delay,
            "max_delay": max_delay,
        }
        body = {name: value for name, value in given.items() if value is not None} | dict(extra or {})
        if not body and jsep is None:
            raise JanusOptionError(
                "configure() was given nothing to change", hint="For example configure(video=False)."
            )
        return await self.request(body, jsep, timeout)

    async def negotiate(self, jsep: Mapping[str, Any], media: Mapping[str, bool]) -> PluginReply:
        """Send the offer with the flags that echo what it sends."""
        return await self.configure(audio=media["audio"], video=media["video"], jsep=jsep)
