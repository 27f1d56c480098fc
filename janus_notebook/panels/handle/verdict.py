"""The one line that says how a connection stands: what a person should see first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from janus_notebook.panels.handle.evidence import Evidence, Step

__all__ = ["meaning", "verdict"]

REASONS = {
    "Janus API": "closed by hangup()",
    "Close PC": "closed by the plugin",
    "DTLS alert": "closed by the other side",
    "ICE failed": "no packets came through any more",
}


def meaning(reason: str) -> str:
    """Why a PeerConnection ended, from what Janus calls it; any other reason as it is."""
    return REASONS.get(reason, reason)


def verdict(steps: Sequence[Step], evidence: Evidence, begins: str) -> dict[str, Any]:
    """The line: ``level`` (good, busy, bad or calm), ``title``, ``text``, ``advice``.

    Args:
        steps: of the ladder.
        evidence: that it was made of.
        begins: what begins the media of this handle, in words; "" if nothing here does.
    """
    failed = next((step for step in steps if step.status == "failed"), None)
    slow = next((step for step in steps if step.status == "slow"), None)
    now = next((step for step in steps if step.status == "now"), None)
    if evidence.state == "detached" and not (failed and failed.name == "signalling"):
        text = f"{evidence.reason}." if evidence.reason else "It was given back to the server."
        return _line("calm", "Detached", text)
    if failed is not None:
        return _line("bad", f"{failed.title} failed", _sentence(failed.note), failed.advice)
    if evidence.ended:
        why = evidence.said.reason or evidence.reason
        text = _sentence(meaning(why)) + _lasted(evidence)
        return _line("calm", "Hung up", text, f"Connect again with {begins}." if begins else "")
    if slow is not None:
        title = f"{slow.title}: {'stalled' if slow.secs is None else 'takes long'}"
        return _line("busy", title, _sentence(slow.note), slow.advice)
    if now is not None:
        return _line("busy", f"{now.title} …", _sentence(now.note), now.advice)
    if evidence.said.began_at is None:
        text = f"Begin with {begins}." if begins else "Media begin with a request that carries an SDP."
        return _line("calm", "Attached, no media yet" if evidence.state != "new" else "Not attached", text)
    if any(step.name == "to_janus" and step.status == "over" for step in steps):
        text = f"{_flows(steps, evidence)} The connection is still up."
        return _line("calm", "The source has ended", text, "Send more with replace().")
    took = _took(evidence)
    return _line(
        "good", f"Connected{f' in {took:.2f} s' if took is not None else ''}", _flows(steps, evidence)
    )


def _line(level: str, title: str, text: str, advice: str = "") -> dict[str, Any]:
    return {"level": level, "title": title, "text": text, "advice": advice}


def _flows(steps: Sequence[Step], evidence: Evidence) -> str:
    said = {step.name: step for step in steps}
    if "data" in said:
        return _sentence(f"Data channel {said['data'].note}")
    to, back = said.get("to_janus"), said.get("from_janus")
    texts = []
    if to is not None and to.status == "done":
        texts.append(f"Janus receives {to.note}")
    if to is not None and to.status == "over":
        texts.append(to.note)
    if back is not None and (back.status == "done" or (back.status == "none" and evidence.off)):
        texts.append(back.note if back.note.startswith("Janus") else f"we receive {back.note}")
    if back is not None and back.status == "over":
        texts.append(back.note)
    if back is not None and back.status == "unknown":
        texts.append(f"what comes back is {back.note}")
    return _sentence("; ".join(texts))


def _took(evidence: Evidence) -> float | None:
    began, up = evidence.said.began_at, evidence.said.up_at
    return None if began is None or up is None else up - began


def _lasted(evidence: Evidence) -> str:
    said = evidence.said
    if said.up_at is None or said.ended_at is None:
        return ""
    return f" It was connected for {said.ended_at - said.up_at:.1f} s."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text and text[-1] not in ".!?" else text
