from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from janus_notebook.gateway import configuration
from janus_notebook.gateway.configuration import Configuration, Ports, find_script

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_free_ports_all_differ() -> None:
    ports = Ports.free()
    assert len({ports.ws, ports.admin_ws, ports.http, ports.admin_http}) == 4


def test_files_are_for_this_user_alone_and_bind_loopback_only(tmp_path: Path) -> None:
    ports = Ports(ws=1001, admin_ws=1002, http=1003, admin_http=1004)
    path = Configuration(api_secret="s3", token_auth=True, token_auth_secret="t4").write(
        tmp_path, ports=ports, admin_secret="a5", name="here", binary="/usr/bin/janus"
    )
    text = path.read_text()
    for line in ('api_secret = "s3"', "token_auth = true", 'token_auth_secret = "t4"', 'admin_secret = "a5"'):
        assert line in text
    files = list(tmp_path.glob("*.jcfg"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    bound = {
        line.split("=")[1].strip()
        for file in files
        for line in file.read_text().splitlines()
        if line.split("=")[0].strip().removeprefix("admin_").removeprefix("ws_") == "ip"
    }
    assert bound == {'"127.0.0.1"'}


def test_secrets_that_are_not_set_are_not_written_and_none_is_shown(tmp_path: Path) -> None:
    path = Configuration().write(
        tmp_path, ports=Ports.free(), admin_secret="a5", name="here", binary="/usr/bin/janus"
    )
    assert "api_secret" not in path.read_text()
    assert "token_auth" not in path.read_text()
    assert "s3" not in repr(Configuration(api_secret="s3", token_auth=True, token_auth_secret="s3"))


def test_scripts_next_to_the_binary_come_first(tmp_path: Path) -> None:
    script = tmp_path / "share/janus/lua/echotest.lua"
    script.parent.mkdir(parents=True)
    script.touch()
    assert find_script(str(tmp_path / "bin/janus"), "lua/echotest.lua") == script
    assert find_script(str(tmp_path / "bin/janus"), "lua/nothing.lua") is None


def test_a_plugin_without_its_script_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        configuration, "find_script", lambda _binary, name: None if "lua" in name else tmp_path
    )
    path = Configuration().write(tmp_path, ports=Ports.free(), admin_secret="a", name="n", binary="janus")
    assert 'plugins: {\n\tdisable = "libjanus_lua.so"\n}' in path.read_text()
    assert not (tmp_path / "janus.plugin.lua.jcfg").exists()
    assert (tmp_path / "janus.plugin.duktape.jcfg").exists()
