"""How many pixels of two label maps differ, kept tile by tile: a change costs the tiles that it touched."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from segstudio.core.geometry import Box
from segstudio.core.label_map import TILE, Labels

ReadBox = Callable[[Box], Labels]
"""The labels of the pixels of a box."""

_UNKNOWN = -1


class DifferenceCount:
    """Counts where `first` and `second`, which give the labels of the same pixels, differ.

    Nothing is counted before `go_on`, so that the whole can be counted in as many steps as is convenient.

    Attributes:
        pixels_compared: how many pixels were looked at so far, again where they were looked at again.
    """

    def __init__(self, width: int, height: int, first: ReadBox, second: ReadBox) -> None:
        self._box = Box.of_size(width, height)
        self._first, self._second = first, second
        self._counts = np.full((-(-height // TILE), -(-width // TILE)), _UNKNOWN, dtype=np.int64)
        self._unknown = self._counts.size
        self.pixels_compared = 0

    @property
    def pixels(self) -> int:
        """How many there are."""
        return self._box.area

    @property
    def total(self) -> int | None:
        """The pixels that differ; None while some are still to be counted."""
        return int(self._counts.sum()) if not self._unknown else None

    def changed(self, box: Box) -> None:
        """The pixels of `box` may be other ones in either: count them anew."""
        box = box.intersection(self._box)
        if box.is_empty:
            return
        rows = slice(box.y0 // TILE, (box.y1 - 1) // TILE + 1)
        columns = slice(box.x0 // TILE, (box.x1 - 1) // TILE + 1)
        self._unknown += int(np.count_nonzero(self._counts[rows, columns] != _UNKNOWN))
        self._counts[rows, columns] = _UNKNOWN

    def go_on(self, pixels: int) -> bool:
        """Compare some `pixels` more, or what is left; True where nothing is."""
        until = self.pixels_compared + pixels
        if self._unknown:
            for row, column in np.argwhere(self._counts == _UNKNOWN).tolist():
                if self.pixels_compared >= until:
                    return False
                tile = Box(column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE).intersection(self._box)
                self._counts[row, column] = np.count_nonzero(self._first(tile) != self._second(tile))
                self._unknown -= 1
                self.pixels_compared += tile.area
        return True
