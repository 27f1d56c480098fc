"""The other clients, each in an environment of its own below the checkout's cache folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.contenders import CHECKOUT, Contender, python_worker

CACHE = CHECKOUT / ".venv-benchmarks"
PYPI = {"janus-client": "0.9.0", "janus-api-core": "3.0.0"}
JANODE = "1.8.0"


class SkippedError(Exception):
    """A client can't be had on this machine; the text says why."""


def _run(log: Path, *command: str | Path, failed: str) -> None:
    with log.open("w") as output:
        done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise SkippedError(f"{failed} (its words are in {log.relative_to(CHECKOUT)})")


def versions(python: str, names: Sequence[str]) -> dict[str, str]:
    """The installed versions of packages in an environment; what is not there is left out."""
    code = (
        "import importlib.metadata as m, json, sys; found = {d.metadata['Name']: d.version for d in "
        "m.distributions()}; print(json.dumps({n: found[n] for n in sys.argv[1:] if n in found}))"
    )
    done = subprocess.run([python, "-I", "-c", code, *names], capture_output=True, text=True, check=False)
    return dict(json.loads(done.stdout)) if done.returncode == 0 else {}


def from_pypi(name: str) -> Contender:
    """A client from PyPI, installed by name into a virtual environment."""
    folder = CACHE / name
    python = folder / "bin" / "python"
    if not python.exists() or versions(str(python), [name]) != {name: PYPI[name]}:
        log = CACHE / f"{name}.log"
        _run(
            log,
            sys.executable,
            "-m",
            "venv",
            "--clear",
            folder,
            failed="no virtual environment could be made",
        )
        pip = (python, "-m", "pip", "install", "--disable-pip-version-check")
        _run(log, *pip, f"{name}=={PYPI[name]}", failed="pip could not install it; is there a network?")
    return python_worker(name, name.replace("-", "_"), str(python))


def from_npm() -> Contender:
    """janode from npm."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise SkippedError("node and npm are not installed; on Debian: apt-get install nodejs npm")
    folder = CACHE / "janode"
    if janode_versions().get("janode") != JANODE:
        folder.mkdir(exist_ok=True)
        command = (npm, "install", "--prefix", folder, "--no-audit", "--no-fund", f"janode@{JANODE}")
        _run(CACHE / "janode.log", *command, failed="npm could not install it; is there a network?")
    worker = str(Path(__file__).parent / "workers" / "janode.mjs")
    # Its log goes to standard output, where our answers do; at "error" it is silent.
    return Contender("janode", (node, "--expose-gc", worker, "--janode-log=error", str(folder)))


def node_version() -> str:
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def janode_versions() -> dict[str, str]:
    found = {}
    for name in ("janode", "ws"):
        package = CACHE / "janode" / "node_modules" / name / "package.json"
        if package.exists():
            found[name] = str(json.loads(package.read_text())["version"])
    return found


def others() -> tuple[list[Contender], dict[str, str]]:
    """The other clients that are to be had, and for each of the rest why not."""
    CACHE.mkdir(exist_ok=True)
    found, skipped = [], {}
    for name in (*PYPI, "janode"):
        try:
            found.append(from_npm() if name == "janode" else from_pypi(name))
        except SkippedError as exc:
            skipped[name] = str(exc)
    return found, skipped
