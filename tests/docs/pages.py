"""The pages of the documentation, README among them, with their snippets, links and headings."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
    if path.is_file()
)

FENCE = re.compile(r"^```(?P<language>\S*)[^\n]*\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--\s*(?P<word>not run|run):\s*(?P<text>.*?)\s*-->", re.DOTALL)
REASON = re.compile(r"<!--\s*not run:\s*(?P<why>[^>]*?)\s*-->\n\Z")

Kind = Literal["cell", "program", "test"]


@dataclass(frozen=True)
class Snippet:
    """Python of a page, or a cell that readers do not see.

    Attributes:
        line: of the page, from 1.
        not_run: why it can't run in a test; None if it can.
    """

    page: str
    line: int
    code: str
    not_run: str | None = None

    @property
    def kind(self) -> Kind:
        """How it runs: as a cell of the page's notebook, a program of its own, or a module for pytest."""
        if re.search(r"^def test_", self.code, re.MULTILINE):
            return "test"
        return "program" if re.search(r"^asyncio\.run\(", self.code, re.MULTILINE) else "cell"

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def compile(self) -> None:
        """Raise SyntaxError if it is no Python, magics allowed."""
        code = TransformerManager().transform_cell(self.code)
        compile(code, str(self), "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@cache
def text_of(page: str) -> str:
    """The source of a page."""
    return (ROOT / page).read_text(encoding="utf-8")


def fences(page: str, language: str) -> list[tuple[int, str]]:
    """The code in one language, with the offset of each."""
    return [
        (found.start(), found["code"])
        for found in FENCE.finditer(text_of(page))
        if found["language"] == language
    ]


def snippets(page: str) -> list[Snippet]:
    """All Python of a page, hidden cells included, in order."""
    text = text_of(page)
    found: list[tuple[int, Snippet]] = []
    for start, code in fences(page, "python"):
        reason = REASON.search(text[:start])
        why = reason["why"] if reason else None
        found.append((start, Snippet(page, _line(text, start), code, why)))
    for hidden in COMMENT.finditer(text):
        if hidden["word"] == "run":
            start = hidden.start()
            found.append((start, Snippet(page, _line(text, start), hidden["text"])))
    return [snippet for _, snippet in sorted(found, key=lambda pair: pair[0])]


def prose(page: str) -> str:
    """A page without its code, so that a link or a heading in it is one."""
    return re.sub(r"`[^`\n]*`", "`code`", FENCE.sub("", text_of(page)))


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
