"""The media of a handle, a row for each mid and side that tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.monitor.rates import TRANSPORT
from janus_notebook.panels.snapshot import clean

if TYPE_CHECKING:
    from janus_notebook.client.replay import AnyHandle
    from janus_notebook.monitor.rates import Rates
    from janus_notebook.monitor.sampling import Series
    from janus_notebook.panels.handle.negotiation import Negotiation

__all__ = ["bits_text", "media_rows"]


def media_rows(
    plugin: AnyHandle, said: Negotiation, series: Series | None, offset: float
) -> list[dict[str, Any]]:
    """One row per mid, with the figures of each side that is known.

    Args:
        plugin: the handle.
        said: what its log tells.
        series: its newest figures, if they are sampled.
        offset: what makes a time of the session one of the day (POSIX seconds).
    """
    facts: dict[str, Any] = getattr(plugin, "webrtc", None) or {}
    tracks = {str(track.get("mid")): track for track in facts.get("tracks", ())}
    ours = series.ours if series is not None else {}
    janus = series.janus if series is not None else {}
    described = [*(said.ours.sections if said.ours else ()), *(said.theirs.sections if said.theirs else ())]
    open_ = plugin.state in ("negotiating", "connected")
    kinds = {section.mid: section.kind for section in described if not section.refused}
    mids = {*plugin.media, *tracks, *kinds, *ours, *janus} - {TRANSPORT}
    rows = []
    for mid in sorted(mids, key=lambda mid: (len(mid), mid)):
        state, track, news = plugin.media.get(mid), tracks.get(mid, {}), said.media.get(mid)
        we, they = ours.get(mid), janus.get(mid)
        known = [rates.totals for rates in (we, they) if rates is not None]
        kind = (state.type if state else "") or track.get("kind") or kinds.get(mid, "")
        size = track.get("size")
        direction = _direction(mid, said)
        rows.append(
            {
                "mid": clean(mid, 20),
                "kind": clean(kind or (known[0].kind if known else ""), 20),
                "codec": clean(next((each.codec for each in known if each.codec), ""), 20).upper(),
                "direction": direction,
                # What it said last was of a PeerConnection that may be gone.
                "janus_receives": state.receiving and open_
                if state and state.receiving is not None
                else None,
                "event_at": round(news.at + offset, 1)
                if open_ and news is not None and news.at is not None
                else None,
                "slowlinks": state.slowlinks if state else 0,
                "lost": state.lost if state else 0,
                "frames": track.get("frames"),
                "size": f"{size[0]}×{size[1]}" if size else None,
                "ended": bool(track.get("ended", False)),
                "source_ended": open_
                and direction in ("to Janus", "both ways")
                and facts.get("sources", {}).get(kind) == "ended",
                "we": _figures(we, they),
                "janus": _figures(they, None),
            }
        )
    return rows


def _direction(mid: str, said: Negotiation) -> str:
    """In words, as both descriptions have it."""
    if said.ours is None or said.theirs is None:
        return ""
    to, back = (
        any(one.mid == mid and one.sends for one in side.sections) for side in (said.ours, said.theirs)
    )
    if to and back:
        return "both ways"
    return "to Janus" if to else "from Janus" if back else ""


def _figures(rates: Rates | None, other: Rates | None) -> dict[str, str] | None:
    """What one side sees, as texts. What it receives that only the other side counts is marked so."""
    if rates is None:
        return None
    totals = rates.totals
    received = bits_text(rates.bps_in)
    if other is not None and rates.bps_in is None and other.bps_out is not None:
        received = bits_text(other.bps_out)
    return {
        "receives": received,
        "sends": bits_text(rates.bps_out),
        "loss": _loss_text(rates.loss_in, totals.lost_in),
        "jitter": _ms_text(totals.jitter_ms),
        "rtt": _ms_text(totals.rtt_ms),
    }


def bits_text(bps: float | None) -> str:
    """``1.24 Mbit/s``, ``310 kbit/s``, ``–``."""
    if bps is None:
        return "–"
    if bps >= 999_500:
        return f"{bps / 1e6:.2f} Mbit/s"
    return f"{bps / 1e3:.0f} kbit/s" if bps >= 9_950 or bps == 0 else f"{bps / 1e3:.1f} kbit/s"


def _loss_text(share: float | None, total: int | None) -> str:
    if share is None and total is None:
        return "–"
    now = "–" if share is None else f"{share * 100:.1f} %"
    return now if not total else f"{now} ({total} in all)"


def _ms_text(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
