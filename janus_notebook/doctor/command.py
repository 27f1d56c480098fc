"""``python -m janus_notebook doctor URL``: the doctor in a shell, and in the CI of others."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from janus_notebook.config import Settings, mask_url, read_settings
from janus_notebook.doctor.examination import diagnose
from janus_notebook.doctor.results import USAGE, Diagnosis
from janus_notebook.doctor.targets import target
from janus_notebook.errors import JanusError, JanusOptionError

__all__ = ["main"]

INTERRUPTED = 130

EPILOG = """\
exit codes:
  0    all is well: everything that was asked for was tried, and works
  1    a fault was found; the last line names the one thing to fix
  2    wrong usage of this command
  3    no fault was found, but something that was asked for could not be tried
       (such as media, without the package's media extra)
  130  interrupted

environment:
  JANUS_URL, JANUS_API_SECRET, JANUS_TOKEN, JANUS_ADMIN_URL, JANUS_ADMIN_SECRET stand for what is not given
  here, and the settings file (JANUS_CONFIG) for what neither says. Secrets are better off there than on a
  command line, which other users can see. They go to the server that they were set for: if JANUS_URL names
  another one than URL, its secrets are not used.
"""


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(
        prog="python -m janus_notebook doctor",
        description="Check step by step what stands between this machine and working media with a Janus "
        "server, and name the one thing to fix.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("url", nargs="?", metavar="URL", help="such as ws://localhost:8188; else JANUS_URL")
    secrets = made.add_mutually_exclusive_group()
    secrets.add_argument("--api-secret", metavar="SECRET", help="the server's api_secret")
    secrets.add_argument("--token", help="a token that the server knows")
    made.add_argument("--admin-url", metavar="URL", help="such as http://localhost:7088/admin")
    made.add_argument("--admin-secret", metavar="SECRET", help="the secret of the Admin API")
    made.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="NAME",
        help="a plugin that the server must have, such as videoroom; may be given several times",
    )
    made.add_argument("--no-media", action="store_true", help="no EchoTest; sends nothing over UDP")
    made.add_argument("--timeout", type=float, default=10.0, metavar="S", help="seconds for each step (10)")
    made.add_argument("--json", action="store_true", help="print the whole diagnosis as JSON, at the end")
    return made


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Raises:
        SystemExit: wrong usage (2), or ``--help`` (0).
    """
    made = parser()
    options = made.parse_args(arguments)
    settings = read_settings()
    for problem in settings.problems:
        sys.stderr.write(f"{problem}\n")
    try:
        diagnosis = asyncio.run(_diagnose(options, settings))
    except KeyboardInterrupt:
        return INTERRUPTED
    except JanusError as exc:
        made.exit(USAGE, f"{made.prog}: {exc}\n")
    _say(diagnosis.to_json() if options.json else f"\n{diagnosis.verdict}")
    return diagnosis.exit_code


async def _diagnose(options: argparse.Namespace, settings: Settings) -> Diagnosis:
    where = target(settings, options.url, options.admin_url)
    if where["url"] is None:
        raise JanusOptionError("no server to look at", hint="Give its URL, or set JANUS_URL.")
    if options.api_secret is not None or options.token is not None:
        where |= {"api_secret": options.api_secret, "token": options.token}
    if options.admin_secret is not None:
        where["admin_secret"] = options.admin_secret
    if not options.json:
        _say(f"Janus doctor: {mask_url(where['url'])}")
    return await diagnose(
        **where,
        plugins=options.plugin,
        media=not options.no_media,
        timeout=options.timeout,
        on_check=None if options.json else _say,
    )


def _say(text: object) -> None:
    """Write a line, at once: who waits sees each step as it ends."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
