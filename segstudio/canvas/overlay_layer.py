"""The coloured overlay of a label map: a picture in premultiplied ARGB and its halvings, kept up to date tile by tile.

Only what is looked at is ever coloured, and only what changes is coloured again. Opacity is the painter's work, so it
costs nothing here. It reads labels through a function and never writes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from segstudio.canvas.pyramid import halved, reduced_box
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.geometry import Box
from segstudio.core.label_map import TILE, Labels

Colors = npt.NDArray[np.uint32]


def overlay_colors(classes: ClassTable) -> Colors:
    """(256,) uint32 0xAARRGGBB by label: opaque class colours; hidden classes and void are transparent."""
    red, green, blue = classes.palette().astype(np.uint32).T
    colors: Colors = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
    colors[[index for index, info in enumerate(classes) if not info.visible]] = 0
    colors[VOID] = 0
    return colors


class _Level:
    """One size of the picture: its pixels, a QImage on the same memory, and which tiles are up to date."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels: Colors = np.zeros((height, width), dtype=np.uint32)
        self.image = QImage(self.pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
        self.valid = np.zeros((-(-height // TILE), -(-width // TILE)), dtype=bool)
        self.box = Box.of_size(width, height)

    def tiles(self, box: Box) -> Iterator[tuple[tuple[int, int], Box]]:
        """The tiles that `box` touches, each with its place in `valid`."""
        box = box.intersection(self.box)
        if box.is_empty:
            return
        for row in range(box.y0 // TILE, (box.y1 - 1) // TILE + 1):
            for column in range(box.x0 // TILE, (box.x1 - 1) // TILE + 1):
                tile = Box(column * TILE, row * TILE, (column + 1) * TILE, (row + 1) * TILE)
                yield (row, column), tile.intersection(self.box)


class OverlayLayer:
    """The overlay of a width × height label map whose labels `read(box)` gives, (height, width) uint8.

    Attributes:
        pixels_recoloured: how many pixels were coloured since the layer was made, over all sizes.
    """

    def __init__(self, width: int, height: int, read: Callable[[Box], Labels], colors: Colors) -> None:
        self._read = read
        self._colors = colors
        self._outline = False
        self._levels = [_Level(width, height)]
        self.pixels_recoloured = 0

    def set_colors(self, colors: Colors) -> None:
        """Use these colours, (256,) uint32 by label, from now on."""
        if not np.array_equal(colors, self._colors):
            self._colors = colors
            self.invalidate()

    def set_outline(self, outline: bool) -> None:
        """Colour only the borders of the regions, one pixel inside each, or all of them."""
        if outline != self._outline:
            self._outline = outline
            self.invalidate()

    def invalidate(self) -> None:
        """Every label may have changed; what is looked at will be coloured anew."""
        for level in self._levels:
            level.valid[:] = False

    def recolour(self, box: Box) -> None:
        """The labels within `box` may have changed: colour just these pixels, where they were looked at before."""
        for number, level in enumerate(self._levels):
            part = reduced_box(box, number)
            part = (part.expanded(1) if self._outline else part).intersection(level.box)
            rows, columns = _tile_slices(part)
            if part.is_empty or not level.valid[rows, columns].any():
                continue
            if level.valid[rows, columns].all():
                self._fill(number, part)
                continue
            for place, tile in level.tiles(part):
                if level.valid[place]:
                    self._fill(number, tile.intersection(part))

    def level(self, number: int, box: Box) -> QImage:
        """The picture halved `number` times, coloured at least where it shows the image pixels of `box`."""
        while len(self._levels) <= number:
            finest = self._levels[-1].box
            self._levels.append(_Level((finest.width + 1) // 2, (finest.height + 1) // 2))
        self._ensure(number, reduced_box(box, number).expanded(2))
        return self._levels[number].image

    def _ensure(self, number: int, box: Box) -> None:
        level = self._levels[number]
        for place, tile in level.tiles(box):
            if not level.valid[place]:
                if number and not self._outline:
                    self._ensure(number - 1, _doubled(tile))
                self._fill(number, tile)
                level.valid[place] = True

    def _fill(self, number: int, box: Box) -> None:
        target = self._levels[number].pixels[box.slices]
        if self._outline:
            target[...] = self._outlined(number, box)
        elif number == 0:
            target[...] = np.take(self._colors, self._read(box), mode="clip")
        else:
            finer = self._levels[number - 1]
            source = finer.pixels[_doubled(box).intersection(finer.box).slices]
            channels = source.view(np.uint8).reshape(*source.shape, 4)
            target[...] = halved(channels).view(np.uint32)[..., 0]
        self.pixels_recoloured += box.area

    def _outlined(self, number: int, box: Box) -> Colors:
        """The pixels of `box` whose neighbour to a side has another label, at the resolution of level `number`.

        Thinning the labels instead of averaging the colours keeps the line one screen pixel wide at every zoom.
        """
        level = self._levels[number]
        wide = box.expanded(1).intersection(level.box)
        full = Box(wide.x0 << number, wide.y0 << number, wide.x1 << number, wide.y1 << number)
        labels = self._read(full.intersection(self._levels[0].box))[:: 1 << number, :: 1 << number]
        border = np.zeros(labels.shape, dtype=bool)
        across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
        border[:, 1:] |= across
        border[:, :-1] |= across
        border[1:] |= down
        border[:-1] |= down
        inner = box.translated(-wide.x0, -wide.y0).slices
        colored: Colors = np.where(border[inner], self._colors[labels[inner]], np.uint32(0))
        return colored


def _doubled(box: Box) -> Box:
    return Box(box.x0 * 2, box.y0 * 2, box.x1 * 2, box.y1 * 2)


def _tile_slices(box: Box) -> tuple[slice, slice]:
    return slice(box.y0 // TILE, (box.y1 - 1) // TILE + 1), slice(box.x0 // TILE, (box.x1 - 1) // TILE + 1)
