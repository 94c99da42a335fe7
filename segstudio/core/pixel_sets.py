"""Sets of an image's pixels that are asked for box by box, so that a stroke costs no more than it touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box
from segstudio.core.label_map import TILE, Labels


class PixelSet(Protocol):
    """Some of the pixels of an image."""

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """(height, width) bool over `box`, which lies within the image: True on the pixels of the set."""


@dataclass(frozen=True, eq=False)
class PackedPixels:
    """Any pixels, one bit each: 108 megapixels take 13.5 MB.

    Attributes:
        bits: (height, ⌈width / 8⌉) uint8, the first pixel of eight in the highest bit.
    """

    bits: npt.NDArray[np.uint8]

    @classmethod
    def with_class(cls, labels: Labels) -> PackedPixels:
        """The pixels of `labels`, (height, width) uint8, that have a class."""
        height, width = labels.shape
        bits = np.empty((height, -(-width // 8)), np.uint8)
        for row in range(0, height, TILE):  # a comparison of all pixels at once would take eight times the memory
            bits[row : row + TILE] = np.packbits(labels[row : row + TILE] != VOID, axis=1)
        return cls(bits)

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """As `PixelSet.mask`."""
        first, last = box.x0 // 8, -(-box.x1 // 8)
        found = np.unpackbits(self.bits[box.y0 : box.y1, first:last], axis=1)
        return found[:, box.x0 - 8 * first : box.x1 - 8 * first].view(np.bool_)


@dataclass(frozen=True, eq=False)
class AtLeast:
    """The pixels whose value, of `values` (height, width) uint8, is `least` or more."""

    values: npt.NDArray[np.uint8]
    least: int

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """As `PixelSet.mask`."""
        return self.values[box.slices] >= self.least


class AllPixels:
    """Every pixel of any image."""

    def mask(self, box: Box) -> npt.NDArray[np.bool_]:
        """As `PixelSet.mask`."""
        return np.ones((box.height, box.width), dtype=np.bool_)
