"""The ladder of a connection: how far it has come, which step fails, and what to try.

`ladder` reads and judges; it asks nobody. What it is given may be partial, as in a recording, or where a
browser drives the WebRTC: a step then counts as done when a later one is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from janus_notebook.panels.handle import advice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook.client.admin.handle_info import HandleInfo
    from janus_notebook.panels.handle.negotiation import Description, Negotiation

__all__ = ["Evidence", "Status", "Step", "ladder"]

Status = Literal["done", "now", "slow", "failed", "waiting", "none", "unknown", "over"]

SLOW: Final = {"offer": 3.0, "gathering": 5.0, "pair": 5.0, "dtls": 3.0}
"""After how many seconds a step takes longer than one expects."""
MEDIA_SECONDS: Final = 5.0
"""After how many seconds without any packet media count as missing."""
STALE_SECONDS: Final = 3.0
TITLES: Final = {
    "signalling": "Signalling",
    "offer": "Offer / answer",
    "gathering": "ICE candidates",
    "pair": "ICE pair",
    "dtls": "DTLS",
    "to_janus": "Media to Janus",
    "from_janus": "Media from Janus",
    "data": "Data channel",
}


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: a key of `TITLES`.
        status: ``done``; ``now`` (under way) or ``slow`` (longer than one expects, or stalled); ``failed``;
            ``waiting`` (not begun); ``none`` (not part of this connection); ``unknown`` (cannot be seen from
            here); ``over`` (was there, until it was hung up).
        secs: how long it took, or has been going on; None where that is not known.
        note: what there is to say of it, in a few words.
        advice: what to try, in one sentence.
    """

    name: str
    status: Status
    secs: float | None = None
    note: str = ""
    advice: str = ""

    @property
    def title(self) -> str:
        """Its name, for people."""
        return TITLES[self.name]


@dataclass(frozen=True)
class Evidence:
    """All that a handle's connection is judged by.

    Attributes:
        said: what the log tells.
        state, reason: of the handle.
        session_state, session_reason: of its session.
        facts: what our own peer connection knows (`Peer.facts`), or empty.
        info: Janus's `handle_info`, where it is known.
        now: seconds of the session.
        clock: POSIX seconds, for what is told in them; None for a recording, in which nothing moves.
    """

    said: Negotiation
    state: str
    reason: str = ""
    session_state: str = "connected"
    session_reason: str = ""
    facts: Mapping[str, Any] | None = None
    info: HandleInfo | None = None
    now: float = 0.0
    clock: float | None = None

    @property
    def ended(self) -> bool:
        """Whether there was a connection that is no more."""
        return self.said.ended_at is not None


def ladder(evidence: Evidence) -> list[Step]:
    """The steps of the newest connection, first to last; see the module."""
    said = evidence.said
    steps = [_signalling(evidence)]
    if said.began_at is None:
        return [*steps, *(Step(name, "waiting") for name in TITLES if name not in ("signalling", "data"))]
    steps += [_offer(evidence), _gathering(evidence), _pair(evidence), _dtls(evidence)]
    done = [at for at, step in enumerate(steps) if step.status == "done"]
    for at in range(1, max(done, default=0)):
        if steps[at].status != "done" and not (said.up_at is not None and steps[at].status == "failed"):
            steps[at] = replace(steps[at], status="done", secs=None, advice="")
    up = steps[-1].status == "done"
    if said.data_only:
        steps.append(_data(evidence, up))
    else:
        steps.append(_to_janus(evidence, up))
        steps.append(_from_janus(evidence, up, steps[-1]))
    return _one_at_a_time(steps, evidence)


def _one_at_a_time(steps: list[Step], evidence: Evidence) -> list[Step]:
    """Only the first step that is not done is under way; where it ended, that one has failed."""
    open_ = next((at for at in range(1, len(steps)) if steps[at].status != "done"), None)
    if open_ is None or evidence.said.up_at is not None:
        return steps
    step = steps[open_]
    if evidence.ended and step.status in ("now", "slow", "waiting", "over"):
        given_up = evidence.said.reason or evidence.reason
        step = replace(step, status="failed", note=advice.given_up(step.name, given_up, step.note))
    if not step.advice and step.status in ("failed", "slow"):
        step = replace(step, advice=advice.for_step(step.name, evidence.said))
    later = [
        replace(each, status="waiting", secs=None, note="", advice="") if each.status != "none" else each
        for each in steps[open_ + 1 :]
    ]
    return [*steps[:open_], step, *later]


def _signalling(e: Evidence) -> Step:
    took = e.said.attach_secs
    if e.session_state == "lost":
        return Step("signalling", "failed", None, e.session_reason or "the session is lost", advice.LOST)
    if e.session_state == "reconnecting":
        return Step("signalling", "slow", None, "connecting to the server again", advice.RECONNECTING)
    if e.state == "new":
        return Step("signalling", "waiting", note="not attached yet")
    if e.state == "detached":
        return Step("signalling", "over", took, e.reason or "detached")
    return Step("signalling", "done", took, "attached")


