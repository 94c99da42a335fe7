"""The coloured overlay of a label map: a picture in premultiplied ARGB at the size that is looked at, kept up to date.

Only what is looked at is ever coloured, only what changes is coloured again, and only what is near the view is kept, so
time and memory follow the screen and not the file. Where one look would mean to colour millions of labels, as a large
image does when it is opened, they are thinned first, which takes a moment, and the real means follow bit by bit
(`refine`). Opacity is the painter's work, so it costs nothing here. It reads labels through a function and never
writes one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

import numpy as np

from segstudio.canvas.overlay_level import Colors, OverlayLevel
from segstudio.canvas.pyramid import reduced_box
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.geometry import EMPTY_BOX, Box
from segstudio.core.label_map import TILE, Labels
from segstudio.project.halving import halved

ReadLabels = Callable[[Box, int], Labels]
"""Every so many of the labels of a box, in both directions."""

ROUGH_FROM = 2_000_000
"""Pixels: where one look would colour more labels than these, they are thinned first."""
ROUGH_CHANGE = 100_000
"""The same for one change; its means follow when the stroke is done."""
KEPT_LEVELS = 2
"""Sizes that are kept: the one looked at, and the one before it, which zooming back finds."""


def mean_halved(colored: Colors) -> Colors:
    """(⌈h/2⌉, ⌈w/2⌉) uint32: the means of 2 × 2 pixels."""
    channels = colored.view(np.uint8).reshape(*colored.shape, 4)
    means: Colors = halved(channels).view(np.uint32)[..., 0]
    return means


def strongest_halved(colored: Colors) -> Colors:
    """(⌈h/2⌉, ⌈w/2⌉) uint32: of 2 × 2 pixels an opaque one where there is any, so that no speck gets lost."""
    height, width = colored.shape
    if height % 2 or width % 2:
        colored = np.pad(colored, ((0, height % 2), (0, width % 2)))
    rows = np.maximum(colored[::2], colored[1::2])
    return np.maximum(rows[:, ::2], rows[:, 1::2])


def overlay_colors(classes: ClassTable) -> Colors:
    """(256,) uint32 0xAARRGGBB by label: opaque class colours; hidden classes and void are transparent."""
    red, green, blue = classes.palette().astype(np.uint32).T
    colors: Colors = np.uint32(0xFF000000) | red << 16 | green << 8 | blue
    colors[[index for index, info in enumerate(classes) if not info.visible]] = 0
    colors[VOID] = 0
    return colors


class OverlayLayer:
    """The overlay of a width × height label map whose labels `read(box, step)` gives, uint8.

    `halve` makes the smaller sizes.

    Attributes:
        pixels_recoloured: how many pixels were coloured since the layer was made, over all sizes.
    """

    def __init__(
        self,
        width: int,
        height: int,
        read: ReadLabels,
        colors: Colors,
        halve: Callable[[Colors], Colors] = mean_halved,
    ) -> None:
        self._halve = halve
        self._box = Box.of_size(width, height)
        self._read = read
        self._colors = colors
        self._outline = False
        self._levels: OrderedDict[int, OverlayLevel] = OrderedDict()
        self._refining: Iterator[Box] | None = None
        self.pixels_recoloured = 0

    @property
    def is_rough(self) -> bool:
        """Whether any of what was looked at is still thinned."""
        return any(level.rough.any() for level in self._levels.values())

    @property
    def nbytes(self) -> int:
        """The memory of the pictures, in bytes."""
        return sum(level.nbytes for level in self._levels.values())

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
        for level in self._levels.values():
            level.invalidate()

    def recolour(self, box: Box) -> None:
        """The labels within `box` may have changed: colour just these pixels, where they are looked at."""
        for number, level in self._levels.items():
            part = reduced_box(box, number)
            part = (part.expanded(1) if self._outline else part).intersection(level.window)
            if number == self._looked_at:
                self._recolour(number, level, part)
            else:
                level.invalidate(part)

    def level(self, number: int, box: Box) -> OverlayLevel:
        """The picture halved `number` times, coloured at least where it shows the image pixels of `box`."""
        level = self._level(number)
        part = reduced_box(box, number).expanded(2)
        if level.look_at(part):
            self._refining = None  # its places are of the window before
        missing = [(place, tile) for place, tile in level.tiles(part) if not level.valid[place]]
        is_much = sum(tile.area for _, tile in missing) << 2 * number > ROUGH_FROM
        for place, tile in missing:
            if is_much and number and not self._outline:
                self._thin(number, level, tile)
                level.rough[place] = True
            else:
                self._fill(number, level, tile)
            level.valid[place] = True
        return level

    def refine(self, pixels: int) -> Box:
        """Go on from thinned labels to the means of all, until some `pixels` are coloured; what looks better now.

        The box is of image pixels, and empty where no tile was finished.
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

    @property
    def _looked_at(self) -> int:
        """The size that was looked at last."""
        return next(reversed(self._levels))

    def _level(self, number: int) -> OverlayLevel:
        if number not in self._levels:
            whole = reduced_box(self._box, number)
            self._levels[number] = OverlayLevel(whole.width, whole.height)
        self._levels.move_to_end(number)
        while len(self._levels) > KEPT_LEVELS:
            self._levels.popitem(last=False)
            self._refining = None
        return self._levels[number]

    def _recolour(self, number: int, level: OverlayLevel, part: Box) -> None:
        is_much = number > 0 and part.area << 2 * number > ROUGH_CHANGE and not self._outline
        for place, tile in level.tiles(part):
            if not level.valid[place]:
                continue
            if is_much or level.rough[place]:
                self._thin(number, level, tile.intersection(part))
                level.rough[place], self._refining = True, None  # what of the tile was refined may be thin again
            else:
                self._fill(number, level, tile.intersection(part))

    def _refinement(self) -> Iterator[Box]:
        """One step after the other: the box of a tile that was thinned and is no more, or an empty one."""
        for number, level in reversed(list(self._levels.items())):
            for place, tile in level.tiles(level.window):
                if level.rough[place]:
                    for block in _blocks(tile, max(1, TILE >> number)):
                        self._fill(number, level, block)
                        yield EMPTY_BOX
                    level.rough[place] = False
                    yield _magnified(tile, number)

    def _thin(self, number: int, level: OverlayLevel, box: Box) -> None:
        full = _magnified(box, number).intersection(self._box)
        level.at(box)[...] = np.take(self._colors, self._read(full, 1 << number), mode="clip")
        self.pixels_recoloured += box.area

    def _fill(self, number: int, level: OverlayLevel, box: Box) -> None:
        level.at(box)[...] = self._outlined(number, level, box) if self._outline else self._meant(number, box)
        self.pixels_recoloured += box.area

    def _meant(self, number: int, box: Box) -> Colors:
        """The pixels of `box`: the colours of all its labels, halved `number` times."""
        full = _magnified(box, number).intersection(self._box)
        colored: Colors = np.take(self._colors, self._read(full, 1), mode="clip")
        if number:
            self.pixels_recoloured += full.area
        for _ in range(number):
            colored = self._halve(colored)
        return colored

    def _outlined(self, number: int, level: OverlayLevel, box: Box) -> Colors:
        """The pixels of `box` whose neighbour to a side has another label, at the resolution of level `number`.

        Thinning the labels instead of averaging the colours keeps the line one screen pixel wide at every zoom.
        """
        wide = box.expanded(1).intersection(level.box)
        full = _magnified(wide, number).intersection(self._box)
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


def _blocks(box: Box, side: int) -> Iterator[Box]:
    """`box` in squares of `side` pixels, the last ones cut."""
    for y in range(box.y0, box.y1, side):
        for x in range(box.x0, box.x1, side):
            yield Box(x, y, x + side, y + side).intersection(box)
