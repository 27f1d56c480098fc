"""The path tells what a file may touch: every import in the package is held against the layers.

::

    testing > magics > notebook > panels > doctor > {bridge, plugins, gateway, monitor} > media > client
    client > protocol > config > errors > texts

Left may import right, never the other way; those in braces do not know each other. Imports inside functions
and under TYPE_CHECKING count too. Only the package's own ``__init__`` and ``__main__`` may import anything.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

import janus_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(janus_notebook.__file__).parent
NAME = "janus_notebook"

RANK = {
    layer: rank
    for rank, row in enumerate(
        [
            ["texts"],
            ["errors"],
            ["config"],
            ["protocol"],
            ["client"],
            ["media"],
            ["bridge", "plugins", "gateway", "monitor"],
            ["doctor"],
            ["panels"],
            ["notebook"],
            ["magics"],
            ["testing"],
        ]
    )
    for layer in row
}
# Narrower than the order allows: the bridge moves calls between threads and knows nothing of Janus.
ONLY = {"bridge": {"errors", "texts"}}

CORE = (
    *("errors", "config", "protocol", "client", "media", "bridge", "plugins", "gateway", "monitor"),
    "doctor",
)
JUPYTER = {"IPython", "anywidget", "comm", "ipykernel", "ipywidgets", "jupyterlab", "traitlets"}
INPUT_OUTPUT_AND_CLOCKS = {
    *("aiortc", "asyncio", "concurrent", "datetime", "http", "httpx", "multiprocessing", "os", "sched"),
    *("select", "selectors", "signal", "socket", "ssl", "subprocess", "threading", "time", "urllib"),
    "websockets",
}
FORBIDDEN = {layer: set(JUPYTER) for layer in CORE}
FORBIDDEN["protocol"] |= INPUT_OUTPUT_AND_CLOCKS


class Import(NamedTuple):
    line: int
    module: str


def imports(source: str, package: list[str]) -> Iterator[Import]:
    """Yield every module named by an import, absolute; `package` is where relative imports start."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (Import(node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(level=level, module=module, names=names):
                base = package[: len(package) - level + 1] if level else []
                parent = ".".join([*base, *([module] if module else [])])
                # `from package import layer` names a module, `from package.layer import thing` its parent.
                yield from (Import(node.lineno, f"{parent}.{alias.name}") for alias in names)
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield Import(node.lineno, module)


def breach(layer: str, module: str) -> str | None:
    """Say what is wrong with `layer` importing `module`, or None."""
    top, _, rest = module.partition(".")
    if top != NAME:
        return f"{layer} may not use {top}" if top in FORBIDDEN.get(layer, ()) else None
    target = rest.partition(".")[0]
    if target == layer:
        return None
    if target not in RANK:
        return f"{layer} imports {module}: name the module in its layer, not the package's front"
    if RANK[target] >= RANK[layer] or target not in ONLY.get(layer, RANK):
        return f"{layer} may not import {target}"
    return None


def breaches(package: Path) -> list[str]:
    found = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts in {("__init__",), ("__main__",)}:
            continue
        layer = parts[0]
        if layer not in RANK:
            found.append(f"{'/'.join(parts)}.py: is in no layer")
            continue
        for line, module in imports(path.read_text(encoding="utf-8"), [NAME, *parts[:-1]]):
            if problem := breach(layer, module):
                found.append(f"{path.relative_to(package)}:{line}: {problem}")
    return found


def test_the_package_keeps_its_layers() -> None:
    assert breaches(PACKAGE) == []


def test_every_file_of_the_package_is_looked_at() -> None:
    assert PACKAGE / "errors.py" in PACKAGE.rglob("*.py")
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name in RANK} >= {"protocol"}


@pytest.mark.parametrize(
    ("where", "source", "problem"),
    [
        ("client/session.py", "import janus_notebook.plugins.echotest", "client may not import plugins"),
        ("client/session.py", "from ..media import pattern", "client may not import media"),
        ("client/session.py", "from .. import notebook", "client may not import notebook"),
        ("client/session.py", "from janus_notebook import panels", "client may not import panels"),
        ("client/session.py", "from janus_notebook import JanusPlugin", "not the package's front"),
        ("client/session.py", "import janus_notebook", "not the package's front"),
        ("client/transports/http.py", "from ...media import pattern", "client may not import media"),
        ("client/transports/__init__.py", "from ...media import x", "client may not import media"),
        ("client/session.py", "def f():\n    from ..media import pattern", "client may not import media"),
        (
            "protocol/router.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from ..client import session",
            "router.py:3: protocol may not import client",
        ),
        ("plugins/echotest.py", "from ..gateway import local", "plugins may not import gateway"),
        ("gateway/local.py", "from ..bridge import call", "gateway may not import bridge"),
        ("bridge/call.py", "from ..client import session", "bridge may not import client"),
        ("bridge/call.py", "from ..config import Options", "bridge may not import config"),
        ("panels/session.py", "from ..notebook import connect", "panels may not import notebook"),
        ("panels/session.py", "from ..magics import serve", "panels may not import magics"),
        ("config.py", "from .protocol import messages", "config may not import protocol"),
        ("errors.py", "from .config import Options", "errors may not import config"),
        ("protocol/router.py", "import asyncio", "protocol may not use asyncio"),
        ("protocol/router.py", "from time import monotonic", "protocol may not use time"),
        ("protocol/router.py", "import websockets.asyncio.client", "protocol may not use websockets"),
        ("client/session.py", "from IPython.display import HTML", "client may not use IPython"),
        ("plugins/echotest.py", "def f():\n    import ipywidgets", "plugins may not use ipywidgets"),
        ("bridge/loop.py", "import traitlets", "bridge may not use traitlets"),
        ("media/peer.py", "import importlib\nimportlib.import_module('anywidget')", "may not use anywidget"),
        ("helpers.py", "", "helpers.py: is in no layer"),
    ],
)
def test_a_planted_breach_is_found(tmp_path: Path, where: str, source: str, problem: str) -> None:
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    found = breaches(tmp_path)
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    ("where", "source"),
    [
        ("__init__.py", "from .client import session\nfrom .magics import load\nimport IPython"),
        ("__main__.py", "from janus_notebook import JanusSession"),
        (
            "client/session.py",
            "import asyncio\nfrom ..protocol import router\nfrom . import log\nfrom .. import errors",
        ),
        ("client/transports/http.py", "from .. import log\nfrom ...config import Options\nimport httpx"),
        ("bridge/call.py", "import threading\nfrom ..errors import JanusError"),
        ("plugins/echotest.py", "from ..client.plugin import JanusPlugin\nfrom ..media import peer"),
        (
            "panels/session.py",
            "import anywidget\nfrom ..client import session\nfrom ..gateway import local",
        ),
    ],
)
def test_what_is_allowed_is_not_reported(tmp_path: Path, where: str, source: str) -> None:
    path = tmp_path / where
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    assert breaches(tmp_path) == []
