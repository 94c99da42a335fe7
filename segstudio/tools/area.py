"""The tools that fill what is drawn: a shape made of the pointer's way, and an ink."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.raster import Point, Polygon, Spans, ellipse, rectangle
from segstudio.tools.held import HeldTool
from segstudio.tools.inks import Ink
from segstudio.tools.pointer import Modifiers, PointerEvent
from segstudio.tools.tool import ToolContext

Outline = Callable[[Sequence[Point], bool], Spans | Polygon]
"""What the pointer's way, from the press on, is the outline of; the second argument asks for equal sides."""

ERASE_AREA = marked("Erase area")


def lasso_outline(way: Sequence[Point], _even: bool) -> Polygon:
    """What the way goes around, its end joined to its start."""
    return Polygon(np.array(way, dtype=np.float64))


def rectangle_outline(way: Sequence[Point], even: bool) -> Spans:
    """The pixels from the one at the start of the way to the one at its end."""
    return rectangle(spanned_box(way, even))


def ellipse_outline(way: Sequence[Point], even: bool) -> Spans:
    """The ellipse within that rectangle."""
    return ellipse(spanned_box(way, even))


def spanned_box(way: Sequence[Point], even: bool) -> Box:
    """From the start of `way` to its end: whole pixels, both included; `even`: all sides as long as the longer one."""
    (x0, y0), (x1, y1) = (tuple(int(part // 1) for part in point) for point in (way[0], way[-1]))
    if even:
        side = max(abs(x1 - x0), abs(y1 - y0))
        x1, y1 = x0 + (side if x1 >= x0 else -side), y0 + (side if y1 >= y0 else -side)
    return Box(min(x0, x1), min(y0, y1), max(x0, x1) + 1, max(y0, y1) + 1)


class AreaTool(HeldTool):
    """Fills what `outline` makes of the pointer's way. Shift makes sides equal, where the outline has sides."""

    def __init__(self, name: str, outline: Outline, ink: Ink) -> None:
        super().__init__(name, ERASE_AREA, ink)
        self._make = outline

    def _region(self, event: PointerEvent, context: ToolContext) -> Spans | Polygon:
        return self._make(self._way, Modifiers.SHIFT in event.modifiers)

    def _outline(self, event: PointerEvent, context: ToolContext) -> Spans | Polygon:
        return self._region(event, context)
