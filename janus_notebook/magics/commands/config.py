"""``%janus config``: each setting, and where its value came from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from janus_notebook.client.tables import Table
from janus_notebook.config import MASK, SETTINGS, Settings, is_secret, mask_url, read_settings
from janus_notebook.errors import JanusOptionError
from janus_notebook.magics.arguments import Parser
from janus_notebook.magics.commands import Command
from janus_notebook.magics.context import Context
from janus_notebook.magics.settings import MagicSettings
from janus_notebook.notebook.workspace import workspace

# What holds where nobody set anything.
DEFAULTS = {"timeout": "10 s", "recover": "claim", "binary": "janus, where the PATH has it"}

EXAMPLE = """\
# {path}
# A line for each setting; those that are commented out are the usual.
# url = "wss://janus.example.org/janus"    # {url}
# api_secret = "..."                       # {api_secret}
# token = "..."                            # {token}
# timeout = 10                             # {timeout}
# recover = "claim"                        # {recover}: claim, recreate or none
# admin_url = "http://localhost:7088/admin"   # {admin_url}
# admin_secret = "..."                     # {admin_secret}
# binary = "/opt/janus/bin/janus"          # {binary}"""

_parser = Parser("config", "Show each setting, where its value came from, and what is wrong with them.")
_parser.add_argument(
    "--example", action="store_true", help="print a settings file to start from, and its place"
)
_parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
_parser.add_binding(what="the table")


def _run(context: Context, options: Any) -> Table | None:
    if options.words:
        raise JanusOptionError(
            f"%janus config shows all settings, and takes no {options.words[0]!r}",
            hint="Set one in the environment or in the settings file (%janus config --example), or for this "
            "notebook: %config JanusMagics.timeout = 20.",
        )
    settings = read_settings()
    if options.example:
        meanings = {name: setting.meaning for name, setting in SETTINGS.items()}
        print(EXAMPLE.format(path=settings.path, **meanings))  # noqa: T201 - it was asked for
        return None
    rows = [("setting", "value", "from", "what it is")]
    rows += [_row(context, settings, name) for name in SETTINGS]
    rows += [_own_row(context, name) for name in ("traceback", "nest_asyncio")]
    there = "" if Path(settings.path).exists() else "not there; %janus config --example prints one"
    rows.append(("file", settings.path, there, "the settings file, in TOML; the environment goes over it"))
    rows += [("wrong", "", "", problem) for problem in settings.problems]
    return Table(rows)


def _row(context: Context, settings: Settings, name: str) -> tuple[str, str, str, str]:
    meaning = SETTINGS[name].meaning
    ours = getattr(context.settings, name, None)
    here = workspace()
    if ours is not None:
        return name, str(ours), f"%config JanusMagics.{name}, for %janus lines", meaning
    if name == "url" and here.gateway is not None and here.gateway.running:
        return name, here.gateway_url, "the local gateway of %janus serve", meaning
    value = getattr(settings, name)
    if value is None:
        return name, DEFAULTS.get(name, ""), "default", meaning
    source = settings.sources[name]
    if SETTINGS[name].of and name not in settings.secrets_of(SETTINGS[name].of):
        source += f"; not used, for {SETTINGS[name].of} is from the environment"
    if is_secret(name):
        return name, MASK, source, meaning
    shown = f"{value:g} s" if isinstance(value, float) else mask_url(value) if "url" in name else str(value)
    return name, shown, source, meaning


def _own_row(context: Context, name: str) -> tuple[str, str, str, str]:
    trait = MagicSettings.class_traits()[name]
    value = getattr(context.settings, name, trait.default_value)
    source = "default" if value == trait.default_value else f"%config JanusMagics.{name}"
    return name, str(value), source, str(trait.help)


COMMAND = Command(_parser, _run, example="%janus config")
