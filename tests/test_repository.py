"""What must not be in the repository: paths of one machine, hosts of registries, secrets in notebooks."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).resolve().parents[1]

# Written in parts, so that this file passes its own test.
HOME = re.compile(
    r"(?<![\w.$}-])/(?:" + "|".join(["ro" + "ot", "(?:ho" + r"me|Users)/[\w.-]+"]) + r")/[\w.-]"
)
HOSTS = [
    ".".join(parts)
    for parts in [
        ("py" + "pi", "org"),
        ("python" + "hosted", "org"),
        ("npm" + "js", "org"),
        ("deb", "debian", "org"),
    ]
]
SECRET = re.compile(
    r"""\b(?:api_?secret|admin_?secret|adminpw)\b\\?["']?\s*[:=]\s*\\?["']?(?P<value>[\w+/.-]+)""",
    re.IGNORECASE,
)
NO_SECRET = {"none", "true", "false", "masked", "str"}


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Yield (path, text) of every tracked text file; in an unpacked archive, of every file."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listing = subprocess.run(
            ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        names = [name for name in listing.stdout.decode().split("\0") if name]
    else:
        hidden = {
            ".venv",
            ".git",
            ".mypy_cache",
            ".pytest_cache",
            ".ruff_cache",
            ".hypothesis",
            "__pycache__",
        }
        paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
        names = [str(path) for path in paths if not hidden & set(path.parts)]
    for name in names:
        data = (ROOT / name).read_bytes() if (ROOT / name).is_file() else b""
        if b"\0" not in data:
            yield name, data.decode()


def forbidden(text: str, machine_paths: Iterable[str]) -> list[str]:
    found = [match.group() for match in HOME.finditer(text)]
    found += [path for path in machine_paths if re.search(rf"{re.escape(path)}(?![\w.-])", text)]
    return found + [host for host in HOSTS if re.search(rf"(?<![\w-]){re.escape(host)}", text)]


def machine_paths() -> list[str]:
    """This checkout and this environment. A path of one part ("/src") is too common a word to look for."""
    return [str(path) for path in {ROOT, Path(sys.prefix), Path.home()} if len(path.parts) > 2]


def strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            if all(isinstance(item, str) for item in value):
                yield "".join(value)
            else:
                for item in value:
                    yield from strings(item)
        case dict():
            for key, item in value.items():
                yield from (f"{key}: {text}" for text in strings(item))


def secrets(notebook: dict[str, Any]) -> list[str]:
    """Name each secret in the stored outputs and widget states of a notebook."""
    stored = [notebook.get("metadata", {}), *(cell.get("outputs", []) for cell in notebook.get("cells", []))]
    return [
        match.group()
        for text in strings(stored)
        for match in SECRET.finditer(text)
        if match["value"].lower() not in NO_SECRET
    ]


def test_no_machine_path_and_no_registry_host() -> None:
    texts = dict(tracked_texts())
    assert "pyproject.toml" in texts
    found = {name: bad for name, text in texts.items() if (bad := forbidden(text, machine_paths()))}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        "open('/" + "home/ann/notes.txt')",
        "HOME=/" + "root/x",
        "/" + "Users/ann/x",
        f"see https://{HOSTS[0]}/project/x",
        f"https://files.{HOSTS[1]}/",
        "cd /src/checkout && ls",
        "cd /src/checkout/tests",
    ],
)
def test_a_planted_path_or_host_is_found(text: str) -> None:
    assert forbidden(text, ["/src/checkout"])


@pytest.mark.parametrize(
    "text",
    ["~/notes.txt", "--allow-root /x", "$HOME/root/x", "/src/checkout-2", "notebooks/home/x", "example.org"],
)
def test_an_innocent_text_is_not_reported(text: str) -> None:
    assert forbidden(text, ["/src/checkout"]) == []


def test_notebooks_hold_no_secret() -> None:
    notebooks = {name: json.loads(text) for name, text in tracked_texts() if name.endswith(".ipynb")}
    assert {name: found for name, notebook in notebooks.items() if (found := secrets(notebook))} == {}


@pytest.mark.parametrize(
    "data",
    [
        {"text/plain": ["LocalGateway(admin_secret='s3cr", "et')"]},
        {"text/html": '<td>"apisecret": "abc123"</td>'},
        {"text/plain": "api_secret=abc"},
        {"application/json": {"janus": "create", "apisecret": "abc123"}},
    ],
)
def test_a_planted_secret_is_found(data: dict[str, Any]) -> None:
    assert secrets({"cells": [{"cell_type": "code", "outputs": [{"data": data}]}]})


def test_a_masked_secret_is_not_reported() -> None:
    masked = {
        "text/plain": "Options(admin_secret='***', api_secret=None)",
        "application/json": {"apisecret": "•••"},
    }
    notebook = {
        "cells": [{"cell_type": "code", "source": "api_secret='mine'", "outputs": [{"data": masked}]}]
    }
    assert secrets(notebook) == []


def test_every_module_says_what_it_is() -> None:
    modules = sorted((ROOT / "janus_notebook").rglob("*.py"))
    assert modules
    silent = [
        str(path.relative_to(ROOT)) for path in modules if not ast.get_docstring(ast.parse(path.read_bytes()))
    ]
    assert silent == []
