"""What a part of a label map held after any step of its history, told from what it holds now and the edits between.

Edits are exclusive-ors, so the labels then are the labels now, exclusive-or what the edits between did. No earlier
state needs to be kept. Everything here works on copies and may run in any thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from segstudio.core.edits import Edit, Patch
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels

Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class Grid:
    """Every `stride`-th pixel of `box`, in both directions, from its top left one on; each stands for a square cell."""

    box: Box
    stride: int = 1

    @classmethod
    def over(cls, box: Box, whole: Box, most: int) -> Grid:
        """Over the pixels of `box` and a few more within `whole`, with at most `most` cells a side, 2 or more.

        The stride is a power of two and the box begins at a multiple of it, so that the cells are the pixels of an
        image that was halved so many times.
        """
        stride, longest = 1, max(box.width, box.height)
        while longest > most and -(-longest // stride) + 1 > most:  # one more, for a box that begins within a cell
            stride *= 2
        x0, y0 = box.x0 // stride * stride, box.y0 // stride * stride
        x1, y1 = -(-box.x1 // stride) * stride, -(-box.y1 // stride) * stride
        return cls(Box(x0, y0, x1, y1).intersection(whole), stride)

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns) of cells."""
        return -(-self.box.height // self.stride), -(-self.box.width // self.stride)

    def of(self, pixels: npt.NDArray[Kind]) -> npt.NDArray[Kind]:
        """The grid's pixels among all `pixels` (height, width, …): a view."""
        rows, columns = self.box.slices
        return pixels[rows.start : rows.stop : self.stride, columns.start : columns.stop : self.stride]

    def cells_of(self, patch: Patch) -> tuple[slice, slice]:
        """(rows, columns) of the cells whose first pixel lies within `patch`; empty slices where there are none."""
        return (
            _cells(patch.box.y0, patch.box.y1, self.box.y0, self.stride, self.shape[0]),
            _cells(patch.box.x0, patch.box.x1, self.box.x0, self.stride, self.shape[1]),
        )


def _cells(start: int, stop: int, origin: int, stride: int, count: int) -> slice:
    first = min(max(0, -(-(start - origin) // stride)), count)
    return slice(first, max(first, min(-(-(stop - origin) // stride), count)))


@dataclass(frozen=True)
class Glimpse:
    """The labels of `grid` after `number` edits: `labels`, of the grid's shape, which `look_back` brings there."""

    number: int
    grid: Grid
    labels: Labels


def look_back(edits: Sequence[Edit], position: int, glimpses: Iterable[Glimpse]) -> None:
    """Turn what each glimpse holds from the labels after `position` of the `edits` into those after its own number.

    Raises:
        EditFormatError: an edit is damaged.
    """
    for place, edit in enumerate(edits):
        crossing = [glimpse for glimpse in glimpses if (glimpse.number <= place) != (position <= place)]
        for patch in edit.patches if crossing else ():
            delta: Labels | None = None
            for glimpse in crossing:
                grid, (rows, columns) = glimpse.grid, glimpse.grid.cells_of(patch)
                if rows.start == rows.stop or columns.start == columns.stop:
                    continue
                delta = patch.pixels() if delta is None else delta
                y, x = (
                    grid.box.y0 + rows.start * grid.stride - patch.box.y0,
                    grid.box.x0 + columns.start * grid.stride - patch.box.x0,
                )
                glimpse.labels[rows, columns] ^= delta[y :: grid.stride, x :: grid.stride][
                    : rows.stop - rows.start, : columns.stop - columns.start
                ]


def changed_cells(edit: Edit, grid: Grid) -> npt.NDArray[np.bool_]:
    """Of the grid's shape: the cells in which `edit` changed a pixel, be it the first or not.

    Raises:
        EditFormatError: the edit is damaged.
    """
    found = np.zeros(grid.shape, dtype=np.bool_)
    for patch in edit.patches:
        inner = patch.box.intersection(grid.box)
        if inner.is_empty:
            continue
        part = patch.pixels()[inner.translated(-patch.box.x0, -patch.box.y0).slices] != 0
        rows, row_starts = _runs(inner.y0 - grid.box.y0, inner.height, grid.stride)
        columns, column_starts = _runs(inner.x0 - grid.box.x0, inner.width, grid.stride)
        cells = np.logical_or.reduceat(np.logical_or.reduceat(part, row_starts, axis=0), column_starts, axis=1)
        found[rows, columns] |= cells
    return found


def _runs(offset: int, length: int, stride: int) -> tuple[slice, npt.NDArray[np.intp]]:
    """The cells that `length` pixels from `offset` on lie in, and at which of the pixels each begins."""
    first, last = offset // stride, (offset + length - 1) // stride
    return slice(first, last + 1), np.maximum(np.arange(first, last + 1) * stride - offset, 0)


def changed_pixels(edit: Edit) -> int:
    """How many pixels `edit` changed. Raises EditFormatError where it is damaged."""
    return sum(int(np.count_nonzero(patch.pixels())) for patch in edit.patches)
