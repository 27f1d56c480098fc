"""Why a browser gives no camera, and why media in a browser have ended, in words. A page is not trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from janus_notebook.errors import JanusMediaError
from janus_notebook.texts import NAME_LIMIT, clean

__all__ = ["BYES", "ENDS", "NOT_READY", "PAGE_LEFT", "refused"]

DEVICES: Final = {"camera": "camera", "microphone": "microphone", "screen": "screen"}
DOING: Final = {
    "offer": "make an offer",
    "answer": "answer Janus's offer",
    "accept": "take Janus's answer",
    "rollback": "take its offer back",
    "capture": "make the media",
    "snapshot": "take a picture",
    "channel": "open the data channel",
    "send": "send over the data channel",
}


# Why `ready` has waited for nothing, and what to do.
NOT_READY: Final = {
    "waiting": (
        "no page shows it, or the kernel does not hear the page while this cell runs",
        "Let the cell end with it, and await ready() in the next one.",
    ),
    "asking": ("nobody has allowed it in the browser yet", "Look at the sign beside the address."),
    "connecting": ("it is not connected", "The panel of the handle tells the step it hangs in."),
}
# What a page may give as its reason to go, and what is said then.
PAGE_LEFT: Final = "DTLS alert"
# Why Janus says that a connection has ended, where that needs other words.
ENDS: Final = {
    "": "the handle was hung up",
    "Janus API": "the handle was hung up",
    PAGE_LEFT: "the page closed the connection: it was closed, reloaded or left",
}
BYES: Final = {
    "pagehide": "the page was closed or reloaded",
    "unseen": "no cell shows it any more",
    "button": "you hung up",
    "closed": "the widget was closed",
    "kernel": "the page heard nothing of the kernel",
    "source": "the sharing was stopped in the browser",
}


def refused(verb: str, error: object) -> JanusMediaError:
    """The error for what a page could not do.

    Args:
        verb: what it was asked for.
        error: what it said: ``name`` and ``message`` of the browser's error, ``what`` it wanted (``camera``,
            ``microphone``, ``screen``), and of the page ``secure``, ``allowed`` (by its permissions policy),
            ``permission``, ``origin``, ``seen`` (how many such devices the browser lists).
    """
    facts = error if isinstance(error, Mapping) else {}
    name, text = clean(facts.get("name", "Error"), NAME_LIMIT), clean(facts.get("message", ""), 160)
    what = DEVICES.get(str(facts.get("what")))
    if what is not None:
        return _device(what, name, text, facts)
    why = f"{name}: {text}" if name not in ("", "Error") and text else text or name
    return JanusMediaError(f"the browser could not {DOING.get(verb, verb)}: {why}")


def _device(what: str, name: str, text: str, facts: Mapping[str, Any]) -> JanusMediaError:
    where = clean(facts.get("origin") or "this page", NAME_LIMIT)
    if facts.get("secure") is False:
        return JanusMediaError(
            f"the browser gives no {what} to {where}: it is not a secure context",
            hint="Open the notebook by https://, or as http://localhost (from afar through ssh -L).",
        )
    if facts.get("allowed") is False:
        feature = "display-capture" if what == "screen" else what
        return JanusMediaError(
            f"the page around this notebook does not allow the {what} (permissions policy)",
            hint=f'Let it allow it, <iframe allow="{feature}">, or open the notebook in a tab of its own.',
        )
    match name:
        case "NotAllowedError" | "SecurityError" | "PermissionDeniedError" if what == "screen":
            return JanusMediaError(
                "the screen is not shared: the choice was cancelled, or the browser or the system forbids it",
                hint="Start again and choose a window; some systems want a permission for the browser first.",
            )
        case "NotAllowedError" | "SecurityError" | "PermissionDeniedError":
            return JanusMediaError(
                f"the browser denies the {what} to {where}",
                hint=f"Allow the {what} in the browser (by the sign beside the address) and in the system's "
                "settings, then start again.",
            )
        case "NotFoundError" | "DevicesNotFoundError":
            return JanusMediaError(
                f"the browser finds no {what}",
                hint=f"Plug one in, or send a generated picture: camera(source='test'){_else(what)}.",
            )
        case "NotReadableError" | "TrackStartError" | "AbortError":
            return JanusMediaError(
                f"the {what} is there and can't be opened ({name})",
                hint="Close the program that uses it, then start again.",
            )
        case "OverconstrainedError":
            return JanusMediaError(
                f"the {what} can't do what was asked for",
                hint="Ask for less: leave out width=, height= and fps=, or the chosen device.",
            )
        case "TypeError" | "NotSupportedError":
            return JanusMediaError(
                f"this browser has no way to give a {what}", hint="Use another browser, such as Chromium."
            )
    return JanusMediaError(f"the {what} failed in the browser: {name}{f': {text}' if text else ''}")


def _else(what: str) -> str:
    return ", or leave the sound out: audio=False" if what == "microphone" else ""
