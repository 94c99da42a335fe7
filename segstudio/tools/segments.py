"""Segments (superpixels) of a part of an image: small areas of one colour, whose borders follow those in the image.

Owns how they are found, how they are kept, and which pixels each holds. Seeing to it that they are there in time is
not done here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segstudio.core.geometry import Box
from segstudio.core.raster import MaskRegion, Point

LEAST_ACROSS, LEAST_REDUCED = 6.0, 12.0
"""Pixels that a segment is wide at least, of the image itself and of a reduced one: smaller ones follow no border, and
nobody could tell them apart on the screen."""

COMPACTNESS, SMOOTHING, ROUNDS = 15.0, 1.0, 5
"""SLIC's weight of nearness against likeness, its blur in pixels, its iterations; by measurement on street scenes."""


@dataclass(frozen=True, eq=False)
class Segments:
    """The segments of a box of a picture that was halved `level` times.

    Attributes:
        labels: (h, w), the number of each reduced pixel's segment; 0 and up without gaps. uint16 where that holds them:
            they are gone through whenever their borders are drawn.
        corner: the reduced pixel (x, y) of the halved image at `labels[0, 0]`.
        boxes: (count, 4) int32, x0, y0, x1, y1 of each segment in `labels`.
        bounds: the image's own box.
        size: how wide segments were asked to be, in image pixels.
    """

    labels: npt.NDArray[np.integer]
    corner: tuple[int, int]
    level: int
    boxes: npt.NDArray[np.int32]
    bounds: Box
    size: int

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.boxes)

    @property
    def box(self) -> Box:
        """The image pixels that they cover."""
        height, width = self.labels.shape
        return self._in_image(0, 0, width, height)

    def holds(self, point: Point) -> bool:
        """Whether (x, y), in image pixels, lies in a segment."""
        box = self.box
        return box.x0 <= point[0] < box.x1 and box.y0 <= point[1] < box.y1

    def along(self, start: Point, end: Point) -> list[int]:
        """The segments under the straight way from `start` to `end` (image pixels), ascending.

        The way is looked at in steps of half a reduced pixel; where it leaves the box there is nothing.
        """
        (x0, y0), (x1, y1) = self._reduced(start), self._reduced(end)
        share = np.linspace(0.0, 1.0, 2 + math.ceil(2 * max(abs(x1 - x0), abs(y1 - y0))))
        x, y = np.floor(x0 + share * (x1 - x0)).astype(np.int64), np.floor(y0 + share * (y1 - y0)).astype(np.int64)
        height, width = self.labels.shape
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        return np.unique(self.labels[y[inside], x[inside]]).tolist()

    def region(self, number: int) -> MaskRegion:
        """The image pixels of one segment."""
        x0, y0, x1, y1 = (int(side) for side in self.boxes[number])
        inside = self.labels[y0:y1, x0:x1] == number
        if self.level:
            inside = inside.repeat(1 << self.level, axis=0).repeat(1 << self.level, axis=1)
        box = self._in_image(x0, y0, x1, y1)
        return MaskRegion(box, inside[: box.height, : box.width])

    def _reduced(self, point: Point) -> Point:
        scale = 1 << self.level
        return point[0] / scale - self.corner[0], point[1] / scale - self.corner[1]

    def _in_image(self, x0: int, y0: int, x1: int, y1: int) -> Box:
        left, top, level = *self.corner, self.level
        box = Box(left + x0 << level, top + y0 << level, left + x1 << level, top + y1 << level)
        return box.intersection(self.bounds)


def find_segments(pixels: npt.NDArray[np.uint8], part: Box, level: int, size: int, bounds: Box) -> Segments:
    """The segments of `part` of a picture, by SLIC (Achanta et al., TPAMI 2012).

    Args:
        pixels: (h, w, 3) uint8 RGB, the image halved `level` times.
        part: pixels of it, not empty.
        level: how often it was halved.
        size: how wide segments are to be, in image pixels; never below the least above.
        bounds: the image's own box.
    """
    from skimage.segmentation import slic  # here: it takes some half a second

    across = max(size / (1 << level), LEAST_REDUCED if level else LEAST_ACROSS)
    wanted = max(1, round(part.area / across**2))
    crop = np.ascontiguousarray(pixels[part.slices])
    found = slic(crop, n_segments=wanted, compactness=COMPACTNESS, sigma=SMOOTHING, max_num_iter=ROUNDS, start_label=0)
    labels = found.astype(np.uint16 if found.max() <= np.iinfo(np.uint16).max else np.int32)
    return Segments(labels, (part.x0, part.y0), level, _boxes(labels), bounds, size)


def _boxes(labels: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """(count, 4) int32: the box of each number in `labels`, (h, w), which has every number from 0 on."""
    height, width = labels.shape
    count = int(labels.max()) + 1
    rows, columns = np.indices(labels.shape, dtype=np.int32)
    boxes = np.empty((count, 4), np.int32)
    for low, high, places, end in ((0, 2, columns, width), (1, 3, rows, height)):
        least, most = np.full(count, end, np.int32), np.zeros(count, np.int32)
        np.minimum.at(least, labels.ravel(), places.ravel())
        np.maximum.at(most, labels.ravel(), places.ravel())
        boxes[:, low], boxes[:, high] = least, most + 1
    return boxes
