"""Collecting what goes into a support bundle. What can't be had is named, and fails nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from math import inf
from typing import Any

import msgspec

from janus_notebook.client import recording
from janus_notebook.client.admin.admin import AT_ONCE, JanusAdmin
from janus_notebook.client.bundle.scrub import Scrubber, secrets_of
from janus_notebook.client.bundle.versions import versions
from janus_notebook.client.plugin import JanusPlugin
from janus_notebook.client.recording import Recording
from janus_notebook.client.replay import AnySession, Replay, ReplayedHandle
from janus_notebook.client.session import JanusSession
from janus_notebook.errors import JanusError
from janus_notebook.protocol.events import StateEvent

__all__ = ["Findings", "HandleFindings", "collect"]

LOG_NAME = "janus.log"


class HandleFindings(msgspec.Struct, kw_only=True):
    """What there is of one handle.

    Attributes:
        facts: id, plugin, state, reason, media, our own peer connection.
        transitions: its changes of state, oldest first.
        statistics: of our own peer connection, None without one.
        info: the Admin API's ``handle_info``, None where it is not known.
    """

    id: int
    plugin: str
    facts: dict[str, Any]
    transitions: tuple[StateEvent, ...] = ()
    statistics: dict[str, Any] | None = None
    info: dict[str, Any] | None = None


class Findings(msgspec.Struct, kw_only=True):
    """What goes into a bundle. All of it is masked as it is written.

    Attributes:
        recording: the log, and how the session stood; masked already.
        counters, keepalive_secs: of the session.
        session_id: of the session, also when it has ended.
        handles: every one that there has been, as far as the log goes back.
        admin: what the Admin API told of the session and of the server, by name.
        logs: texts by file name.
        versions: of Python, the packages, the system.
        missing: what could not be collected, and why.
        replayed: where the recording came from; "" for a session.
        taken: when it was, seconds since the Unix epoch.
        scrubber: what masks it.
    """

    recording: Recording
    counters: dict[str, int]
    keepalive_secs: float | None
    session_id: int | None
    handles: list[HandleFindings]
    versions: dict[str, str]
    admin: dict[str, Any] = {}
    logs: dict[str, str] = {}
    missing: list[str] = []
    replayed: str = ""
    taken: float = 0.0
    scrubber: Scrubber = msgspec.field(default_factory=Scrubber)


async def collect(source: AnySession, logs: Mapping[str, str], timeout: float) -> Findings:
    """Collect everything; who does not answer within `timeout` seconds is left out."""
    plugins: tuple[JanusPlugin, ...] = ()
    if isinstance(source, JanusSession):
        taken, plugins = recording.record(source.events, recording.describe(source)), source.plugins
        scrubber = Scrubber(secrets_of(source))
    else:
        taken, scrubber = source.recording, Scrubber()
    taken = await asyncio.to_thread(_without_secrets, taken, scrubber)
    past = await asyncio.to_thread(_played, taken)
    live = {plugin.id: plugin for plugin in plugins}
    findings = Findings(
        recording=taken,
        counters=source.counters if isinstance(source, JanusSession) else past.counters,
        keepalive_secs=source.keepalive_interval,
        session_id=next((e.session_id for e in reversed(taken.entries) if e.session_id), None),
        handles=[_handle(handle, live) for handle in past.handles],
        versions=versions(),
        logs=dict(logs),
        replayed=source.recording.path if isinstance(source, Replay) else "",
        taken=time.time(),
        scrubber=scrubber,
    )
    if taken.header.log.total > len(taken.entries):
        dropped = taken.header.log.total - len(taken.entries)
        findings.missing.append(f"the oldest {dropped} entries of the log: it had let them go (log_capacity)")
    if isinstance(source, JanusSession):
        await _ask(source, live, findings, timeout)
    else:
        findings.missing.append("what only a server can tell: this was made of a recording")
    return findings


def _without_secrets(taken: Recording, scrubber: Scrubber) -> Recording:
    """The recording masked as a whole, before anything is cut from it: half a secret looks like none."""
    header, facts = taken.header, taken.header.session
    if facts is not None:
        cleaned = scrubber.value(msgspec.to_builtins(facts))
        header = msgspec.structs.replace(header, session=msgspec.convert(cleaned, type(facts)))
    entries = (msgspec.structs.replace(event, _source=scrubber.value(event.raw)) for event in taken.entries)
    return msgspec.structs.replace(taken, header=header, entries=tuple(entries))


def _played(taken: Recording) -> Replay:
    """The whole recording played at once: it knows every handle that there has been."""
    past = Replay(taken, speed=inf)
    past.seek(inf)
    return past


def _handle(past: ReplayedHandle, live: Mapping[int | None, JanusPlugin]) -> HandleFindings:
    handle_id = past.id or past.transitions[-1].handle_id or 0
    now = live.get(handle_id)
    transitions = tuple(now.transitions if now is not None else past.transitions)
    facts = {
        "id": handle_id,
        "plugin": past.name,
        "opaque_id": past.opaque_id,
        "state": past.state,
        "reason": past.reason,
        "transitions": [
            {"time": t.time, "elapsed": t.elapsed, "before": t.before, "state": t.state, "reason": t.reason}
            for t in transitions
        ],
        "media": {mid: msgspec.structs.asdict(state) for mid, state in past.media.items()},
        "our_peer_connection": past.webrtc,
    }
    return HandleFindings(id=handle_id, plugin=past.name, facts=facts, transitions=transitions)


class _Questions:
    """Questions that may stay without an answer.

    Args:
        missing: gets a line for each of those.
        timeout: seconds for all of them together.
    """

    def __init__(self, missing: list[str], timeout: float) -> None:
        self._missing = missing
        self._timeout = timeout
        self._deadline = asyncio.get_running_loop().time() + timeout
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, what: str, question: Callable[[], Awaitable[Any]]) -> Any:
        """The answer, or None."""
        try:
            async with asyncio.timeout_at(self._deadline), self._turns:
                return await question()
        except JanusError as exc:
            why = str(exc)
        except TimeoutError:
            why = f"no answer within {self._timeout:g} s"
        except Exception as exc:  # noqa: BLE001 # it is named; the rest of the bundle is worth having
            why = f"{type(exc).__name__}: {exc}"
        self._missing.append(f"{what}: {why}")
        return None


async def _ask(
    session: JanusSession, live: Mapping[int | None, JanusPlugin], findings: Findings, timeout: float
) -> None:
    """Ask our own peer connections for their statistics, and the Admin API for what the server knows."""
    questions = _Questions(findings.missing, timeout)
    admin = session.admin
    session_id = findings.session_id
    asked = [_statistics(live[one.id], one, questions) for one in findings.handles if one.id in live]
    if session.server_log is not None:
        asked.append(_server_log(session.server_log, findings, questions))
    elif LOG_NAME not in findings.logs:
        findings.missing.append(
            f"the server's log: only that of a local gateway is at hand; logs={{{LOG_NAME!r}: text}} adds it"
        )
    if admin is None:
        findings.missing.append("handle_info and all that the server knows: the Admin API is not known here")
    elif session_id is not None:
        asked += [_server_side(admin, session_id, findings, questions)]
        asked += [
            _handle_info(admin, session_id, one, questions) for one in findings.handles if one.id in live
        ]
    await asyncio.gather(*asked)


async def _statistics(plugin: JanusPlugin, one: HandleFindings, questions: _Questions) -> None:
    stats = getattr(plugin, "stats", None)
    if stats is not None and getattr(plugin, "webrtc", None):  # else there are none that could be missed
        one.statistics = await questions.ask(f"statistics of handle {one.id}", stats)


async def _server_log(read: Callable[[], str], findings: Findings, questions: _Questions) -> None:
    text = await questions.ask("the server's log", lambda: asyncio.to_thread(read))
    if text:
        findings.logs.setdefault(LOG_NAME, text)


async def _handle_info(
    admin: JanusAdmin, session_id: int, one: HandleFindings, questions: _Questions
) -> None:
    answer = await questions.ask(
        f"handle_info of handle {one.id}", lambda: admin.handle_info(session_id, one.id)
    )
    one.info = answer.data if answer is not None else None


async def _server_side(admin: JanusAdmin, session_id: int, findings: Findings, questions: _Questions) -> None:
    """What the server knows of the session, which may be another than what we believe, and its settings."""
    handles = await questions.ask(
        f"the server's list of the handles of session {session_id}", lambda: admin.list_handles(session_id)
    )
    status = await questions.ask("the server's settings (get_status)", admin.get_status)
    told = {
        "session": None if handles is None else {"id": session_id, "handles": list(handles)},
        "status": None if status is None else status.data,
    }
    findings.admin |= {name: answer for name, answer in told.items() if answer is not None}
