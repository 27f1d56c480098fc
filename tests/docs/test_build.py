"""Sphinx builds the documentation with nothing to complain of, and the pages hold what they should.

By night, for it takes a minute of a core; snippets and links are looked at by day.
"""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import janus_notebook
from tests.docs.pages import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.nightly

# Warnings are errors, and so is a name in a signature that nothing resolves.
OPTIONS = ("-q", "-n", "-W", "--keep-going", "-E")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the pages."""
    folder = tmp_path_factory.mktemp("pages")
    doctrees = tmp_path_factory.mktemp("doctrees")
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *OPTIONS, "-c", "docs", "-d", doctrees, ".", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


@pytest.mark.timeout(600)
def test_it_builds_and_all_that_is_public_is_in_the_reference(built: Path) -> None:
    pages = "".join(page.read_text("utf-8") for page in (built / "docs" / "reference").glob("*.html"))
    described = set(re.findall(r'<dt class="sig [^"]*" id="([\w.]+)"', pages))
    missing = [
        name for name in janus_notebook.__all__ if not any(one.split(".")[-1] == name for one in described)
    ]
    assert missing == []


def test_the_tutorials_show_what_they_stored(built: Path) -> None:
    page = (built / "notebooks" / "01-first-session.html").read_text("utf-8")
    assert "echotest" in page
    assert "<img" in page  # the frame that came back
    assert "janus-static" in page  # a panel


def test_its_front_page_is_found(built: Path) -> None:
    front = (built / "index.html").read_text("utf-8")
    [target] = re.findall(r"url=([^\"]+)", front)
    assert (built / target).is_file()


def test_every_local_link_of_the_pages_leads_somewhere(built: Path) -> None:
    broken: list[str] = []
    ids: dict[Path, set[str]] = {}
    for page in built.rglob("*.html"):
        for link in set(re.findall(r'<a [^>]*?href="([^"]+)"', page.read_text("utf-8"))):
            path, _, fragment = link.partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            target = (page.parent / path).resolve() if path else page
            if not target.exists():
                broken.append(f"{page.relative_to(built)}: {link}")
            elif fragment and target.suffix == ".html":
                if target not in ids:
                    ids[target] = set(re.findall(r'\bid="([^"]+)"', target.read_text("utf-8")))
                if fragment not in ids[target]:
                    broken.append(f"{page.relative_to(built)}: {link}")
    assert broken == []
