"""What a tool is: pointer events in, edits and shapes to show out. Owns the contract; each tool has its own file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID
from segstudio.core.document import Document, EditBuilder
from segstudio.core.edits import APPLY_PROPOSAL, Edit
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.core.lines import Line
from segstudio.core.raster import BrushShape, MaskRegion, Polygon, ReducedMask, Spans
from segstudio.tools.pointer import PointerEvent
from segstudio.tools.segments import Segments

Outline = Spans | Polygon | MaskRegion | ReducedMask | Line
"""What can be shown of what a tool would change."""

SMALLEST_BRUSH = 1
LARGEST_BRUSH = 500
"""In image pixels across."""


@dataclass(frozen=True)
class ToolContext:
    """What a tool works on and with at the moment of an event.

    `size` is the brush's width in image pixels. `erasing` turns any brush into the eraser for one stroke.
    `proposal`, (height, width) uint8 or None, is what the person sees where the document is void. `reach`, in image
    pixels, is how far off the pointer may be and still mean a point. `image` is what lies under the labels, (height,
    width, 3) uint8 RGB, or None. `right` is where right is on the screen, as a unit vector (x, y) of the image.
    `visible` is the part of the image that is on the screen; None where nobody looks.
    `segments` are those of what is on the screen, or None as long as there are none. `result` is what a tool's work
    returned, with `Phase.READY` alone.
    """

    document: Document
    class_index: int = 0
    size: int = 24
    shape: BrushShape = BrushShape.ROUND
    erasing: bool = False
    proposal: Labels | None = None
    reach: float = 4.0
    image: npt.NDArray[np.uint8] | None = None
    right: tuple[float, float] = (1.0, 0.0)
    visible: Box | None = None
    segments: Segments | None = None
    result: object = None

    def value_at(self, x: int, y: int) -> int | None:
        """The label that the person sees at a pixel: the document's, or the proposal's where that is void.

        None outside the image.
        """
        value = self.document.label_map.value_at(x, y)
        if value == VOID and self.proposal is not None:
            return int(self.proposal[y, x])
        return value

    def seen(self, box: Box | None = None) -> Labels:
        """(height, width) uint8: the labels that the person sees, of `box` or of all the image.

        `box` lies within the image. Read only, and as they are now.
        """
        label_map = self.document.label_map
        box = box or label_map.box
        present = label_map.read(box)
        return present if self.proposal is None else np.where(present == VOID, self.proposal[box.slices], present)

    def seen_in(self, box: Box) -> Labels:
        """(height, width) uint8: a copy of what the person sees of the pixels of `box`, which lies within."""
        present = self.document.label_map.read(box)
        return (
            present.copy() if self.proposal is None else np.where(present == VOID, self.proposal[box.slices], present)
        )

    def begin(self, name: str) -> EditBuilder:
        """Begin an edit called `name`; a proposal that is shown becomes real before it, as an edit of its own."""
        builder = self.document.begin(name)
        self.make_proposal_real(builder)
        return builder

    def make_proposal_real(self, builder: EditBuilder) -> None:
        """Let a proposal that is shown precede the edit that `builder` makes, before it has painted anything."""
        if self.proposal is not None:
            builder.precede(APPLY_PROPOSAL, self.seen())


@dataclass(frozen=True)
class ToolOutcome:
    """What came of an event.

    Attributes:
        edit: the finished edit, already in the document's history; None while it is being made or nothing changed.
        picked_class: a class index (or 255) that the person picked from the image.
        outline: the pixels that the tool would change now, for the cursor; they may lie beyond the image.
        color_value: the label whose colour tints the outline.
        part: the pixels that the tool would change now, where the outline is a line that does not hold them.
        message: a marked sentence for the person, why nothing came of it say.
        tolerance: what is set by the drag, in grey levels, to be shown beside the pointer.
        is_area: whether the outline is being drawn by the pointer, which then stays in sight, rather than standing
            around it.
        is_waiting: whether the tool waits for something, which pointer and outline then show.
        work: what the tool wants done meanwhile, off the thread that it lives in. It must be given copies, or what
            never changes. What it returns comes back with `Phase.READY`, in the order in which work was handed out,
            unless the tool is no longer busy by then.
    """

    edit: Edit | None = None
    picked_class: int | None = None
    outline: Outline | None = None
    part: MaskRegion | None = None
    message: str = ""
    tolerance: int | None = None
    color_value: int = VOID
    is_area: bool = False
    is_waiting: bool = False
    work: Callable[[], object] | None = None


class Tool(Protocol):
    """A tool. It keeps what it needs from press to release, or from click to click, and nothing of the screen."""

    @property
    def is_stepwise(self) -> bool:
        """Whether it is used click by click: then it is busy between them too, and knows CONFIRM and STEP_BACK.

        True also as long as it waits for something with no button down.
        """

    @property
    def is_busy(self) -> bool:
        """Whether a stroke is being made: between press and release, or from the first click to the last."""

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """Take up one event. What is made from the first press on is at most one edit; CANCEL restores every pixel.

        Where the context has a proposal, an edit that makes it real comes before that one, and never without it.
        """


@dataclass(frozen=True)
class ToolSpec:
    """One row of `TOOLS`: how a tool is shown and made. `title` and `hint` are marked strings.

    `paints` says that it changes pixels; `uses_class`, that it leaves the chosen class behind; `uses_segments`, that
    its size is that of the segments which it paints.
    """

    id: str
    title: str
    icon: str
    shortcut: str
    hint: str
    factory: Callable[[], Tool]
    paints: bool = True
    uses_class: bool = True
    uses_segments: bool = False
