"""``python -m janus_notebook``: what there is to do without a notebook."""

from __future__ import annotations

import sys
from collections.abc import Sequence

USAGE = "usage: python -m janus_notebook doctor [URL] [options]; --help tells more"


def main(arguments: Sequence[str]) -> int:
    """Run the command that `arguments` name and return its exit code; 2 for wrong usage."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command == "doctor":
        from janus_notebook.doctor.command import main as doctor

        return doctor(rest)
    asked = command in ("-h", "--help", "help")
    (sys.stdout if asked else sys.stderr).write(f"{USAGE}\n")
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
