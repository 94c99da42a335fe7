"""How long a person works on an image. It knows no image and stores nothing."""

from __future__ import annotations

import time

_LONGEST_PAUSE_S = 60.0
"""Longer stretches without an edit or a step to another image do not count as time spent on an image."""


class WorkClock:
    """Runs from one sign of life to the next."""

    def __init__(self) -> None:
        self._last = time.monotonic()
        self._spent = 0.0
        self._was_worked = False

    def start(self) -> None:
        """The person turns to an image."""
        self._last = time.monotonic()
        self._spent, self._was_worked = 0.0, False

    def tick(self, worked: bool = True) -> None:
        """A sign of life; `worked` where it changed something, not merely looked."""
        now = time.monotonic()
        self._spent += min(now - self._last, _LONGEST_PAUSE_S)
        self._last = now
        self._was_worked |= worked

    def taken(self) -> float | None:
        """The seconds since `start`; None where nothing was changed."""
        self.tick(worked=False)
        return self._spent if self._was_worked else None
