"""What Janus's core knows of one handle's PeerConnection, without any media."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from janus_notebook.gateway.practice import descriptions, sdp
from janus_notebook.gateway.practice.plugin import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from janus_notebook.gateway.practice.plugin import PracticeHandle

__all__ = ["Negotiation"]

# Janus's own numbers and words.
JSEP_INVALID_SDP = 465
UNEXPECTED_ANSWER = 469


class Negotiation:
    """One handle's offers and answers.

    There is no media behind them: the descriptions are plausible, ``webrtcup`` never comes.

    Attributes:
        open: whether there is a PeerConnection, as far as signalling goes.
        waiting: whether an offer of ours waits for its answer.
    """

    def __init__(self, handle: PracticeHandle) -> None:
        self.open = False
        self.waiting = False
        self._handle = handle
        self._credentials = descriptions.Credentials()
        self._version = 0

    def read(self, jsep: Mapping[str, Any]) -> sdp.Description | Refused:
        """Read a client's description; what Janus's core refuses is `Refused`."""
        try:
            description = sdp.parsed(jsep["sdp"])
        except ValueError as exc:
            return Refused(JSEP_INVALID_SDP, str(exc))
        if jsep["type"] == "answer":
            if not (self.waiting or self.open):
                return Refused(UNEXPECTED_ANSWER, "Unexpected ANSWER (did we offer?)")
            self.waiting = False
        return description

    def answer(
        self, offer: sdp.Description, *, wished: Mapping[str, Sequence[str]] | None = None, sends: bool = True
    ) -> dict[str, Any]:
        """Return our answer as a ``jsep``."""
        inside = self._opened()
        text = descriptions.answer_text(
            offer, self._credentials, wished=wished, sends=sends, candidates=inside
        )
        return {"type": "answer", "sdp": text}

    def offer(self, streams: Iterable[Mapping[str, Any]], *, restart: bool = False) -> dict[str, Any]:
        """Return our offer as a ``jsep``; with `restart` it has new ICE credentials."""
        if restart:
            fresh = descriptions.Credentials()
            self._credentials = descriptions.Credentials(
                fresh.ufrag, fresh.password, self._credentials.fingerprint, self._credentials.session
            )
        inside = self._opened()
        self._version += 1
        self.waiting = True
        text = descriptions.offer_text(streams, self._credentials, self._version, candidates=inside)
        return {"type": "offer", "sdp": text}

    def close(self, reason: str) -> bool:
        """End the PeerConnection, with ``hangup`` unless `reason` is empty; return whether there was one."""
        was_open, self.open, self.waiting = self.open, False, False
        if was_open:
            self._credentials = descriptions.Credentials()
            if reason:
                self._handle.notify("hangup", reason=reason)
        return was_open

    def _opened(self) -> bool:
        """Note that there is a PeerConnection; return whether candidates belong into the SDP."""
        if not self.open and self._handle.full_trickle:
            candidate = {"sdpMid": "0", "sdpMLineIndex": 0, "candidate": descriptions.CANDIDATE}
            self._handle.notify("trickle", candidate=candidate)
            self._handle.notify("trickle", candidate={"completed": True})
        self.open = True
        return not self._handle.full_trickle
