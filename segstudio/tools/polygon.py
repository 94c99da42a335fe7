"""The polygon: click corner by corner around what is to get the class. Owns the corners and the way between them."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np

from segstudio.core.errors import marked
from segstudio.core.raster import Point, Polygon
from segstudio.tools.area import ERASE_AREA
from segstudio.tools.inks import class_ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

LEAST_CORNERS = 3


class Way(Protocol):
    """How an outline goes from corner to corner."""

    def between(self, start: Point, end: Point, context: ToolContext) -> list[Point]:
        """The points of the outline after `start`, of which `end` is the last."""

    def forget(self) -> None:
        """What was drawn is finished or taken back: keep nothing that was made for it."""


class StraightWay:
    """Straight from corner to corner."""

    def between(self, _start: Point, end: Point, _context: ToolContext) -> list[Point]:
        """`end` alone."""
        return [end]

    def forget(self) -> None:
        """There is nothing to forget."""


_STRAIGHT = StraightWay()


class PolygonTool:
    """A click places a corner, and may be dragged; Enter, a double click or the first corner closes and fills.

    Backspace takes the latest corner back. Ctrl at the first click erases instead, Alt picks the class; while Shift is
    held, the outline is straight. `name` is the marked name of its edits.
    """

    is_stepwise = True

    def __init__(self, name: str, way: Way = _STRAIGHT) -> None:
        self._name = name
        self._way = way
        self._legs: list[list[Point]] = []
        """What each click added to the outline; a leg ends in a corner."""
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
            case Phase.MOVE if self._is_down and self._legs:
                self._legs[-1:] = [self._leg(event, context, self._legs[:-1])]
            case Phase.RELEASE:
                self._is_down = False
            case Phase.STEP_BACK if self.is_busy:
                self._legs.pop()
                if not self._legs:
                    self._forget()
            case Phase.CONFIRM if self.is_busy:
                return self._close(event, context)
            case Phase.CANCEL:
                self._forget()
        return self._shown(event, context)

    def _press(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        if self._begun is None:
            if Modifiers.ALT in event.modifiers:
                return ToolOutcome(picked_class=context.value_at(int(event.x // 1), int(event.y // 1)))
            if context.document.is_editing:
                return ToolOutcome()
            self._begun, self._erases = context, context.erasing or Modifiers.CTRL in event.modifiers
        elif self._would_close(event, context):
            return self._close(event, context)
        self._is_down = True
        self._legs.append(self._leg(event, context, self._legs))
        return self._shown(event, context)

    def _would_close(self, event: PointerEvent, context: ToolContext) -> bool:
        """Whether a click would be one on the first corner."""
        return len(self._legs) >= LEAST_CORNERS and math.dist(event.point, self._legs[0][-1]) <= context.reach

    def _leg(self, event: PointerEvent, context: ToolContext, before: list[list[Point]]) -> list[Point]:
        """From the last corner of `before` to the pointer, or the first corner where there is none."""
        return self._way_of(event).between(before[-1][-1], event.point, context) if before else [event.point]

    def _closed(self, event: PointerEvent, context: ToolContext) -> Polygon:
        """The corners and the way back to the first one."""
        points = [point for leg in self._legs for point in leg]
        back = self._way_of(event).between(points[-1], points[0], context)[:-1]
        return Polygon(np.array(points + back, dtype=np.float64))

    def _close(self, event: PointerEvent, now: ToolContext) -> ToolOutcome:
        """Fill; what has too few corners holds no pixel, and is forgotten."""
        value, region = self._value(now), self._closed(event, now)
        self._forget()
        if now.document.is_editing or region.box.intersection(now.document.label_map.box).is_empty:
            return ToolOutcome()
        with now.begin(ERASE_AREA if self._erases else self._name) as builder:
            builder.paint_region(region, value)
        return ToolOutcome(edit=builder.edit)

    def _forget(self) -> None:
        self._legs, self._begun, self._is_down = [], None, False
        self._way.forget()

    def _shown(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        if self._begun is None:
            return ToolOutcome()
        if not self._is_down and self._would_close(event, context):
            outline = self._closed(event, context)
        else:
            live = [] if self._is_down else [self._leg(event, context, self._legs)]
            points = [point for leg in [*self._legs, *live] for point in leg]
            outline = Polygon(np.array(points, dtype=np.float64))
        return ToolOutcome(outline=outline, color_value=self._value(self._begun), is_area=True)

    def _value(self, now: ToolContext) -> int:
        begun = self._begun or now
        return erase_ink(begun) if self._erases else class_ink(begun)

    def _way_of(self, event: PointerEvent) -> Way:
        return _STRAIGHT if Modifiers.SHIFT in event.modifiers else self._way


def polygon() -> Tool:
    """A new one."""
    return PolygonTool(marked("Polygon"))
