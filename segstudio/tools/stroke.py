"""The brush-like tools: a controller, the core's rasterisers and an ink put together. Owns one edit at a time."""

from __future__ import annotations

from segstudio.core.document import EditBuilder
from segstudio.core.errors import marked
from segstudio.core.raster import Point, snapped, sweep
from segstudio.tools.controllers import Segment, StrokeController
from segstudio.tools.inks import Ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import ToolContext, ToolOutcome

_ERASE = marked("Eraser stroke")


class StrokeTool:
    """Paints the label that `ink` gives along the pointer's way; `name` is the marked name of its edits.

    Alt-click picks the class under the pointer instead.
    """

    def __init__(self, name: str, ink: Ink) -> None:
        self._name = name
        self._ink = ink
        self._controller = StrokeController()
        self._builder: EditBuilder | None = None
        self._stroke: ToolContext | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a stroke is being made."""
        return self._builder is not None

    def begins_edit(self, modifiers: Modifiers) -> bool:
        """Unless Alt picks."""
        return Modifiers.ALT not in modifiers

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event of a stroke; size, shape and ink stay those of its press until the release."""
        match event.phase:
            case Phase.PRESS:
                return self._press(event, context)
            case Phase.MOVE if self._builder is not None and self._stroke is not None:
                self._paint(self._controller.move(self._snapped(event, self._stroke)))
                return self._shown(event, self._stroke)
            case Phase.RELEASE if self._builder is not None and self._stroke is not None:
                return self._release(event, self._builder, self._stroke)
            case Phase.CANCEL:
                self._cancel()
                return ToolOutcome()
        return self._shown(event, context)

    def _press(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        if Modifiers.ALT in event.modifiers:
            return ToolOutcome(picked_class=context.value_at(int(event.x // 1), int(event.y // 1)))
        if self.is_busy or context.document.is_editing:
            return self._shown(event, context)
        self._stroke = context
        self._builder = context.document.begin(_ERASE if context.erasing else self._name)
        straight = Modifiers.SHIFT in event.modifiers
        self._paint(self._controller.press(self._snapped(event, context), straight, context.document))
        return self._shown(event, context)

    def _release(self, event: PointerEvent, builder: EditBuilder, stroke: ToolContext) -> ToolOutcome:
        self._paint(self._controller.release(self._snapped(event, stroke), stroke.document))
        self._builder = self._stroke = None
        edit = builder.commit()
        shown = self._shown(event, stroke)
        return ToolOutcome(edit=edit, outline=shown.outline, color_value=shown.color_value)

    def _cancel(self) -> None:
        self._controller.cancel()
        builder, self._builder, self._stroke = self._builder, None, None
        if builder is not None:
            builder.cancel()

    def _paint(self, segment: Segment | None) -> None:
        if segment is not None and self._builder is not None and self._stroke is not None:
            spans = sweep(*segment, self._stroke.size, self._stroke.shape)
            self._builder.paint_spans(spans, self._value(self._stroke))

    def _shown(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        straight = Modifiers.SHIFT in event.modifiers
        segment = self._controller.aim(self._snapped(event, context), straight, context.document)
        return ToolOutcome(outline=sweep(*segment, context.size, context.shape), color_value=self._value(context))

    def _value(self, context: ToolContext) -> int:
        return erase_ink(context) if context.erasing else self._ink(context)

    @staticmethod
    def _snapped(event: PointerEvent, context: ToolContext) -> Point:
        return snapped(event.point, context.size)
