"""Print the links that launch this repository on mybinder.org: one for each tutorial, and the dashboard.

``python binder/links.py [OWNER/NAME]`` prints a table in Markdown. Without a name it is the one that the git
remote ``origin`` has on GitHub, so that a fork's links launch the fork.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LAUNCH = "https://mybinder.org/v2/gh/{repository}/HEAD?urlpath={place}/notebooks/{name}"


def repository_of(remote: str) -> str | None:
    """``OWNER/NAME`` of the URL of a remote on GitHub, or None."""
    found = re.fullmatch(r"(?:https://|ssh://git@|git@)github\.com[/:]([\w.-]+/[\w.-]+?)(?:\.git)?/?", remote)
    return found and found[1]


def origin() -> str | None:
    command = ["git", "remote", "get-url", "origin"]
    # Nothing of the command is given by anybody.
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    return repository_of(done.stdout.strip())


def title_of(notebook: Path) -> str:
    """Its first heading."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    return "".join(cells[0]["source"]).splitlines()[0].lstrip("# ")


def links(repository: str) -> list[str]:
    """The lines of the table."""
    lines = ["| on mybinder.org | |", "|---|---|"]
    for notebook in sorted((ROOT / "notebooks").glob("*.ipynb")):
        place = "lab/tree" if notebook.name[0].isdigit() else "voila/render"
        target = LAUNCH.format(repository=repository, place=place, name=notebook.name)
        lines.append(f"| {title_of(notebook)} | [launch]({target}) |")
    return lines


def main(arguments: list[str]) -> int:
    repository = arguments[0] if arguments else origin()
    if repository is None or not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        sys.stderr.write("which repository on GitHub? python binder/links.py OWNER/NAME\n")
        return 2
    sys.stdout.write("\n".join(links(repository)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
