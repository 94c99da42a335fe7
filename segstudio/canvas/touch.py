"""Fingers and pens on a screen: two fingers that move and spread, and taps that come in twos.

Owns where and when they were. All positions are view pixels.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication


@dataclass(frozen=True)
class Pinch:
    """What two fingers did since they were looked at last: they moved by `delta`, and spread by `factor` about `at`."""

    at: QPointF
    delta: QPointF
    factor: float


class TwoFingers:
    """Two fingers, from where they were put down on."""

    def __init__(self) -> None:
        self._were: tuple[QPointF, QPointF] | None = None
        self.are_down = False
        """Whether there were two: one that stays when the other has gone is none that paints."""

    def move(self, points: Sequence[QPointF]) -> Pinch | None:
        """They are at `points` now; None where there are fewer than two, or were."""
        before = self._were
        self._were = (QPointF(points[0]), QPointF(points[1])) if len(points) >= 2 else None
        if self._were is None:
            return None
        self.are_down = True
        if before is None:
            return None
        middle, was = (self._were[0] + self._were[1]) / 2, (before[0] + before[1]) / 2
        spread, spread_was = _distance(*self._were), _distance(*before)
        return Pinch(middle, middle - was, spread / spread_was if spread and spread_was else 1.0)

    def lift(self) -> None:
        """All fingers are gone."""
        self._were, self.are_down = None, False


class DoubleTap:
    """Two taps at one place, one soon after the other: Qt finds double clicks of a mouse alone."""

    def __init__(self) -> None:
        self._before: tuple[QPointF, int] | None = None

    def tap(self, position: QPointF, milliseconds: int) -> bool:
        """A tap at `position` and at that time; True where it is the second of two."""
        before, self._before = self._before, (QPointF(position), milliseconds)
        if before is None:
            return False
        is_soon = milliseconds - before[1] <= QApplication.doubleClickInterval()
        is_second = is_soon and _distance(before[0], position) <= QApplication.startDragDistance()
        if is_second:
            self._before = None  # a third one begins anew
        return is_second


def _distance(first: QPointF, second: QPointF) -> float:
    return math.hypot(first.x() - second.x(), first.y() - second.y())
