"""What a browser says of itself, judged: whether this notebook's own camera could reach a server.

The browser reports facts (see `BrowserReport`), all of them untrusted; what they mean is said here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from janus_notebook.doctor.results import (
    NO_BROWSER,
    Check,
    Diagnosis,
    Finding,
    failed,
    not_tried,
    ok,
    skipped,
    warning,
)
from janus_notebook.texts import clean

__all__ = ["BrowserReport", "browser_checks", "silent_checks", "take_report"]

TITLES = {
    "browser_secure": "Secure page",
    "browser_policy": "Camera in this frame",
    "browser_devices": "Media devices",
    "browser_ice": "WebRTC and ICE",
    "browser_camera": "Camera",
}
TRY_IT = 'click "Try the camera" to ask for it'


@dataclass(frozen=True, kw_only=True)
class BrowserReport:
    """What a browser says of the page that the notebook is in. None is "it does not tell".

    Attributes:
        secure: ``window.isSecureContext``.
        origin: of the page.
        camera_allowed, microphone_allowed: by the permissions policy of its frame.
        devices: whether there is ``navigator.mediaDevices``.
        cameras: how many cameras it lists.
        permission: to use the camera: ``granted``, ``denied`` or ``prompt`` (it would ask).
        webrtc: whether there is ``RTCPeerConnection``.
        candidates: how many ICE candidates it gathered.
        camera: what came of a try: ``ok``, or the name of an error; None if nobody has tried.
        detail: of that try, such as the size of the picture.
        seconds: for how long it gathered candidates.
    """

    secure: bool | None = None
    origin: str = ""
    camera_allowed: bool | None = None
    microphone_allowed: bool | None = None
    devices: bool | None = None
    cameras: int | None = None
    permission: str | None = None
    webrtc: bool | None = None
    candidates: int | None = None
    camera: str | None = None
    detail: str = ""
    seconds: float | None = None

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> BrowserReport:
        """Take what a browser sent; what has another type is as if it had not been told."""
        known: dict[str, Any] = {}
        for name, value in facts.items():
            if name in _TEXTS and isinstance(value, str):
                known[name] = clean(value, 200)
            elif (name in _FLAGS and isinstance(value, bool)) or (name in _NUMBERS and _is_number(value)):
                known[name] = value
        return cls(**known)


_TEXTS = ("origin", "permission", "camera", "detail")
_NUMBERS = ("cameras", "candidates", "seconds")
_FLAGS = tuple({field.name for field in fields(BrowserReport)} - {*_TEXTS, *_NUMBERS})


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6


def silent_checks() -> list[Check]:
    """The browser's steps where no browser has answered."""
    return [Check(name, title, "skipped", NO_BROWSER) for name, title in TITLES.items()]


def browser_checks(report: BrowserReport) -> list[Check]:
    """The browser's steps, as far as it told."""
    found = {
        "browser_secure": _secure(report),
        "browser_policy": _policy(report),
        "browser_devices": _devices(report),
        "browser_ice": _ice(report),
        "browser_camera": _camera(report),
    }
    times = {"browser_ice": report.seconds}
    return [
        Check(name, TITLES[name], finding.status, finding.seen, finding.fix, times.get(name))
        for name, finding in found.items()
    ]


def _secure(report: BrowserReport) -> Finding:
    where = report.origin or "this page"
    if report.secure is None:
        return skipped("the browser does not tell")
    if report.secure:
        return ok(f"{where} may use the camera")
    return failed(
        f"{where} is not a secure context: the browser hides its camera from it",
        f"Open the notebook by https://, or as http://localhost (from afar through ssh -L): the browser "
        f"gives no camera to a page at {where}.",
    )


def _policy(report: BrowserReport) -> Finding:
    allowed = {"camera": report.camera_allowed, "microphone": report.microphone_allowed}
    if None in allowed.values():
        return skipped("this browser does not tell")
    refused = [name for name, is_allowed in allowed.items() if not is_allowed]
    if not refused:
        return ok("camera and microphone are allowed here")
    return failed(
        f"the page around this frame does not allow: {', '.join(refused)}",
        f'Let the page that embeds the notebook allow it: <iframe allow="camera; microphone">, and no header '
        f"Permissions-Policy that refuses {' and '.join(refused)}.",
    )


def _devices(report: BrowserReport) -> Finding:
    if report.secure is False:
        return not_tried(f"because of: {TITLES['browser_secure']}")
    if report.devices is None:
        return skipped("the browser does not tell")
    if not report.devices:
        return failed(
            "there is no navigator.mediaDevices",
            "Use another browser, or open the notebook in a tab of its own: there are no media devices here.",
        )
    if report.cameras == 0:
        return ok("no camera: only needed to send your own camera")
    return ok("cameras are listed" if report.cameras is None else f"cameras listed: {report.cameras:g}")


def _ice(report: BrowserReport) -> Finding:
    if report.webrtc is None:
        return skipped("the browser does not tell")
    if not report.webrtc:
        return failed(
            "there is no RTCPeerConnection",
            "Allow WebRTC in this browser (an extension or a policy turns it off), or use another one.",
        )
    if not report.candidates and report.permission != "granted" and report.camera != "ok":
        # Until then Chromium shows the way to the default gateway only, and a closed network has none.
        seen = "no ICE candidate without leave to use the camera"
        if report.cameras == 0:
            return skipped(f"{seen}, and there is none to allow: nothing is known of this browser's networks")
        return warning(
            seen,
            'Allow the camera ("Try the camera"): until then this browser may keep its networks to itself.',
        )
    if not report.candidates:
        return failed(
            "no ICE candidate was gathered",
            "Allow WebRTC to use the network in this browser (an extension or its IP handling policy forbids "
            "it), and connect this computer to one: it gathers no ICE candidate.",
        )
    return ok(f"ICE candidates gathered: {report.candidates:g}")


def _camera(report: BrowserReport) -> Finding:
    if report.secure is False:
        return not_tried(f"because of: {TITLES['browser_secure']}")
    if report.camera_allowed is False:
        return not_tried(f"because of: {TITLES['browser_policy']}")
    if report.camera == "ok":
        return ok(f"it gives a picture{f': {report.detail}' if report.detail else ''}")
    if report.camera in ("NotAllowedError", "SecurityError") or report.permission == "denied":
        return failed(
            "the browser denies the camera to this page",
            f"Allow the camera for {report.origin or 'this page'} in the browser (by the sign beside the "
            "address) and in the system's settings: it is denied.",
        )
    if report.camera in ("NotFoundError", "OverconstrainedError"):
        return failed("there is no camera", "Plug in a camera, or let the system give it to the browser.")
    if report.camera in ("NotReadableError", "AbortError"):
        return failed(
            f"the camera can't be opened ({report.camera})",
            "Close the program that uses the camera: the browser sees it, and can't open it.",
        )
    if report.camera is not None:
        return failed(
            f"the camera failed: {report.camera}", f"Look into the browser's error {report.camera}."
        )
    if report.cameras == 0:
        return skipped("there is none")
    known = {"granted": "it is allowed", "prompt": "the browser would ask you"}.get(report.permission or "")
    return skipped(f"{known}; {TRY_IT}" if known else TRY_IT)


def take_report(diagnosis: Diagnosis, facts: Mapping[str, Any]) -> None:
    """Let a browser's report become a part of a diagnosis."""
    diagnosis.add(browser_checks(BrowserReport.read(facts)))
