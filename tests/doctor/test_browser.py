"""What is made of a browser's report."""

from __future__ import annotations

from typing import Any

import pytest

from janus_notebook.doctor import Check, Diagnosis
from janus_notebook.doctor.browser import BrowserReport, browser_checks, silent_checks, take_report
from janus_notebook.doctor.results import ALL_WELL, NO_BROWSER

WELL: dict[str, Any] = {
    "secure": True,
    "origin": "http://localhost:8888",
    "camera_allowed": True,
    "microphone_allowed": True,
    "devices": True,
    "cameras": 1,
    "permission": "prompt",
    "webrtc": True,
    "candidates": 2,
    "camera": None,
    "seconds": 0.1,
}
KERNEL = Check("url", "URL", "ok", "a URL", "", 0.0)


def with_browser(**facts: Any) -> Diagnosis:
    found = Diagnosis("ws://host", [KERNEL, *silent_checks()])
    take_report(found, WELL | facts)
    return found


def test_no_browser_has_answered() -> None:
    found = Diagnosis("ws://host", [KERNEL, *silent_checks()])
    assert found.exit_code == 0
    assert found.fix == "All is well on this machine; no browser has answered."
    assert [check.seen for check in found.checks[1:]] == [NO_BROWSER] * 5


def test_all_is_well_and_the_camera_waits_for_a_click() -> None:
    found = with_browser()
    assert found.fix == ALL_WELL
    assert [check.status for check in found.checks] == ["ok"] * 5 + ["skipped"]
    assert "Try the camera" in found.check("browser_camera").seen
    found = with_browser(camera="ok", detail="640 x 480")
    assert found.check("browser_camera").seen == "it gives a picture: 640 x 480"
    assert found.exit_code == 0


@pytest.mark.parametrize(
    ("facts", "step", "fix"),
    [
        (
            {"secure": False, "devices": False, "origin": "http://10.0.0.5:8888"},
            "browser_secure",
            "gives no camera to a page at http://10.0.0.5:8888",
        ),
        ({"camera_allowed": False}, "browser_policy", '<iframe allow="camera; microphone">'),
        ({"microphone_allowed": False}, "browser_policy", "refuses microphone"),
        ({"devices": False}, "browser_devices", "there are no media devices here"),
        ({"webrtc": False, "candidates": None}, "browser_ice", "Allow WebRTC in this browser"),
        ({"candidates": 0, "permission": "granted"}, "browser_ice", "gathers no ICE candidate"),
        ({"candidates": 0, "camera": "ok"}, "browser_ice", "gathers no ICE candidate"),
        ({"permission": "denied"}, "browser_camera", "Allow the camera for http://localhost:8888"),
        ({"camera": "NotAllowedError"}, "browser_camera", "Allow the camera for http://localhost:8888"),
        ({"camera": "NotFoundError"}, "browser_camera", "Plug in a camera"),
        ({"camera": "NotReadableError"}, "browser_camera", "Close the program that uses the camera"),
        ({"camera": "TypeError"}, "browser_camera", "TypeError"),
    ],
)
def test_faults(facts: dict[str, Any], step: str, fix: str) -> None:
    found = with_browser(**facts)
    assert found.fault == found.check(step)
    assert fix in found.fix
    assert found.exit_code == 1


def test_a_fault_of_this_machine_comes_before_one_of_the_browser() -> None:
    found = with_browser(permission="denied")
    found.add([Check("url", "URL", "failed", "no URL", "Correct the URL.")])
    assert found.fix == "Correct the URL."


def test_a_browser_may_keep_its_networks_to_itself_until_the_camera_is_allowed() -> None:
    found = with_browser(candidates=0)
    assert found.check("browser_ice").status == "warning"
    assert 'Allow the camera ("Try the camera")' in found.fix
    assert "yet" not in found.check("browser_ice").seen  # gathering had ended, however quickly


@pytest.mark.parametrize("candidates", [0, 2])
def test_no_camera_is_no_warning_and_no_advice_to_allow_one(candidates: int) -> None:
    found = with_browser(cameras=0, candidates=candidates)
    assert (found.exit_code, found.fix) == (0, ALL_WELL)
    assert found.check("browser_devices").seen == "no camera: only needed to send your own camera"
    assert "Try the camera" not in str(found)
    assert found.check("browser_ice").status == ("ok" if candidates else "skipped")


@pytest.mark.parametrize(
    "facts", [{}, dict.fromkeys(WELL, "\x1b[2J" * 10_000), {name: [1] for name in WELL}, {1: 2}]
)
def test_nonsense_of_a_browser_is_what_it_does_not_tell(facts: dict[str, Any]) -> None:
    checks = browser_checks(BrowserReport.read(facts))
    assert len(checks) == 5
    assert {check.status for check in checks} <= {"skipped", "failed"}
    for check in checks:
        assert (check.seen + check.fix).isprintable()
        assert len(check.seen + check.fix) < 1_000
