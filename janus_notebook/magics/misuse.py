"""``%janus`` where IPython doesn't see a magic: behind ``await``, inside brackets, below the first line."""

from __future__ import annotations

import ast
import re

from janus_notebook.errors import JanusOptionError

__all__ = ["refuse_misuse"]

# What IPython makes of a line that begins with %%janus and is not the first.
_LATE = re.compile(r"get_ipython\(\)\.run_line_magic\('%janus'")
_MAGIC = re.compile(r"%%?janus\b[^\n)]*")


def refuse_misuse(lines: list[str]) -> list[str]:
    """An input transformer that changes nothing; run after IPython's own, it sees what they left.

    Raises:
        JanusOptionError: the cell is no Python, and it is about a ``%janus``.
    """
    text = "".join(lines)
    if "%janus" not in text:
        return lines
    if _LATE.search(text):
        raise JanusOptionError(
            "%%janus must be in the first line of its cell", hint="Put it into a cell of its own."
        )
    try:
        compile(text, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError) as exc:
        number = getattr(exc, "lineno", None) or 1
        line = lines[number - 1] if number <= len(lines) else ""
        found = _MAGIC.search(line)
        if found is None:
            return lines  # it is wrong for another reason, which Python will tell
        before, magic = line[: found.start()].strip(), found[0].strip()
        if before.endswith("await"):
            raise JanusOptionError(
                "a magic can't be awaited: it waits by itself", hint=f"Write {magic} without await."
            ) from None
        raise JanusOptionError(
            "a magic stands alone in its line, or behind NAME =", hint=f"Write: result = {magic}"
        ) from None
    return lines
