"""The brush-like tools: a controller, a rasteriser and an ink put together. Owns one edit at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from segstudio.core.document import EditBuilder
from segstudio.core.errors import marked
from segstudio.core.label_map import Labels
from segstudio.core.raster import MaskRegion, Spans, snapped, sweep
from segstudio.tools.controllers import Segment, StrokeController
from segstudio.tools.inks import Ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import ToolContext, ToolOutcome

Widths = tuple[int, int]
"""How many pixels across a brush is at the two ends of a segment."""
Rasteriser = Callable[[Segment, Widths, ToolContext], Spans | MaskRegion]
"""The pixels that a brush takes along a segment, some beyond the image perhaps."""

_ERASE = marked("Eraser stroke")

LEAST_SHARE = 0.2
"""Of its size that a brush has under the lightest touch of a stylus."""


def pressed_size(size: int, pressure: float) -> int:
    """How many pixels across a brush of `size` is under `pressure`, 0 to 1."""
    return max(1, round(size * (LEAST_SHARE + (1 - LEAST_SHARE) * min(max(pressure, 0.0), 1.0))))


def whole_brush(segment: Segment, widths: Widths, context: ToolContext) -> Spans:
    """All that the brush sweeps."""
    return sweep(*segment, widths[0], context.shape, widths[1])


class StrokeTool:
    """Paints the label that `ink` gives on what `rasteriser` makes of the pointer's way.

    `name` is the marked name of its edits.

    An edit begins where the brush first meets the image; a proposal that is shown there becomes real with it, as an
    edit of its own before it. Alt-click picks the class under the pointer instead. The pressure of a stylus scales the
    brush along the way; a straight line, which has but two ends, has the whole size.
    """

    is_stepwise = False

    def __init__(self, name: str, ink: Ink, rasteriser: Rasteriser = whole_brush) -> None:
        self._name = name
        self._ink = ink
        self._rasteriser = rasteriser
        self._controller = StrokeController()
        self._builder: EditBuilder | None = None
        self._stroke: ToolContext | None = None
        self._width = 1
        """Pixels across that the brush had at the latest event of the stroke."""

    @property
    def is_busy(self) -> bool:
        """Whether a stroke is being made, be it beside the image so far."""
        return self._stroke is not None

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event of a stroke; size, shape and ink stay those of its press until the release."""
        match event.phase:
            case Phase.PRESS:
                return self._press(event, context)
            case Phase.MOVE if self._stroke is not None:
                self._move(event, self._stroke, context.proposal)
                return self._shown(event, self._stroke)
            case Phase.RELEASE if self._stroke is not None:
                return self._release(event, self._stroke, context.proposal)
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
        straight = Modifiers.SHIFT in event.modifiers
        self._width = context.size if straight else pressed_size(context.size, event.pressure)
        point = snapped(event.point, self._width)
        self._begin_upon(whole_brush((point, point), (self._width,) * 2, context), context, context.proposal)
        self._paint(self._controller.press(point, straight, context.document), self._width, context, context.proposal)
        return self._shown(event, context)

    def _move(self, event: PointerEvent, stroke: ToolContext, proposal: Labels | None) -> None:
        before, self._width = self._width, self._width_at(event, stroke)
        point = snapped(event.point, self._width)
        segment = self._controller.move(point)
        if segment is None and self._width > before:  # pressed harder where it stands
            segment = (point, point)
        self._paint(segment, before, stroke, proposal)

    def _release(self, event: PointerEvent, stroke: ToolContext, proposal: Labels | None) -> ToolOutcome:
        # A stylus that is lifted presses no more: how wide it painted until then is what counts.
        point = snapped(event.point, self._width)
        self._paint(self._controller.release(point, stroke.document), self._width, stroke, proposal)
        builder, self._builder, self._stroke = self._builder, None, None
        edit = builder.commit() if builder is not None else None
        shown = self._shown(event, stroke)
        return ToolOutcome(edit=edit, outline=shown.outline, color_value=shown.color_value)

    def _cancel(self) -> None:
        self._controller.cancel()
        builder, self._builder, self._stroke = self._builder, None, None
        if builder is not None:
            builder.cancel()

    def _paint(self, segment: Segment | None, width: int, stroke: ToolContext, proposal: Labels | None) -> None:
        """Paint `segment`, where there is one, with a brush that is `width` pixels across at its start."""
        if segment is None:
            return
        widths = width, self._width
        self._begin_upon(whole_brush(segment, widths, stroke), stroke, proposal)
        if self._builder is not None:
            self._builder.paint_region(self._rasteriser(segment, widths, stroke), self._value(stroke))

    def _begin_upon(self, spans: Spans, stroke: ToolContext, proposal: Labels | None) -> None:
        """Begin the edit, unless it has begun, where `spans` meets the image."""
        document = stroke.document
        if self._builder is not None or document.is_editing or spans.clipped(document.label_map.box).box.is_empty:
            return
        self._builder = replace(stroke, proposal=proposal).begin(_ERASE if stroke.erasing else self._name)

    def _shown(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        straight = Modifiers.SHIFT in event.modifiers
        width = self._width if self.is_busy else context.size
        segment = self._controller.aim(snapped(event.point, width), straight, context.document)
        outline = self._rasteriser(segment, (width, width), context)
        return ToolOutcome(outline=outline, color_value=self._value(context))

    def _width_at(self, event: PointerEvent, stroke: ToolContext) -> int:
        return stroke.size if self._controller.is_line else pressed_size(stroke.size, event.pressure)

    def _value(self, context: ToolContext) -> int:
        return erase_ink(context) if context.erasing else self._ink(context)
