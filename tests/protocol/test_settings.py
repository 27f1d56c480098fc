"""Settings: the environment goes over the file, and a bad file is one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from janus_notebook.config import SETTINGS, Settings, read_settings, settings_path


@pytest.fixture(autouse=True)
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without settings, and where their file belongs."""
    for setting in SETTINGS.values():
        monkeypatch.delenv(setting.variable, raising=False)
    monkeypatch.delenv("JANUS_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "janus-notebook" / "config.toml"
    path.parent.mkdir()
    return path


def test_nothing_is_set(file: Path) -> None:
    settings = read_settings()
    assert settings == Settings()
    assert (settings.problems, settings.sources, settings.path) == ((), {}, str(file))


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_URL", "ws://host")
    monkeypatch.setenv("JANUS_API_SECRET", "s3cret")
    monkeypatch.setenv("JANUS_TOKEN", "t0ken")
    monkeypatch.setenv("JANUS_ADMIN_URL", "http://host/admin")
    monkeypatch.setenv("JANUS_ADMIN_SECRET", "adm1n")
    monkeypatch.setenv("JANUS_BINARY", "")
    monkeypatch.setenv("JANUS_TIMEOUT", "2.5")
    monkeypatch.setenv("JANUS_RECOVER", "none")
    settings = read_settings()
    assert settings == Settings(
        url="ws://host",
        api_secret="s3cret",
        token="t0ken",
        timeout=2.5,
        recover="none",
        admin_url="http://host/admin",
        admin_secret="adm1n",
    )
    for secret in ("s3cret", "t0ken", "adm1n"):
        assert secret not in repr(settings)
    assert settings.sources["url"] == "environment JANUS_URL"
    assert settings.secrets_of("url") == {"api_secret": "s3cret", "token": "t0ken"}
    assert settings.secrets_of("admin_url") == {"admin_secret": "adm1n"}
    assert settings.session_options() == {"timeout": 2.5, "recover": None}


def test_the_environment_goes_over_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text('# mine\nurl = "ws://file"\ntoken = "of-file"\n\n  timeout = 3\nrecover = "recreate"\n')
    assert read_settings().session_options() == {"timeout": 3.0, "recover": "recreate"}
    assert read_settings().sources["timeout"] == f"file {file} line 5"
    assert read_settings().secrets_of("url") == {"token": "of-file"}
    # A secret that was set for this run belongs to the server of the file, which is the one that is used...
    monkeypatch.setenv("JANUS_API_SECRET", "of-environment")
    assert read_settings().secrets_of("url") == {"token": "of-file", "api_secret": "of-environment"}
    # ... but one of the file does not go to another server.
    monkeypatch.setenv("JANUS_URL", "ws://other")
    assert read_settings().url == "ws://other"
    assert read_settings().secrets_of("url") == {"api_secret": "of-environment"}


def test_the_file_can_be_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = file.with_name("mine.toml")
    named.write_text('url = "ws://named"')
    monkeypatch.setenv("JANUS_CONFIG", str(named))
    assert settings_path() == (named, "JANUS_CONFIG")
    assert read_settings().url == "ws://named"
    named.unlink()
    assert read_settings() == Settings()
    assert read_settings().problems == (
        f"JANUS_CONFIG names {named}, which is not there. Make it, or unset JANUS_CONFIG.",
    )
    monkeypatch.delenv("JANUS_CONFIG")
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "/nowhere/somebody")
    assert settings_path() == (Path("/nowhere/somebody/.config/janus-notebook/config.toml"), "")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b'\nulr = "ws://host"', "line 2: unknown setting 'ulr'. Did you mean 'url'?"),
        (b'[server]\nurl = "ws://host"', "line 1: unknown setting 'server'."),
        (b"token = 12345678", "line 1: token must be a text, not int. Put it into quotes."),
        (b'timeout = "soon"', "line 1: timeout must be a number of seconds above 0, not 'soon'."),
        (b"timeout = true", "timeout must be a number of seconds above 0, not True."),
        (b"timeout = -1", "timeout must be a number of seconds above 0, not -1."),
        (b"timeout = nan", "timeout must be a number of seconds above 0, not nan."),
        (b'recover = "reclaim"', "unknown recover: 'reclaim'. Did you mean 'claim'?"),
        (b"url = ws://host", "(line 1, column 7). It is TOML"),
        (b'url = "ws://host', "(line 1, column 17). It is TOML"),
        (b'url = "ws://host"\nurl = "ws://host"', "Cannot overwrite a value (line 2"),
        (b"url = '\xff'", "it is no UTF-8 text"),
    ],
)
def test_what_is_wrong_in_the_file_is_said_and_the_rest_holds(file: Path, text: bytes, problem: str) -> None:
    file.write_bytes(text + b'\nbinary = "janus"\n')
    settings = read_settings()
    (said,) = settings.problems
    assert said.startswith(f"file {file}")
    assert problem in said
    assert len(said.splitlines()) == 1
    if "TOML" not in said and "UTF-8" not in said and "Cannot" not in said and "server" not in said:
        assert settings == Settings(binary="janus")
    assert "12345678" not in said


def test_a_wrong_variable_is_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JANUS_TIMEOUT", "a while")
    assert read_settings().problems == (
        "environment JANUS_TIMEOUT: timeout must be a number of seconds above 0, not 'a while'.",
    )


def test_a_file_that_cannot_be_read_is_said(file: Path) -> None:
    file.mkdir()
    (said,) = read_settings().problems
    assert said == f"file {file}: it cannot be read (Is a directory)."
