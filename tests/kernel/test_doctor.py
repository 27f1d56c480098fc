"""``%janus doctor`` where no browser answers: in a bare kernel, and in a terminal."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.admin import assert_empty
from tests.kernel.harness import CHECKOUT, Kernel

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook.gateway import LocalGateway

pytestmark = [pytest.mark.kernel, pytest.mark.live]

LIVE = "len(__import__('janus_notebook.panels').panels._boards['board'].panels)"


def test_a_kernel_that_no_front_end_answers(gateway: LocalGateway, kernel: Kernel) -> None:
    shown = kernel.run("%janus doctor --as found --plugin videoroom", timeout=60).check()
    # Its static form, then the panel that nobody draws.
    form = shown.displays[0]
    assert "janus-static" in form["text/html"]
    assert kernel.value("[found.exit_code, found.done, found.url]") == [0, True, gateway.ws_url]
    assert kernel.value("found.fix") == "All is well on this machine; no browser has answered."
    assert kernel.value("[check.seen for check in found.checks[-5:]]") == ["no browser has answered"] * 5
    assert kernel.value("found.check('echoed').status") == "ok"
    assert_empty(gateway)
    for _ in range(2):
        kernel.run("%janus doctor --as found --no-media").check()
    kernel.wait_until(f"{LIVE} == 1")


def test_an_interrupt_and_words_that_are_wrong(kernel: Kernel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        kernel.start(f"%janus doctor ws://127.0.0.1:{port} --timeout 60 --as found")
        silent.accept()[0].close()  # the port's step
        connection = silent.accept()[0]  # the answer's
        kernel.interrupt()
        assert kernel.finish().error_name == "KeyboardInterrupt"
        connection.close()
    assert kernel.value("found.check('port').status") == "ok"
    for line, said in (
        ("%janus doctor ws://a ws://b", "unexpected"),
        ("%janus doctor --timeout soon", "soon"),
        ("%janus doctor --plugn sip", "--plugin"),
    ):
        result = kernel.run(line)
        assert not result.ok or said in result.stderr
        assert said in f"{result.error_value} {result.stderr} {result.stdout}"
    # A wrong URL is what it is there to explain.
    kernel.run("%janus doctor localhost:8188 --as found").check()
    assert "ws://localhost:8188" in kernel.value("found.fix")


def test_a_terminal(gateway: LocalGateway, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "IPython", "--colors=NoColor", "-c"),
            f"%load_ext janus_notebook\n%janus doctor {gateway.ws_url} --no-media",
        ],
        env=os.environ | {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path), "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == f"Janus doctor: {gateway.ws_url}"
    assert lines[1].startswith("ok ")
    assert lines[-1] == "All is well on this machine; no browser has answered."
