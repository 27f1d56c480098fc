"""What is said of the ICE addresses that a server offers."""

from __future__ import annotations

import pytest

from janus_notebook.doctor.addresses import Candidate, candidates_in, doubt, kind_of, parsed


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "loopback"),
        ("169.254.7.7", "link-local"),
        ("fe80::1", "link-local"),
        ("10.1.2.3", "private"),
        ("172.17.0.2", "private"),
        ("fd00::1", "private"),
        ("8.8.8.8", "public"),
        ("2a00:1450::1", "public"),
        ("3F2C.LOCAL", "mDNS"),
        ("janus.example.org", "name"),
    ],
)
def test_kinds_of_addresses(address: str, kind: str) -> None:
    assert kind_of(address) == kind


def test_candidates_of_an_sdp_are_read_once_each_and_nonsense_is_left_out() -> None:
    line = "a=candidate:1 1 UDP 2015363839 10.0.0.1 5000 typ host"
    sdp = "\r\n".join(["v=0", line, "m=video", line, "a=candidate:", "a=candidate:1 1 udp 1 h x typ host"])
    assert candidates_in(sdp) == [Candidate("10.0.0.1", 5000, "udp", "host")]
    assert parsed("candidate:2 1 tcp 1 1.2.3.4 9 typ srflx raddr 0.0.0.0") == Candidate(
        "1.2.3.4", 9, "tcp", "srflx"
    )
    assert parsed("") is None


def offered(*addresses: str, protocol: str = "udp") -> list[Candidate]:
    return [Candidate(address, 5000, protocol, "host") for address in addresses]


@pytest.mark.parametrize(
    ("addresses", "there", "said", "certain"),
    [
        ((), "10.0.0.1", "no address for media", True),
        (("127.0.0.1",), "10.0.0.1", "offers only 127.0.0.1", True),
        (("169.254.1.1", "127.0.0.1"), "8.8.8.8", "offers only 169.254.1.1, 127.0.0.1", True),
        (("127.0.0.1",), "", "offers only 127.0.0.1", True),
        (("a.local",), "10.0.0.1", ".local", False),
        (("172.17.0.2",), "8.8.8.8", "nat_1_1_mapping = '8.8.8.8'", False),
        (("172.17.0.2",), "192.168.1.5", "nat_1_1_mapping = '192.168.1.5'", False),
    ],
)
def test_a_doubt_names_the_setting(addresses: tuple[str, ...], there: str, said: str, certain: bool) -> None:
    found = doubt(offered(*addresses), there)
    assert found is not None
    assert said in found.fix
    assert found.certain is certain


@pytest.mark.parametrize(
    ("addresses", "there"),
    [
        (("10.0.0.1",), "10.0.0.1"),
        (("10.0.0.1", "8.8.8.8"), "8.8.8.8"),
        (("8.8.4.4",), "8.8.8.8"),
        (("10.0.0.1",), "127.0.0.1"),  # on this machine, or through a tunnel: nobody can tell
        (("127.0.0.1",), "127.0.0.1"),  # on this machine
        (("10.0.0.1",), ""),  # through a Unix socket or a proxy
    ],
)
def test_no_doubt(addresses: tuple[str, ...], there: str) -> None:
    assert doubt(offered(*addresses), there) is None


def test_tcp_alone_is_not_enough() -> None:
    found = doubt(offered("10.0.0.1", protocol="tcp"), "10.0.0.1")
    assert found is not None
    assert found.certain
