"""Secrets and settings: what must never be shown, and what the environment and the settings file say.

This module is the only reader of both. The file is TOML, a line for each setting::

    url = "wss://janus.example.org/janus"
    token = "..."
    timeout = 20

An argument goes over an environment variable, and that over the file.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from janus_notebook.errors import JanusOptionError

__all__ = [
    "MASK",
    "SECRET_KEYS",
    "SETTINGS",
    "Setting",
    "Settings",
    "is_secret",
    "mask",
    "mask_sdp",
    "mask_url",
    "read_settings",
    "settings_path",
]

MASK = "***"

# Field names that carry a secret anywhere in the Janus API, its plugins, or WebRTC configuration.
SECRET_KEYS = frozenset(
    {
        "admin_key",
        "admin_secret",
        "allowed",  # lists of room tokens
        "api_secret",
        "apisecret",
        "auth_token",
        "authorization",
        "backend_pwd",
        "credential",
        "crypto",
        "ha1_secret",
        "new_pin",
        "new_secret",
        "password",
        "pin",
        "proxy_authorization",
        "pwd",
        "room_pin",
        "rtspauth",
        "rtsp_pwd",
        "secret",
        "srtp_crypto",
        "srtpcrypto",
        "token",
        "token_auth_secret",
        "turn_pwd",
        "turn_rest_api_key",
    }
)

# A name in lower case is never shorter, so a longer one is none of these.
_LONGEST_KEY = max(map(len, SECRET_KEYS))

LONGEST_URL = 8_000

# The key in an SDP's a=crypto line.
_SDES_KEY = re.compile(r"(\binline:)[^\s|;]+")


# The password in a SIP address (RFC 3261, section 19.1.1).
_SIP_PASSWORD = re.compile(r"""(?i)\b(sips?:[^:@\s;"'<>]{1,200}:)[^@\s"'<>]{1,200}@""")


# A type made once: every entry of a log that is read comes through here.
_PLAIN = (str, int, float, type(None))


def is_secret(key: str) -> bool:
    """Whether a field of this name carries a secret."""
    return len(key) <= _LONGEST_KEY and _is_secret(key)


@lru_cache(4096)  # the same few names come again and again, thousands of times a second
def _is_secret(key: str) -> bool:
    return key.lower().replace("-", "_") in SECRET_KEYS


def mask(value: Any) -> Any:
    """Return `value` with every secret in it replaced by ``***``; the argument is never changed.

    Works through dicts, lists and tuples. Parts without secrets are returned as they are, not
    copied. Booleans and None under a secret's name stay: Janus uses them as flags
    (``"api_secret": true`` in its server information).
    """
    if type(value) is dict or isinstance(value, Mapping):  # the type is the quicker question
        changed: dict[Any, Any] = {}
        for key, item in value.items():
            if isinstance(key, str) and is_secret(key):
                masked = _mask_all(item)
            elif key in _MASKS_OF_TEXTS and isinstance(item, str):
                masked = _MASKS_OF_TEXTS[key](item)
            elif isinstance(item, _PLAIN):
                continue
            else:
                masked = mask(item)
            if masked is not item:
                changed[key] = masked
        return {**value, **changed} if changed else value
    if isinstance(value, list | tuple):
        items = [mask(item) for item in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    return value


def _mask_all(value: Any) -> Any:
    """Mask every leaf of what stands under a secret's name."""
    if isinstance(value, bool | None):
        return value
    if isinstance(value, Mapping):
        return {key: _mask_all(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_all(item) for item in value]
    return MASK


def mask_sdp(sdp: str) -> str:
    """Return an SDP without the keys of SRTP that it may carry (``a=crypto``, RFC 4568)."""
    return _SDES_KEY.sub(rf"\1{MASK}", sdp) if "inline:" in sdp else sdp


def _mask_sip(address: str) -> str:
    """Return a SIP address without its password."""
    if "@" not in address:
        return address
    if len(address) > LONGEST_URL:
        return f"{MASK} ({len(address)} characters)"  # nobody's address
    return _SIP_PASSWORD.sub(rf"\1{MASK}@", address)


def mask_url(url: str) -> str:
    """Return `url` without its user and password, and without secrets in its query."""
    if len(url) > LONGEST_URL:
        return f"{MASK} ({len(url)} characters)"  # nobody's URL; where its secrets end is anybody's guess
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
        _ = parts.port  # raises where what precedes a slash in a password stands in its place
    except ValueError:
        # Not a URL, but it may hold a password all the same.
        start, _, rest = url.partition("?")[0].partition("//")
        _, secret, place = rest.rpartition("@")
        return f"{start}//{MASK}@{place}" if secret else url.partition("?")[0]
    host = parts.netloc.rpartition("@")
    netloc = f"{MASK}@{host[2]}" if host[1] else parts.netloc
    if any(is_secret(key) for key, _ in query):
        pairs = [(key, MASK if is_secret(key) else value) for key, value in query]
        return urlunsplit(parts._replace(netloc=netloc, query=urlencode(pairs, safe="*", errors="replace")))
    return urlunsplit(parts._replace(netloc=netloc)) if host[1] else url


# Fields whose text may hold a secret among other things.
_MASKS_OF_TEXTS = {
    "sdp": mask_sdp,
    "url": mask_url,
    # Of the SIP plugin.
    **dict.fromkeys(("username", "uri", "proxy", "outbound_proxy", "refer_to", "referred_by"), _mask_sip),
}


@dataclass(frozen=True)
class Setting:
    """A setting that the environment and the settings file may have.

    Attributes:
        name: in the file; in the environment it is ``JANUS_`` and the name in capitals.
        meaning: what it is, for a person.
        choices: the values it may have; empty for any.
        number: whether it is a number of seconds above 0, rather than a text.
        of: the setting of the server that this one is a secret of, or "".
    """

    name: str
    meaning: str
    choices: tuple[str, ...] = ()
    number: bool = False
    of: str = ""

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"JANUS_{self.name.upper()}"

    def read(self, value: object) -> str | float:
        """The value as it is used.

        Raises:
            JanusOptionError: it is not what it should be; a secret is not repeated.
        """
        if self.number:
            try:
                if isinstance(value, str | int | float) and not isinstance(value, bool):
                    number = float(value)
                    if 0 < number < float("inf"):
                        return number
            except ValueError:
                pass
            raise JanusOptionError(f"{self.name} must be a number of seconds above 0, not {value!r}")
        if not isinstance(value, str):
            raise JanusOptionError(
                f"{self.name} must be a text, not {type(value).__name__}", hint="Put it into quotes."
            )
        if self.choices and value not in self.choices:
            raise JanusOptionError.unknown(f"{self.name}:", value, self.choices)
        return value


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("url", "the server that connect() uses"),
        Setting("api_secret", "what that server wants of every client, if anything", of="url"),
        Setting("token", "who this client is, for that server", of="url"),
        Setting("timeout", "how many seconds a request may take", number=True),
        Setting("recover", "what a session does that lost its connection", ("claim", "recreate", "none")),
        Setting("admin_url", "the Admin API that admin() uses"),
        Setting("admin_secret", "the secret of that Admin API", of="admin_url"),
        Setting("binary", "the janus program that %janus serve starts"),
    )
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the environment and the settings file say; an argument goes over both.

    Attributes:
        url, api_secret, token, timeout, recover, admin_url, admin_secret, binary: see `SETTINGS`; None
            where nobody said anything.
        sources: where each that was set came from, in words.
        problems: what is wrong there, one sentence each; what is wrong is left out, the rest holds.
        path: of the settings file, whether it is there or not.
    """

    url: str | None = None
    api_secret: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    timeout: float | None = None
    recover: str | None = None
    admin_url: str | None = None
    admin_secret: str | None = field(default=None, repr=False)
    binary: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    problems: tuple[str, ...] = field(default=(), compare=False)
    path: str = field(default="", repr=False, compare=False)

    def secrets_of(self, setting: str) -> dict[str, str]:
        """The secrets of a server, by name.

        A secret belongs to the server that was named beside it: one of the file does not go to a server
        that the environment named. The other way it does: who sets both means them together.
        """
        outranked = self.sources.get(setting, "").startswith(ENVIRONMENT)
        names = [name for name, known in SETTINGS.items() if known.of == setting]
        return {
            name: getattr(self, name)
            for name in names
            if getattr(self, name) is not None
            and not (outranked and not self.sources.get(name, "").startswith(ENVIRONMENT))
        }

    def session_options(self) -> dict[str, Any]:
        """What every session has, whichever server it is on: ``timeout`` and ``recover``, if they are set."""
        options: dict[str, Any] = {} if self.timeout is None else {"timeout": self.timeout}
        if self.recover is not None:
            options["recover"] = None if self.recover == "none" else self.recover
        return options


ENVIRONMENT = "environment"


def settings_path() -> tuple[Path, str]:
    """Where the settings file is looked for, and the variable that names it, or "".

    ``JANUS_CONFIG`` names it; else it is ``janus-notebook/config.toml`` in ``XDG_CONFIG_HOME``, or in
    ``~/.config``.
    """
    if named := os.environ.get("JANUS_CONFIG"):
        return Path(os.path.expanduser(named)), "JANUS_CONFIG"
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return Path(base, "janus-notebook", "config.toml"), ""


def read_settings() -> Settings:
    """Read the ``JANUS_*`` variables and the settings file as they are now.

    An empty variable counts as not set. It raises nothing: see `Settings.problems`.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    path, named_by = settings_path()
    problems: list[str] = []
    for name, value, place in _in_file(path, named_by, problems):
        _take(SETTINGS[name], value, f"file {path} {place}", (values, sources, problems))
    for setting in SETTINGS.values():
        if value := os.environ.get(setting.variable):
            _take(setting, value, f"{ENVIRONMENT} {setting.variable}", (values, sources, problems))
    return Settings(**values, sources=sources, problems=tuple(problems), path=str(path))


def _take(
    setting: Setting, value: object, source: str, into: tuple[dict[str, Any], dict[str, str], list[str]]
) -> None:
    values, sources, problems = into
    try:
        values[setting.name] = setting.read(value)
        sources[setting.name] = source
    except JanusOptionError as exc:
        problems.append(f"{source}: {exc}")


def _in_file(path: Path, named_by: str, problems: list[str]) -> Iterator[tuple[str, object, str]]:
    """The known settings of the file, each with its line."""
    try:
        text = path.read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        if named_by:
            problems.append(f"{named_by} names {path}, which is not there. Make it, or unset {named_by}.")
        return
    except UnicodeDecodeError:
        problems.append(f"file {path}: it is no UTF-8 text. Save it as that.")
        return
    except OSError as exc:
        problems.append(f"file {path}: it cannot be read ({exc.strerror or exc}).")
        return
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        what = str(exc).replace(" (at line", " (line")
        problems.append(f'file {path}: {what}. It is TOML: name = "value", a line each; it is left out.')
        return
    for name, value in content.items():
        line = _line_of(name, text)
        if name in SETTINGS:
            yield name, value, line
        else:
            problems.append(f"file {path} {line}: {JanusOptionError.unknown('setting', name, SETTINGS)}")


def _line_of(name: str, text: str) -> str:
    """In which line of a TOML text a name of the top level stands, as far as that is easily seen."""
    key = re.escape(name)
    pattern = re.compile(rf"""\s*\[*\s*["']?{key}["']?\s*[=.\]]""")
    numbers = (number for number, line in enumerate(text.splitlines(), start=1) if pattern.match(line))
    return f"line {next(numbers, 1)}"
