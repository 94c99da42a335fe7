"""Which pixels a brush covers, or an outline that was drawn holds.

Every brush shape here is convex, and so is the area it sweeps between two points: one run of pixels a row describes
it exactly. A pixel belongs to a brush, or to an outline, where its *centre* (x + ½, y + ½) lies inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from segstudio.core.geometry import EMPTY_BOX, Box

Point = tuple[float, float]
"""(x, y) in image coordinates: pixel (column i, row j) covers [i, i + 1) × [j, j + 1)."""


class BrushShape(Enum):
    """The outline of a brush."""

    ROUND = "round"
    SQUARE = "square"


class Region(Protocol):
    """Pixels that can be painted."""

    @property
    def box(self) -> Box:
        """A box that holds them all."""

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """(height, width) bool over `box`: True on the pixels of the region."""


@dataclass(frozen=True)
class Spans:
    """One run of pixels a row: row `y0 + k` holds the columns `starts[k]` ≤ x < `ends[k]` (int64 arrays)."""

    y0: int
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]

    @property
    def box(self) -> Box:
        """The smallest box that holds all runs."""
        held = np.flatnonzero(self.ends > self.starts)
        if held.size == 0:
            return EMPTY_BOX
        first, last = int(held[0]), int(held[-1])
        return Box(int(self.starts[held].min()), self.y0 + first, int(self.ends[held].max()), self.y0 + last + 1)

    @property
    def area(self) -> int:
        """In pixels."""
        return int(np.maximum(self.ends - self.starts, 0).sum())

    def clipped(self, box: Box) -> Spans:
        """The runs within `box`."""
        first = min(max(box.y0 - self.y0, 0), len(self.starts))
        last = max(first, min(box.y1 - self.y0, len(self.starts)))
        starts = np.clip(self.starts[first:last], box.x0, box.x1)
        ends = np.clip(self.ends[first:last], box.x0, box.x1)
        return Spans(self.y0 + first, starts, np.maximum(starts, ends))

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """(height, width) bool over `box`: True on the runs."""
        mask = np.zeros((box.height, box.width), dtype=bool)
        inner = self.clipped(box)
        if len(inner.starts):
            columns = np.arange(box.x0, box.x1)
            top = inner.y0 - box.y0
            mask[top : top + len(inner.starts)] = (columns >= inner.starts[:, None]) & (columns < inner.ends[:, None])
        return mask


@dataclass(frozen=True)
class Polygon:
    """The pixels that a path winds around: `points` (N, 2) float64, x and y, the last joined to the first.

    A path that crosses itself holds what it winds around in either direction (the non-zero rule), so a hasty loop at
    its end leaves no hole.
    """

    points: npt.NDArray[np.float64]

    @property
    def box(self) -> Box:
        """The smallest box that holds every pixel whose centre lies between the outermost points."""
        if len(self.points) == 0:
            return EMPTY_BOX
        first, last = np.ceil(self.points.min(axis=0) - 0.5), np.floor(self.points.max(axis=0) - 0.5) + 1
        return Box(int(first[0]), int(first[1]), max(int(first[0]), int(last[0])), max(int(first[1]), int(last[1])))

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """(height, width) bool over `box`: True where the path winds around the pixel's centre.

        Along each row the winding number changes where an edge crosses the row's centre line.
        """
        winding = np.zeros((box.height, box.width + 1), dtype=np.int32)
        start, end = self.points, np.roll(self.points, -1, axis=0)
        top, bottom = np.minimum(start[:, 1], end[:, 1]), np.maximum(start[:, 1], end[:, 1])
        first = np.maximum(np.ceil(top - 0.5), box.y0).astype(np.int64)
        count = np.maximum(np.minimum(np.ceil(bottom - 0.5), box.y1).astype(np.int64) - first, 0)
        edges = np.repeat(np.arange(len(start)), count)
        rows = first[edges] + np.arange(len(edges)) - np.repeat(np.cumsum(count) - count, count)
        (x0, y0), (x1, y1) = start[edges].T, end[edges].T
        x = x0 + (rows + 0.5 - y0) * (x1 - x0) / (y1 - y0)
        columns = np.clip(np.ceil(x - 0.5), box.x0, box.x1).astype(np.int64)
        np.add.at(winding, (rows - box.y0, columns - box.x0), np.where(y1 > y0, 1, -1))
        return np.cumsum(winding[:, :-1], axis=1) != 0


@dataclass(frozen=True)
class MaskRegion:
    """The pixels of `box` where `inside`, (its height, its width) bool, is True."""

    box: Box
    inside: npt.NDArray[np.bool_]

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """(height, width) bool over `box`: True on the pixels of the region."""
        mask = np.zeros((box.height, box.width), dtype=bool)
        both = box.intersection(self.box)
        if not both.is_empty:
            mask[both.translated(-box.x0, -box.y0).slices] = self.inside[
                both.translated(-self.box.x0, -self.box.y0).slices
            ]
        return mask

    def thinned(self, box: Box, step: int) -> npt.NDArray[np.bool_]:
        """Of `mask` every `step`-th pixel."""
        return self.mask(box)[::step, ::step]


@dataclass(frozen=True)
class ReducedMask:
    """Pixels of `box`, known for every `step`-th alone: `inside`, (⌈its height / step⌉, ⌈its width / step⌉) bool."""

    box: Box
    step: int
    inside: npt.NDArray[np.bool_]

    def thinned(self, box: Box, step: int) -> npt.NDArray[np.bool_]:
        """(⌈height / step⌉, ⌈width / step⌉) bool: every `step`-th pixel of `box`, which lies within."""
        rows = (np.arange(box.y0, box.y1, step) - self.box.y0) // self.step
        columns = (np.arange(box.x0, box.x1, step) - self.box.x0) // self.step
        return self.inside[rows[:, None], columns]


def rectangle(box: Box) -> Spans:
    """Every pixel of `box`."""
    rows = np.full(box.height, box.x0, dtype=np.int64)
    return Spans(box.y0, rows, rows + box.width)


def ellipse(box: Box) -> Spans:
    """The pixels whose centres lie in the ellipse that touches the sides of `box`."""
    half_width, half_height = box.width / 2, box.height / 2
    down = (np.arange(box.height) + 0.5 - half_height) / max(half_height, 0.5)
    half = half_width * np.sqrt(1 - down**2)
    middle = box.x0 + half_width
    starts, ends = np.ceil(middle - half - 0.5), np.floor(middle + half - 0.5) + 1
    return Spans(box.y0, starts.astype(np.int64), np.maximum(starts, ends).astype(np.int64))


def round_capsule(start: Point, end: Point, diameter: float, end_diameter: float | None = None) -> Spans:
    """The hull of the disc of `diameter` about `start` and that of `end_diameter` (None: the same) about `end`.

    Per row it is one interval: the hull of the two discs' chords and of where the row crosses the quadrilateral
    between the points where a line touches both. A brush below one pixel still paints the pixels its path passes
    through.
    """
    first = max(diameter, 1.0) / 2
    last = first if end_diameter is None else max(end_diameter, 1.0) / 2
    (x0, y0), (x1, y1) = start, end
    rows = _rows(min(y0 - first, y1 - last), max(y0 + first, y1 + last))
    centres = rows + 0.5
    low = np.full(len(rows), np.inf)
    high = np.full(len(rows), -np.inf)
    for (x, y), radius in ((start, first), (end, last)):
        half_squared = radius**2 - (centres - y) ** 2
        inside = half_squared >= 0
        half = np.sqrt(half_squared, where=inside, out=np.zeros_like(half_squared))
        low = np.where(inside, np.minimum(low, x - half), low)
        high = np.where(inside, np.maximum(high, x + half), high)
    length = float(np.hypot(x1 - x0, y1 - y0))
    if length > abs(first - last):  # else one disc holds the other
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        along = (first - last) / length
        aside = float(np.sqrt(1 - along**2))
        (ax, ay), (bx, by) = (
            (along * ux - aside * uy, along * uy + aside * ux),
            (along * ux + aside * uy, along * uy - aside * ux),
        )
        corners = [
            (x0 + first * ax, y0 + first * ay),
            (x1 + last * ax, y1 + last * ay),
            (x1 + last * bx, y1 + last * by),
            (x0 + first * bx, y0 + first * by),
        ]
        low, high = _extend_by_polygon(centres, corners, low, high)
    return _from_intervals(rows, low, high, start, end)


def square_sweep(start: Point, end: Point, size: float, end_size: float | None = None) -> Spans:
    """The hull of the axis-aligned square of side `size` about `start` and that of `end_size` about `end`.

    `end_size` None: the same.
    """
    first = max(size, 1.0) / 2
    last = first if end_size is None else max(end_size, 1.0) / 2
    (x0, y0), (x1, y1) = start, end
    rows = _rows(min(y0 - first, y1 - last), max(y0 + first, y1 + last))
    centres = rows + 0.5
    low = np.full(len(rows), np.inf)
    high = np.full(len(rows), -np.inf)
    # The hull is the union of the squares and of what their diagonals sweep, one on its way to the other.
    for (x, y), half in ((start, first), (end, last)):
        inside = (centres >= y - half) & (centres < y + half)
        low = np.where(inside, np.minimum(low, x - half), low)
        high = np.where(inside, np.maximum(high, x + half), high)
    for sy in (1, -1):
        corners = [
            (x0 + first, y0 + sy * first),
            (x1 + last, y1 + sy * last),
            (x1 - last, y1 - sy * last),
            (x0 - first, y0 - sy * first),
        ]
        low, high = _extend_by_polygon(centres, corners, low, high)
    return _from_intervals(rows, low, high, start, end)


def sweep(start: Point, end: Point, size: float, shape: BrushShape, end_size: float | None = None) -> Spans:
    """The pixels that a brush of `shape` covers on its way from `start` to `end`.

    It is `size` pixels across at first, and grows or shrinks evenly to `end_size` (None: it stays as it is).
    """
    if shape is BrushShape.ROUND:
        return round_capsule(start, end, size, end_size)
    return square_sweep(start, end, size, end_size)


def snapped(point: Point, size: int) -> Point:
    """`point` moved to where a brush of whole `size` covers exactly `size` pixels across.

    That is a pixel's centre for odd sizes and a pixel's corner for even ones; the pixel grid then cuts no brush
    unevenly, and the cursor can outline the very pixels that a click will paint.
    """
    x, y = point
    if size % 2:
        return (float(np.floor(x)) + 0.5, float(np.floor(y)) + 0.5)
    return (float(np.floor(x + 0.5)), float(np.floor(y + 0.5)))


def footprint(centre: Point, size: float, shape: BrushShape) -> Spans:
    """The pixels that the brush covers where it stands: what its cursor outlines."""
    return sweep(centre, centre, size, shape)


def _rows(low: float, high: float) -> npt.NDArray[np.int64]:
    return np.arange(int(np.floor(low)), int(np.floor(high)) + 1, dtype=np.int64)


def _extend_by_polygon(
    centres: npt.NDArray[np.floating],
    corners: list[Point],
    low: npt.NDArray[np.floating],
    high: npt.NDArray[np.floating],
) -> tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]:
    """Widen [low, high] of each row by where the row's centre line crosses the edges of a convex polygon."""
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        if ay == by:
            continue
        crosses = (centres >= min(ay, by)) & (centres <= max(ay, by))
        x = ax + (centres - ay) / (by - ay) * (bx - ax)
        low = np.where(crosses, np.minimum(low, x), low)
        high = np.where(crosses, np.maximum(high, x), high)
    return low, high


def _from_intervals(
    rows: npt.NDArray[np.int64],
    low: npt.NDArray[np.floating],
    high: npt.NDArray[np.floating],
    start: Point,
    end: Point,
) -> Spans:
    """The pixels whose centres lie in [low, high], plus the pixels under both ends so that no brush paints nothing."""
    found = high >= low
    starts = np.ceil(np.where(found, low, 0.0) - 0.5).astype(np.int64)
    ends = np.floor(np.where(found, high, -1.0) - 0.5).astype(np.int64) + 1
    ends = np.maximum(starts, ends)
    for x, y in (start, end):
        row, column = int(np.floor(y)) - int(rows[0]), int(np.floor(x))
        if starts[row] >= ends[row]:
            starts[row], ends[row] = column, column + 1
        else:
            starts[row], ends[row] = min(starts[row], column), max(ends[row], column + 1)
    return Spans(int(rows[0]), starts, ends)
