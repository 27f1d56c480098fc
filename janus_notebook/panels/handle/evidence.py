"""What a connection is judged by, and the steps that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from janus_notebook.client.admin.handle_info import HandleInfo
    from janus_notebook.panels.handle.negotiation import Negotiation

__all__ = ["TITLES", "Evidence", "Status", "Step"]

Status = Literal["done", "now", "slow", "failed", "waiting", "none", "unknown", "over"]

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
        off: the kinds that Janus was asked not to send back.
        echo: whether what comes back is what we send.
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
    off: frozenset[str] = frozenset()
    echo: bool = False
    clock: float | None = None

    @property
    def ended(self) -> bool:
        """Whether there was a connection that is no more."""
        return self.said.ended_at is not None

    @property
    def sent_to_the_end(self) -> frozenset[str]:
        """The kinds whose source of ours has given all that it had."""
        sources = (self.facts or {}).get("sources", {})
        return frozenset(kind for kind, how in sources.items() if how == "ended")
