"""The pixels of one class, alone: they blink so that the eye finds them. Owns no rhythm."""

from __future__ import annotations

import numpy as np

from segstudio.canvas.overlay_layer import OverlayLayer, ReadLabels, strongest_halved
from segstudio.canvas.overlay_level import Colors
from segstudio.canvas.pyramid import reduced_box
from segstudio.core.class_table import ClassTable
from segstudio.core.geometry import EMPTY_BOX, Box


class BlinkLayer(OverlayLayer):
    """The overlay of class `index` alone, hidden or not, opaque; not the smallest speck is lost in a reduced view.

    Attributes:
        index: the class.
        is_lit: whether its pixels are in its colour now, or without any.
    """

    def __init__(self, width: int, height: int, read: ReadLabels, classes: ClassTable, index: int) -> None:
        super().__init__(width, height, read, _color_of(classes, index), strongest_halved)
        self.index = index
        self.is_lit = True

    def set_classes(self, classes: ClassTable) -> None:
        """The class may have another colour."""
        self.set_colors(_color_of(classes, self.index))

    def box_in(self, box: Box, number: int) -> Box:
        """The image pixels within `box` that hold all of the class there; empty where there is none of it.

        By the picture halved `number` times.
        """
        level = self.level(number, box)
        part = reduced_box(box, number).intersection(level.window)
        if part.is_empty:
            return EMPTY_BOX
        held = level.at(part) != 0
        rows, columns = np.flatnonzero(held.any(axis=1)), np.flatnonzero(held.any(axis=0))
        if not rows.size:
            return EMPTY_BOX
        found = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        found = found.translated(part.x0, part.y0)
        return Box(found.x0 << number, found.y0 << number, found.x1 << number, found.y1 << number)


def _color_of(classes: ClassTable, index: int) -> Colors:
    """(256,) uint32 0xAARRGGBB: that of one class; all others are transparent."""
    red, green, blue = (int(part) for part in classes.palette()[index])
    colors = np.zeros(256, dtype=np.uint32)
    colors[index] = 0xFF000000 | red << 16 | green << 8 | blue
    return colors
