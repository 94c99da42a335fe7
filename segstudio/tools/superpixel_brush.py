"""The superpixel brush: a stroke paints every segment that it meets, whole. Owns one edit at a time.

A stroke that is made before there are segments waits for them.
"""

from __future__ import annotations

from segstudio.core.document import EditBuilder
from segstudio.core.errors import marked
from segstudio.core.raster import MaskRegion, Point
from segstudio.tools.inks import class_ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.segments import Segments
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

_NAME, _ERASE = marked("Superpixel stroke"), marked("Erase superpixels")


class SuperpixelBrush:
    """Paints segments along the pointer's way. Ctrl at the press erases instead; Alt-click picks the class."""

    def __init__(self) -> None:
        self._begun: ToolContext | None = None
        self._erases = False
        self._is_down = False
        self._last: Point = (0.0, 0.0)
        self._segments: Segments | None = None
        self._painted: set[int] = set()
        self._owed: list[tuple[Point, Point]] = []
        self._builder: EditBuilder | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the button is down, or a stroke waits for its segments."""
        return self._begun is not None

    @property
    def is_stepwise(self) -> bool:
        """Whether a stroke waits for its segments while the button is up."""
        return self.is_busy and not self._is_down

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event of a stroke; class and ink stay those of its press until the release."""
        match event.phase:
            case Phase.PRESS if not self._is_down:
                if Modifiers.ALT in event.modifiers:
                    return ToolOutcome(picked_class=context.value_at(int(event.x // 1), int(event.y // 1)))
                if not self.is_busy and not context.document.is_editing:
                    self._begun = context
                    self._erases = context.erasing or Modifiers.CTRL in event.modifiers
                if self.is_busy:
                    self._is_down = True
                    self._paint(event.point, event.point, context)
            case Phase.MOVE if self._is_down:
                self._paint(self._last, event.point, context)
            case Phase.RELEASE if self._is_down:
                self._paint(self._last, event.point, context)
                self._is_down = False
                return self._finished(event, context)
            case Phase.READY if self.is_busy:
                return self._go_on(event, context)
            case Phase.CONFIRM if self._builder is not None:
                self._owed, self._is_down = [], False
                return self._finished(event, context)
            case Phase.CANCEL | Phase.STEP_BACK if self.is_busy:
                self._cancel()
        return self._shown(event, context)

    def _paint(self, start: Point, end: Point, now: ToolContext) -> None:
        """Paint what is under the way, or owe it where no segments are there.

        A stroke keeps to the segments that it began with, as long as it stays upon them: they are what the person saw.
        """
        self._last, segments = end, self._segments
        if segments is None or not (segments.holds(start) and segments.holds(end)):
            segments = now.segments
        if segments is None:
            self._owed.append((start, end))
        else:
            self._paint_segments(segments, segments.along(start, end), now)

    def _paint_segments(self, segments: Segments, numbers: list[int], now: ToolContext) -> None:
        assert self._begun is not None
        if segments is not self._segments:
            self._segments, self._painted = segments, set()
        new = [number for number in numbers if number not in self._painted]
        self._painted.update(new)
        if new and self._builder is None:
            self._builder = now.begin(_ERASE if self._erases else _NAME)
        for number in new:
            assert self._builder is not None
            self._builder.paint_region(segments.region(number), self._value(self._begun))

    def _go_on(self, event: PointerEvent, now: ToolContext) -> ToolOutcome:
        """Paint what is owed: the segments have come."""
        owed, self._owed, last = self._owed, [], self._last
        for start, end in owed:
            self._paint(start, end, now)
        self._last = last
        return self._finished(event, now) if not self._is_down else self._shown(event, now)

    def _finished(self, event: PointerEvent, now: ToolContext) -> ToolOutcome:
        """The edit, once the button is up and nothing is owed."""
        if self._owed:
            return self._shown(event, now)
        builder = self._builder
        self._forget()
        edit = builder.commit() if builder is not None else None
        shown = self._shown(event, now)
        return ToolOutcome(edit, outline=shown.outline, color_value=shown.color_value, is_waiting=shown.is_waiting)

    def _cancel(self) -> None:
        builder = self._builder
        self._forget()
        if builder is not None:
            builder.cancel()

    def _forget(self) -> None:
        self._begun, self._builder, self._segments = None, None, None
        self._is_down, self._owed, self._painted = False, [], set()

    def _shown(self, event: PointerEvent, now: ToolContext) -> ToolOutcome:
        """The segment under the pointer, and whether there is something to wait for."""
        outline: MaskRegion | None = None
        if now.segments is not None:
            outline = next(map(now.segments.region, now.segments.along(event.point, event.point)), None)
        value, waits = self._value(self._begun or now), now.segments is None or bool(self._owed)
        return ToolOutcome(outline=outline, color_value=value, is_waiting=waits)

    def _value(self, context: ToolContext) -> int:
        erases = self._erases if self.is_busy else context.erasing
        return erase_ink(context) if erases else class_ink(context)


def superpixel_brush() -> Tool:
    """A new one."""
    return SuperpixelBrush()
