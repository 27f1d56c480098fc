"""The last steps of a connection: media, or data, in each direction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from janus_notebook.panels.handle import advice
from janus_notebook.panels.handle.evidence import Evidence, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["data", "from_janus", "to_janus"]

MEDIA_SECONDS: Final = 5.0
"""After how many seconds without any packet media count as missing."""
STALE_SECONDS: Final = 5.0


def to_janus(e: Evidence, up: bool) -> Step:
    """Whether Janus receives what is sent to it."""
    said = e.said
    wanted = [section for section in said.ours.sections if section.sends] if said.ours is not None else []
    if not wanted:
        heard = [row.kind for row in said.media.values() if row.receiving]
        if said.ours is None and up and not e.ended:  # the log no longer has it
            return Step("to_janus", "done" if heard else "unknown", None, _and(heard))
        return Step("to_janus", "none", note="nothing is sent") if said.ours else Step("to_janus", "waiting")
    if not up or e.ended:
        return Step("to_janus", "over" if up else "waiting")
    sources = (e.facts or {}).get("sources", {})
    failed = [f"{kind}: {how[8:]}" for kind, how in sources.items() if how.startswith("failed: ")]
    if failed:
        return Step("to_janus", "failed", None, f"our source failed ({failed[0]})", advice.SOURCE)
    ended = [section.kind for section in wanted if section.kind in e.sent_to_the_end]
    wanted = [section for section in wanted if section.kind not in ended]
    over = f"our {_and(ended)} source has ended"
    if not wanted:
        return Step("to_janus", "over", None, over)
    news = {section: said.media.get(section.mid) for section in wanted}
    media = e.info.media if e.info is not None else {}
    counted = {mid for mid, row in media.items() if row.stats.in_.packets}
    lost = [section.kind for section, row in news.items() if row is not None and row.receiving is False]
    got = [s for s, row in news.items() if (s.mid in counted if row is None else row.receiving)]
    if lost:
        return Step("to_janus", "failed", None, f"Janus receives no {_and(lost)} any more", advice.STOPPED)
    missing = [section.kind for section in wanted if section not in got]
    if not missing:
        first = [row.first_at for row in news.values() if row is not None and row.first_at is not None]
        took = max(first) - said.up_at if first and said.up_at is not None else None
        note = _and([section.kind for section in wanted])
        return Step("to_janus", "done", took, f"{note}; {over}" if ended else note)
    return _missing(e, "to_janus", f"Janus has received no {_and(missing)} yet", advice.NOTHING_SENT)


def from_janus(e: Evidence, up: bool, to_janus: Step) -> Step:
    """Whether what Janus sends arrives; or, where it is received elsewhere, whether Janus sends."""
    if e.said.theirs is None:
        if up and not e.ended:
            return Step("from_janus", "unknown", note="not in the log any more")
        return Step("from_janus", "waiting")
    kinds = {section.mid: section.kind for section in e.said.theirs.sections if section.sends}
    if not kinds:
        return Step("from_janus", "none", note="Janus sends nothing")
    if not up or e.ended:
        return Step("from_janus", "over" if up else "waiting")
    on = {mid: kind for mid, kind in kinds.items() if kind not in e.off}
    silent = [kind for kind in kinds.values() if kind in e.off]
    off = f"Janus sends no {' or '.join(dict.fromkeys(silent))} back: switched off" if silent else ""
    if not on:
        return Step("from_janus", "none", note=off)
    step = _received(e, on, to_janus) if e.facts else _sent(e, on)
    return replace(step, note=f"{step.note}; {off}") if off and step.status == "done" else step


def _sent(e: Evidence, kinds: Mapping[str, str]) -> Step:
    """As Janus tells it; nobody receives here."""
    if e.info is None:
        why = "a recording does not tell" if e.clock is None else "received elsewhere; no Admin API is known"
        return Step("from_janus", "unknown", note=why)
    missing = [kind for mid, kind in kinds.items() if mid not in _sent_mids(e)]
    if missing:
        return _missing(e, "from_janus", f"Janus sends no {_and(missing)}", advice.JANUS_SENDS_NOTHING)
    return Step("from_janus", "done", None, f"Janus sends {_and(kinds.values())}")


def _received(e: Evidence, kinds: Mapping[str, str], to_janus: Step) -> Step:
    """As our own tracks have it."""
    tracks = {str(track.get("mid")): track for track in (e.facts or {}).get("tracks", ())}
    none = {mid: kind for mid, kind in kinds.items() if not tracks.get(mid, {}).get("frames")}
    if none and e.clock is None:
        return Step("from_janus", "unknown", note="a recording does not tell")
    if none and to_janus.status not in ("done", "none", "over"):
        return Step("from_janus", "waiting", note=f"no {_and(none.values())} yet")
    if none:
        what = advice.LOST_ON_THE_WAY if none.keys() <= _sent_mids(e) else advice.JANUS_SENDS_NOTHING
        return _missing(e, "from_janus", f"we have received no {_and(none.values())} yet", what)
    gone = [kind for kind in kinds.values() if e.echo and kind in e.sent_to_the_end]
    stale = []
    for mid, kind in kinds.items():
        if kind in gone:
            continue
        last = tracks[mid].get("last_frame_at")
        if e.clock is not None and last and e.clock - last > STALE_SECONDS:
            stale.append(f"{kind} for {e.clock - last:.0f} s")
    if stale:
        return Step("from_janus", "slow", None, f"nothing came of {_and(stale)}", advice.STALE)
    coming = [kind for kind in kinds.values() if kind not in gone]
    if not coming:
        return Step("from_janus", "over", None, "nothing more comes back")
    return Step("from_janus", "done", None, _and(coming))


def _sent_mids(e: Evidence) -> set[str]:
    """What Janus has sent packets of, as far as it was asked."""
    media = e.info.media if e.info is not None else {}
    return {mid for mid, row in media.items() if row.stats.out.packets}


def data(e: Evidence, up: bool) -> Step:
    """A connection that carries nothing but data."""
    if not up or e.ended:
        return Step("data", "over" if up else "waiting")
    if e.said.data_at is not None:
        took = None if e.said.up_at is None else max(e.said.data_at - e.said.up_at, 0.0)
        return Step("data", "done", took, "messages come")
    associated = e.info is not None and e.info.webrtc is not None and e.info.webrtc.dtls.sctp_association
    return Step("data", "done", None, "open" if associated else "negotiated; no message yet")


def _missing(e: Evidence, name: str, note: str, what: str) -> Step:
    since = e.now - e.said.up_at if e.said.up_at is not None else None
    late = e.clock is not None and since is not None and since > MEDIA_SECONDS
    return Step(name, "failed" if late else "now", None if late else since, note, what if late else "")


def _and(words: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(words))
