"""ICE candidates: which addresses a server offers, and what is wrong with them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

__all__ = ["Candidate", "Doubt", "Kind", "candidates_in", "doubt", "kind_of", "parsed"]

Kind = Literal["loopback", "link-local", "mDNS", "private", "public", "name"]
# Of these no other machine can make use.
USELESS: frozenset[Kind] = frozenset({"loopback", "link-local"})
SETTINGS = "nat: nat_1_1_mapping, ice_enforce_list and ice_ignore_list in janus.jcfg"


class Candidate(NamedTuple):
    """One candidate, as far as it matters here."""

    address: str
    port: int
    protocol: str
    type: str

    @property
    def kind(self) -> Kind:
        return kind_of(self.address)

    def __str__(self) -> str:
        return f"{self.type} {self.protocol} {self.address}:{self.port} ({self.kind})"


def parsed(line: str) -> Candidate | None:
    """Read ``candidate:...`` or ``a=candidate:...`` (RFC 8839, section 5.1); None for anything else."""
    words = line.strip().removeprefix("a=").removeprefix("candidate:").split()
    if len(words) < 8 or words[6] != "typ" or not re.fullmatch(r"[0-9]{1,5}", words[5]):
        return None
    return Candidate(words[4], int(words[5]), words[2].lower(), words[7])


def candidates_in(sdp: str) -> list[Candidate]:
    """The candidates of an SDP, each once: every media section repeats them."""
    lines = (line for line in sdp.splitlines() if line.startswith("a=candidate:"))
    return list(dict.fromkeys(found for line in lines if (found := parsed(line)) is not None))


def kind_of(address: str) -> Kind:
    """What sort of address it is."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return "mDNS" if address.lower().endswith(".local") else "name"
    if ip.is_loopback or ip.is_unspecified:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    return "private" if ip.is_private else "public"


class Doubt(NamedTuple):
    """What is wrong with the addresses that a server offers, or may be.

    Attributes:
        seen, fix: as in `Check`.
        certain: whether no other machine can make use of them.
    """

    seen: str
    fix: str
    certain: bool = False


def doubt(offered: Sequence[Candidate], there: str) -> Doubt | None:
    """Look for what is wrong with the candidates of a server.

    Args:
        offered: its candidates.
        there: the address at which its signalling was reached, or "".
    """
    usable = [candidate for candidate in offered if candidate.protocol == "udp"]
    if not usable:
        seen = "Janus offers no UDP address" if offered else "Janus offers no ICE address at all"
        fix = f"Let Janus use a network interface that it has ({SETTINGS}): it offers no address for media."
        return Doubt(seen, fix, certain=True)
    kinds = {candidate.kind for candidate in usable}
    addresses = list(dict.fromkeys(candidate.address for candidate in usable))
    shown = ", ".join(addresses)
    where = kind_of(there) if there else None
    if kinds <= USELESS and where not in kinds:
        fix = f"Let Janus offer an address that others can reach ({SETTINGS}): it offers only {shown}."
        return Doubt(f"only {' and '.join(sorted(kinds))} addresses: {shown}", fix, certain=True)
    if kinds == {"mDNS"}:
        fix = "Let the server offer addresses in place of .local names, which only its own network resolves."
        return Doubt(f"only names that end in .local: {shown}", fix)
    seen = f"{shown}; but Janus was reached at {there}"
    mapping = f"Set nat_1_1_mapping = {there!r} in the nat section of janus.jcfg"
    if where == "public" and "public" not in kinds:
        fix = f"{mapping}, or a stun_server there: {shown} can't be reached from outside Janus's own network."
        return Doubt(seen, fix)
    if where == "private" and there not in addresses:
        fix = f"{mapping}, if Janus is in a container or behind a router: it offers {shown} instead."
        return Doubt(seen, fix)
    return None
