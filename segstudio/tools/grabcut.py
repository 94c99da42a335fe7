"""Cut out the thing in a box: drag the box, and what is the thing in it gets the class once that is known.

Owns the boxes that are being drawn and worked on. No edit is open meanwhile, so nothing else has to wait.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segstudio.core.class_table import VOID
from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.core.raster import MaskRegion, Point, rectangle
from segstudio.tools.area import spanned_box
from segstudio.tools.box_cut import BoxCut, Mask
from segstudio.tools.inks import class_ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.region_operations import nearest_outside
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

LEAST_SIDE = 4
"""Image pixels: a smaller box was no drag, or has nothing to find."""

_NAME, _ERASE = marked("Cut out"), marked("Erase a thing")
NOTHING_FOUND = marked("Nothing was found in the box.")
DRAG_A_BOX = marked("Drag a box around the thing.")


@dataclass(frozen=True, eq=False)
class _Asked:
    """One box that is worked on, and what its pixels are to become."""

    box: Box
    value: int
    name: str


@dataclass(frozen=True, eq=False)
class _Answer:
    asked: _Asked
    found: Mask
    lost: Mask
    """What had the class, and is not of the thing."""


class GrabCutTool:
    """Ctrl at the press erases what is found instead; Shift makes a square; Alt-click picks the class.

    What has the class already within the box counts: much of it as an earlier answer whose border may move a little,
    either way (what falls off gets the label beside it); a little of it as surely the thing. Pixels of other classes
    that are locked are surely not.
    """

    def __init__(self) -> None:
        self._start: Point | None = None
        self._begun: ToolContext | None = None
        self._erases = False
        self._asked: list[_Asked] = []

    @property
    def is_busy(self) -> bool:
        """Whether a box is being drawn or worked on."""
        return self._start is not None or bool(self._asked)

    @property
    def is_stepwise(self) -> bool:
        """Whether a box is worked on while none is being drawn."""
        return self._start is None and bool(self._asked)

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event; class and ink of a box are those of its press."""
        match event.phase:
            case Phase.PRESS if self._start is None:
                if Modifiers.ALT in event.modifiers:
                    picked = context.value_at(int(event.x // 1), int(event.y // 1))
                    return replace(self._shown(event), picked_class=picked)
                if context.image is not None and not context.document.is_editing:
                    self._start, self._begun = event.point, context
                    self._erases = context.erasing or Modifiers.CTRL in event.modifiers
            case Phase.RELEASE if self._start is not None:
                return self._release(event, context)
            case Phase.READY if isinstance(context.result, _Answer):
                return self._take(context.result, event, context)
            case Phase.STEP_BACK if self._asked:
                self._asked.pop()
            case Phase.CANCEL:
                self._start, self._begun, self._asked = None, None, []
        return self._shown(event)

    def _release(self, event: PointerEvent, now: ToolContext) -> ToolOutcome:
        """Hand out the work on the box that was drawn."""
        assert self._begun is not None and now.image is not None
        box, value = self._box(event).intersection(now.document.label_map.box), self._value()
        class_index, erases = self._begun.class_index, self._erases
        self._start, self._begun = None, None
        if min(box.width, box.height) < LEAST_SIDE:
            return replace(self._shown(event), message=DRAG_A_BOX)
        locked = tuple(label for label in sorted(now.document.guard.locked) if label != class_index)
        cut = BoxCut(now.image, box, now.seen_in(box), None if erases else class_index, locked)
        asked = _Asked(box, value, _ERASE if erases else _NAME)
        self._asked.append(asked)
        return replace(self._shown(event), work=lambda: _answer(asked, cut))

    def _take(self, answer: _Answer, event: PointerEvent, now: ToolContext) -> ToolOutcome:
        """Make the edit of a box, if it is still waited for."""
        if answer.asked not in self._asked:
            return self._shown(event)
        self._asked.remove(answer.asked)
        if not answer.found.any():
            return replace(self._shown(event), message=NOTHING_FOUND)
        with now.begin(answer.asked.name) as builder:
            builder.paint_region(MaskRegion(answer.asked.box, answer.found), answer.asked.value)
            if answer.lost.any():
                builder.replace(*_without(answer, now))
        return replace(self._shown(event), edit=builder.edit)

    def _shown(self, event: PointerEvent) -> ToolOutcome:
        if self._start is not None:
            return ToolOutcome(outline=rectangle(self._box(event)), color_value=self._value(), is_area=True)
        if self._asked:
            last = self._asked[-1]
            return ToolOutcome(outline=rectangle(last.box), color_value=last.value, is_area=True, is_waiting=True)
        return ToolOutcome()

    def _box(self, event: PointerEvent) -> Box:
        assert self._start is not None
        return spanned_box([self._start, event.point], Modifiers.SHIFT in event.modifiers)

    def _value(self) -> int:
        assert self._begun is not None
        return erase_ink(self._begun) if self._erases else class_ink(self._begun)


def _without(answer: _Answer, now: ToolContext) -> tuple[Box, Labels]:
    """A box, and its labels without what fell off: that gets the label of the nearest pixel beside the thing.

    It is erased where nobody has labelled that pixel.
    """
    box = answer.asked.box.expanded(1).intersection(now.document.label_map.box)
    values = now.document.label_map.read(box).copy()
    taken = np.zeros(values.shape, np.uint8)
    taken[answer.asked.box.translated(-box.x0, -box.y0).slices] = answer.found | answer.lost
    lost = np.zeros(values.shape, bool)
    lost[answer.asked.box.translated(-box.x0, -box.y0).slices] = answer.lost
    beside = np.full_like(values, VOID) if taken.all() else nearest_outside(values, taken)
    values[lost] = np.where(beside == VOID, np.uint8(erase_ink(now)), beside)[lost]
    return box, values


def _answer(asked: _Asked, cut: BoxCut) -> _Answer:
    found = cut.cut()
    return _Answer(asked, found, (cut.present == cut.wanted) & ~found if cut.wanted is not None else found & False)


def grabcut() -> Tool:
    """A new one."""
    return GrabCutTool()
