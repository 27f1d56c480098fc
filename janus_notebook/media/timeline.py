"""Where pieces of sound belong, on the clock of their sender."""

from __future__ import annotations

__all__ = ["Timeline"]

# What was lost on the way is filled up to here; a longer pause was meant.
FILL_SECONDS = 1.0
# Nothing sounds different for so little; a piece more or less is at least 10 ms.
TOLERANCE_SECONDS = 0.005


class Timeline:
    """Finds the holes between pieces of sound.

    Args:
        rate: samples a second.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._expected: int | None = None

    def place(self, start: float, count: int) -> tuple[int, float]:
        """Take the next piece: return the samples to fill in before it, and the seconds not to be filled.

        A piece that claims to begin earlier than the last one ended begins a clock of its own.

        Args:
            start: when it begins, in seconds on the sender's clock.
            count: its samples.
        """
        first = round(start * self.rate)
        missing = 0 if self._expected is None else first - self._expected
        self._expected = first + count
        if missing < TOLERANCE_SECONDS * self.rate:
            return 0, 0.0
        if missing > FILL_SECONDS * self.rate:
            return 0, missing / self.rate
        return missing, 0.0