def _offer(e: Evidence) -> Step:
    said = e.said
    began, both = said.began_at, said.answered_at
    assert began is not None
    if said.refused and both is None:
        return Step("offer", "failed", None, f"Janus refused it: {said.refused}", advice.REFUSED)
    if both is not None:
        first = "ours" if said.ours is not None and said.ours.type == "offer" else "Janus's"
        return Step("offer", "done", both - began, f"the offer was {first}")
    whom = "Janus's" if said.theirs is None else "our"
    return _going_on(e, "offer", began, f"waits for {whom} answer", advice.no_answer(said))


def _gathering(e: Evidence) -> Step:
    said = e.said
    began = said.began_at
    sides = [side for side in (said.ours, said.theirs) if side is not None]
    counts = f"{_count(said.ours)} ours, {_count(said.theirs)} Janus's"
    finished = [side.gathered_at for side in sides if side.gathered_at is not None]
    if len(finished) == 2 and began is not None and all(side.candidates for side in sides):
        return Step("gathering", "done", max(finished) - began, counts)
    if len(finished) == 2:
        return Step("gathering", "failed", None, counts, advice.for_step("gathering", said))
    return _going_on(e, "gathering", began, counts, advice.for_step("gathering", said))


def _pair(e: Evidence) -> Step:
    said, ice = e.said, e.info.webrtc.ice if e.info is not None and e.info.webrtc is not None else None
    found = _first(said.ice, "completed", "connected")
    began = _latest(said.answered_at, *(side.at for side in (said.ours, said.theirs) if side is not None))
    broke = said.reason == "ICE failed" or "failed" in said.ice or (ice is not None and ice.state == "failed")
    if broke:
        after = "the path was lost" if found is not None or said.up_at is not None else "no pair works"
        return Step("pair", "failed", None, after, advice.for_pair(said, was_up=said.up_at is not None))
    note = _pair_text(said.pair) or (ice.selected_pair if ice is not None else "")
    if found is not None:
        return Step("pair", "done", found - began if began is not None else None, note)
    if ice is not None and ice.connected is not None:
        return Step("pair", "done", _micro(ice.gathered, ice.connected), note)
    if said.up_at is not None:
        return Step("pair", "done", None, note)
    state = ice.state if ice is not None else next(reversed(said.ice), "")
    return _going_on(e, "pair", began, f"ICE is {state}" if state else "trying pairs", advice.for_pair(said))


def _dtls(e: Evidence) -> Step:
    said, dtls = e.said, e.info.webrtc.dtls if e.info is not None and e.info.webrtc is not None else None
    began, done = _first(said.ice, "completed", "connected"), said.dtls.get("connected")
    if said.up_at is not None:
        at = max(said.up_at, done or 0.0)
        if began is not None:
            return Step("dtls", "done", at - began, "Janus says that media can flow")
        both = None if said.answered_at is None else at - said.answered_at
        alone = _micro(dtls.handshake_started, dtls.connected) if dtls is not None else None
        note = "" if alone is not None else "ICE and DTLS together"
        return Step("dtls", "done", alone if alone is not None else both, note)
    broke = "failed" in said.dtls or said.reason.startswith("DTLS")
    if broke or (dtls is not None and dtls.dtls_state == "failed"):
        return Step(
            "dtls", "failed", None, said.reason or "the handshake failed", advice.for_step("dtls", said)
        )
    again = dtls.retransmissions if dtls is not None else 0
    note = f"{again} messages were sent again" if again else "handshake"
    return _going_on(e, "dtls", began, note, advice.for_step("dtls", said))


def _to_janus(e: Evidence, up: bool) -> Step:
    said = e.said
    wanted = [section for section in said.ours.sections if section.sends] if said.ours is not None else []
    if not wanted:
        return Step("to_janus", "none", note="nothing is sent") if said.ours else Step("to_janus", "waiting")
    if not up or e.ended:
        return Step("to_janus", "over" if up else "waiting")
    news = {section: said.media.get(section.mid) for section in wanted}
    media = e.info.media if e.info is not None else {}
    counted = {mid for mid, row in media.items() if row.stats.in_.packets}
    lost = [section.kind for section, row in news.items() if row is not None and row.receiving is False]
    got = [
        s
        for s, row in news.items()
        if (row is not None and row.receiving) or (row is None and s.mid in counted)
    ]
    failed = [f"{kind}: {how}" for kind, how in (e.facts or {}).get("sources", {}).items() if how != "live"]
    if failed:
        return Step("to_janus", "failed", None, f"our source ended ({failed[0]})", advice.SOURCE)
    if lost:
        return Step("to_janus", "failed", None, f"Janus receives no {_and(lost)} any more", advice.STOPPED)
    missing = [section.kind for section in wanted if section not in got]
    if not missing:
        first = [row.first_at for row in news.values() if row is not None and row.first_at is not None]
        took = max(first) - said.up_at if first and said.up_at is not None else None
        return Step("to_janus", "done", took, _and([section.kind for section in wanted]))
    return _media_missing(e, "to_janus", f"Janus has received no {_and(missing)} yet", advice.NOTHING_SENT)


