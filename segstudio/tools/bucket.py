"""The bucket: gives the pixels that hang together under the pointer, or all of their label, the chosen class."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.core.raster import MaskRegion
from segstudio.tools.held import HeldTool
from segstudio.tools.pointer import Modifiers, PointerEvent
from segstudio.tools.tool import Tool, ToolContext


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


class BucketTool(HeldTool):
    """Fills at the release, where the pointer was pressed. Shift fills every pixel of that label, wherever it is."""

    def __init__(self) -> None:
        super().__init__(marked("Fill"), marked("Erase region"))

    def _takes(self, event: PointerEvent, context: ToolContext) -> bool:
        return context.value_at(int(event.x // 1), int(event.y // 1)) is not None

    def _region(self, event: PointerEvent, context: ToolContext) -> MaskRegion:
        (x, y), seen = (int(part // 1) for part in self._way[0]), context.seen()
        if Modifiers.SHIFT in event.modifiers:
            return MaskRegion(context.document.label_map.box, seen == seen[y, x])
        return MaskRegion(*region_around(seen, x, y))

    def _outline(self, event: PointerEvent, context: ToolContext) -> None:
        """Nothing: what is filled is in sight already, and a large region is not looked for at every move."""


def bucket() -> Tool:
    """A new one."""
    return BucketTool()
