"""What the doctor finds: a `Finding` of a step, a `Check` with its name and time, a `Diagnosis` of all."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

__all__ = [
    "NO_BROWSER",
    "Check",
    "Diagnosis",
    "Finding",
    "Status",
    "failed",
    "not_tried",
    "ok",
    "skipped",
    "warning",
]

Status = Literal["ok", "warning", "failed", "not tried", "skipped"]

# Exit codes of ``python -m janus_notebook doctor``.
WELL, FAULT, USAGE, INCOMPLETE = 0, 1, 2, 3

ALL_WELL = "All is well: there is nothing to fix."
NO_BROWSER = "no browser has answered"
# Not on the way to media; any other fault is the one to fix first.
BESIDE = frozenset({"admin"})


@dataclass(frozen=True)
class Finding:
    """What a step found.

    Attributes:
        status: how it ended.
        seen: what was seen, or why it was not tried.
        fix: one sentence that says what to do; "" where there is nothing to do.
        stops: whether a failure keeps later steps from being tried.
    """

    status: Status
    seen: str
    fix: str = ""
    stops: bool = True


def ok(seen: str) -> Finding:
    """It works."""
    return Finding("ok", seen)


def warning(seen: str, fix: str) -> Finding:
    """It works, and may not work for others, or not for long."""
    return Finding("warning", seen, fix)


def failed(seen: str, fix: str, *, stops: bool = True) -> Finding:
    """It does not work."""
    return Finding("failed", seen, fix, stops)


def skipped(why: str) -> Finding:
    """It was not asked for, or does not apply here."""
    return Finding("skipped", why)


def not_tried(why: str) -> Finding:
    """It was asked for and could not be tried."""
    return Finding("not tried", why)


@dataclass(frozen=True)
class Check:
    """One step of the diagnosis.

    Attributes:
        name: a word for programs, such as ``port``.
        title: the same for people.
        status: ``ok``; ``warning`` (it works, but see `fix`); ``failed``; ``not tried`` (an earlier step
            failed, or something is missing here); ``skipped`` (not asked for, or not needed here).
        seen: what was seen, one line; for the last two, why.
        fix: what to do, one sentence; "" where there is nothing to do.
        seconds: how long it took; None if it was not tried.
    """

    name: str
    title: str
    status: Status
    seen: str
    fix: str = ""
    seconds: float | None = None

    def __str__(self) -> str:
        word = "FAILED" if self.status == "failed" else self.status
        time = "" if self.seconds is None else f"{self.seconds:.2f} s"
        line = f"{word:<9} {time:>8}  {self.title:<21} {self.seen}".rstrip()
        return f"{line}\n{'':<20}to fix: {self.fix}" if self.fix else line


@dataclass(eq=False)
class Diagnosis:
    """All the steps in their order, and the one thing to fix.

    Attributes:
        url: the server, without secrets.
        checks: one for each step that has ended.
        done: whether every step of this machine has ended.
    """

    url: str
    checks: list[Check] = field(default_factory=list)
    done: bool = False

    def add(self, checks: Iterable[Check]) -> None:
        """Take checks; one with the name of an earlier one takes its place."""
        for check in checks:
            names = [known.name for known in self.checks]
            if check.name in names:
                self.checks[names.index(check.name)] = check
            else:
                self.checks.append(check)

    def check(self, name: str) -> Check:
        """The check called `name`. Raises KeyError."""
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(name)

    @property
    def faults(self) -> list[Check]:
        """What failed, the one to fix first at the front."""
        found = [check for check in self.checks if check.status == "failed"]
        return sorted(found, key=lambda check: check.name in BESIDE)

    @property
    def fault(self) -> Check | None:
        """The step to fix first, or None."""
        return next(iter(self.faults), None)

    @property
    def complete(self) -> bool:
        """Whether everything that was asked for could be tried."""
        return not any(check.status == "not tried" for check in self.checks)

    @property
    def exit_code(self) -> int:
        """0 all is well, 1 there is a fault, 3 no fault, but something could not be tried."""
        if self.fault is not None:
            return FAULT
        return WELL if self.complete else INCOMPLETE

    @property
    def fix(self) -> str:
        """The one thing to fix, one sentence; or that there is nothing to fix."""
        if self.fault is not None:
            return self.fault.fix
        untried = [check for check in self.checks if check.status == "not tried"]
        if untried:
            titles = ", ".join(check.title for check in untried)
            return f"No fault was found, but not everything was tried ({titles}): {untried[0].seen}"
        if self.hint:
            return f"It works. To be improved: {self.hint}"
        silent = any(check.seen == NO_BROWSER for check in self.checks)
        return f"All is well on this machine; {NO_BROWSER}." if silent else ALL_WELL

    @property
    def hint(self) -> str:
        """What could be better where it works, one sentence: of the first warning; "" for none."""
        return next((check.fix for check in self.checks if check.status == "warning"), "")

    @property
    def verdict(self) -> str:
        """The last line of the text form."""
        if self.fault is not None:
            return f"The one thing to fix ({self.fault.title}): {self.fix}"
        return self.fix

    def __str__(self) -> str:
        lines = [f"Janus doctor: {self.url}", *map(str, self.checks), "", self.verdict]
        return "\n".join(lines)

    def __repr__(self) -> str:
        count = f"{len(self.checks)} checks, {len(self.faults)} failed"
        return f"<Diagnosis of {self.url}: {count}; {self.verdict}>"

    def to_dict(self) -> dict[str, Any]:
        """As plain data: ``url``, ``exit_code``, ``fault`` (a step's name or None), ``fix``, ``checks``."""
        return {
            "url": self.url,
            "exit_code": self.exit_code,
            "fault": None if self.fault is None else self.fault.name,
            "fix": self.fix,
            "checks": [asdict(check) for check in self.checks],
        }

    def to_json(self) -> str:
        """`to_dict` as JSON text."""
        return json.dumps(self.to_dict(), indent=2)
