"""The files of a support bundle, and what a person reads first."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeGuard

import msgspec

from janus_notebook.client import recording
from janus_notebook.client.bundle.collect import Findings
from janus_notebook.client.bundle.scrub import plain
from janus_notebook.client.ladder import ladder_of
from janus_notebook.protocol.events import JanusEvent, StateEvent
from janus_notebook.texts import harmless_json

__all__ = ["Member", "members", "summary"]

ARROWS = {"request": "->", "reply": "<-", "event": "<=", "local": " *", "monitor": "<~"}
ERRORS_SHOWN = 10
# Of each log that is given: its end, which tells how it ended.
LOG_CHARACTERS = 2_000_000


class Member(msgspec.Struct, frozen=True):
    """One file: its name, what it is for, and what is in it, in parts."""

    name: str
    about: str
    parts: Iterable[bytes]


def members(findings: Findings) -> Iterator[Member]:
    """The files, without the summary of them all."""
    clean, entries = findings.scrubber, findings.recording.entries
    header = findings.recording.header

    def data(name: str, about: str, value: Any) -> Member:
        return Member(name, about, [_pretty(clean.value(value))])

    def text(name: str, about: str, lines: Iterable[str]) -> Member:
        return Member(name, about, (clean.text(line).encode() + b"\n" for line in lines))

    facts = msgspec.to_builtins(header.session) or {}
    server = facts.pop("server", None)
    session = {
        **facts,
        "handles": [one.id for one in findings.handles],
        "counters": findings.counters,
        "keepalive_secs": findings.keepalive_secs,
        "history": [_change(event) for event in entries if _is_change(event)],
    }
    yield data("versions.json", "Python, packages and system", findings.versions)
    yield data("session.json", "the session: state, history, counters", session)
    if server is not None:
        yield data("server.json", "what the server says of itself (info)", server)
    yield Member(
        recording.LOG_IN_BUNDLE,
        "every entry of the log; replay(...) plays it",
        recording.lines(findings.recording),
    )
    yield text("events.txt", "the same, a line for each", map(_line, entries))
    errors = [event for event in entries if _failure(event)]
    if errors:
        yield text("errors.txt", "errors, refusals, hangups and losses", map(_line, errors))
    ladder = ladder_of(entries, limit=1000)
    if ladder.steps:
        yield text("ladder.txt", "the signalling as a diagram", map(plain, ladder.text.splitlines()))
        yield text("ladder.mmd", "the same for Mermaid", ladder.mermaid.splitlines())
    for name, answer in findings.admin.items():
        yield data(
            f"admin/{name}.json", f"the Admin API on the {'server' if name == 'status' else name}", answer
        )
    for one in findings.handles:
        folder = f"handle-{one.id}"
        own = [event for event in entries if event.handle_id == one.id]
        yield data(f"{folder}/state.json", f"{one.plugin}: state, transitions, media, our side", one.facts)
        if one.statistics is not None:
            yield data(f"{folder}/statistics.json", "counters of our peer connection", one.statistics)
        if one.info is not None:
            yield data(f"{folder}/handle_info.json", "what Janus knows of it (Admin API)", one.info)
        for event, kind, sdp in _sdps(own):
            way = "sent" if event.direction == "request" else "received"
            name = f"{folder}/sdp-{event.seq:05}-{kind}-{way}.sdp"
            yield text(name, f"at {event.elapsed:.3f} s", map(plain, sdp.splitlines()))
        candidates = list(_candidates(own))
        if candidates:
            yield text(f"{folder}/candidates.txt", "ICE candidates, those in SDPs included", candidates)
    for name, log in findings.logs.items():
        cut = [f"(only its last {LOG_CHARACTERS} characters)"] if len(log) > LOG_CHARACTERS else []
        lines = [plain(line) for line in clean.text(log[-LOG_CHARACTERS:]).splitlines()]
        yield text(f"logs/{name}", "a log", [*cut, *lines])


def summary(findings: Findings, written: Iterable[Member]) -> str:
    """What a person reads first: what it is about, what failed, what is missing."""
    clean = findings.scrubber
    header, entries = findings.recording.header, findings.recording.entries
    facts = header.session or recording.SessionFacts()
    server = facts.server or {}
    since = datetime.fromtimestamp(entries[0].time, UTC) if entries else None
    name = " ".join(str(server[key]) for key in ("name", "version_string") if key in server)
    here = findings.versions
    lines = [
        "SUPPORT BUNDLE OF A JANUS SESSION",
        "",
        f"made        {_moment(findings.taken)}, local time {time.strftime('%H:%M %z')}",
        *([f"of          the recording {findings.replayed}"] if findings.replayed else []),
        f"session     {findings.session_id or 'none'} at {facts.url or 'an unknown server'}",
        f"state       {facts.state}" + (f": {facts.reason}" if facts.reason else ""),
        f"log         {len(entries)} entries" + (f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""),
        f"server      {name or 'not known'}",
        f"here        {here['python']} on {here['system']}; front end: {here['front end']}",
        f"package     janus-notebook {here.get('janus-notebook', 'not installed')} (versions.json has all)",
        "",
        "HANDLES",
        *(_handle_lines(findings) or ["none"]),
        "",
        "WHAT FAILED (the newest of each; errors.txt has all of them)",
        *(_failed(findings) or ["nothing that the log tells of"]),
        "",
        "WHAT IS MISSING HERE",
        *(findings.missing or ["nothing"]),
        "",
        "FILES",
        *(f"{member.name:<44} {member.about}" for member in written),
        "",
        "Secrets, tokens, pins, keys and ICE passwords are masked (***). Addresses, names of rooms and",
        "people, and what was said in data channels are not: look through it before you publish it.",
        "It plays again, without a server:  from janus_notebook import replay; replay('this-file.zip')",
    ]
    return "".join(plain(clean.text(line)).rstrip() + "\n" for line in lines)


def _handle_lines(findings: Findings) -> list[str]:
    shown = []
    for one in findings.handles:
        facts, peer = one.facts, one.facts["our_peer_connection"]
        told = [f"{one.id}  {one.plugin}  {facts['state']}"]
        if facts["state"] == "detached" and one.transitions:
            told[0] += f" (was {one.transitions[-1].before})"
        told += [facts["reason"]] if facts["reason"] else []
        told += [f"ICE {peer['ice']}, DTLS {peer['dtls']}"] if {"ice", "dtls"} <= peer.keys() else []
        told += [
            f"mid {mid} not received by Janus" for mid, m in facts["media"].items() if m["receiving"] is False
        ]
        slow = sum(media["slowlinks"] for media in facts["media"].values())
        told += [f"{slow} slow links"] if slow else []
        shown.append("; ".join(told))
    return shown


def _failed(findings: Findings) -> list[str]:
    """Losses of the session, hangups, and errors: the newest of each text, and how often."""
    texts: dict[str, JanusEvent] = {}
    counts: Counter[str] = Counter()
    for event in findings.recording.entries:
        told = _failure(event)
        if told:
            texts.pop(told, None)
            texts[told] = event
            counts[told] += 1
    newest = list(texts.items())[-ERRORS_SHOWN:]
    return [
        f"{event.elapsed:10.3f} s  {told}" + (f"  ({counts[told]} times)" if counts[told] > 1 else "")
        for told, event in newest
    ]


def _failure(event: JanusEvent) -> str:
    """What failed, in words; "" if nothing did."""
    data = _object(_object(event.raw.get("plugindata")).get("data"))
    if "error_code" in data:
        return f"{data.get('error', 'refused')} ({data['error_code']})"
    if event.kind in ("error", "hangup", "timeout"):
        return f"{event.kind}: {event.summary}"
    if _is_change(event) and event.state in ("lost", "reconnecting"):
        return event.summary
    return ""


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_change(event: JanusEvent) -> TypeGuard[StateEvent]:
    """Whether it is a change of the session's state."""
    return isinstance(event, StateEvent) and event.handle_id is None


