"""What the verbs of ``%janus admin`` share: which server and which handle are meant, and a question first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from IPython.core.error import StdinNotImplementedError

from janus_notebook.client.admin.admin import JanusAdmin
from janus_notebook.config import mask_url
from janus_notebook.errors import JanusOptionError, JanusStateError, nearest
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.context import Context
from janus_notebook.notebook import connect
from janus_notebook.notebook.forms import core_of, form_of
from janus_notebook.notebook.workspace import workspace

__all__ = [
    "Verb",
    "admin_of",
    "confirmed",
    "handle_ids",
    "handle_words",
    "on_a_handle",
    "seen",
    "session_id",
    "session_words",
    "verb_parser",
]


def _nothing(_context: Context, _before: list[str]) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Verb:
    """One verb of ``%janus admin``.

    Attributes:
        parser: its options.
        run: does it and returns what the cell shows, or None.
        words: what can stand next, given the words before; from what is known here, for completion.
    """

    parser: Parser
    run: Callable[[Context, Any], Any]
    words: Callable[[Context, list[str]], Iterable[str]] = _nothing


class _Seen:
    """The ids that the last tables showed: a person will type one of them next."""

    def __init__(self) -> None:
        self.sessions: set[int] = set()
        self.sessions_of: dict[int, int] = {}

    def note(self, session: int, handles: Iterable[int] = ()) -> None:
        """Remember a session and handles in it."""
        self.sessions.add(session)
        self.sessions_of.update(dict.fromkeys(handles, session))


seen = _Seen()


def verb_parser(name: str, summary: str) -> Parser:
    """The parser of a verb; all have the option that names the server."""
    parser = Parser(f"admin {name}", summary)
    parser.add_argument("--admin", metavar="NAME", help="a variable that holds an admin(); else the newest")
    parser.add_binding()
    return parser


def admin_of(context: Context, options: Any) -> Any:
    """The notebook form of the `JanusAdmin` that is meant.

    Without a name it is the newest that a cell has made, or else that of the local gateway, or else that
    of ``JANUS_ADMIN_URL``.
    """
    name = getattr(options, "admin", None)
    if name is None:
        alive = [admin for admin in workspace().admins.open_ones() if admin.state != "lost"]
        return form_of(alive[-1]) if alive else connect.admin().result()
    found = context.names.get(name)
    if not isinstance(core_of(found), JanusAdmin):
        known = [key for key, value in context.names.items() if isinstance(core_of(value), JanusAdmin)]
        hint = nearest(name, known) or f"Make one: {name} = await admin(url, admin_secret=...)."
        raise JanusOptionError(f"{name!r} is no connection to an Admin API", hint=hint)
    return form_of(core_of(found))


def confirmed(admin: Any, what: str, yes: bool) -> bool:
    """Ask whether to do `what`, unless the line said ``--yes``.

    Raises:
        JanusStateError: nobody can be asked here.
    """
    if yes:
        return True
    try:
        answer = input(f"{what} at {mask_url(admin.base_url)}? [y/N] ")
    except (StdinNotImplementedError, EOFError) as exc:
        raise JanusStateError("nobody can be asked here whether that is meant", hint="Add --yes.") from exc
    if answer.strip().lower() in ("y", "yes"):
        return True
    print("Nothing was done.")  # noqa: T201 - the answer to the answer
    return False


def session_id(context: Context, word: str) -> int:
    """The id of a session: a number, or the name of one of this kernel's.

    Raises:
        JanusOptionError: it is neither.
    """
    if word.isdecimal():
        return int(word)
    ours = context.sessions()
    if word not in ours or ours[word].id is None:
        hint = nearest(word, ours) or "%janus admin sessions lists them."
        raise JanusOptionError(f"{word!r} is no id of a session, nor the name of one here", hint=hint)
    return int(ours[word].id)


def on_a_handle(parser: Parser) -> Parser:
    """Let a verb take a handle, which may be named without its session where that is known."""
    parser.add_argument("session", nargs="?", metavar="SESSION", help="id, or a session's variable")
    parser.add_argument("handle", metavar="HANDLE", help="id, or a handle's variable")
    return parser


def handle_ids(context: Context, options: Any) -> tuple[int, int]:
    """The ids that ``[SESSION] HANDLE`` means; the handle alone will do if it is ours, or was listed.

    Raises:
        JanusOptionError: it means nothing that is known here.
    """
    ours = {**{str(handle.id): handle for handle in context.handles().values()}, **context.handles()}
    word = options.handle
    handle = ours.get(word)
    number = int(word) if word.isdecimal() else handle.id if handle is not None else None
    if number is None:
        hint = nearest(word, context.handles()) or "%janus admin handles lists them."
        raise JanusOptionError(f"{word!r} is no id of a handle, nor the name of one here", hint=hint)
    if options.session is not None:
        return session_id(context, options.session), number
    session = handle.session.id if handle is not None else seen.sessions_of.get(number)
    if session is None:
        raise JanusOptionError(
            f"which session is handle {number} in?",
            hint="Write both, or list it first: %janus admin handles.",
        )
    return session, number


def session_words(context: Context, before: list[str]) -> Iterable[str]:
    """For completion: the sessions that are known here."""
    return [] if before else [*context.sessions(), *map(str, seen.sessions)]


def handle_words(context: Context, before: list[str]) -> Iterable[str]:
    """For completion: handles, or sessions with a handle to follow."""
    if not before:
        return [*session_words(context, before), *context.handles(), *map(str, seen.sessions_of)]
    if len(before) > 1:
        return []
    chosen = {str(handle): str(session) for handle, session in seen.sessions_of.items()}
    ours = context.sessions().get(before[0])
    names = [
        name for name, handle in context.handles().items() if ours is not None and handle.session is ours
    ]
    return [*names, *(handle for handle, session in chosen.items() if session == before[0])]
