"""Counters of media at one moment, and the rates between two moments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from janus_notebook.client.admin.handle_info import HandleInfo

__all__ = ["TRANSPORT", "Rates", "Totals", "of_janus", "of_ours"]

TRANSPORT: Final = ""
"""In place of a mid: all that went over the connection, with its overhead."""


@dataclass(frozen=True)
class Totals:
    """What one side has counted of one mid. ``in`` is what it received; None is what is not counted."""

    at: float
    kind: str = ""
    direction: str = ""
    codec: str = ""
    bytes_in: int | None = None
    bytes_out: int | None = None
    packets_in: int | None = None
    packets_out: int | None = None
    lost_in: int | None = None
    lost_out: int | None = None
    jitter_ms: float | None = None
    rtt_ms: float | None = None


@dataclass(frozen=True)
class Rates:
    """What one side sees of one mid.

    Attributes:
        totals: the counters.
        bps_in, bps_out: bits a second that it receives and sends; None before there are two samples.
        loss_in, loss_out: which part of the packets was lost on the way to it, and from it, in between.
        rtt_ms: the round trip.
    """

    totals: Totals
    bps_in: float | None = None
    bps_out: float | None = None
    loss_in: float | None = None
    loss_out: float | None = None
    rtt_ms: float | None = None

    @classmethod
    def between(cls, before: Totals | None, now: Totals) -> Self:
        """The rates between two samples of the same counters; after a restart of them, none."""
        if before is None or now.at <= before.at:
            return cls(now, rtt_ms=now.rtt_ms)
        seconds = now.at - before.at
        return cls(
            now,
            _rate(before.bytes_in, now.bytes_in, 8 / seconds),
            _rate(before.bytes_out, now.bytes_out, 8 / seconds),
            # Of what was sent to it: what came, and what did not.
            _share(_rate(before.lost_in, now.lost_in), _rate(before.packets_in, now.packets_in), beside=True),
            _share(_rate(before.lost_out, now.lost_out), _rate(before.packets_out, now.packets_out)),
            now.rtt_ms,
        )

    @classmethod
    def sum(cls, rates: Mapping[str, Rates], *, transport: bool) -> Self:
        """All mids as one: bits added, the worst loss and round trip. It has no counters.

        Args:
            transport: take the bits of `TRANSPORT` instead, which has those that are counted for no mid.
        """
        media = [each for mid, each in rates.items() if mid != TRANSPORT]
        whole = rates.get(TRANSPORT) if transport else None
        counted = [whole] if whole is not None else media
        return cls(
            Totals(0.0),
            _sum(each.bps_in for each in counted),
            _sum(each.bps_out for each in counted),
            _worst(each.loss_in for each in media),
            _worst(each.loss_out for each in media),
            _worst(each.rtt_ms for each in media),
        )


def of_ours(at: float, stats: Mapping[str, Any]) -> dict[str, Totals]:
    """The counters of our own peer connection, by mid and for `TRANSPORT` (``Peer.stats``)."""
    found = {
        mid: Totals(
            at,
            kind=str(media["kind"]),
            direction=str(media["direction"] or ""),
            codec=str(media["codec"] or ""),
            bytes_in=media["bytes_in"],
            bytes_out=media["bytes_out"],
            packets_in=media["packets_in"],
            packets_out=media["packets_out"],
            lost_in=media["lost_in"],
            lost_out=media["lost_out"],
            jitter_ms=_milliseconds(media["jitter_in_secs"]),
            rtt_ms=_milliseconds(media["rtt_secs"]),
        )
        for mid, media in stats["media"].items()
    }
    if transport := stats["transport"]:
        found[TRANSPORT] = Totals(
            at, bytes_in=transport["bytes_in"], bytes_out=transport["bytes_out"], kind="transport"
        )
    return found


def of_janus(at: float, info: HandleInfo) -> dict[str, Totals]:
    """Janus's counters by mid, on the server's own clock. ``in`` is what Janus received."""
    if info.current_time is not None:
        at = info.current_time / 1_000_000
    found = {}
    for mid, media in info.media.items():
        layers_in = [media.stats.in_, media.stats.in_.video_simulcast_1, media.stats.in_.video_simulcast_2]
        rtcp = media.rtcp.main
        found[mid] = Totals(
            at,
            kind=media.type,
            direction=_direction(media.direction.send, media.direction.recv),
            codec=media.codecs.codec,
            bytes_in=sum(layer.bytes for layer in layers_in if layer is not None),
            bytes_out=media.stats.out.bytes,
            packets_in=sum(layer.packets for layer in layers_in if layer is not None),
            packets_out=media.stats.out.packets,
            lost_in=rtcp.lost if rtcp is not None else None,
            lost_out=rtcp.lost_by_remote if rtcp is not None else None,
            jitter_ms=rtcp.jitter_local if rtcp is not None and media.stats.in_.packets else None,
            # 0 is what it says until the first report.
            rtt_ms=rtcp.rtt or None if rtcp is not None else None,
        )
    return found


def _direction(send: bool, recv: bool) -> str:
    if send and recv:
        return "sendrecv"
    return "sendonly" if send else "recvonly" if recv else "inactive"


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _rate(before: int | None, now: int | None, factor: float = 1.0) -> float | None:
    if before is None or now is None or now < before:
        return None
    return (now - before) * factor


def _share(lost: float | None, packets: float | None, *, beside: bool = False) -> float | None:
    if lost is None or packets is None:
        return None
    total = packets + lost if beside else packets
    return min(lost / total, 1.0) if total else None


def _sum(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _worst(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
