"""What a window does for tools that wait: finds the segments of a small image, and does the work that is handed out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from segstudio.core.geometry import Box
from segstudio.tools import Phase, PointerEvent, Tool, ToolContext, ToolOutcome
from segstudio.tools.segments import Segments, find_segments


def segments_of(image: npt.NDArray[np.uint8], size: int = 8) -> Segments:
    """All segments of `image`, (height, width, 3) uint8."""
    whole = Box.of_size(image.shape[1], image.shape[0])
    return find_segments(image, whole, 0, size, whole)


def worked_off(tool: Tool, outcome: ToolOutcome, context: ToolContext) -> ToolOutcome:
    """Do the work that came of an event, if any, and give the tool its result; what comes of that."""
    if outcome.work is None:
        return outcome
    return tool.handle(PointerEvent(0, 0, Phase.READY), replace(context, result=outcome.work()))
