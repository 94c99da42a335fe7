"""The bucket: gives the pixels that hang together under the pointer, or all of their label, the chosen class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segstudio.core.document import EditBuilder
from segstudio.core.edits import Edit
from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.tools.inks import class_ink, erase_ink
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import Tool, ToolContext, ToolOutcome

_NAME, _ERASE = marked("Fill"), marked("Erase region")


def region_around(labels: Labels, x: int, y: int) -> tuple[Box, npt.NDArray[np.bool_]]:
    """The pixels that have the label of pixel (x, y) and hang together with it, side by side.

    Args:
        labels: (height, width) uint8.
        x, y: a pixel within.

    Returns:
        A box that holds them, and (its height, its width) bool, True on them.
    """
    import cv2  # here, so that the window need not wait for it

    height, width = labels.shape
    found = np.zeros((height + 2, width + 2), np.uint8)
    # OpenCV fills the image as well unless told not to, and takes no read-only one in any case.
    writable = labels if labels.flags.writeable else labels.copy()
    flags = 4 | cv2.FLOODFILL_MASK_ONLY | cv2.FLOODFILL_FIXED_RANGE | (1 << 8)
    _, _, _, (left, top, across, down) = cv2.floodFill(writable, found, (x, y), 0, 0, 0, flags)
    box = Box(left, top, left + across, top + down)
    return box, found[box.translated(1, 1).slices].view(np.bool_)


class BucketTool:
    """Fills at the release, where the pointer was pressed.

    Shift fills every pixel of that label, wherever it is; Ctrl erases instead; Alt-click picks the class.
    """

    is_stepwise = False

    def __init__(self) -> None:
        self._pressed: tuple[int, int] | None = None
        self._builder: EditBuilder | None = None
        self._erases = False

    @property
    def is_busy(self) -> bool:
        """Whether the button is down."""
        return self._pressed is not None

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """One event; only press and release matter."""
        x, y = int(event.x // 1), int(event.y // 1)
        match event.phase:
            case Phase.PRESS if not self.is_busy:
                if Modifiers.ALT in event.modifiers:
                    return ToolOutcome(picked_class=context.value_at(x, y))
                if context.value_at(x, y) is not None and not context.document.is_editing:
                    self._pressed = (x, y)
                    self._erases = context.erasing or Modifiers.CTRL in event.modifiers
                    self._builder = context.document.begin(_ERASE if self._erases else _NAME)
            case Phase.RELEASE if self._pressed is not None and self._builder is not None:
                (x, y), builder = self._pressed, self._builder
                self._pressed, self._builder = None, None
                return ToolOutcome(edit=self._fill(x, y, Modifiers.SHIFT in event.modifiers, context, builder))
            case Phase.CANCEL if self._builder is not None:
                self._builder.cancel()
                self._pressed, self._builder = None, None
        return ToolOutcome()

    def _fill(self, x: int, y: int, everywhere: bool, context: ToolContext, builder: EditBuilder) -> Edit | None:
        with builder:
            seen = context.seen()
            if everywhere:
                box, mask = context.document.label_map.box, seen == seen[y, x]
            else:
                box, mask = region_around(seen, x, y)
            context.make_proposal_real(builder)
            builder.paint_mask(box, mask, erase_ink(context) if self._erases else class_ink(context))
        return builder.edit


def bucket() -> Tool:
    """A new one."""
    return BucketTool()
