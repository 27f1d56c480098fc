"""`clean`: text that somebody else wrote, fit to be shown to a person.

What a server or another user wrote may steer a terminal, turn the line around it from right to left, hold
what no UTF-8 can, or be a megabyte long. As data it stays as it came; wherever it is shown it goes
through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["BLOCK_LIMIT", "LINE_LIMIT", "NAME_LIMIT", "clean", "harmless_json", "short_repr"]

NAME_LIMIT: Final = 80
"""Characters of a name that is part of a line."""
LINE_LIMIT: Final = 1_000
"""Characters of one line."""
BLOCK_LIMIT: Final = 10_000
"""Characters of what may have many lines, such as the repr of a message."""

# Control characters, line and paragraph separators, bidirectional controls, the byte order mark, lone
# surrogates: they would change how the text around them looks, or cannot be encoded.
_INVISIBLE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff\ud800-\udfff"
_IN_A_LINE = re.compile(f"[\t\n{_INVISIBLE}]")
_IN_A_BLOCK = re.compile(f"[{_INVISIBLE}]")


def clean(text: object, limit: int = LINE_LIMIT, *, lines: bool = False) -> str:
    r"""Return `text` fit to be shown: what is invisible becomes a visible escape (``\x1b``, ``\u202e``).

    Cleaning twice changes nothing more. It takes as long as `limit` characters take, however long `text` is.

    Args:
        text: anything; what is not a str goes through ``str``.
        limit: characters that are kept; what is cut ends in "…".
        lines: keep line ends and tabs.
    """
    whole = text if isinstance(text, str) else str(text)
    cut = whole[: limit + 1]
    shown = (_IN_A_BLOCK if lines else _IN_A_LINE).sub(_escape, cut)
    return shown if len(whole) <= limit and len(shown) <= limit else shown[: max(limit - 1, 0)] + "…"


def harmless_json(text: bytes) -> bytes:
    r"""JSON that means the same, with what is invisible in it as escapes of JSON (``\u202e``).

    A file of it can be looked at in a terminal.
    """
    if text.isascii() and b"\x7f" not in text:
        return text  # JSON has escaped the rest
    return _IN_A_BLOCK.sub(lambda match: f"\\u{ord(match.group()):04x}", text.decode()).encode()


def short_repr(value: object, limit: int = BLOCK_LIMIT) -> str:
    """``repr`` of plain data, cut at `limit` characters; takes no longer than so many take."""
    pieces: list[str] = []
    length = 0
    for piece in _pieces(value, limit):
        pieces.append(piece)
        length += len(piece)
        if length > limit:
            break
    return clean("".join(pieces), limit, lines=True)


def _pieces(value: object, limit: int) -> Iterator[str]:
    match value:
        case str() | bytes():
            yield repr(value[: limit + 1])
        case Mapping():
            between = "{"
            for key, item in value.items():
                yield between
                yield from _pieces(key, limit)
                yield ": "
                yield from _pieces(item, limit)
                between = ", "
            yield "}" if value else "{}"
        case list() | tuple():
            opening, closing = "[]" if isinstance(value, list) else "()"
            yield opening
            for at, item in enumerate(value):
                if at:
                    yield ", "
                yield from _pieces(item, limit)
            yield f",{closing}" if closing == ")" and len(value) == 1 else closing
        case _:
            yield repr(value)


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    named = {9: "\\t", 10: "\\n", 13: "\\r"}.get(code)
    return named or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
