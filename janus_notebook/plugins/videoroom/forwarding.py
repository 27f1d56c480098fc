"""VideoRoom: requests that send media on to other hosts, and take it from other servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from janus_notebook.plugins.requests import Extra, Id, request
from janus_notebook.plugins.typed import TypedPlugin
from janus_notebook.plugins.videoroom.parameters import ForwardStream, RemoteStream
from janus_notebook.plugins.videoroom.replies import (
    RemoteList,
    RemotelyPublished,
    RemotePublisherAdded,
    RemotePublisherChanged,
    RoomForwarders,
    RtpForwarded,
    RtpForwardStopped,
)

__all__ = ["Forwarding"]


class Forwarding(TypedPlugin):
    """Requests that send media on to other hosts, and take it from other servers."""

    @request(newer={"streams.mid": "1.0.4", "streams.secret": "1.1.0", "secret": "1.1.0"})
    async def rtp_forward(
        self,
        *,
        room: Id,
        publisher_id: Id,
        host: str,
        host_family: str | None = None,
        simulcast: bool | None = None,
        srtp_suite: int | None = None,
        srtp_crypto: str | None = None,
        streams: Sequence[ForwardStream] | None = None,
        video_port: int | None = None,
        video_rtcp_port: int | None = None,
        video_ssrc: int | None = None,
        video_pt: int | None = None,
        video_port_2: int | None = None,
        video_ssrc_2: int | None = None,
        video_pt_2: int | None = None,
        video_port_3: int | None = None,
        video_ssrc_3: int | None = None,
        video_pt_3: int | None = None,
        audio_port: int | None = None,
        audio_rtcp_port: int | None = None,
        audio_ssrc: int | None = None,
        audio_pt: int | None = None,
        data_port: int | None = None,
        secret: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RtpForwarded:
        """Send a publisher's media on as plain RTP over UDP.

        With `streams` the reply has `RtpForwarded.forwarders`; with ports beside it (the older form) it has
        `RtpForwarded.rtp_stream`. `RtpForwarded.stream_ids` are the ids in either.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            publisher_id: the publisher whose media it is about.
            host: address that the packets are sent to.
            host_family: ``ipv4`` or ``ipv6``: which address to take if `host` is a name.
            simulcast: with simulcast, let Janus choose the best layer for one destination (older form).
            srtp_suite: encrypt: 32 or 80, for the length of the authentication tag in bits.
            srtp_crypto: key for it, in base64.
            streams: what goes where, by mid (Janus 1.0.4 and newer); its keys override those beside it.
            video_port: port for video; this and what follows is the older form.
            video_rtcp_port: port for its RTCP.
            video_ssrc: SSRC to send it with.
            video_pt: payload type to send it with.
            video_port_2: port for the second simulcast layer.
            video_ssrc_2: its SSRC.
            video_pt_2: its payload type.
            video_port_3: port for the third.
            video_ssrc_3: its SSRC.
            video_pt_3: its payload type.
            audio_port: port for audio.
            audio_rtcp_port: port for its RTCP.
            audio_ssrc: SSRC to send it with.
            audio_pt: payload type to send it with.
            data_port: port for what comes over the data channel.
            secret: the room's secret, if it has one (Janus 1.1.0 and newer).
            admin_key: the key that the server asks of managers, if one is configured.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED for
                a publisher that is not there, 429 MISSING_ELEMENT without any port.
        """
        return await self._ask("rtp_forward", RtpForwarded, locals())

    @request(newer={"secret": "1.1.0"})
    async def stop_rtp_forward(
        self,
        *,
        room: Id,
        publisher_id: Id,
        stream_id: int,
        secret: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RtpForwardStopped:
        """Stop a forwarder.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            publisher_id: the publisher whose media it is about.
            stream_id: the forwarder, as `rtp_forward` or `listforwarders` gave it.
            secret: the room's secret, if it has one (Janus 1.1.0 and newer).
            admin_key: the key that the server asks of managers, if one is configured.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED for
                a publisher that is not there or a forwarder.
        """
        return await self._ask("stop_rtp_forward", RtpForwardStopped, locals())

    @request()
    async def listforwarders(
        self,
        *,
        room: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RoomForwarders:
        """List the forwarders of a room, by publisher.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            secret: the room's secret, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM.
        """
        return await self._ask("listforwarders", RoomForwarders, locals())

    @request("1.1.0", newer={"srtp_suite": "1.3.0", "srtp_crypto": "1.3.0"})
    async def publish_remotely(
        self,
        *,
        room: Id,
        publisher_id: Id,
        remote_id: str,
        host: str,
        port: int,
        secret: str | None = None,
        host_family: str | None = None,
        rtcp_port: int | None = None,
        srtp_suite: int | None = None,
        srtp_crypto: str | None = None,
        admin_key: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RemotelyPublished:
        """Send a publisher's media to another server, or another room, where `add_remote_publisher` takes it.

        (Janus 1.1.0 and newer.)

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            publisher_id: the publisher whose media it is about.
            remote_id: a name of yours for this destination.
            host: address of the other server.
            port: port there, as its `add_remote_publisher` gave it.
            secret: the room's secret, if it has one.
            host_family: ``ipv4`` or ``ipv6``: which address to take if `host` is a name.
            rtcp_port: port there for RTCP, likewise.
            srtp_suite: encrypt: 32 or 80, for the length of the tag in bits (Janus 1.3.0 and newer).
            srtp_crypto: key for it, in base64 (Janus 1.3.0 and newer).
            admin_key: the key that the server asks of managers, if one is configured.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED for
                a publisher that is not there.
        """
        return await self._ask("publish_remotely", RemotelyPublished, locals())

    @request("1.1.0")
    async def unpublish_remotely(
        self,
        *,
        room: Id,
        publisher_id: Id,
        remote_id: str,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RemotelyPublished:
        """Stop sending a publisher's media elsewhere (Janus 1.1.0 and newer).

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            publisher_id: the publisher whose media it is about.
            remote_id: a name of yours for this destination.
            secret: the room's secret, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED for
                a publisher that is not there.
        """
        return await self._ask("unpublish_remotely", RemotelyPublished, locals())

    @request("1.1.0")
    async def listremotes(
        self,
        *,
        room: Id,
        publisher_id: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RemoteList:
        """List where a publisher's media is sent to by `publish_remotely` (Janus 1.1.0 and newer).

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            publisher_id: the publisher whose media it is about.
            secret: the room's secret, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED for
                a publisher that is not there.
        """
        return await self._ask("listremotes", RemoteList, locals())

    @request("1.1.0", newer={"metadata": "1.3.0", "srtp_suite": "1.3.0", "srtp_crypto": "1.3.0"})
    async def add_remote_publisher(
        self,
        *,
        room: Id,
        streams: Sequence[RemoteStream],
        id: Id | None = None,
        secret: str | None = None,
        display: str | None = None,
        mcast: str | None = None,
        iface: str | None = None,
        port: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        srtp_suite: int | None = None,
        srtp_crypto: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RemotePublisherAdded:
        """Let a publisher of another server publish here: opens a port for its media (Janus 1.1.0 and newer).

        The reply says where its own server is to send it by `publish_remotely`.

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            streams: its streams, as `publishers` of the other room describe them.
            id: its id here; the server chooses one if left out.
            secret: the room's secret, if it has one.
            display: the name that the others see.
            mcast: multicast group to receive from.
            iface: network interface, or address, to receive on.
            port: port to receive on; any if left out.
            metadata: anything, for the others to see (Janus 1.3.0 and newer).
            srtp_suite: encrypt: 32 or 80, for the length of the authentication tag in bits (Janus 1.3.0 and
                newer).
            srtp_crypto: key for it, in base64 (Janus 1.3.0 and newer).
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 436 ID_EXISTS.
        """
        return await self._ask("add_remote_publisher", RemotePublisherAdded, locals())

    @request("1.1.0", newer={"metadata": "1.3.0", "srtp_suite": "1.3.0", "srtp_crypto": "1.3.0"})
    async def update_remote_publisher(
        self,
        *,
        room: Id,
        id: Id,
        streams: Sequence[RemoteStream],
        secret: str | None = None,
        display: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        srtp_suite: int | None = None,
        srtp_crypto: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RemotePublisherChanged:
        """Change what is known of a remote publisher (Janus 1.1.0 and newer).

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            id: the participant.
            streams: its streams that are new or change.
            secret: the room's secret, if it has one.
            display: the name that the others see.
            metadata: anything, for the others to see (Janus 1.3.0 and newer).
            srtp_suite: encrypt: 32 or 80, for the length of the authentication tag in bits (Janus 1.3.0 and
                newer).
            srtp_crypto: key for it, in base64 (Janus 1.3.0 and newer).
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED for
                a publisher that is not there.
        """
        return await self._ask("update_remote_publisher", RemotePublisherChanged, locals())

    @request("1.1.0")
    async def remove_remote_publisher(
        self,
        *,
        room: Id,
        id: Id,
        secret: str | None = None,
        extra: Extra = None,
        timeout: float | None = None,
    ) -> RemotePublisherChanged:
        """Remove a remote publisher; the others hear ``unpublished`` and ``leaving`` (Janus 1.1.0 and newer).

        Args:
            room: the room, a number, or a text on a server with ``string_ids``.
            id: the participant.
            secret: the room's secret, if it has one.
            extra: further parameters that a newer server knows.
            timeout: seconds; None means the session's default.

        Raises:
            JanusPluginError: 433 UNAUTHORIZED if the secret is wrong, 426 NO_SUCH_ROOM, 428 NO_SUCH_FEED for
                a publisher that is not there.
        """
        return await self._ask("remove_remote_publisher", RemotePublisherChanged, locals())
