"""The camera panel's modules in node: what the page says of its devices and figures, and how it talks."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from janus_notebook.panels import assets
from janus_notebook.panels.camera.panel import LIBRARIES

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")

# A browser, as far as these modules look at one.
BROWSER = """
const given = { devices: [], permissions: {}, error: null, policy: true };
const node = () => ({ style: {}, play: async () => {} });
globalThis.Audio = class { async play() {} };
globalThis.window = {
  isSecureContext: true, location: { origin: "http://lab" }, addEventListener() {}, removeEventListener() {},
};
globalThis.document = { permissionsPolicy: { allowsFeature: () => given.policy }, createElement: node };
Object.defineProperty(globalThis, "navigator", { value: {
  permissions: { query: async ({ name }) => ({ state: given.permissions[name] ?? "prompt" }) },
  mediaDevices: {
    enumerateDevices: async () => given.devices,
    getUserMedia: async () => { throw given.error; },
    getDisplayMedia: async () => { throw given.error; },
  },
  userActivation: { isActive: true },
} });
const sent = [], listeners = {};
const model = {
  get: () => "", on: (name, f) => (listeners[name] ??= []).push(f), off() {},
  send: (message) => { if (model.closed) throw new Error("Cannot send"); sent.push(message); },
};
const tell = (message) => Promise.all(listeners["msg:custom"].map((f) => f({ type: "page", ...message })));
const told = (value) => { console.log(JSON.stringify(value)); process.exit(0); };
const fault = (name) => Object.assign(new Error("it says so"), { name });
"""


def run(tmp_path: Path, script: str) -> Any:
    module = assets.module("camera", *LIBRARIES).replace("export default", "const exported =")
    path = tmp_path / "camera.mjs"
    path.write_text(f"{BROWSER}\n{module}\n{script}", encoding="utf-8")
    done = subprocess.run(["node", path], check=True, timeout=60, capture_output=True, text=True)
    return json.loads(done.stdout)


def test_a_refusal_names_the_device_and_what_is_known(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        """
        const seen = [];
        const ask = async (error, wants, changes = {}) => {
          Object.assign(given, { error, devices: [], permissions: {}, policy: true }, changes);
          try { await capture(wants, {}, async () => {}); } catch ({ facts }) {
            seen.push([facts.name, facts.what, facts.allowed, facts.permission, facts.seen]);
          }
        };
        const both = { video: "camera", audio: "microphone" };
        await ask(fault("NotFoundError"), both, { devices: [{ kind: "videoinput" }] });
        await ask(fault("NotAllowedError"), both, { permissions: { microphone: "denied" } });
        await ask(fault("NotReadableError"), both);
        await ask(fault("NotAllowedError"), { video: "screen" });
        await ask(null, both, { policy: false });
        told(seen);
        """,
    )
    assert found == [
        ["NotFoundError", "microphone", True, "prompt", 0],
        ["NotAllowedError", "microphone", True, "denied", 0],
        ["NotReadableError", "camera", True, "prompt", 0],
        ["NotAllowedError", "screen", True, "prompt", None],
        ["NotAllowedError", "camera", False, "prompt", 0],
    ]


def test_the_page_answers_and_ends_when_the_kernel_is_gone(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        """
        const call = makeCall(model);
        const unlook = call.look();
        call.look()();
        given.error = fault("NotAllowedError");
        await tell({ to: "another", verb: "capture", n: 1, wants: { video: "camera" } });
        await tell({ to: call.id, verb: "nonsense", n: 2 });
        await tell({ to: call.id, verb: "accept", n: 3, remote: "" });
        await tell({ to: call.id, verb: "capture", n: 4, wants: { video: "camera" } });
        const heard = sent.map(({ say, re, error }) => say ?? [re, error.name]);
        const waiting = call.unheard();
        await tell({ to: call.id, ack: sent.at(-1).seq });
        model.closed = true;
        call.shut("button");
        told([heard, waiting, call.ended, call.views]);
        """,
    )
    assert found == [["hello", [3, "TypeError"], [4, "NotAllowedError"]], False, "kernel", 1]


def test_figures_are_by_mid_and_layers_are_added(tmp_path: Path) -> None:
    found = run(
        tmp_path,
        """
        const report = new Map([
          { id: "a", type: "inbound-rtp", mid: "0", packetsReceived: 5, bytesReceived: 50, framesDecoded: 2,
            packetsLost: -1, jitter: 0.01, codecId: "c", frameWidth: 640, frameHeight: 480 },
          { id: "h", type: "outbound-rtp", mid: "0", packetsSent: 3, bytesSent: 30, codecId: "c" },
          { id: "l", type: "outbound-rtp", mid: "0", packetsSent: 4, bytesSent: 40, codecId: "c" },
          { id: "r", type: "remote-inbound-rtp", localId: "h", packetsLost: 2, roundTripTime: 0.25 },
          { id: "c", type: "codec", mimeType: "video/VP8" },
          { id: "t", type: "transport", selectedCandidatePairId: "p", bytesReceived: 7, bytesSent: 8 },
          { id: "p", type: "candidate-pair", localCandidateId: "x", remoteCandidateId: "y" },
          { id: "x", type: "local-candidate", address: "192.0.2.1", port: 5, candidateType: "host" },
        ].map((each) => [each.id, each]));
        const receiver = { track: { kind: "video" } };
        const unused = { mid: null, receiver };
        told(readStats(report, [{ mid: "0", currentDirection: "sendrecv", receiver }, unused]));
        """,
    )
    media = found["media"]
    assert len(media) == 1
    assert {key: media[0][key] for key in ("codec", "packets_out", "bytes_out", "lost_in", "lost_out")} == {
        "codec": "VP8", "packets_out": 7, "bytes_out": 70, "lost_in": 0, "lost_out": 2,
    }  # fmt: skip
    assert (media[0]["rtt_secs"], media[0]["frames_in"], found["transport"]["bytes_in"]) == (0.25, 2, 7)
    assert found["pair"]["local"]["address"] == "192.0.2.1"
    assert "remote" not in found["pair"]


def test_the_test_picture_counts_as_the_kernels_own_does(tmp_path: Path) -> None:
    assert run(tmp_path, "told([counterCells(0), counterCells(0b1011)]);") == [
        [1, 0, *[0] * 16, 0, 0],
        [1, 0, *[0] * 12, 1, 0, 1, 1, 1, 1],
    ]
