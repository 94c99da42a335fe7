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
from segstudio.tools.inks import class_ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

Pixels = npt.NDArray[np.uint8]

FIRST_TOLERANCE, MOST_TOLERANCE = 12, 120
"""Grey levels of 255 that a channel may differ by from the clicked pixel's."""
PER_REACH = 4
"""A drag of one `reach` (some millimetres on the screen) changes the tolerance by so many grey levels."""
SMOOTH_SIDE = 5
"""Pixels of the median that takes noise from the image before it is compared, and specks from what was found."""

_NAME, _ERASE = marked("Magic wand"), marked("Erase what looks alike")


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


class WandTool:
    """Fills at the release. Ctrl at the press erases instead; Alt-click picks the class. The tolerance is kept."""

    is_stepwise = False

    def __init__(self) -> None:
        self._tolerance = FIRST_TOLERANCE
        self._pressed: PointerEvent | None = None
        self._builder: EditBuilder | None = None
        self._erases = False
        self._smooth: tuple[weakref.ref[Pixels], Pixels] | None = None
        self._found: tuple[int, MaskRegion] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether the button is down."""
        return self._pressed is not None

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event."""
        x, y = int(event.x // 1), int(event.y // 1)
        match event.phase:
            case Phase.PRESS if not self.is_busy:
                if Modifiers.ALT in event.modifiers:
                    return ToolOutcome(picked_class=context.value_at(x, y))
                is_inside = context.value_at(x, y) is not None
                if is_inside and context.image is not None and not context.document.is_editing:
                    self._erases = context.erasing or Modifiers.CTRL in event.modifiers
                    self._found = self._tolerance, alike(self._smoothed(context.image), x, y, self._tolerance)
                    self._pressed = event
                    self._builder = context.document.begin(_ERASE if self._erases else _NAME)
            case Phase.RELEASE if self._pressed is not None:
                return self._release(event, context)
            case Phase.CANCEL:
                if self._builder is not None:
                    self._builder.cancel()
                self._forget()
        return self._shown(event, context)

    def _release(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        region, value, builder = self._region(event, context), self._value(context), self._builder
        self._tolerance = self._tolerance_at(event, context)
        self._forget()
        assert builder is not None
        with builder:
            context.make_proposal_real(builder)
            builder.paint_region(region, value)
        return ToolOutcome(edit=builder.edit)

    def _forget(self) -> None:
        self._pressed, self._builder, self._found = None, None, None

    def _shown(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        if self._pressed is None:
            return ToolOutcome()
        return ToolOutcome(outline=self._region(event, context), color_value=self._value(context), is_area=True)

    def _region(self, event: PointerEvent, context: ToolContext) -> MaskRegion:
        assert self._pressed is not None and context.image is not None
        tolerance = self._tolerance_at(event, context)
        if self._found is None or self._found[0] != tolerance:
            x, y = int(self._pressed.x // 1), int(self._pressed.y // 1)
            self._found = tolerance, alike(self._smoothed(context.image), x, y, tolerance)
        return self._found[1]

    def _tolerance_at(self, event: PointerEvent, context: ToolContext) -> int:
        assert self._pressed is not None
        (right, down), pressed = context.right, self._pressed
        way = (event.x - pressed.x) * right + (event.y - pressed.y) * down
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

    def _value(self, context: ToolContext) -> int:
        return erase_ink(context) if self._erases else class_ink(context)


def wand() -> Tool:
    """A new one."""
    return WandTool()
