"""The label map: a 2-D uint8 array of class indices, reached tile by tile.

Anybody may read; only the `Document` writes, so that views, journal and undo see the same dirty tiles.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box

Labels = npt.NDArray[np.uint8]

TILE = 256
"""Side of a tile in pixels: small enough that a stroke's tiles compress in well under a millisecond each."""


_COUNTED_AT_ONCE = 1 << 20


def label_counts(labels: Labels) -> npt.NDArray[np.int64]:
    """(256,): how many of `labels`, uint8 of any shape, have each value. Takes little memory, however many they are."""
    counts = np.zeros(256, dtype=np.int64)
    flat = labels.reshape(-1)
    for start in range(0, flat.size, _COUNTED_AT_ONCE):  # numpy counts a copy eight times as large
        counts += np.bincount(flat[start : start + _COUNTED_AT_ONCE], minlength=256)
    return counts


class TileIndex(NamedTuple):
    """A tile's place in the grid, counted in tiles from the top left."""

    row: int
    column: int


class LabelMap:
    """(height, width) uint8; 0 to 254 are class indices, 255 is void."""

    def __init__(self, height: int, width: int, fill: int = VOID) -> None:
        if height < 1 or width < 1:
            raise ValueError(f"a label map needs at least one pixel, not {width}×{height}")
        self._pixels: Labels = np.full((height, width), fill, dtype=np.uint8)

    @classmethod
    def from_array(cls, labels: Labels) -> LabelMap:
        """A label map with a copy of `labels`, (height, width) uint8.

        Raises:
            ValueError: `labels` is not a 2-D uint8 array.
        """
        if labels.ndim != 2 or labels.dtype != np.uint8:
            raise ValueError(f"a label map is 2-D uint8, not {labels.ndim}-D {labels.dtype}")
        made = cls.__new__(cls)
        made._pixels = np.array(labels, dtype=np.uint8, order="C", copy=True)
        return made

    @classmethod
    def over(cls, labels: Labels) -> LabelMap:
        """A label map on the memory of `labels`, (height, width) uint8, to look at: nobody can write it."""
        made = cls.__new__(cls)
        made._pixels = labels.view()
        made._pixels.flags.writeable = False
        return made

    @classmethod
    def taking(cls, labels: Labels) -> LabelMap:
        """A label map of `labels`, (height, width) uint8, themselves: nobody else may use them any more.

        They are copied where they cannot be written into. Raises ValueError as `from_array`.
        """
        if labels.ndim != 2 or labels.dtype != np.uint8 or not (labels.flags.writeable and labels.flags.c_contiguous):
            return cls.from_array(labels)
        made = cls.__new__(cls)
        made._pixels = labels
        return made

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        height, width = self._pixels.shape
        return height, width

    @property
    def box(self) -> Box:
        """The box of all pixels."""
        height, width = self.shape
        return Box.of_size(width, height)

    @property
    def array(self) -> Labels:
        """A read-only view of all pixels; it shows later edits too. Copy it to hand it to a worker."""
        view = self._pixels.view()
        view.flags.writeable = False
        return view

    def read(self, box: Box) -> Labels:
        """A read-only view of the pixels of `box`, cut to the map."""
        view = self._pixels[box.intersection(self.box).slices]
        view.flags.writeable = False
        return view

    def writable(self, box: Box) -> Labels:
        """The pixels of `box` (which lies within the map) for writing. For `Document` and `Edit` alone."""
        return self._pixels[box.slices]

    def value_at(self, x: int, y: int) -> int | None:
        """The label of one pixel, or None outside the map."""
        height, width = self.shape
        return int(self._pixels[y, x]) if 0 <= x < width and 0 <= y < height else None

    def holds_only(self, value: int) -> bool:
        """Whether every pixel has the label `value`; looks no further than the first other one's band of rows."""
        return not any((self._pixels[row : row + TILE] != value).any() for row in range(0, self.shape[0], TILE))

    def tiles_in(self, box: Box) -> Iterator[tuple[TileIndex, Box]]:
        """The tiles that `box` touches, each with its own box (cut to the map)."""
        box = box.intersection(self.box)
        if box.is_empty:
            return
        for row in range(box.y0 // TILE, (box.y1 - 1) // TILE + 1):
            for column in range(box.x0 // TILE, (box.x1 - 1) // TILE + 1):
                yield TileIndex(row, column), self.tile_box(TileIndex(row, column))

    def tile_box(self, tile: TileIndex) -> Box:
        """The pixels of one tile, cut to the map."""
        whole = Box(tile.column * TILE, tile.row * TILE, (tile.column + 1) * TILE, (tile.row + 1) * TILE)
        return whole.intersection(self.box)
