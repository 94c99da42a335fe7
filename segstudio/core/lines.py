"""A line that is drawn: where it goes, and which pixels lie under it. It is one pixel wide."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segstudio.core.raster import Point


@dataclass(frozen=True)
class Line:
    """An open path through `points`, (N, 2) float64 of x and y, N ≥ 1."""

    points: npt.NDArray[np.float64]

    def pixels(self) -> npt.NDArray[np.int64]:
        """(M, 2) int64 of x and y: the pixels under the line, from its start on, none twice in a row.

        Each touches the next one at a side or a corner, so pixels that hang together by their sides do not do so
        across the line. They may lie beyond any image.
        """
        whole = np.floor(self.points).astype(np.int64)
        start, way = whole[:-1], np.diff(whole, axis=0)
        steps = np.abs(way).max(axis=1, initial=0)
        segments = np.repeat(np.arange(len(steps)), steps)
        step = np.arange(len(segments)) - np.repeat(np.cumsum(steps) - steps, steps) + 1
        share = step / np.maximum(steps[segments], 1)
        between = start[segments] + np.floor(way[segments] * share[:, None] + 0.5).astype(np.int64)
        return np.concatenate([whole[:1], between])

    def prolonged(self, by: float) -> Line:
        """Longer by `by` pixels at both ends, each in the direction that it has there; a mere point stays one."""
        return Line(np.array([_beyond(self.points, by), *self.points, _beyond(self.points[::-1], by)]))


def _beyond(points: npt.NDArray[np.float64], by: float) -> Point:
    """The point `by` before the first of `points`, as seen from the first one that is at least as far from it."""
    away = points[0] - points
    far = np.hypot(away[:, 0], away[:, 1])
    reached = np.flatnonzero(far >= min(by, far.max()))
    dx, dy = away[reached[0]]
    length = math.hypot(dx, dy)
    x, y = points[0]
    return (x, y) if length == 0 else (x + dx / length * by, y + dy / length * by)
