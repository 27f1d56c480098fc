"""A figure: one number over several rounds, with the target it has to meet."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table.

    Attributes:
        title: what is compared.
        values: a value for each round, or for each run.
        detail: the measured values behind it.
        bound: whether the target is the least or the most that `median` may be.
        target: None for a figure that is only shown.
        unit: behind each number; a bare ratio has none.
        digits: behind the point.
    """

    title: str
    values: list[float]
    detail: str = ""
    bound: Literal["≥", "≤"] = "≥"
    target: float | None = None
    unit: str = ""
    digits: int = 2

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.median >= self.target if self.bound == "≥" else self.median <= self.target

    def columns(self) -> tuple[str, str, str, str, str, str]:
        """Title, median, least and most, target, whether it was met, what is behind it."""
        verdict = {True: "met", False: "**missed**", None: ""}[self.met]
        target = "" if self.target is None else f"{self.bound} {self.target:g}{self.unit}"
        spread = f"{self._show(min(self.values))} to {self._show(max(self.values))}"
        return self.title, self._show(self.median) + self.unit, spread, target, verdict, self.detail

    def _show(self, value: float) -> str:
        return f"{value:.{self.digits}f}".replace("-", "−")


def ratios(over: list[float], under: list[float]) -> list[float]:
    """Round by round."""
    return [a / b for a, b in zip(over, under, strict=True)]


def differences(more: list[float], less: list[float]) -> list[float]:
    """Round by round."""
    return [a - b for a, b in zip(more, less, strict=True)]
