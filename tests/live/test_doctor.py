"""The doctor names the fault that was planted, with the real Janus wherever it can have that fault."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.doctor import Diagnosis, diagnose
from tests.admin import assert_empty
from tests.client.scripted import run
from tests.doctor import namespace
from tests.doctor.meddler import meddler
from tests.gateways import running_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from janus_notebook import LocalGateway

pytestmark = pytest.mark.live

SECRET = "open-sesame"
MEDIA = ["candidates", "ice", "dtls", "sent", "echoed"]


def status(found: Diagnosis) -> dict[str, str]:
    return {check.name: check.status for check in found.checks}


def test_a_healthy_server_with_its_admin_api(gateway: LocalGateway) -> None:
    found = run(
        diagnose(
            gateway.ws_url,
            admin_url=gateway.admin_url,
            admin_secret=gateway.admin_secret,
            plugins=["videoroom", "janus.plugin.textroom"],
        )
    )
    assert found.exit_code == 0, str(found)
    assert {name for name, how in status(found).items() if how != "ok"} == {"tls"}
    assert found.fix == "All is well: there is nothing to fix."


@pytest.mark.parametrize("front", ["http_url", "unix_url"])
def test_over_other_transports(gateway: LocalGateway, front: str) -> None:
    found = run(diagnose(getattr(gateway, front)))
    assert found.exit_code == 0, str(found)
    assert [status(found)[name] for name in MEDIA] == ["ok"] * len(MEDIA)


def test_without_full_trickle(plain_gateway: LocalGateway) -> None:
    found = run(diagnose(plain_gateway.ws_url))
    assert found.exit_code == 0, str(found)


def test_addresses_that_are_januss_but_not_the_right_one(gateway: LocalGateway) -> None:
    ws, http, admin = gateway.ws_url, gateway.http_url, gateway.admin_ws_url
    port = admin.rpartition(":")[2]
    for url, fix in (
        (http.replace("http:", "ws:"), f"Use {http}: that is how the Janus at port"),
        (ws.replace("ws:", "http:"), f"Use {ws}: that is how the Janus at port"),
        (
            admin,
            f"Use the port of the Janus API (8188 for ws://, 8088 for http:// by default): {port} is that",
        ),
        (http.removesuffix("/janus") + "/other", f"Use {http}: "),
    ):
        found = run(diagnose(url, media=False))
        assert found.fault == found.check("answer")
        assert fix in found.fix
    found = run(diagnose(ws.replace("ws:", "wss:"), media=False))
    assert found.fault == found.check("tls")
    assert f"Use {ws}: " in found.fix


@pytest.fixture(scope="module")
def sick_gateway() -> Iterator[LocalGateway]:
    """One that asks for a secret and has no VideoRoom."""
    settings: dict[str, Any] = {"plugins": {"disable": "libjanus_videoroom.so"}}
    with running_gateway(api_secret=SECRET, settings={"janus": settings}) as gateway:
        yield gateway
        assert_empty(gateway)


def test_a_wrong_and_a_missing_secret(sick_gateway: LocalGateway) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"api_secret": "not-that"}, "Correct the server's api_secret"),
        ({}, "Give the server's api_secret"),
    ]
    for given, fix in cases:
        found = run(diagnose(sick_gateway.ws_url, **given))
        assert found.fault == found.check("secret")
        assert fix in found.fix
        assert [status(found)[name] for name in MEDIA] == ["not tried"] * len(MEDIA)


def test_a_missing_plugin(sick_gateway: LocalGateway) -> None:
    found = run(diagnose(sick_gateway.ws_url, api_secret=SECRET, plugins=["videoroom"], media=False))
    assert found.fault == found.check("plugins")
    assert "Install and enable janus.plugin.videoroom on the server" in found.fix


def test_an_address_for_media_that_nobody_can_use() -> None:
    settings = {"janus": {"nat": {"nat_1_1_mapping": "169.254.7.7", "full_trickle": False}}}
    with running_gateway(settings=settings) as gateway:
        found = run(diagnose(gateway.ws_url))
    assert found.fault == found.check("candidates")
    assert "it offers only 169.254.7.7" in found.fix


def test_admin_off_and_with_a_wrong_secret(sick_gateway: LocalGateway) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"admin_url": "http://127.0.0.1:1/admin"}, "Turn the Admin API on (admin_http = true"),
        ({"admin_url": sick_gateway.admin_url, "admin_secret": "not-that"}, "refuses this one"),
        ({"admin_url": sick_gateway.http_url}, "Correct the URL of the Admin API"),
    ]
    for given, fix in cases:
        found = run(diagnose(sick_gateway.ws_url, api_secret=SECRET, media=False, **given))
        assert found.fault == found.check("admin")
        assert fix in found.fix


def other_fingerprint(text: str) -> str:
    return re.sub(r"(a=fingerprint:sha-256 )..", r"\g<1>00", text)


@pytest.mark.parametrize("way", ["up", "down"])
def test_an_sdp_that_is_changed_on_its_way(gateway: LocalGateway, way: str) -> None:
    async def main() -> Diagnosis:
        async with meddler(gateway.ws_url, **{way: other_fingerprint}) as url:
            return await diagnose(url)

    found = asyncio.run(main())
    assert found.fault == found.check("dtls")
    assert "Let the SDPs pass unchanged" in found.fix


@pytest.fixture(scope="module")
def under_faults() -> dict[str, Any]:
    """What it finds under each fault of the network."""
    if reason := namespace.why_not():
        pytest.skip(reason)
    return namespace.in_namespace(
        "none", "udp", "dtls", "media to Janus", "media from Janus", namespace.NO_INTERFACE
    )


@pytest.mark.parametrize(
    ("fault", "step", "fix"),
    [
        ("none", None, "All is well"),
        (
            namespace.NO_INTERFACE,
            "candidates",
            "Let Janus use a network interface that it has (nat: nat_1_1_mapping",
        ),
        ("udp", "ice", "Let UDP through between this machine and the media ports of Janus"),
        ("dtls", "dtls", "Let DTLS through between this machine and Janus: a firewall on the way"),
        (
            "media to Janus",
            "sent",
            "Let UDP media (SRTP) through from this machine to the media ports of Janus",
        ),
        ("media from Janus", "echoed", "Let UDP media (SRTP) through from the media ports of Janus"),
    ],
)
def test_faults_of_the_network(under_faults: dict[str, Any], fault: str, step: str | None, fix: str) -> None:
    found = under_faults[fault]
    assert found["fault"] == step, json.dumps(found)
    assert found["exit_code"] == (0 if step is None else 1)
    assert fix in found["fix"]
    statuses = [check["status"] for check in found["checks"] if check["name"] in MEDIA]
    failing = MEDIA.index(step) if step is not None else len(MEDIA)
    assert statuses == ["ok"] * failing + ["failed"] * (step is not None) + ["not tried"] * (4 - failing)


@pytest.mark.nightly
def test_large_packets_that_are_lost() -> None:
    if reason := namespace.why_not():
        pytest.skip(reason)
    found = namespace.in_namespace("large packets")["large packets"]
    # None of the video arrives at Janus, or too little for a picture: as it happens to be cut into packets.
    assert found["fault"] in ("sent", "echoed"), json.dumps(found)
    assert "Let UDP packets of up to 1300 bytes" in found["fix"]
