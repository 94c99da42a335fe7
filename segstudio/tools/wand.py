"""The magic wand: takes what looks like the clicked pixel. Owns the tolerance, and what is shown while one drags.

Drag to the right to take more, to the left to take less: what would be filled is shown all the while. Of a large image
it is shown from the part in sight, thinned where need be; what is filled at the release is exact.
"""

from __future__ import annotations

import math
import weakref
from dataclasses import replace

from segstudio.core.document import EditBuilder
from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.raster import MaskRegion, ReducedMask
from segstudio.tools.held import HeldTool
from segstudio.tools.likeness import AlikeAnywhere, Pixels, ReducedImage, alike_around, color_at
from segstudio.tools.pointer import Modifiers, PointerEvent
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

FIRST_TOLERANCE, MOST_TOLERANCE = 12, 120
"""Grey levels of 255 that a channel may differ by from the clicked pixel's."""
PER_REACH = 4
"""A drag of one `reach` (some millimetres on the screen) changes the tolerance by so many grey levels."""
MOST_LOOKED_AT = 1_000_000
"""Pixels that are compared at every change of the tolerance, at most."""


class WandTool(HeldTool):
    """Fills at the release what hangs together, or with Shift at the press all that looks alike, wherever it is.

    The tolerance is kept for the next press.
    """

    def __init__(self) -> None:
        super().__init__(marked("Magic wand"), marked("Erase what looks alike"))
        self._tolerance = FIRST_TOLERANCE
        self._reduced: tuple[weakref.ref[Pixels], ReducedImage] | None = None
        self._shown_mask: tuple[int, ReducedImage, ReducedMask | None] | None = None

    def _takes(self, event: PointerEvent, context: ToolContext) -> bool:
        return context.image is not None and context.value_at(int(event.x // 1), int(event.y // 1)) is not None

    def _release(self, event: PointerEvent, context: ToolContext, builder: EditBuilder) -> ToolOutcome:
        tolerance = self._tolerance_at(event, context)
        outcome = super()._release(event, context, builder)
        self._tolerance = tolerance
        return outcome

    def _forget(self) -> None:
        super()._forget()
        self._shown_mask = None

    def _region(self, event: PointerEvent, context: ToolContext) -> MaskRegion | AlikeAnywhere:
        assert context.image is not None
        (x, y), tolerance = self._place, self._tolerance_at(event, context)
        if self._is_anywhere:
            return AlikeAnywhere(context.image, color_at(context.image, x, y), tolerance)
        return alike_around(context.image, x, y, tolerance)

    def _shown(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        outcome = super()._shown(event, context)
        return replace(outcome, tolerance=self._tolerance_at(event, context)) if self.is_busy else outcome

    def _outline(self, event: PointerEvent, context: ToolContext) -> ReducedMask | None:
        assert context.image is not None
        reduced, tolerance = self._reduced_image(context.image, context.visible), self._tolerance_at(event, context)
        if self._shown_mask is None or self._shown_mask[:2] != (tolerance, reduced):
            x, y = self._place
            color = color_at(context.image, x, y)
            mask = reduced.anywhere(color, tolerance) if self._is_anywhere else reduced.around(x, y, color, tolerance)
            self._shown_mask = tolerance, reduced, mask
        return self._shown_mask[2]

    @property
    def _place(self) -> tuple[int, int]:
        x, y = self._way[0]
        return int(x // 1), int(y // 1)

    @property
    def _is_anywhere(self) -> bool:
        return Modifiers.SHIFT in self._held

    def _tolerance_at(self, event: PointerEvent, context: ToolContext) -> int:
        (right, down), (x, y) = context.right, self._way[0]
        way = (event.x - x) * right + (event.y - y) * down
        reach = (self._begun or context).reach  # the press', or zooming in a drag would change what it takes
        change = round(way / reach * PER_REACH)
        return min(max(self._tolerance + change, 0), MOST_TOLERANCE)

    def _reduced_image(self, image: Pixels, visible: Box | None) -> ReducedImage:
        """What of `image` is compared while one drags: all of it, or where that is too much what is in sight."""
        height, width = image.shape[:2]
        box = Box.of_size(width, height)
        if box.area > MOST_LOOKED_AT and visible is not None and not visible.is_empty:
            box = visible
        step = max(1, math.ceil(math.sqrt(box.area / MOST_LOOKED_AT)))
        if self._reduced is not None and self._reduced[0]() is image and self._reduced[1].box == box:
            return self._reduced[1]
        reduced = ReducedImage(image, box, step)
        self._reduced = weakref.ref(image, lambda _: self._forget_image()), reduced
        return reduced

    def _forget_image(self) -> None:
        self._reduced = None


def wand() -> Tool:
    """A new one."""
    return WandTool()
