"""The tools that fill what is drawn: a shape made of the pointer's way, and an ink. Own one outline at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from segstudio.core.document import EditBuilder
from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.raster import Point, Polygon, Spans, ellipse, rectangle
from segstudio.tools.inks import Ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import ToolContext, ToolOutcome

Outline = Callable[[Sequence[Point], bool], Spans | Polygon]
"""What the pointer's way, from the press on, is the outline of; the second argument asks for equal sides."""

ERASE_AREA = marked("Erase area")


def lasso_outline(way: Sequence[Point], _even: bool) -> Polygon:
    """What the way goes around, its end joined to its start."""
    return Polygon(np.array(way, dtype=np.float64))


def rectangle_outline(way: Sequence[Point], even: bool) -> Spans:
    """The pixels from the one at the start of the way to the one at its end."""
    return rectangle(_box(way, even))


def ellipse_outline(way: Sequence[Point], even: bool) -> Spans:
    """The ellipse within that rectangle."""
    return ellipse(_box(way, even))


def _box(way: Sequence[Point], even: bool) -> Box:
    """Whole pixels, both ends included; `even`: with its sides as long as the longer one."""
    (x0, y0), (x1, y1) = (tuple(int(part // 1) for part in point) for point in (way[0], way[-1]))
    if even:
        side = max(abs(x1 - x0), abs(y1 - y0))
        x1, y1 = x0 + (side if x1 >= x0 else -side), y0 + (side if y1 >= y0 else -side)
    return Box(min(x0, x1), min(y0, y1), max(x0, x1) + 1, max(y0, y1) + 1)


class AreaTool:
    """Fills what `outline` makes of the pointer's way with the label that `ink` gives, at the release.

    Ctrl at the press erases instead; Shift makes sides equal, where the outline has sides; Alt-click picks the class
    under the pointer. `name` is the marked name of its edits.
    """

    is_stepwise = False

    def __init__(self, name: str, outline: Outline, ink: Ink) -> None:
        self._name = name
        self._outline = outline
        self._ink = ink
        self._way: list[Point] = []
        self._begun: ToolContext | None = None
        self._builder: EditBuilder | None = None
        self._erases = False

    @property
    def is_busy(self) -> bool:
        """Whether something is being drawn."""
        return self._begun is not None

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event of a drawing; class and ink stay those of its press until the release."""
        match event.phase:
            case Phase.PRESS if not self.is_busy:
                if Modifiers.ALT in event.modifiers:
                    return ToolOutcome(picked_class=context.value_at(int(event.x // 1), int(event.y // 1)))
                if not context.document.is_editing:
                    self._begun, self._way = context, [event.point]
                    self._erases = context.erasing or Modifiers.CTRL in event.modifiers
                    # From now on, not at the release: who must not come in between asks the document.
                    self._builder = context.document.begin(ERASE_AREA if self._erases else self._name)
            case Phase.MOVE if self._begun is not None and event.point != self._way[-1]:
                self._way.append(event.point)
            case Phase.RELEASE if self._begun is not None:
                return self._release(event, self._begun, context)
            case Phase.CANCEL:
                if self._builder is not None:
                    self._builder.cancel()
                self._forget()
        return self._shown(event)

    def _release(self, event: PointerEvent, begun: ToolContext, now: ToolContext) -> ToolOutcome:
        region = self._outline([*self._way, event.point], Modifiers.SHIFT in event.modifiers)
        value, builder = self._value(begun), self._builder
        self._forget()
        assert builder is not None
        if region.box.intersection(begun.document.label_map.box).is_empty:
            builder.cancel()
            return ToolOutcome()
        with builder:
            now.make_proposal_real(builder)
            builder.paint_region(region, value)
        return ToolOutcome(edit=builder.edit)

    def _forget(self) -> None:
        self._begun, self._way, self._builder = None, [], None

    def _shown(self, event: PointerEvent) -> ToolOutcome:
        if self._begun is None:
            return ToolOutcome()
        outline = self._outline(self._way, Modifiers.SHIFT in event.modifiers)
        return ToolOutcome(outline=outline, color_value=self._value(self._begun), is_area=True)

    def _value(self, context: ToolContext) -> int:
        return erase_ink(context) if self._erases else self._ink(context)