def _from_janus(e: Evidence, up: bool, to_janus: Step) -> Step:
    said = e.said
    wanted = [section for section in said.theirs.sections if section.sends] if said.theirs is not None else []
    if not wanted:
        return (
            Step("from_janus", "none", note="Janus sends nothing")
            if said.theirs
            else Step("from_janus", "waiting")
        )
    if not up or e.ended:
        return Step("from_janus", "over" if up else "waiting")
    if e.clock is None:
        return Step("from_janus", "unknown", note="a recording does not tell")
    kinds = {section.mid: section.kind for section in wanted}
    sent = (
        {mid for mid, row in e.info.media.items() if row.stats.out.packets} if e.info is not None else set()
    )
    if not e.facts:
        if e.info is None:
            return Step("from_janus", "unknown", note="received elsewhere; no Admin API is known")
        if kinds.keys() <= sent:
            return Step("from_janus", "done", None, f"Janus sends {_and(kinds.values())}")
        missing = [kind for mid, kind in kinds.items() if mid not in sent]
        return _media_missing(e, "from_janus", f"Janus sends no {_and(missing)}", advice.JANUS_SENDS_NOTHING)
    tracks = {str(track.get("mid")): track for track in e.facts.get("tracks", ())}
    none = {mid: kind for mid, kind in kinds.items() if not tracks.get(mid, {}).get("frames")}
    if none:
        off = [kind for kind in none.values() if said.settings.get(kind) is False]
        if len(off) == len(none):
            return Step("from_janus", "done", None, f"{_and(off)} off, as was asked")
        if to_janus.status not in ("done", "none"):
            return Step("from_janus", "waiting", note=f"no {_and(none.values())} yet")
        what = advice.LOST_ON_THE_WAY if none.keys() <= sent else advice.JANUS_SENDS_NOTHING
        return _media_missing(e, "from_janus", f"we have received no {_and(none.values())} yet", what)
    stale = [
        f"{kind} for {e.clock - tracks[mid]['last_frame_at']:.0f} s"
        for mid, kind in kinds.items()
        if tracks[mid].get("last_frame_at")
        and e.clock - tracks[mid]["last_frame_at"] > STALE_SECONDS
        and said.settings.get(kind) is not False
    ]
    if stale:
        return Step("from_janus", "slow", None, f"nothing came of {_and(stale)}", advice.STALE)
    return Step("from_janus", "done", None, _and(kinds.values()))


def _data(e: Evidence, up: bool) -> Step:
    if not up or e.ended:
        return Step("data", "over" if up else "waiting")
    if e.said.data_at is not None:
        took = None if e.said.up_at is None else max(e.said.data_at - e.said.up_at, 0.0)
        return Step("data", "done", took, "messages come")
    associated = e.info is not None and e.info.webrtc is not None and e.info.webrtc.dtls.sctp_association
    return Step("data", "done", None, "open" if associated else "negotiated; no message yet")


def _media_missing(e: Evidence, name: str, note: str, what: str) -> Step:
    since = e.now - e.said.up_at if e.said.up_at is not None else None
    late = e.clock is not None and since is not None and since > MEDIA_SECONDS
    return Step(name, "failed" if late else "now", None if late else since, note, what if late else "")


def _going_on(e: Evidence, name: str, began: float | None, note: str, what: str) -> Step:
    """A step that has begun and is not done."""
    if began is None:
        return Step(name, "waiting")
    end = e.said.ended_at if e.ended else e.now
    secs = max((end or 0.0) - began, 0.0)
    slow = secs > SLOW[name]
    return Step(name, "slow" if slow else "now", secs, note, what if slow or e.ended else "")


def _first(reached: Mapping[str, float], *states: str) -> float | None:
    return min((reached[state] for state in states if state in reached), default=None)


def _latest(*times: float | None) -> float | None:
    return max((at for at in times if at is not None), default=None)


def _micro(began: int | None, ended: int | None) -> float | None:
    """Seconds between two times of the server's clock."""
    return None if began is None or ended is None or ended < began else (ended - began) / 1_000_000


def _count(side: Description | None) -> int:
    return len(side.candidates) if side is not None else 0


def _pair_text(pair: Mapping[str, Any] | None) -> str:
    if not pair:
        return ""
    return " ↔ ".join(str((pair.get(side) or {}).get("type", "?")) for side in ("local", "remote"))


def _and(words: Any) -> str:
    return " and ".join(dict.fromkeys(words))
