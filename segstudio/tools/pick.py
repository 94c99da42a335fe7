"""The pick tool: makes the class under the pointer the chosen one. It changes no pixel."""

from __future__ import annotations

from segstudio.core.class_table import VOID
from segstudio.core.raster import BrushShape, footprint, snapped
from segstudio.tools.pointer import Phase, PointerEvent
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome


class PickTool:
    """Picks at the press, and goes on picking while it is dragged."""

    is_stepwise = False

    def __init__(self) -> None:
        self._is_down = False

    @property
    def is_busy(self) -> bool:
        """Never: it makes no edit."""
        return False

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """The class under the pointer while the button is down (255 where it is void), and its pixel's outline."""
        if event.phase in (Phase.PRESS, Phase.RELEASE, Phase.CANCEL):
            self._is_down = event.phase is Phase.PRESS
        if event.phase is Phase.CANCEL:
            return ToolOutcome()
        value = context.value_at(int(event.x // 1), int(event.y // 1))
        pixel = footprint(snapped(event.point, 1), 1, BrushShape.SQUARE)
        shade = VOID if value is None else value
        # Not while merely looked at again: what is picked makes the canvas look.
        picks = self._is_down and event.phase in (Phase.PRESS, Phase.MOVE)
        return ToolOutcome(picked_class=value if picks else None, outline=pixel, color_value=shade)


def pick() -> Tool:
    """A new pick tool."""
    return PickTool()
