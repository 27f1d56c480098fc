"""Faults of the network, planted with nftables and ip in a network namespace of their own.

Run as ``python -m tests.doctor.namespace FAULT...`` inside one (see `in_namespace`): it starts a real Janus
there, lets the doctor look at it under each of these `FAULTS` (or `NO_INTERFACE`), and prints what it found
as one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from typing import Any

from janus_notebook.doctor import diagnose
from tests.gateways import running_gateway

# The failing step takes all of it; those before it need far less, even on a busy machine.
TIMEOUT = 4.0
# Janus's side of the media has these ports, so that a rule can tell the directions apart.
PORTS = "20000-20100"

# The one fault that no rule can plant: nothing but loopback. It stays, so it must be the last of a run.
# (Janus's own ice_enforce_list won't do: where it lets nothing through, libnice looks for itself, and what
# comes of that depends on the kernel.)
NO_INTERFACE = "no interface"

# By the first byte of its payload a UDP packet is STUN, DTLS (20 to 23) or SRTP (RFC 7983); "@th,64" is that
# byte, behind the 8 of the UDP header.
DTLS, SRTP = "@th,64,8 >= 20 @th,64,8 <= 23", "@th,64,8 >= 128"
FAULTS = {
    "none": "",
    "udp": "meta l4proto udp drop",
    "dtls": f"meta l4proto udp {DTLS} drop",
    "media to Janus": f"udp dport {PORTS} {SRTP} drop",
    "media from Janus": f"udp sport {PORTS} {SRTP} drop",
    "large packets": f"udp dport {PORTS} udp length > 400 {SRTP} drop",
}

NETWORK = """
ip link set lo up && ip link add veth0 type veth peer name veth1 && ip addr add 10.77.0.1/24 dev veth0 &&
ip link set veth0 up && ip link set veth1 up && exec "$@"
"""
TABLE = """
flush ruleset
table inet doctor {{
    chain input {{
        type filter hook input priority 0
        {}
    }}
}}
"""


def why_not() -> str:
    """What this machine lacks for a namespace with a firewall; "" if nothing."""
    for program in ("unshare", "ip", "nft"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    trial = subprocess.run(_command("nft", "list", "ruleset"), capture_output=True, check=False, text=True)
    return "" if trial.returncode == 0 else f"no namespace with a firewall: {trial.stderr.strip()}"


def in_namespace(*faults: str) -> dict[str, Any]:
    """What the doctor finds under each of these faults: its `Diagnosis.to_dict` by the fault's name."""
    command = _command(sys.executable, "-m", __name__, *faults)
    done = subprocess.run(command, capture_output=True, check=False, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _command(*words: str) -> list[str]:
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *user, "--net", "sh", "-c", NETWORK, "sh", *words]


def plant(fault: str) -> None:
    if fault == NO_INTERFACE:
        subprocess.run(["ip", "link", "delete", "veth0"], check=True)
    rules = TABLE.format(FAULTS.get(fault, ""))
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def main() -> None:
    found = {}
    with running_gateway(settings={"janus": {"media": {"rtp_port_range": PORTS}}}) as gateway:
        for fault in sys.argv[1:]:
            plant(fault)
            # A loop for each: what the doctor leaves behind would be seen as a warning.
            diagnosis = asyncio.run(
                diagnose(
                    gateway.ws_url,
                    admin_url=gateway.admin_url,
                    admin_secret=gateway.admin_secret,
                    timeout=10.0 if fault == "none" else TIMEOUT,
                )
            )
            found[fault] = diagnosis.to_dict()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
