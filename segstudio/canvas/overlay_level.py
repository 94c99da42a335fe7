"""One size of the overlay's picture, of which memory holds a window round what is looked at. It colours nothing."""

from __future__ import annotations

import ctypes
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
        image: the window's pixels as Qt draws them, on the memory that `at` gives; what lies beyond the window at its
            right and lower end means nothing.
        valid, rough: (tiles down, tiles across) bool from the window's corner: coloured at all, and only roughly.
    """

    def __init__(self, width: int, height: int) -> None:
        self.box = Box.of_size(width, height)
        self._held = EMPTY_BOX
        self._take(EMPTY_BOX)

    def look_at(self, part: Box) -> bool:
        """Have `part`, cut to the picture, within the window; True where the window had to be moved for it."""
        part = part.intersection(self.box)
        if part.intersection(self.window) == part:
            return False
        whole = _on_tiles(self.box)
        wanted = whole if self.box.area <= KEPT_WHOLE else _on_tiles(part.expanded(MARGIN))
        width, height = min(wanted.width, whole.width), min(wanted.height, whole.height)
        if width <= self._held.width and height <= self._held.height:
            self._move(_placed(wanted, self._held.width, self._held.height, whole))
        else:
            self._hold(_placed(wanted, width, height, whole))
        return True

    def at(self, box: Box) -> Colors:
        """(height, width) uint32 0xAARRGGBB: the pixels of `box`, which lies within the window, for writing."""
        return self._pixels[box.translated(-self._held.x0, -self._held.y0).slices]

    def tiles(self, box: Box) -> Iterator[tuple[Place, Box]]:
        """The tiles of the window that `box` touches, each with its place."""
        box = box.intersection(self.window)
        if box.is_empty:
            return
        rows, columns = _tile_slices(box, self._held)
        for row in range(rows.start, rows.stop):
            for column in range(columns.start, columns.stop):
                x0, y0 = self._held.x0 + column * TILE, self._held.y0 + row * TILE
                yield (row, column), Box(x0, y0, x0 + TILE, y0 + TILE).intersection(self.window)

    def invalidate(self, box: Box | None = None) -> None:
        """The pixels of `box` (None: all) are out of date."""
        part = self.window if box is None else box.intersection(self.window)
        if not part.is_empty:
            tiles = _tile_slices(part, self._held)
            self.valid[tiles] = self.rough[tiles] = False

    @property
    def nbytes(self) -> int:
        """The memory of the pixels, in bytes."""
        return self._pixels.nbytes

    def _take(self, held: Box) -> None:
        """New memory, for the pixels of `held`: whole tiles, of which the last may reach beyond the picture."""
        self._held, self.window = held, held.intersection(self.box)
        self._pixels: Colors = np.zeros((held.height, held.width), dtype=np.uint32)
        form = QImage.Format.Format_ARGB32_Premultiplied
        self.image = QImage(self._pixels.data, held.width, held.height, held.width * 4, form)
        self.valid = np.zeros((held.height // TILE, held.width // TILE), dtype=bool)
        self.rough = np.zeros_like(self.valid)

    def _hold(self, held: Box) -> None:
        before, pixels, valid, rough = self._held, self._pixels, self.valid, self.rough
        self._take(held)
        both = before.intersection(held)
        if not both.is_empty:
            self.at(both)[...] = pixels[both.translated(-before.x0, -before.y0).slices]
            self._keep(both, before, valid, rough)

    def _move(self, held: Box) -> None:
        """Let the same memory hold another box of the same size; what both hold stays valid.

        A step by (dx, dy) moves every pixel by one and the same number of places in memory, which is quicker than
        taking new memory. What comes in from the other end of a row belongs to tiles that are not valid.
        """
        before, valid, rough = self._held, self.valid, self.rough
        both = before.intersection(held)
        self._held, self.window = held, held.intersection(self.box)
        self.valid, self.rough = np.zeros_like(valid), np.zeros_like(rough)
        if both.is_empty:
            return
        step = (held.y0 - before.y0) * held.width + held.x0 - before.x0
        start, size = self._pixels.ctypes.data, self._pixels.size - abs(step)
        ctypes.memmove(start + 4 * max(0, -step), start + 4 * max(0, step), 4 * size)
        self._keep(both, before, valid, rough)

    def _keep(self, both: Box, before: Box, valid: npt.NDArray[np.bool_], rough: npt.NDArray[np.bool_]) -> None:
        new, old = _tile_slices(both, self._held), _tile_slices(both, before)
        self.valid[new], self.rough[new] = valid[old], rough[old]


def _placed(box: Box, width: int, height: int, whole: Box) -> Box:
    """Width × height pixels from where `box` begins, moved into `whole`; all of them are of whole tiles."""
    x0, y0 = max(0, min(box.x0, whole.x1 - width)), max(0, min(box.y0, whole.y1 - height))
    return Box(x0, y0, x0 + width, y0 + height)


def _on_tiles(box: Box) -> Box:
    """The tiles that `box` touches, whole."""
    return Box(box.x0 // TILE * TILE, box.y0 // TILE * TILE, -(-box.x1 // TILE) * TILE, -(-box.y1 // TILE) * TILE)


def _tile_slices(box: Box, held: Box) -> tuple[slice, slice]:
    """(rows, columns) of the tiles of `held` that `box`, within it and not empty, touches."""
    inner = box.translated(-held.x0, -held.y0)
    return (
        slice(inner.y0 // TILE, (inner.y1 - 1) // TILE + 1),
        slice(inner.x0 // TILE, (inner.x1 - 1) // TILE + 1),
    )
