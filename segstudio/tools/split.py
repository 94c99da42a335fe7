"""Split: a line drawn across a region cuts it in two. Owns what is cut off, and how little is looked at to know it.

What exactly is cut: the line is one pixel wide. A region is the pixels of one label that hang together side by side.
The line cuts a region where what it leaves of it falls into several pieces: the largest piece keeps its class (of equal
ones any), all others are cut off. Of the pixels under the line those that touch a piece cut off with a side go with it,
the others stay. Of the label under the start of the line all regions are split that it cuts; where it cuts none, as
when it begins beside what is meant, those of the next label that it meets, and so on. Where it cuts nothing at all, the
same is tried with the line a little longer at both ends: one that ends a hair short of the border still cuts. The
image's edge is a border like any other; a hole has a border too, so a line from the outer border to a hole cuts nothing
yet, and one that goes on across the hole to the outer border does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from segstudio.core.document import EditBuilder
from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.core.lines import Line
from segstudio.core.raster import MaskRegion
from segstudio.tools.held import HeldTool
from segstudio.tools.pointer import Modifiers, PointerEvent
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

Pixels = npt.NDArray[np.uint8]
ReadLabels = Callable[[Box], Labels]
"""The labels of a box within the image, (its height, its width) uint8."""

MARGIN = 32
"""Pixels around the line that are looked at first."""
MOST_SHOWN = 1_000_000
"""Where more pixels have to be looked at, what would be cut off is not shown before the release."""

_NOT_CUT = marked("Nothing changed: the line does not cut through a region. Draw it from border to border.")
_SAME_CLASS = marked("Nothing changed: what is cut off has this class already. Choose another class first.")
_SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))


@dataclass(frozen=True)
class Cut:
    """The regions of `label` lose the pixels of `part`."""

    label: int
    part: MaskRegion


class WindowTooLargeError(Exception):
    """More pixels would have to be looked at than was allowed."""


@dataclass(frozen=True)
class _Piece:
    """A piece of a region beside the line: a pixel of it, how many the window has of it, whether it may go on."""

    x: int
    y: int
    area: int
    goes_on: bool


def cut_by(
    line: npt.NDArray[np.int64], read: ReadLabels, bounds: Box, first: int | None = None, most: int | None = None
) -> Cut | None:
    """What the pixels of `line`, (N, 2) of x and y as by `Line.pixels`, cut off; None where they cut nothing.

    Looked at is a window around the line, which grows until it is known which piece is the largest: no further than
    the smaller piece needs, whatever the size of the other.

    Args:
        read: the labels as the person sees them.
        bounds: the image. The line may leave it.
        first: the label that is tried before the others, which are tried as the line meets them.
        most: pixels that a window may have.

    Raises:
        WindowTooLargeError: a window of more than `most` pixels would be needed.
    """
    inside = (line >= (bounds.x0, bounds.y0)).all(axis=1) & (line < (bounds.x1, bounds.y1)).all(axis=1)
    line = line[inside]
    if len(line) == 0:
        return None
    (x0, y0), (x1, y1) = line.min(axis=0).tolist(), line.max(axis=0).tolist()
    around = Box(x0, y0, x1 + 1, y1 + 1)
    if most is not None and around.area > most:
        raise WindowTooLargeError
    met = read(around)[line[:, 1] - y0, line[:, 0] - x0]
    for label in dict.fromkeys(met.tolist() if first is None else [first, *met.tolist()]):
        part = _cut_off(line[met == label], label, around, read, bounds, most)
        if part is not None:
            return Cut(label, part)
    return None


def _cut_off(
    line: npt.NDArray[np.int64], label: int, around: Box, read: ReadLabels, bounds: Box, most: int | None
) -> MaskRegion | None:
    """The pixels that `line`, all of which have `label`, cuts off the regions of that label."""
    margin = MARGIN
    while True:
        window = around.expanded(margin).intersection(bounds)
        if most is not None and window.area > most:
            raise WindowTooLargeError
        region = (read(window) == label).view(np.uint8)
        found = _Window(region, line - (window.x0, window.y0), _open_sides(window, bounds)).cut_off()
        if found is not None:
            return MaskRegion(window, found) if found.any() else None
        margin += max(window.width, window.height) // 2


def _open_sides(window: Box, bounds: Box) -> tuple[bool, bool, bool, bool]:
    """Whether the image goes on to the left of the window, above it, to its right and below it."""
    return window.x0 > bounds.x0, window.y0 > bounds.y0, window.x1 < bounds.x1, window.y1 < bounds.y1


class _Window:
    """The pixels of a label in a window: `region`, (height, width) uint8 of 0 and 1; `line` (N, 2) is of them."""

    def __init__(self, region: Pixels, line: npt.NDArray[np.int64], open_sides: tuple[bool, bool, bool, bool]) -> None:
        self._region = region
        self._columns, self._rows = line[:, 0], line[:, 1]
        self._open_sides = open_sides
        self._left = region.copy()
        self._left[self._rows, self._columns] = 0

    def cut_off(self) -> npt.NDArray[np.bool_] | None:
        """(height, width) bool: what the line cuts off; None where the window is too small to tell."""
        taken = _Flooded(self._left)
        for pieces in self._pieces_by_region():
            largest = max(pieces, key=lambda piece: piece.area, default=None)
            others = [piece for piece in pieces if piece is not largest]
            if largest is None or not others:
                continue
            # Which is the largest is plain where nothing goes on, or the largest alone does.
            if any(piece.goes_on or (largest.goes_on and piece.area == largest.area) for piece in others):
                return None
            for piece in others:
                taken.flood(piece.x, piece.y)
        return self._with_the_line(taken.pixels)

    def _pieces_by_region(self) -> list[list[_Piece]]:
        """For each region that the line touches, as far as the window shows it, its pieces beside the line."""
        regions = []
        seen, looked_at = _Flooded(self._region), _Flooded(self._left)
        is_done = np.zeros(len(self._rows), np.bool_)
        for index, (x, y) in enumerate(zip(self._columns.tolist(), self._rows.tolist(), strict=True)):
            if not is_done[index]:
                seen.flood(x, y)
                here = seen.pixels[self._rows, self._columns] & ~is_done
                is_done |= here
                regions.append(self._pieces_beside(self._columns[here], self._rows[here], looked_at))
        return regions

    def _pieces_beside(
        self, columns: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], looked_at: _Flooded
    ) -> list[_Piece]:
        pieces = []
        height, width = self._left.shape
        for dx, dy in _SIDES:
            x, y = columns + dx, rows + dy
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            inside[inside] = self._left[y[inside], x[inside]] == 1
            for start_x, start_y in zip(x[inside].tolist(), y[inside].tolist(), strict=True):
                if not looked_at.pixels[start_y, start_x]:
                    area, box = looked_at.flood(start_x, start_y)
                    pieces.append(_Piece(start_x, start_y, area, self._reaches_open_side(box)))
        return pieces

    def _reaches_open_side(self, box: Box) -> bool:
        height, width = self._left.shape
        reaches = (box.x0 == 0, box.y0 == 0, box.x1 == width, box.y1 == height)
        return any(there and goes_on for there, goes_on in zip(reaches, self._open_sides, strict=True))

    def _with_the_line(self, taken: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """`taken` and the pixels of the line that touch it with a side."""
        height, width = taken.shape
        touch = np.zeros(len(self._rows), np.bool_)
        for dx, dy in _SIDES:
            x, y = self._columns + dx, self._rows + dy
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            touch[inside] |= taken[y[inside], x[inside]]
        taken[self._rows[touch], self._columns[touch]] = True
        return taken


class _Flooded:
    """The pixels of an image that were reached so far, going from pixel to pixel of the same value side by side."""

    def __init__(self, image: Pixels) -> None:
        height, width = image.shape
        self._image = image
        self._mask = np.zeros((height + 2, width + 2), np.uint8)
        self.pixels = self._mask[1:-1, 1:-1].view(np.bool_)
        """(height, width) bool."""

    def flood(self, x: int, y: int) -> tuple[int, Box]:
        """Go on from pixel (x, y), which was not reached yet: how many are reached from it, and a box around them."""
        import cv2  # here, so that the window need not wait for it

        # Comparing with the first pixel is several times as fast as with each neighbour, and here the same.
        flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
        area, _, _, (left, top, across, down) = cv2.floodFill(self._image, self._mask, (x, y), 0, 0, 0, flags)
        return area, Box(left, top, left + across, top + down)


class SplitTool(HeldTool):
    """Cuts at the release. Shift makes the line straight. The class that is cut off is the chosen one."""

    def __init__(self) -> None:
        super().__init__(marked("Split"), marked("Erase what is cut off"))
        self._cut: Cut | None = None

    def _line(self, event: PointerEvent) -> Line:
        way = [self._way[0], event.point] if Modifiers.SHIFT in event.modifiers else self._way
        return Line(np.array(way, dtype=np.float64))

    def _look(self, event: PointerEvent, context: ToolContext, most: int | None) -> Cut | None:
        (x, y), drawn = self._way[0], self._line(event)
        first, bounds = context.value_at(int(x // 1), int(y // 1)), context.document.label_map.box
        lines = (drawn, drawn.prolonged(context.reach))
        cuts = (cut_by(line.pixels(), context.seen, bounds, first, most) for line in lines)
        return next((cut for cut in cuts if cut is not None), None)

    def _region(self, event: PointerEvent, context: ToolContext) -> MaskRegion | None:
        self._cut = self._look(event, context, None)
        return self._cut.part if self._cut is not None and self._cut.label != self._value() else None

    def _release(self, event: PointerEvent, context: ToolContext, builder: EditBuilder) -> ToolOutcome:
        value = self._value()
        outcome = super()._release(event, context, builder)
        cut, self._cut = self._cut, None
        if cut is None:
            return ToolOutcome(message=_NOT_CUT)
        return ToolOutcome(message=_SAME_CLASS) if cut.label == value else outcome

    def _shown(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        if not self.is_busy:
            return ToolOutcome()
        try:
            cut = self._look(event, context, MOST_SHOWN)
        except WindowTooLargeError:
            cut = None
        part = cut.part if cut is not None and cut.label != self._value() else None
        return replace(super()._shown(event, context), part=part)

    def _outline(self, event: PointerEvent, context: ToolContext) -> Line:
        return self._line(event)


def split() -> Tool:
    """A new one."""
    return SplitTool()
