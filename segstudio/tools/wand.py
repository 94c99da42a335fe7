"""The magic wand: takes what looks like the clicked pixel and hangs together with it. Owns one selection at a time.

Drag to the right to take more, to the left to take less: what would be filled is shown all the while.
"""

from __future__ import annotations

import weakref

import numpy as np
import numpy.typing as npt

from segstudio.core.document import EditBuilder
from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.raster import MaskRegion
from segstudio.tools.held import HeldTool
from segstudio.tools.pointer import PointerEvent
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

Pixels = npt.NDArray[np.uint8]

FIRST_TOLERANCE, MOST_TOLERANCE = 12, 120
"""Grey levels of 255 that a channel may differ by from the clicked pixel's."""
PER_REACH = 4
"""A drag of one `reach` (some millimetres on the screen) changes the tolerance by so many grey levels."""
SMOOTH_SIDE = 5
"""Pixels of the median that takes noise from the image before it is compared, and specks from what was found."""


def alike(smooth: Pixels, x: int, y: int, tolerance: int) -> MaskRegion:
    """What looks like pixel (x, y) and hangs together with it.

    Args:
        smooth: (height, width, 3) uint8, without noise.
        x, y: a pixel within.
        tolerance: most that each channel may differ by, in grey levels.
    """
    import cv2  # here, so that the window need not wait for it

    height, width = smooth.shape[:2]
    found = np.zeros((height + 2, width + 2), np.uint8)
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
    reach = (tolerance,) * 3
    _, _, _, (left, top, across, down) = cv2.floodFill(smooth, found, (x, y), 0, reach, reach, flags)
    box = Box(left, top, left + across, top + down)
    wide = box.expanded(SMOOTH_SIDE).intersection(Box.of_size(width, height))
    cleaned = cv2.medianBlur(np.ascontiguousarray(found[wide.translated(1, 1).slices]), SMOOTH_SIDE).astype(bool)
    cleaned[y - wide.y0, x - wide.x0] = True
    return MaskRegion(wide, cleaned)


class WandTool(HeldTool):
    """Fills at the release. The tolerance is kept for the next press."""

    def __init__(self) -> None:
        super().__init__(marked("Magic wand"), marked("Erase what looks alike"))
        self._tolerance = FIRST_TOLERANCE
        self._smooth: tuple[weakref.ref[Pixels], Pixels] | None = None
        self._found: tuple[int, MaskRegion] | None = None

    def _takes(self, event: PointerEvent, context: ToolContext) -> bool:
        return context.image is not None and context.value_at(int(event.x // 1), int(event.y // 1)) is not None

    def _release(self, event: PointerEvent, context: ToolContext, builder: EditBuilder) -> ToolOutcome:
        tolerance = self._tolerance_at(event, context)
        outcome = super()._release(event, context, builder)
        self._tolerance = tolerance
        return outcome

    def _forget(self) -> None:
        super()._forget()
        self._found = None

    def _region(self, event: PointerEvent, context: ToolContext) -> MaskRegion:
        assert context.image is not None
        tolerance = self._tolerance_at(event, context)
        if self._found is None or self._found[0] != tolerance:
            x, y = (int(part // 1) for part in self._way[0])
            self._found = tolerance, alike(self._smoothed(context.image), x, y, tolerance)
        return self._found[1]

    def _tolerance_at(self, event: PointerEvent, context: ToolContext) -> int:
        (right, down), (x, y) = context.right, self._way[0]
        way = (event.x - x) * right + (event.y - y) * down
        change = round(way / context.reach * PER_REACH)
        return min(max(self._tolerance + change, 0), MOST_TOLERANCE)

    def _smoothed(self, image: Pixels) -> Pixels:
        """`image` without noise; made once an image."""
        import cv2  # as above

        if self._smooth is None or self._smooth[0]() is not image:
            smooth = np.asarray(cv2.medianBlur(np.ascontiguousarray(image), SMOOTH_SIDE), dtype=np.uint8)
            self._smooth = weakref.ref(image, lambda _: self._forget_image()), smooth
        return self._smooth[1]

    def _forget_image(self) -> None:
        self._smooth = None


def wand() -> Tool:
    """A new one."""
    return WandTool()
