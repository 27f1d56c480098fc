"""What the doctor's panel shows as plain data, and its static form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from janus_notebook.doctor.browser import TITLES
from janus_notebook.doctor.examination import STEPS
from janus_notebook.panels.static import Part, Rows, Title, seconds_text

if TYPE_CHECKING:
    from janus_notebook.doctor import Diagnosis

__all__ = ["doctor_parts", "doctor_snapshot"]

# The steps of this machine, then those of the browser, with the titles of those that have not ended.
MACHINE: Final = {step.name: step.title for step in STEPS}
WORDS: Final = {"failed": "FAILED"}


def doctor_snapshot(diagnosis: Diagnosis) -> dict[str, Any]:
    """``url``, ``running``, ``verdict`` (state and text), and for each part its ``rows``."""
    known = {check.name: check for check in diagnosis.checks}

    def rows(titles: dict[str, str]) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "title": title,
                "status": check.status if (check := known.get(name)) is not None else "pending",
                "seen": check.seen if check is not None else "",
                "fix": check.fix if check is not None else "",
                "seconds": check.seconds if check is not None else None,
            }
            for name, title in titles.items()
        ]

    machine = rows(MACHINE)
    return {
        "url": diagnosis.url,
        "running": not diagnosis.done,
        "verdict": _verdict(diagnosis, machine),
        "machine": machine,
        "browser": rows(TITLES),
    }


def _verdict(diagnosis: Diagnosis, machine: list[dict[str, Any]]) -> dict[str, str]:
    fault = diagnosis.fault
    if fault is not None:
        return {"state": "failed", "title": f"The one thing to fix: {fault.title}", "text": diagnosis.fix}
    if not diagnosis.done:
        now = next((row["title"] for row in machine if row["status"] == "pending"), "")
        return {"state": "pending", "title": f"Looking: {now} …", "text": ""}
    if not diagnosis.complete:
        return {"state": "not tried", "title": "No fault was found", "text": diagnosis.fix}
    if diagnosis.hint:
        return {"state": "ok", "title": "It works", "text": f"To be improved: {diagnosis.hint}"}
    return {"state": "ok", "title": "", "text": diagnosis.fix}


def doctor_parts(snapshot: dict[str, Any]) -> list[Part]:
    """The parts of the static form."""
    verdict = snapshot["verdict"]
    text = " – ".join(filter(None, [verdict["title"], verdict["text"]]))
    columns = ("step", "result", "time", "what was seen", "what to do")
    return [
        Title(f"Janus doctor: {snapshot['url']}", reason=text),
        *(
            Rows(caption, columns, [_cells(row) for row in snapshot[part] if row["status"] != "pending"])
            for caption, part in (("This machine", "machine"), ("The browser", "browser"))
        ),
    ]


def _cells(row: dict[str, Any]) -> list[str]:
    time = "" if row["seconds"] is None else seconds_text(row["seconds"])
    return [row["title"], WORDS.get(row["status"], row["status"]), time, row["seen"], row["fix"]]
