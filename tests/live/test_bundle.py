"""A support bundle of a call with the real Janus, which logs all that it is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from janus_notebook import JanusAdmin, JanusSession, Replay
from tests.client.scripted import run, until
from tests.client.test_bundle import data, unpacked
from tests.gateways import running_gateway
from tests.live.test_recording import PLANTED, a_call

if TYPE_CHECKING:
    from pathlib import Path

    from janus_notebook.client.bundle.bundle import Bundle

pytestmark = pytest.mark.live


def test_a_call_that_stands_and_one_whose_janus_has_ended(tmp_path: Path) -> None:
    with running_gateway(api_secret=PLANTED, log_level=7) as gateway:

        async def main() -> tuple[Bundle, Bundle, str]:
            session = JanusSession(gateway.ws_url, api_secret=PLANTED, recover=None)
            session.server_log = lambda: "\n".join(gateway.log_lines(100_000))
            await session.create()
            admin_secret = gateway.admin_secret
            async with JanusAdmin(gateway.admin_url, admin_secret=admin_secret) as admin:
                session.admin = admin
                await a_call(session)
                standing = await session.bundle(tmp_path / "standing.zip")
                await gateway.stop()
                await until(lambda: session.state == "lost")
                ended = await session.bundle(tmp_path / "ended.zip", timeout=3)
            await session.destroy()
            return standing, ended, admin_secret

        standing, ended, admin_secret = run(main())

    files = unpacked(standing.path)
    assert standing.missing == ()
    log = files["logs/janus.log"].decode()
    assert log.startswith("Janus version: ")
    for made in (standing, ended):
        for name, content in unpacked(made.path).items():
            for secret in (PLANTED, admin_secret):
                assert secret.encode() not in content, (made.path.name, name)
            assert b"a=ice-pwd:" not in content.replace(b"a=ice-pwd:***", b""), (made.path.name, name)
    echo = next(name.partition("/")[0] for name in files if name.endswith("statistics.json"))
    info = data(files, f"{echo}/handle_info.json")
    assert info["plugin"] == "janus.plugin.echotest"
    assert info["sdps"]["local"].startswith("v=0")
    statistics = data(files, f"{echo}/statistics.json")
    assert statistics["transport"]["bytes_out"] > 0
    sdps = {name.rpartition("/")[2][10:] for name in files if name.startswith(f"{echo}/sdp-")}
    assert sdps == {"offer-sent.sdp", "answer-received.sdp"}
    assert f"{echo}/candidates.txt" in files
    # Three were attached; the server has two, and the third is told of all the same.
    assert len(data(files, "admin/session.json")["handles"]) == 2
    assert len(data(files, "session.json")["handles"]) == 3
    state = data(files, f"{echo}/state.json")
    assert state["our_peer_connection"]["dtls"] == "connected"
    read = files["README.txt"].decode()
    assert (
        f"{echo.removeprefix('handle-')}  janus.plugin.echotest  connected; ICE completed, DTLS connected"
        in read
    )
    assert "Unauthorized (wrong secret)" in read
    replay = Replay.open(standing.path)
    replay.seek(replay.duration)
    assert sorted(handle.state for handle in replay.handles) == ["attached", "connected", "detached"]

    gone = unpacked(ended.path)
    assert any("Admin API" in line or "handles of session" in line for line in ended.missing)
    assert "logs/janus.log" in gone
    assert json.loads(gone["session.json"])["history"][-1]["state"] == "lost"
