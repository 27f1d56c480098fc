"""Every link in README, documentation and tutorials leads somewhere; those to elsewhere have a good form."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest

from tests.docs.pages import PAGES, ROOT, prose

NOTEBOOKS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "notebooks").glob("*.ipynb"))

LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?(?P<target>[^)\s>]+)>?[^)]*\)")
HEADING = re.compile(r"^#{1,6} +(?P<title>.+?) *#*$", re.MULTILINE)


def texts_of(page: str) -> list[str]:
    """The prose of a page, or of a notebook's Markdown cells."""
    if not page.endswith(".ipynb"):
        return [prose(page)]
    cells = nbformat.read(ROOT / page, as_version=4).cells
    return [cell.source for cell in cells if cell.cell_type == "markdown"]


def anchors(page: str) -> set[str]:
    """What a ``#fragment`` may name in a page: its headings, as GitHub and MyST call them."""
    text = "\n".join(texts_of(page))
    return {slug(found["title"]) for found in HEADING.finditer(text)}


def slug(title: str) -> str:
    """The anchor of a heading."""
    plain = re.sub(r"[`*]|\]\([^)]*\)|\[", "", title).strip().lower()
    kept = "".join(c for c in plain if c in "-_ " or unicodedata.category(c)[0] in "LN")
    return kept.replace(" ", "-")


def fault_of(page: str, target: str) -> str | None:
    """What is wrong with a link, or None."""
    parts = urlsplit(target)
    if parts.scheme:
        good = parts.scheme == "https" and "." in parts.netloc and re.fullmatch(r"[!-~]+", target)
        return None if good else f"{target} is no https URL"
    path = (ROOT / page).parent / unquote(parts.path) if parts.path else ROOT / page
    if not path.exists():
        return f"{target}: there is no {parts.path}"
    inside = path.resolve()
    if not inside.is_relative_to(ROOT):
        return f"{target} leads out of the repository"
    built = ("docs", "CONTRIBUTING.md", "CHANGELOG.md")  # Sphinx knows no other page
    if (
        page.startswith(built)
        and inside.suffix == ".md"
        and not str(inside.relative_to(ROOT)).startswith(built)
    ):
        return f"{target} is no page of the documentation: name the file, without a link"
    if parts.fragment and inside.suffix in (".md", ".ipynb"):
        known = anchors(inside.relative_to(ROOT).as_posix())
        if parts.fragment not in known:
            return f"{target}: {parts.path or page} has {', '.join(sorted(known))}"
    return None


@pytest.mark.parametrize("page", [*PAGES, *NOTEBOOKS])
def test_links_lead_somewhere(page: str) -> None:
    found = [link["target"] for text in texts_of(page) for link in LINK.finditer(text)]
    assert [fault for target in found if (fault := fault_of(page, target))] == []


def test_links_are_found() -> None:
    assert sum(len(LINK.findall(text)) for page in PAGES for text in texts_of(page)) > 100
    text = "[a](b.md) ![c](d.png) [`e` [f]](g.md#h) [i](https://j.k/l_(m"
    assert [link["target"] for link in LINK.finditer(text)] == ["b.md", "d.png", "g.md#h"]


@pytest.mark.parametrize(
    "target",
    [
        "guide/nothing.md",
        "guide/media.md#nothing",
        "#nothing",
        "../../outside.md",
        "http://example.org/",
        "https://example",
        "javascript:alert(1)",
    ],
)
def test_a_broken_link_is_found(target: str) -> None:
    assert fault_of("docs/index.md", target)


@pytest.mark.parametrize(
    ("title", "anchor"),
    [
        ("The notebook's own camera", "the-notebooks-own-camera"),
        ("Admin API: `admin()` & more", "admin-api-admin--more"),
        ("[Changes](x.md), 1.0", "changes-10"),
    ],
)
def test_anchors_are_github_s(title: str, anchor: str) -> None:
    assert slug(title) == anchor


def test_nothing_is_left_out_of_the_contents() -> None:
    """A page that no table of contents names can't be reached."""
    index = (ROOT / "docs/index.md").read_text("utf-8")
    pages = [page for page in PAGES if page.startswith("docs/") and page != "docs/index.md"]
    named = [Path(page).relative_to("docs").with_suffix("").as_posix() for page in pages]
    assert [name for name in named if f"\n{name}\n" not in index] == []


def test_readme_names_every_tutorial() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    tutorials = [name for name in NOTEBOOKS if Path(name).name[0].isdigit()]
    assert tutorials
    assert [name for name in tutorials if f"({name})" not in readme] == []
