"""An offer reduced to what Janus would take of it, and the answer to that put back into shape.

aiortc answers with every codec that it knows, and not at all where it knows none; Janus takes one codec for
each section, and rejects sections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from janus_notebook.gateway.practice import sdp
from janus_notebook.gateway.practice.descriptions import rejection

__all__ = ["Narrowed", "narrowed"]

KNOWN = {"audio": ("opus", "pcmu", "pcma", "g722"), "video": ("vp8", "h264")}  # to aiortc
OF_A_FORMAT = ("a=rtpmap:", "a=fmtp:", "a=rtcp-fb:")


@dataclass(frozen=True)
class Narrowed:
    """The sections that are answered, as a text, and those that are not, by their place."""

    text: str
    rejected: Mapping[int, sdp.Section]

    def restored(self, answer: str) -> str:
        """Return the answer with the rejected sections in their places."""
        parts: list[list[str]] = [[]]
        for line in answer.splitlines():
            if line.startswith("m="):
                parts.append([])
            parts[-1].append(line)
        for index, section in sorted(self.rejected.items()):
            parts.insert(index + 1, rejection(section))
        return "\r\n".join(line for part in parts for line in part) + "\r\n"


def narrowed(offer: sdp.Description, wished: Mapping[str, Sequence[str]]) -> Narrowed | None:
    """Reduce an offer to one codec for each section; None if nothing is left of it.

    Args:
        offer: what was offered.
        wished: the codecs to take for ``audio`` and ``video``, the best first; a kind that is not there
            gets what Janus likes best.
    """
    kept: list[list[str]] = []
    mids: list[str] = []
    rejected: dict[int, sdp.Section] = {}
    for index, section in enumerate(offer.sections):
        known = KNOWN.get(section.kind, ())
        codec = sdp.picked(section, [name for name in wished.get(section.kind, known) if name in known])
        if codec is None and (section.kind != "application" or section.rejected):
            rejected[index] = section
            continue
        kept.append(_lines(section, codec))
        mids += [section.mid] if section.mid is not None else []
    if not kept:
        return None
    session = [
        f"a=group:BUNDLE {' '.join(mids)}" if line.startswith("a=group:BUNDLE") else line
        for line in offer.lines
    ]
    return Narrowed("\r\n".join(line for part in (session, *kept) for line in part) + "\r\n", rejected)


def _lines(section: sdp.Section, codec: tuple[str, str] | None) -> list[str]:
    formats = list(section.formats)
    if codec is not None:
        repair = section.repair(codec[1])
        formats = [codec[1], *([repair] if repair is not None else [])]
    first = f"m={section.kind} {section.port} {section.protocol} {' '.join(formats)}"
    wanted = ("*", *formats)
    others = [
        line
        for line in section.lines
        if not line.startswith(OF_A_FORMAT) or line.split(":", 1)[1].split(" ", 1)[0] in wanted
    ]
    return [first, *others]
