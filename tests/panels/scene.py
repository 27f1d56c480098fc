"""A handle's log, written by hand: each step of a connection at a moment of one's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from janus_notebook.client.log import EventLog
from janus_notebook.panels.handle.evidence import Evidence, Step
from janus_notebook.panels.handle.negotiation import Negotiation
from janus_notebook.panels.handle.steps import ladder
from janus_notebook.panels.handle.verdict import verdict

if TYPE_CHECKING:
    from janus_notebook.protocol.events import Direction

HANDLE = 42
HOST = "candidate:1 1 udp 2015363839 192.0.2.7 40000 typ host"
PRIVATE = "candidate:1 1 udp 2015363839 10.1.2.3 40000 typ host"
LOOPBACK = "candidate:1 1 udp 2015363839 127.0.0.1 40000 typ host"
NAME = "candidate:1 1 udp 2015363839 4a1f-x.local 40000 typ host"


def sdp(*kinds: str, direction: str = "sendrecv", candidates: tuple[str, ...] = ()) -> str:
    """An SDP with a section for each kind, mids from 0."""
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-options:trickle"]
    for mid, kind in enumerate(kinds):
        lines += [f"m={kind} 9 UDP/TLS/RTP/SAVPF 96", f"a=mid:{mid}", f"a={direction}"]
        lines += [f"a={candidate}" for candidate in candidates]
    return "\r\n".join(lines) + "\r\n"


class Scene:
    """Writes the log of handle 42; `now` is the moment, in seconds of the session."""

    def __init__(self) -> None:
        self.now = 0.0
        self.log = EventLog(clock=lambda: self.now)
        self.said = Negotiation(HANDLE)
        self.state = "new"
        self.requests = 0

    def write(self, direction: Direction, kind: str, handle: int | None = HANDLE, **raw: Any) -> None:
        self.log.record(direction, kind, {"janus": kind, **raw}, 1, handle)

    def become(self, state: str, reason: str = "") -> None:
        self.write("local", "state", state=state, before=self.state, reason=reason)
        self.state = state

    def attach(self, took: float = 0.02) -> Scene:
        self.write("request", "attach", None, transaction="a")
        self.now += took
        self.write("reply", "success", None, transaction="a", data={"id": HANDLE})
        self.become("attached")
        return self

    def ours(self, role: str = "offer", *kinds: str, **more: Any) -> Scene:
        self.requests += 1
        jsep = {"type": role, "sdp": sdp(*(kinds or ("audio", "video")), **more)}
        self.write("request", "message", transaction=f"t{self.requests}", body={"audio": True}, jsep=jsep)
        if self.state != "negotiating":
            self.become("negotiating")
        return self

    def theirs(self, role: str = "answer", *kinds: str, **more: Any) -> Scene:
        jsep = {"type": role, "sdp": sdp(*(kinds or ("audio", "video")), **more)}
        self.write("reply", "event", transaction=f"t{self.requests}", plugindata={"data": {}}, jsep=jsep)
        return self

    def candidates(self, ours: str | None = HOST, theirs: str | None = HOST) -> Scene:
        end = {"completed": True}
        self.write("request", "trickle", candidates=[*([{"candidate": ours}] if ours else []), end])
        if theirs:
            self.write("event", "trickle", candidate={"candidate": theirs})
        self.write("event", "trickle", candidate=end)
        return self

    def negotiated(self) -> Scene:
        """Attached, with offer, answer and candidates."""
        return self.attach().ours().theirs().candidates()

    def peer(self, ice: str, dtls: str = "new") -> Scene:
        self.write("local", "peer", ice=ice, dtls=dtls, pair=None)
        return self

    def up(self) -> Scene:
        self.write("event", "webrtcup")
        self.become("connected")
        return self

    def media(self, mid: int = 0, kind: str = "audio", receiving: bool = True) -> Scene:
        self.write("event", "media", mid=str(mid), type=kind, receiving=receiving)
        return self

    def hangup(self, reason: str) -> Scene:
        self.write("event", "hangup", reason=reason)
        self.become("hungup", reason)
        return self

    def later(self, seconds: float) -> Scene:
        self.now += seconds
        return self

    def evidence(self, **more: Any) -> Evidence:
        self.said.take(self.log)
        return Evidence(self.said, self.state, **{"now": self.now, "clock": 1000.0 + self.now, **more})

    def steps(self, **more: Any) -> dict[str, Step]:
        return {step.name: step for step in ladder(self.evidence(**more))}

    def marks(self, **more: Any) -> str:
        """The statuses in one line, without those that are done or waiting."""
        quiet = ("done", "waiting")
        return " ".join(f"{s.name}:{s.status}" for s in self.steps(**more).values() if s.status not in quiet)

    def verdict(self, **more: Any) -> dict[str, Any]:
        evidence = self.evidence(**more)
        return verdict(ladder(evidence), evidence, "publish()")
