"""What repo2docker finds in ``binder/``, and the links that launch it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.release.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

BINDER = ROOT / "binder"
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def lines(name: str) -> list[str]:
    """What a list for repo2docker holds."""
    texts = ((BINDER / name).read_text("utf-8")).splitlines()
    return [line for text in texts if (line := text.partition("#")[0].strip())]


def test_it_installs_this_package_and_janus() -> None:
    # A local path, by which repo2docker knows that it needs the checkout first.
    assert lines("requirements.txt") == ["-e .[demo]"]
    assert "janus" in lines("apt.txt")
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]+", name) for name in lines("apt.txt"))


def test_its_python_is_one_that_the_package_takes() -> None:
    [runtime] = lines("runtime.txt")
    version = tuple(map(int, runtime.removeprefix("python-").split(".")))
    assert version >= (3, 11)


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_its_scripts_can_be_run(name: str) -> None:
    assert os.access(BINDER / name, os.X_OK)
    subprocess.run(["sh", "-n", BINDER / name], check=True)


def test_start_becomes_the_command() -> None:
    command = [str(BINDER / "start"), "sh", "-c", 'echo "$MALLOC_ARENA_MAX" "$@"; exit 3', "sh", "a  b", "c"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (3, "2 a  b c\n")


def table(*command: str | Path) -> list[str]:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_each_notebook_has_a_link() -> None:
    rows = table(BINDER / "links.py", "someone/their-fork")[2:]
    targets = [re.search(r"\| \[launch\]\((\S+)\) \|$", row) for row in rows]
    start = "https://mybinder.org/v2/gh/someone/their-fork/HEAD?urlpath="
    assert [found and found[1] for found in targets] == [
        f"{start}{'lab/tree' if name[0].isdigit() else 'voila/render'}/notebooks/{name}" for name in NOTEBOOKS
    ]
    assert rows[0].startswith("| Your first Janus session | ")


@pytest.mark.parametrize(
    "remote", ["https://github.com/a.b/c-d", "https://github.com/a.b/c-d.git", "git@github.com:a.b/c-d.git"]
)
def test_the_links_are_those_of_the_checkout_s_origin(remote: str, tmp_path: Path) -> None:
    for folder in ("binder", "notebooks"):
        (tmp_path / folder).mkdir()
    shutil.copy(BINDER / "links.py", tmp_path / "binder")
    shutil.copy(ROOT / "notebooks" / NOTEBOOKS[0], tmp_path / "notebooks")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "remote", "add", "origin", remote], check=True)
    assert "/gh/a.b/c-d/HEAD?" in table(tmp_path / "binder" / "links.py")[2]


@pytest.mark.parametrize("name", ["", "a", "a/b/c", "https://github.com/a/b"])
def test_what_is_no_repository_is_refused(name: str) -> None:
    done = subprocess.run(
        [sys.executable, BINDER / "links.py", name], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "which repository on GitHub? python binder/links.py OWNER/NAME\n"
