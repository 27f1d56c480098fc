"""``%janus info``: what a server says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from janus_notebook.client.tables import Table
from janus_notebook.config import mask, mask_url
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context

_parser = Parser("info", "Ask the session's server who it is: its version, its plugins, what it can do.")
_parser.add_session()
_parser.add_binding(what="the answer, a dict")
_parser.add_timeout()

# Groups of the answer whose members have a version each.
PARTS = ("plugins", "transports", "events", "loggers", "dependencies")

# What is looked for most comes first.
FIRST = ("server-name", "plugins", "transports", "session-timeout", "reclaim-session-timeout", "local-ip")


class ServerFacts(dict[str, Any]):
    """The answer to ``info``, secrets masked. It shows itself as a table.

    Args:
        answer: of the server.
        url: its URL.
    """

    def __init__(self, answer: Mapping[str, Any], url: str) -> None:
        # Versions of libraries, of which one is called as a secret is.
        versions = {"dependencies": answer["dependencies"]} if "dependencies" in answer else {}
        super().__init__({**mask(answer), **versions})
        self._url = mask_url(url)

    def _table(self) -> Table:
        rows = [("what", "answer"), ("server", f"{self.get('name', '')} {self.get('version_string', '')}")]
        rows.append(("url", self._url))
        for key in sorted(self, key=lambda key: FIRST.index(key) if key in FIRST else len(FIRST)):
            value = self[key]
            if key in PARTS and isinstance(value, Mapping):
                parts = sorted(_part(name, about) for name, about in value.items())
                rows.append((key, ", ".join(parts) or "none"))
            elif key not in ("janus", "transaction", "name", "version_string") and value not in ("", None):
                rows += _rows(key, value)
        return Table(rows)

    def __repr__(self) -> str:
        return repr(self._table())

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))

    def _repr_html_(self) -> str:
        return self._table()._repr_html_()


def _rows(key: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [row for name, inner in value.items() for row in _rows(f"{key}: {name}", inner)]
    if isinstance(value, bool):
        return [(key, "yes" if value else "no")]
    return [(key, str(value))]


def _part(name: str, about: Any) -> str:
    version = about.get("version_string", "") if isinstance(about, Mapping) else about
    return f"{name.rpartition('.')[2]} {version}".strip()


def _run(context: Context, options: Any) -> ServerFacts:
    session = context.session(options.session)
    return ServerFacts(session.info(context.timeout(options)).result(), session.base_url)


COMMAND = Command(_parser, _run, example="%janus info")
