"""What to try when a step of a connection fails: one sentence for each."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from janus_notebook.panels.handle.negotiation import Description, Negotiation

__all__ = [
    "JANUS_SENDS_NOTHING",
    "LOST",
    "LOST_ON_THE_WAY",
    "NOTHING_SENT",
    "RECONNECTING",
    "REFUSED",
    "SOURCE",
    "STALE",
    "STOPPED",
    "for_pair",
    "for_step",
    "given_up",
    "no_answer",
]

LOST: Final = "Check that the server runs and can be reached, then connect() and attach again."
RECONNECTING: Final = "Wait: the session comes back by itself if the server still has it."
REFUSED: Final = "Read the reason: it is the plugin's own; the description or the request around it is wrong."
SOURCE: Final = "Look at your source, which raised this error; then send another with replace()."
STOPPED: Final = "See whether the sender has stopped or is muted, or packets are dropped on the way to Janus."
NOTHING_SENT: Final = (
    "See whether the source gives frames and is not muted, and whether UDP from here reaches the server."
)
JANUS_SENDS_NOTHING: Final = (
    "See whether there is anything to send: a publisher, a mountpoint or a room that is not paused or muted."
)
LOST_ON_THE_WAY: Final = (
    "Janus sends it and nothing arrives: look for a firewall that drops UDP on its way here."
)
STALE: Final = "See whether it was paused or muted on the other side, or packets are dropped on the way."
DTLS: Final = (
    "Check that the SDP arrives unchanged (its a=fingerprint above all) and that large UDP packets can pass."
)
NO_ADDRESS_HERE: Final = (
    "This machine has no usable address: bring up a network interface or give ice_servers=."
)
NO_ADDRESS_THERE: Final = (
    "Janus named no address: check ice_enforce_list, ice_ignore_list and the interfaces of its machine."
)
ONLY_NAMES: Final = (
    "The browser hides its addresses behind .local names: set mdns_enabled in Janus, or allow the camera."
)


def no_answer(said: Negotiation) -> str:
    """Why a description has no answer."""
    if said.theirs is not None:
        return "Answer Janus's offer: with a jsep of your own, or by the method that does both."
    return "Check that the server is alive (%janus info); a Janus with no network but loopback never answers."


def for_step(name: str, said: Negotiation) -> str:
    """What to try when a step fails or takes long."""
    if name == "offer":
        return no_answer(said)
    if name == "gathering":
        if said.ours is not None and not said.ours.candidates:
            return NO_ADDRESS_HERE if said.ours.gathered_at else "Send our candidates: trickle(candidates)."
        if said.theirs is not None and not said.theirs.candidates:
            return NO_ADDRESS_THERE
        return "Say when there are no more candidates: trickle(None)."
    return {"pair": for_pair(said), "dtls": DTLS}.get(name, "")


def for_pair(said: Negotiation, *, was_up: bool = False) -> str:
    """Why no pair of candidates may work."""
    if was_up:
        return "Look at the network between: it worked before; publish again to find a new path."
    ours, theirs = said.ours, said.theirs
    if ours is None or not ours.candidates or theirs is None or not theirs.candidates:
        return for_step("gathering", said)
    if all(".local" in candidate for candidate in ours.candidates):
        return ONLY_NAMES
    if _all_loopback(ours) != _all_loopback(theirs):
        which = "this machine" if _all_loopback(ours) else "Janus"
        return f"Only {which} is on loopback (127.0.0.1): both need an address that the other can reach."
    if _all_private(theirs) and not _all_private(ours):
        return "Janus names only private addresses: set its nat_1_1_mapping to the public one."
    if _only_hosts(ours) and _only_hosts(theirs):
        return "Let UDP pass between the two addresses (firewall), or give STUN/TURN servers: ice_servers=."
    return "Let UDP pass between the two, or give a TURN server: ice_servers= (turn:host:3478?transport=tcp)."


def given_up(name: str, reason: str, note: str) -> str:
    """What is said of the step at which a connection ended."""
    why = f" ({reason})" if reason else ""
    return f"it ended here{why}" + (f"; {note}" if note and name != "offer" else "")


def _addresses(side: Description) -> list[str]:
    found = (re.match(r"\S+ \d+ \S+ \d+ (\S+) \d+", candidate) for candidate in side.candidates)
    return [match.group(1) for match in found if match is not None]


def _all_loopback(side: Description) -> bool:
    return bool(side.candidates) and all(_is(address, "is_loopback") for address in _addresses(side))


def _all_private(side: Description) -> bool:
    return all(_is(address, "is_private") for address in _addresses(side))


def _is(address: str, what: str) -> bool:
    try:
        return bool(getattr(ip_address(address), what))
    except ValueError:  # a name
        return False


def _only_hosts(side: Description) -> bool:
    return all(" typ host" in candidate for candidate in side.candidates)