def _change(event: JanusEvent) -> dict[str, Any]:
    return {"time": event.time, "elapsed": event.elapsed, **event.raw}


def _line(event: JanusEvent) -> str:
    what = event.name if event.name == event.kind else f"{event.kind} {event.name}"
    handle = f" [{event.handle_id}]" if event.handle_id is not None else ""
    arrow = ARROWS.get(event.direction, "?")
    return plain(
        f"{event.seq:6} {_moment(event.time)} {event.elapsed:10.3f} s {arrow} {what}{handle} {event.summary}"
    ).rstrip()


def _sdps(entries: Iterable[JanusEvent]) -> Iterator[tuple[JanusEvent, str, str]]:
    for event in entries:
        jsep = event.raw.get("jsep")
        if isinstance(jsep, dict) and isinstance(jsep.get("sdp"), str):
            kind = jsep.get("type")
            yield event, kind if kind in ("offer", "answer", "pranswer") else "description", jsep["sdp"]


def _candidates(entries: Iterable[JanusEvent]) -> Iterator[str]:
    for event in entries:
        way = "sent    " if event.direction == "request" else "received"
        found: list[Any] = []
        if event.kind == "trickle":
            listed = event.raw.get("candidates")
            found = listed if isinstance(listed, list) else [event.raw.get("candidate")]
        for one in found:
            given = one if isinstance(one, dict) else {}
            mid = given.get("sdpMid", given.get("sdpMLineIndex", "?"))
            yield plain(
                f"{event.elapsed:10.3f} s {way} mid {mid}: {given.get('candidate', 'end of candidates')}"
            )
        for _, _, sdp in _sdps([event]):
            for line in sdp.splitlines():
                if line.startswith("a=candidate:"):
                    yield plain(f"{event.elapsed:10.3f} s {way} in an SDP: {line[2:]}")


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"


def _pretty(value: Any) -> bytes:
    text: bytes = msgspec.json.format(msgspec.json.encode(value), indent=2)
    return harmless_json(text) + b"\n"
