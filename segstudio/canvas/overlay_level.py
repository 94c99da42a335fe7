"""One size of the overlay's picture, of which memory holds a window round what is looked at. It colours nothing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from segstudio.core.geometry import EMPTY_BOX, Box
from segstudio.core.label_map import TILE

Colors = npt.NDArray[np.uint32]

KEPT_WHOLE = 4 << 20
"""Pixels (of four bytes) up to which a picture is kept whole."""
MARGIN = 2 * TILE
"""Pixels that the window reaches beyond what is looked at, so that panning does not move it with every step."""

Place = tuple[int, int]
"""A tile's row and column in `OverlayLevel.valid`."""


class OverlayLevel:
    """A picture of width × height pixels: the part in `window` is in memory, however large the rest.

    Attributes:
        box: the whole picture.
        window: what is in memory; it begins at a tile's corner.
        image: the window's pixels as Qt draws them, on the memory that `at` gives.
        valid, rough: (tiles down, tiles across) bool over the window: coloured at all, and only roughly.
    """

    def __init__(self, width: int, height: int) -> None:
        self.box = Box.of_size(width, height)
        self._hold(EMPTY_BOX)

    def look_at(self, part: Box) -> bool:
        """Have `part`, cut to the picture, within the window; True where the window had to be moved for it."""
        part = part.intersection(self.box)
        if part.intersection(self.window) == part:
            return False
        before, pixels, valid, rough = self.window, self._pixels, self.valid, self.rough
        whole = self.box.area <= KEPT_WHOLE
        self._hold(self.box if whole else _on_tiles(part.expanded(MARGIN)).intersection(self.box))
        both = before.intersection(self.window)
        if not both.is_empty:
            self.at(both)[...] = pixels[both.translated(-before.x0, -before.y0).slices]
            new, old = _tile_slices(both, self.window), _tile_slices(both, before)
            self.valid[new], self.rough[new] = valid[old], rough[old]
        return True

    def at(self, box: Box) -> Colors:
        """(height, width) uint32 0xAARRGGBB: the pixels of `box`, which lies within the window, for writing."""
        return self._pixels[box.translated(-self.window.x0, -self.window.y0).slices]

    def tiles(self, box: Box) -> Iterator[tuple[Place, Box]]:
        """The tiles of the window that `box` touches, each with its place."""
        box = box.intersection(self.window)
        if box.is_empty:
            return
        rows, columns = _tile_slices(box, self.window)
        for row in range(rows.start, rows.stop):
            for column in range(columns.start, columns.stop):
                x0, y0 = self.window.x0 + column * TILE, self.window.y0 + row * TILE
                yield (row, column), Box(x0, y0, x0 + TILE, y0 + TILE).intersection(self.window)

    def invalidate(self, box: Box | None = None) -> None:
        """The pixels of `box` (None: all) are out of date."""
        part = self.window if box is None else box.intersection(self.window)
        if not part.is_empty:
            tiles = _tile_slices(part, self.window)
            self.valid[tiles] = self.rough[tiles] = False

    def _hold(self, window: Box) -> None:
        self.window = window
        self._pixels: Colors = np.zeros((window.height, window.width), dtype=np.uint32)
        form = QImage.Format.Format_ARGB32_Premultiplied
        self.image = QImage(self._pixels.data, window.width, window.height, window.width * 4, form)
        self.valid = np.zeros((-(-window.height // TILE), -(-window.width // TILE)), dtype=bool)
        self.rough = np.zeros_like(self.valid)


def _on_tiles(box: Box) -> Box:
    """The tiles that `box` touches, whole."""
    return Box(box.x0 // TILE * TILE, box.y0 // TILE * TILE, -(-box.x1 // TILE) * TILE, -(-box.y1 // TILE) * TILE)


def _tile_slices(box: Box, window: Box) -> tuple[slice, slice]:
    """(rows, columns) of the tiles of `window` that `box`, within it and not empty, touches."""
    inner = box.translated(-window.x0, -window.y0)
    return (
        slice(inner.y0 // TILE, (inner.y1 - 1) // TILE + 1),
        slice(inner.x0 // TILE, (inner.x1 - 1) // TILE + 1),
    )
