"""``python -m janus_notebook doctor``: its lines, its exit codes, where its secrets come from."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from janus_notebook import PracticeGateway
from janus_notebook.__main__ import main
from janus_notebook.config import Settings
from janus_notebook.doctor.targets import target
from janus_notebook.gateway.practice.faults import Drop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "open-sesame"


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("JANUS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def gateway() -> Iterator[PracticeGateway]:
    with PracticeGateway(api_secret=SECRET) as gateway:
        yield gateway


def test_all_is_well(
    gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JANUS_API_SECRET", SECRET)
    assert main(["doctor", gateway.ws_url, "--no-media", "--plugin", "videoroom"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Janus doctor: {gateway.ws_url}"
    assert lines[1].startswith("ok ")
    assert lines[-1] == "All is well: there is nothing to fix."
    assert SECRET not in "".join(lines)


def test_a_fault(gateway: PracticeGateway, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", gateway.ws_url, "--no-media", "--json", "--api-secret", "not-that"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["fault"] == "secret"
    assert found["fix"].startswith("Correct the server's api_secret")


def test_what_cannot_be_tried_without_the_media_extra(
    gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "aiortc", None)
    monkeypatch.delitem(sys.modules, "janus_notebook.media.peer", raising=False)
    assert main(["doctor", gateway.ws_url, "--api-secret", SECRET]) == 3
    assert "pip install 'janus-notebook[media]'" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "usage: python -m janus_notebook doctor"),
        (["docktor"], "usage: python -m janus_notebook doctor"),
        (["doctor"], "no server to look at"),
        (["doctor", "ws://h", "--api-secret", "a", "--token", "b"], "not allowed with"),
        (["doctor", "ws://h", "--timeout", "soon"], "invalid float"),
        (["doctor", "ws://h", "--timeout", "-1"], "timeout"),
        (["doctor", "ws://h", "--jsn"], "--jsn"),
    ],
)
def test_wrong_usage(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code: object = main(arguments)
    except SystemExit as exc:
        code = exc.code
    assert code == 2
    assert said in capsys.readouterr().err


def test_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--help"])
    assert ended.value.code == 0
    assert "could not be tried" in capsys.readouterr().out


def test_an_interrupt_ends_it_and_leaves_no_session() -> None:
    with PracticeGateway() as gateway:
        gateway.misbehave(Drop("attach", times=None))
        command = [sys.executable, "-m", "janus_notebook", "doctor", gateway.ws_url, "--timeout", "60"]
        # Where these tests run as a background job SIGINT is ignored, and a child would inherit that.
        ours = signal.signal(signal.SIGINT, signal.SIG_DFL)
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        signal.signal(signal.SIGINT, ours)
        with process:
            assert process.stdout is not None
            line = next(line for line in process.stdout if "Admin API" in line)
            assert line
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130
        assert gateway.sessions == ()


ENVIRONMENT = {
    "url": "environment JANUS_URL",
    "api_secret": "environment JANUS_API_SECRET",
    "admin_url": "environment JANUS_ADMIN_URL",
    "admin_secret": "environment JANUS_ADMIN_SECRET",
}
FILE = dict.fromkeys(ENVIRONMENT, "file /f line 1")
VALUES = {"url": "ws://a", "api_secret": "s", "admin_url": "http://a/admin", "admin_secret": "t"}
HERE = VALUES
NO_SECRETS = {"url": "ws://b", "admin_url": None}


def settings(sources: dict[str, str]) -> Settings:
    return Settings(**{name: VALUES[name] for name in sources}, sources=sources)  # type: ignore[arg-type]


def test_secrets_go_to_the_server_that_they_were_set_for() -> None:
    of_environment, of_file = settings(ENVIRONMENT), settings(FILE)
    for known in (of_environment, of_file):
        assert target(known, None) == HERE
        assert target(known, "ws://a") == HERE
        assert target(known, "ws://b") == NO_SECRETS
    alone = settings({"api_secret": ENVIRONMENT["api_secret"]})
    assert target(alone, "ws://b") == {"url": "ws://b", "admin_url": None, "api_secret": "s"}
    assert target(settings({"api_secret": FILE["api_secret"]}), "ws://b") == NO_SECRETS
    assert target(Settings(), None) == {"url": None, "admin_url": None}
    admin = target(of_environment, "ws://a", "http://c/admin")
    assert admin == {"url": "ws://a", "api_secret": "s", "admin_url": "http://c/admin"}
