"""The ladder of a connection: how far it has come, which step fails, and what to try.

`ladder` reads and judges; it asks nobody. What it is given may be partial, as in a recording, or where a
browser drives the WebRTC: a step then counts as done when a later one is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from janus_notebook.panels.handle import advice
from janus_notebook.panels.handle.evidence import TITLES, Evidence, Step
from janus_notebook.panels.handle.flows import data, from_janus, to_janus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from janus_notebook.panels.handle.negotiation import Description

__all__ = ["ladder"]

SLOW: Final = {"offer": 3.0, "gathering": 5.0, "pair": 5.0, "dtls": 3.0}
"""After how many seconds a step takes longer than one expects."""


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
        steps.append(data(evidence, up))
    else:
        steps.append(to_janus(evidence, up))
        steps.append(from_janus(evidence, up, steps[-1]))
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
    return _going_on(
        e,
        "pair",
        began,
        f"ICE is {state}" if state not in ("", "closed") else "no pair yet",
        advice.for_pair(said),
    )


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
