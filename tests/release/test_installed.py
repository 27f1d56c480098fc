"""The wheel in an environment: a first notebook, a program, and what a type checker says of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from jupyter_core.utils import ensure_event_loop

from tests.release import smoke
from tests.release.environments import installed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROGRAM = """
import asyncio
from typing import assert_type

from janus_notebook import JanusEchoTestPlugin, JanusError, JanusEvent, JanusSession, PracticeGateway


async def main() -> str:
    async with PracticeGateway() as gateway, JanusSession(base_url=gateway.ws_url, timeout=60) as session:
        assert_type(session.id, int | None)
        echo = JanusEchoTestPlugin()
        await echo.attach(session)
        reply = await echo.configure(bitrate=64_000)
        try:
            await echo.request({"bitrate": "much"})
        except JanusError as error:
            return f"{reply['result']}: {type(error).__name__}"
    return "not refused"


def kind(event: JanusEvent) -> str:
    return assert_type(event.kind, str)


print(asyncio.run(main()))
"""
WRONG = "JanusSession(base_url=8188)\n"


@pytest.fixture(scope="module", autouse=True)
def a_loop() -> None:
    """nbclient takes the loop that there is; one that it makes it leaves behind."""
    ensure_event_loop()


def panel_shown(shown: Sequence[object]) -> int:
    """In how many outputs a panel left its static form of a handle that is connected."""
    texts = [str(getattr(output, "data", {}).get("text/html", "")) for output in shown]
    return sum("janus-static" in text and "connected" in text for text in texts)


@pytest.mark.live
@pytest.mark.kernel
@pytest.mark.timeout(240)
def test_a_first_notebook(python: Path, tmp_path: Path) -> None:
    shown = smoke.run(python, tmp_path)
    assert panel_shown(shown["echo"]) == 2


@pytest.mark.live
@pytest.mark.kernel
@pytest.mark.nightly
@pytest.mark.timeout(900)
def test_a_first_notebook_in_an_environment_of_its_own(tmp_path: Path) -> None:
    shown = smoke.run(installed(), tmp_path)
    assert panel_shown(shown["echo"]) == 2


def test_a_program(python: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [python, "-I", "program.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ok: JanusPluginError\n", "")


@pytest.mark.timeout(300)
def test_a_type_checker_knows_the_package(python: Path, tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM + WRONG)
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--no-error-summary", f"--python-executable={python}", "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    [fault] = done.stdout.splitlines()
    assert f"program.py:{PROGRAM.count(chr(10)) + 1}: error: " in fault
    assert "[arg-type]" in fault
