"""Wheel and sdist: what is in them, how big they are, and what they say of themselves."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from email import message_from_bytes
from typing import TYPE_CHECKING
from zipfile import ZipFile

import pytest

import janus_notebook
from tests.release.conftest import ROOT

if TYPE_CHECKING:
    from email.message import Message
    from pathlib import Path

# 2.5 MB of source in 400 modules, each compressed by itself. A budget: what makes it grow has to be worth it.
MOST_BYTES = 950_000
KINDS = {".py", ".js", ".css", ".typed"}


def names_in(wheel: Path) -> set[str]:
    with ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = names_in(wheel)
    package = {name for name in names if name.startswith("janus_notebook/")}
    here = {path for path in (ROOT / "janus_notebook").rglob("*") if path.is_file() and path.suffix in KINDS}
    assert package == {path.relative_to(ROOT).as_posix() for path in here}
    assert "janus_notebook/py.typed" in package
    information = {name.partition(".dist-info/")[2] for name in names - package}
    assert information == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES


def test_the_version_is_in_one_place(wheel: Path, sdist: Path, metadata: Message) -> None:
    version = janus_notebook.__version__
    assert metadata["Version"] == version
    assert wheel.name.startswith(f"janus_notebook-{version}-")
    assert sdist.name == f"janus_notebook-{version}.tar.gz"
    pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'"{version}"' not in pyproject
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_what_it_says_of_itself(metadata: Message) -> None:
    assert metadata["Name"] == "janus-notebook"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert set(metadata.get_all("Provides-Extra", [])) >= {"media", "data", "demo"}
    needed = [name for name in metadata.get_all("Requires-Dist", []) if "extra ==" not in name]
    assert not [name for name in needed if name.startswith(("aiortc", "jupyterlab", "numpy", "pandas"))]


def test_twine_has_nothing_to_say(wheel: Path, sdist: Path) -> None:
    command = [sys.executable, "-m", "twine", "--no-color", "check", "--strict", str(wheel), str(sdist)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_sdist_holds_what_a_packager_needs_and_no_cache(sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [top] = tmp_path.iterdir()
    names = {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}
    assert names >= {
        *("pyproject.toml", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "PKG-INFO"),
        *("binder/demo", "docs/index.md", "notebooks/01-first-session.ipynb", "tests/run"),
    }
    assert not [name for name in names if "__pycache__" in name or "checkpoint" in name or "/." in name]


def test_a_wheel_of_the_sdist_is_the_same(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [top] = tmp_path.iterdir()
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=top, check=True, capture_output=True)
    [again] = tmp_path.glob("*.whl")
    assert names_in(again) == names_in(wheel)
