"""The coloured overlay of a label map: a picture in premultiplied ARGB and its halvings, kept up to date tile by tile.

Only what is looked at is ever coloured, and only what changes is coloured again. Where one look would mean to colour
millions of labels, as a large image does when it is opened, they are thinned first, which takes a moment, and the real
means follow bit by bit (`refine`). Opacity is the painter's work, so it costs nothing here. It reads labels through a
function and never writes one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from segstudio.canvas.pyramid import reduced_box
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.geometry import EMPTY_BOX, Box
from segstudio.core.label_map import TILE, Labels
from segstudio.project.halving import halved

Colors = npt.NDArray[np.uint32]
ReadLabels = Callable[[Box, int], Labels]
"""Every so many of the labels of a box, in both directions."""

ROUGH_FROM = 2_000_000
"""Pixels: where one look would colour more labels than these, they are thinned first."""


def overlay_colors(classes: ClassTable) -> Colors:
    """(256,) uint32 0xAARRGGBB by label: opaque class colours; hidden classes and void are transparent."""
    red, green, blue = classes.palette().astype(np.uint32).T
    colors: Colors = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
    colors[[index for index, info in enumerate(classes) if not info.visible]] = 0
    colors[VOID] = 0
    return colors


class _Level:
    """One size of the picture: its pixels, a QImage on the same memory, which tiles are up to date, which are rough."""

    def __init__(self, width: int, height: int) -> None:
        self.pixels: Colors = np.zeros((height, width), dtype=np.uint32)
        self.image = QImage(self.pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)
        self.valid = np.zeros((-(-height // TILE), -(-width // TILE)), dtype=bool)
        self.rough = np.zeros_like(self.valid)
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
    """The overlay of a width × height label map whose labels `read(box, step)` gives, uint8.

    Attributes:
        pixels_recoloured: how many pixels were coloured since the layer was made, over all sizes.
    """

    def __init__(self, width: int, height: int, read: ReadLabels, colors: Colors) -> None:
        self._read = read
        self._colors = colors
        self._outline = False
        self._levels = [_Level(width, height)]
        self._refining: Iterator[Box] | None = None
        self.pixels_recoloured = 0

    @property
    def is_rough(self) -> bool:
        """Whether any of what was looked at is still thinned."""
        return any(level.rough.any() for level in self._levels)

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
        self._refining = None
        for level in self._levels:
            level.valid[:] = level.rough[:] = False

    def recolour(self, box: Box) -> None:
        """The labels within `box` may have changed: colour just these pixels, where they were looked at before."""
        for number, level in enumerate(self._levels):
            part = reduced_box(box, number)
            part = (part.expanded(1) if self._outline else part).intersection(level.box)
            rows, columns = _tile_slices(part)
            if part.is_empty or not level.valid[rows, columns].any():
                continue
            if level.valid[rows, columns].all() and not level.rough[rows, columns].any():
                self._fill(number, part)
                continue
            for place, tile in level.tiles(part):
                if level.rough[place]:
                    self._thin(number, tile.intersection(part))
                elif level.valid[place]:
                    self._fill(number, tile.intersection(part))

    def level(self, number: int, box: Box) -> QImage:
        """The picture halved `number` times, coloured at least where it shows the image pixels of `box`."""
        while len(self._levels) <= number:
            finest = self._levels[-1].box
            self._levels.append(_Level((finest.width + 1) // 2, (finest.height + 1) // 2))
        level = self._levels[number]
        missing = [
            (place, tile) for place, tile in level.tiles(reduced_box(box, number).expanded(2)) if not level.valid[place]
        ]
        is_much = sum(tile.area for _, tile in missing) << 2 * number > ROUGH_FROM
        for place, tile in missing:
            if is_much and number and not self._outline:
                self._thin(number, tile)
                level.valid[place] = level.rough[place] = True
            else:
                for _ in self._ensuring(number, tile):
                    pass
        return level.image

    def refine(self, pixels: int) -> Box:
        """Go on from thinned labels to the means of all, until some `pixels` are coloured; what looks better now.

        The box is of image pixels, and empty where no tile of any size was finished.
        """
        done, until = EMPTY_BOX, self.pixels_recoloured + pixels
        while self.pixels_recoloured < until:
            if self._refining is None:
                self._refining = self._refinement()
            finished = next(self._refining, None)
            if finished is None:
                self._refining = None
                if not self.is_rough:
                    break
            else:
                done = done.union(finished)
        return done

    def _refinement(self) -> Iterator[Box]:
        """One step after the other: the box of a tile that was thinned and is no more, or an empty one."""
        for number, level in list(enumerate(self._levels)):
            for place, tile in level.tiles(level.box):
                if level.rough[place]:
                    for _ in self._ensuring(number, tile):
                        yield EMPTY_BOX if level.rough[place] else _magnified(tile, number)

    def _ensuring(self, number: int, box: Box) -> Iterator[None]:
        """Colour the tiles of level `number` that `box` touches and that are not exact, a tile of some level a step."""
        level = self._levels[number]
        for place, tile in level.tiles(box):
            if not level.valid[place] or level.rough[place]:
                if number and not self._outline:
                    yield from self._ensuring(number - 1, _doubled(tile))
                self._fill(number, tile)
                level.valid[place], level.rough[place] = True, False
                yield

    def _thin(self, number: int, box: Box) -> None:
        full = _magnified(box, number).intersection(self._levels[0].box)
        self._levels[number].pixels[box.slices] = np.take(self._colors, self._read(full, 1 << number), mode="clip")
        self.pixels_recoloured += box.area

    def _fill(self, number: int, box: Box) -> None:
        target = self._levels[number].pixels[box.slices]
        if self._outline:
            target[...] = self._outlined(number, box)
        elif number == 0:
            target[...] = np.take(self._colors, self._read(box, 1), mode="clip")
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
        full = _magnified(wide, number).intersection(self._levels[0].box)
        labels = self._read(full, 1 << number)
        border = np.zeros(labels.shape, dtype=bool)
        across, down = labels[:, 1:] != labels[:, :-1], labels[1:] != labels[:-1]
        border[:, 1:] |= across
        border[:, :-1] |= across
        border[1:] |= down
        border[:-1] |= down
        inner = box.translated(-wide.x0, -wide.y0).slices
        colored: Colors = np.where(border[inner], self._colors[labels[inner]], np.uint32(0))
        return colored


def _magnified(box: Box, number: int) -> Box:
    """The pixels of the full size that `box`, of the picture halved `number` times, shows."""
    return Box(box.x0 << number, box.y0 << number, box.x1 << number, box.y1 << number)


def _doubled(box: Box) -> Box:
    return _magnified(box, 1)


def _tile_slices(box: Box) -> tuple[slice, slice]:
    return slice(box.y0 // TILE, (box.y1 - 1) // TILE + 1), slice(box.x0 // TILE, (box.x1 - 1) // TILE + 1)
