"""What a tool is: pointer events in, edits and shapes to show out. Owns the contract; each tool has its own file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from segstudio.core.class_table import VOID
from segstudio.core.document import Document
from segstudio.core.edits import Edit
from segstudio.core.label_map import Labels
from segstudio.core.raster import BrushShape, Spans
from segstudio.tools.pointer import PointerEvent

SMALLEST_BRUSH = 1
LARGEST_BRUSH = 500
"""In image pixels across."""


@dataclass(frozen=True)
class ToolContext:
    """What a tool works on and with at the moment of an event.

    `size` is the brush's width in image pixels. `erasing` turns any brush into the eraser for one stroke.
    `proposal`, (height, width) uint8 or None, is what the person sees where the document is void.
    """

    document: Document
    class_index: int = 0
    size: int = 24
    shape: BrushShape = BrushShape.ROUND
    erasing: bool = False
    proposal: Labels | None = None

    def value_at(self, x: int, y: int) -> int | None:
        """The label that the person sees at a pixel: the document's, or the proposal's where that is void.

        None outside the image.
        """
        value = self.document.label_map.value_at(x, y)
        if value == VOID and self.proposal is not None:
            return int(self.proposal[y, x])
        return value


@dataclass(frozen=True)
class ToolOutcome:
    """What came of an event.

    Attributes:
        edit: the finished edit, already in the document's history; None while it is being made or nothing changed.
        picked_class: a class index (or 255) that the person picked from the image.
        outline: the pixels that the tool would change now, for the cursor; they may lie beyond the image.
        color_value: the label whose colour tints the outline.
    """

    edit: Edit | None = None
    picked_class: int | None = None
    outline: Spans | None = None
    color_value: int = VOID


class Tool(Protocol):
    """A tool. It keeps what it needs from press to release, and nothing of the screen."""

    @property
    def is_busy(self) -> bool:
        """Whether a stroke is being made: between press and release."""

    def handle(self, event: PointerEvent, context: ToolContext) -> ToolOutcome:
        """Take up one event. PRESS, MOVEs and RELEASE make at most one edit; CANCEL restores every pixel.

        Where the context has a proposal, an edit that makes it real comes before that one, and never without it.
        """


@dataclass(frozen=True)
class ToolSpec:
    """One row of `TOOLS`: how a tool is shown and made. `title` and `hint` are marked strings."""

    id: str
    title: str
    icon: str
    shortcut: str
    hint: str
    factory: Callable[[], Tool]
