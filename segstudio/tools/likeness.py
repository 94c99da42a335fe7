"""What looks alike: the pixels that differ little in colour from one, where they hang together or wherever they are.

What hangs together ends at edges too, where the image changes within three pixels by more than the tolerance: colours
that lead over a blurred border by and by do not count as one. An image is compared without its noise (a median), in
windows no larger than what is asked for needs. OpenCV is imported when one is compared: the start need not wait for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from segstudio.core.geometry import Box
from segstudio.core.raster import MaskRegion, ReducedMask

Pixels = npt.NDArray[np.uint8]

SMOOTH_SIDE = 5
"""Pixels of the median that takes noise from the image before it is compared, and specks from what was found."""
_MARGIN = SMOOTH_SIDE // 2
_WEAKEST_EDGE = 16
"""Grey levels within three pixels that are no edge, however small the tolerance."""
_BAND = 32
"""Rows."""
_FIRST_WINDOW = 256
"""Pixels on each side of the first one that are looked at first."""


def color_at(image: Pixels, x: int, y: int) -> Pixels:
    """(3,) uint8: the colour of pixel (x, y) of `image`, (height, width, 3) uint8, without noise."""
    return smoothed(image, Box(x, y, x + 1, y + 1))[0, 0]


def smoothed(image: Pixels, box: Box) -> Pixels:
    """(height, width, 3) uint8: the pixels of `box`, which lies within `image`, without noise."""
    import cv2

    wide = _widened(box, image, _MARGIN)
    smooth = np.asarray(cv2.medianBlur(np.ascontiguousarray(image[wide.slices]), SMOOTH_SIDE), dtype=np.uint8)
    return smooth[box.translated(-wide.x0, -wide.y0).slices]


def near(smooth: Pixels, color: Pixels, tolerance: int) -> Pixels:
    """(height, width) uint8: 1 where each channel of `smooth` differs by no more than `tolerance` from `color`."""
    import cv2

    low, high = (np.clip(color.astype(np.int16) + change, 0, 255) for change in (-tolerance, tolerance))
    found = cv2.inRange(smooth, low.astype(np.uint8), high.astype(np.uint8))
    return np.minimum(found, 1, out=found, dtype=np.uint8)


def edges(smooth: Pixels) -> Pixels:
    """(height, width) uint8: by how much a channel of `smooth` differs at most among each pixel and those around it."""
    import cv2

    around = np.ones((3, 3), np.uint8)
    strength = cv2.subtract(cv2.dilate(smooth, around), cv2.erode(smooth, around))
    red, green, blue = cv2.split(strength)
    return np.asarray(cv2.max(cv2.max(red, green), blue), dtype=np.uint8)


class Compared:
    """Pixels as they compare with a colour, (height, width) uint8 of 0 and 1 each.

    Attributes:
        free: alike, and no edge.
        brink: alike, and an edge.
    """

    def __init__(self, height: int, width: int) -> None:
        self.free, self.brink = np.empty((height, width), np.uint8), np.empty((height, width), np.uint8)

    def set(self, part: Box, alike: Pixels, strength: Pixels, tolerance: int) -> None:
        """Of the pixels of `part`: whether they are `alike`, and the strength of edges in grey levels."""
        is_edge = (strength > max(tolerance, _WEAKEST_EDGE)).view(np.uint8)
        np.multiply(alike, is_edge, out=self.brink[part.slices])
        np.subtract(alike, self.brink[part.slices], out=self.free[part.slices])

    def reach(self, x: int, y: int) -> tuple[Pixels, Box]:
        """What is free and hangs together with pixel (x, y), which counts as such, as it does with those around it.

        Returns (height, width) uint8, 1 on it, and a box that holds it.
        """
        import cv2

        around = np.s_[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        self.free[around] |= self.brink[around]
        self.free[y, x] = 1
        height, width = self.free.shape
        found = np.zeros((height + 2, width + 2), np.uint8)
        flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
        _, _, _, (left, top, across, down) = cv2.floodFill(self.free, found, (x, y), 0, 0, 0, flags)
        return found[1:-1, 1:-1], Box(left, top, left + across, top + down)

    def finished(self, found: Pixels, reached: Box, x: int, y: int) -> tuple[Box, npt.NDArray[np.bool_]]:
        """What was reached from pixel (x, y) with the brink beside it and without specks: a box, and True on it."""
        import cv2

        height, width = self.free.shape
        box = reached.expanded(SMOOTH_SIDE).intersection(Box.of_size(width, height))
        inside = np.ascontiguousarray(found[box.slices])
        # An edge is some pixels wide: what of it is alike belongs to this side.
        beside = cv2.dilate(inside, np.ones((SMOOTH_SIDE, SMOOTH_SIDE), np.uint8))
        inside |= beside & self.brink[box.slices]
        cleaned = without_specks(inside)
        cleaned[y - box.y0, x - box.x0] = True
        return box, cleaned


def without_specks(found: Pixels) -> npt.NDArray[np.bool_]:
    """`found`, (height, width) uint8 of 0 and 1, without what is but a few pixels, holes too; as bool."""
    import cv2

    return np.asarray(cv2.medianBlur(np.ascontiguousarray(found), SMOOTH_SIDE)).astype(np.bool_)


def alike_around(image: Pixels, x: int, y: int, tolerance: int) -> MaskRegion:
    """What looks like pixel (x, y) of `image`, (height, width, 3) uint8, and hangs together with it.

    Args:
        image: the whole image; looked at is a window that grows where what is found goes on beyond it.
        x, y: a pixel within.
        tolerance: most that each channel may differ by, in grey levels.
    """
    height, width = image.shape[:2]
    bounds = Box.of_size(width, height)
    window = _Window(image, color_at(image, x, y), tolerance, Box(x, y, x + 1, y + 1).expanded(_FIRST_WINDOW))
    while True:
        left, top = window.box.x0, window.box.y0
        found, reached = window.compared.reach(x - left, y - top)
        # What comes within reach of the window's edge may go on, or be cleaned otherwise with more to see.
        needed = reached.translated(left, top).expanded(2 * SMOOTH_SIDE).intersection(bounds)
        if needed.intersection(window.box) == needed:
            box, inside = window.compared.finished(found, reached, x - left, y - top)
            return MaskRegion(box.translated(left, top), inside)
        window.grow_towards(needed)


class _Window:
    """A part of an image as it compares with a colour. Growing, it compares what is new alone.

    Attributes:
        box: the part.
        compared: its pixels.
    """

    def __init__(self, image: Pixels, color: Pixels, tolerance: int, box: Box) -> None:
        self._image, self._color, self._tolerance = image, color, tolerance
        self.box = _widened(box, image, 0)
        self.compared = Compared(self.box.height, self.box.width)
        self._compare(self.box)

    def grow_towards(self, needed: Box) -> None:
        """Become twice as wide or high, on the sides that `needed` goes beyond."""
        before, old = self.box, self.compared
        across, down = before.width, before.height
        x0 = before.x0 - across * (needed.x0 < before.x0)
        y0 = before.y0 - down * (needed.y0 < before.y0)
        x1 = before.x1 + across * (needed.x1 > before.x1)
        y1 = before.y1 + down * (needed.y1 > before.y1)
        self.box = _widened(Box(x0, y0, x1, y1), self._image, 0)
        self.compared = Compared(self.box.height, self.box.width)
        inner = before.translated(-self.box.x0, -self.box.y0).slices
        self.compared.free[inner], self.compared.brink[inner] = old.free, old.brink
        for part in (
            Box(self.box.x0, self.box.y0, self.box.x1, before.y0),
            Box(self.box.x0, before.y1, self.box.x1, self.box.y1),
            Box(self.box.x0, before.y0, before.x0, before.y1),
            Box(before.x1, before.y0, self.box.x1, before.y1),
        ):
            self._compare(part)

    def _compare(self, part: Box) -> None:
        """Fill in the pixels of `part`, some rows at a time: what is compared then stays near the processor."""
        for top in range(part.y0, part.y1, _BAND):
            band = Box(part.x0, top, part.x1, min(top + _BAND, part.y1))
            if band.is_empty:
                return
            wide = _widened(band, self._image, 1)  # beyond a pixel's neighbours no edge of it is told
            smooth = smoothed(self._image, wide)
            inner = band.translated(-wide.x0, -wide.y0).slices
            alike, strength = near(smooth, self._color, self._tolerance)[inner], edges(smooth)[inner]
            self.compared.set(band.translated(-self.box.x0, -self.box.y0), alike, strength, self._tolerance)


@dataclass(frozen=True, eq=False)
class AlikeAnywhere:
    """All pixels of `image`, (height, width, 3) uint8, that look like `color`; asked for box by box.

    What is found of a pixel is the same whatever box it is asked with.
    """

    image: Pixels
    color: Pixels
    tolerance: int

    @property
    def box(self) -> Box:
        """That of the image: nobody knows before looking."""
        height, width = self.image.shape[:2]
        return Box.of_size(width, height)

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """(height, width) bool over `box`, which lies within the image: True on the pixels that look alike."""
        wide = _widened(box, self.image, _MARGIN)
        found = without_specks(near(smoothed(self.image, wide), self.color, self.tolerance))
        return found[box.translated(-wide.x0, -wide.y0).slices]


class ReducedImage:
    """Every `step`-th pixel of `box` of an image, without noise: to tell at once, and roughly, what looks alike."""

    def __init__(self, image: Pixels, box: Box, step: int) -> None:
        self.box, self.step = box, step
        thinned = np.ascontiguousarray(image[box.slices][::step, ::step])
        height, width = thinned.shape[:2]
        self._smooth = smoothed(thinned, Box.of_size(width, height))

    @cached_property
    def _edges(self) -> Pixels:
        return edges(self._smooth)

    def around(self, x: int, y: int, color: Pixels, tolerance: int) -> ReducedMask | None:
        """What looks like `color` and hangs together with pixel (x, y) of the image, which has it; None outside."""
        if not (self.box.x0 <= x < self.box.x1 and self.box.y0 <= y < self.box.y1):
            return None
        height, width = self._edges.shape
        compared = Compared(height, width)
        compared.set(Box.of_size(width, height), near(self._smooth, color, tolerance), self._edges, tolerance)
        column, row = (x - self.box.x0) // self.step, (y - self.box.y0) // self.step
        found, reached = compared.reach(column, row)
        return self._mask(*compared.finished(found, reached, column, row))

    def anywhere(self, color: Pixels, tolerance: int) -> ReducedMask:
        """All that looks like `color`."""
        found = without_specks(near(self._smooth, color, tolerance))
        return self._mask(Box.of_size(found.shape[1], found.shape[0]), found)

    def _mask(self, box: Box, found: npt.NDArray[np.bool_]) -> ReducedMask:
        """`found` over `box`, both counted in the pixels that are kept, as pixels of the image."""
        x0, y0, x1, y1 = (side * self.step for side in (box.x0, box.y0, box.x1, box.y1))
        there = Box(x0, y0, x1, y1).translated(self.box.x0, self.box.y0).intersection(self.box)
        return ReducedMask(there, self.step, found)


def _widened(box: Box, image: Pixels, margin: int) -> Box:
    height, width = image.shape[:2]
    return box.expanded(margin).intersection(Box.of_size(width, height))
