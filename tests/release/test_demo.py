"""``binder/demo`` where something is missing: each time one sentence that says what to do."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.release.conftest import ROOT

# What the script is made of; all else that this machine has is hidden from it: apt, sudo, unshare, janus.
TOOLS = ("cat", "cksum", "dirname", "grep", "mkdir", "mktemp", "rm", "sed", "sh", "uname")
CHECKOUT = (
    *("binder/demo", "binder/setup.sh", "binder/apt.txt", "pyproject.toml"),
    *("janus_notebook/__init__.py", "notebooks/01-first-session.ipynb"),
)
NOBODY = "#!/bin/sh\necho 1000\n"
OLD = "#!/bin/sh\ncase $* in *print*) echo 3.9 ;; *) exit 1 ;; esac\n"


class Machine:
    """A checkout on a machine with nothing but a shell, and a user who is not root."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.programs = folder / "checkout", folder / "bin"
        for name in CHECKOUT:
            path = self.checkout / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, path)
        self.programs.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.programs / tool).symlink_to(found)
        self.program("id", NOBODY)

    def program(self, name: str, text: str) -> None:
        path = self.programs / name
        path.write_text(text)
        path.chmod(0o755)

    def environment(self, **modules: str) -> Path:
        """Make its ``.venv``, with modules that are run by ``python -m``; return where they are."""
        venv.create(self.checkout / ".venv", with_pip=False, symlinks=True)
        [site] = (self.checkout / ".venv").glob("lib/python*/site-packages")
        for name, text in modules.items():
            (site / f"{name}.py").write_text(text)
        return site

    def demo(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "binder/demo", *arguments],
            cwd=self.checkout,
            env={"PATH": str(self.programs), "HOME": str(self.checkout), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """The one line on stderr."""
    [line] = done.stderr.splitlines()
    assert line.startswith("!! ")
    return line.removeprefix("!! ")


@pytest.mark.parametrize("arguments", [("--port",), ("--port", "x"), ("--port", "0"), ("--port", "99999")])
def test_a_port_that_is_none(machine: Machine, arguments: tuple[str, ...]) -> None:
    done = machine.demo(*arguments)
    assert (done.returncode, refusal(done)) == (2, "--port needs a number from 1 to 65535")


def test_an_option_that_is_none(machine: Machine) -> None:
    done = machine.demo("--chekc")
    assert done.returncode == 2
    assert refusal(done) == "unknown option '--chekc'; known: --check, --no-browser, --port N"


@pytest.mark.parametrize(("python", "has"), [(None, ""), (OLD, "this machine has 3.9; ")], ids=["no", "old"])
def test_without_a_new_python(machine: Machine, python: str | None, has: str) -> None:
    if python is not None:
        machine.program("python3", python)
    done = machine.demo()
    assert done.returncode == 2
    assert refusal(done).startswith(
        f"Python 3.11 or newer is needed; {has}on Debian 12 or newer, run as root:"
    )


def test_without_venv(machine: Machine) -> None:
    machine.program(
        "python3", f'#!/bin/sh\ncase $* in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
    )
    done = machine.demo()
    version = "{}.{}".format(*sys.version_info)
    assert done.returncode == 2
    assert refusal(done) == f"Python's venv is missing; run as root: apt-get install python{version}-venv"


def test_without_a_network(machine: Machine) -> None:
    site = machine.environment()
    (site / "pip.pth").write_text(f"{Path(pytest.__file__).parents[1]}\n")  # the real one
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # nobody listens
        index = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        done = machine.demo(PIP_INDEX_URL=index, PIP_RETRIES="1", PIP_CONFIG_FILE="/dev/null")
    assert done.returncode == 1
    assert refusal(done).startswith(
        "pip could not reach its package index: check the network, or pip's proxy"
    )
    assert "installing the package" in done.stdout
    assert (machine.checkout / ".venv" / "pip.log").is_file()


def test_without_root_and_with_a_busy_port(machine: Machine) -> None:
    machine.environment(pip="", jupyterlab="import sys; print('lab:', *sys.argv[1:])")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        busy = other.getsockname()[1]
        done = machine.demo("--no-browser", "--port", str(busy))
    assert (done.returncode, done.stderr) == (0, "")
    said, lab = done.stdout.split("lab: ")
    assert (
        "going on without janus lua-json lua-ansicolors; to get it, run as root: apt-get update && " in said
    )
    assert "without Janus the notebooks use the practice gateway" in said
    port = said.partition(f"port {busy} can't be used: taking ")[2].partition("\n")[0]
    assert f"ssh -L {port}:localhost:{port}" in said
    assert f"--ServerApp.port={port} " in lab
    assert int(port) > busy
    assert "--no-browser" in lab
    assert "--allow-root" not in lab
    settings = machine.checkout / ".venv/share/jupyter/lab/settings/overrides.json"
    assert "fetchNews" in settings.read_text()
