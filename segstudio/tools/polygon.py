"""The polygon: click corner by corner around what is to get the class. Owns the corners."""

from __future__ import annotations

import math

import numpy as np

from segstudio.core.errors import marked
from segstudio.core.raster import Point, Polygon
from segstudio.tools.area import ERASE_AREA
from segstudio.tools.inks import class_ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

LEAST_CORNERS = 3
_NAME = marked("Polygon")


class PolygonTool:
    """A click places a corner, and may be dragged; Enter, a double click or the first corner closes and fills.

    Backspace takes the latest corner back. Ctrl at the first click erases instead, Alt picks the class.
    """

    is_stepwise = True

    def __init__(self) -> None:
        self._corners: list[Point] = []
        self._begun: ToolContext | None = None
        self._erases = False
        self._is_down = False

    @property
    def is_busy(self) -> bool:
        """Whether a corner is placed."""
        return self._begun is not None

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event of a drawing; class and ink stay those of its first click."""
        match event.phase:
            case Phase.PRESS:
                return self._press(event, context)
            case Phase.MOVE if self._is_down and self._corners:
                self._corners[-1] = event.point
            case Phase.RELEASE:
                self._is_down = False
            case Phase.STEP_BACK if self.is_busy:
                self._corners.pop()
                if not self._corners:
                    self._forget()
            case Phase.CONFIRM if self.is_busy:
                return self._close(context)
            case Phase.CANCEL:
                self._forget()
        return self._shown(event)

    def _press(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        if self._begun is None:
            if Modifiers.ALT in event.modifiers:
                return ToolOutcome(picked_class=context.value_at(int(event.x // 1), int(event.y // 1)))
            if context.document.is_editing:
                return ToolOutcome()
            self._begun, self._erases = context, context.erasing or Modifiers.CTRL in event.modifiers
        elif len(self._corners) >= LEAST_CORNERS and math.dist(event.point, self._corners[0]) <= context.reach:
            return self._close(context)
        self._is_down = True
        self._corners.append(event.point)
        return self._shown(event)

    def _close(self, now: ToolContext) -> ToolOutcome:
        """Fill; what has too few corners holds no pixel, and is forgotten."""
        value, region = self._value(now), Polygon(np.array(self._corners, dtype=np.float64))
        self._forget()
        if now.document.is_editing or region.box.intersection(now.document.label_map.box).is_empty:
            return ToolOutcome()
        with now.begin(ERASE_AREA if self._erases else _NAME) as builder:
            builder.paint_region(region, value)
        return ToolOutcome(edit=builder.edit)

    def _forget(self) -> None:
        self._corners, self._begun, self._is_down = [], None, False

    def _shown(self, event: PointerEvent) -> ToolOutcome:
        if self._begun is None:
            return ToolOutcome()
        corners = self._corners if self._is_down else [*self._corners, event.point]
        outline = Polygon(np.array(corners, dtype=np.float64))
        return ToolOutcome(outline=outline, color_value=self._value(self._begun), is_area=True)

    def _value(self, now: ToolContext) -> int:
        begun = self._begun or now
        return erase_ink(begun) if self._erases else class_ink(begun)


def polygon() -> Tool:
    """A new one."""
    return PolygonTool()
