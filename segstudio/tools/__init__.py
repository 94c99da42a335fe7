"""F1: the tools; Qt-free. A new tool is one file here and one row of `TOOLS`."""

from __future__ import annotations

from segstudio.core.errors import marked
from segstudio.tools.brush import brush
from segstudio.tools.bucket import bucket
from segstudio.tools.ellipse import ellipse
from segstudio.tools.eraser import eraser
from segstudio.tools.grabcut import grabcut
from segstudio.tools.lasso import lasso
from segstudio.tools.pick import pick
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.polygon import polygon
from segstudio.tools.rectangle import rectangle
from segstudio.tools.scissors import scissors
from segstudio.tools.smart_brush import smart_brush
from segstudio.tools.split import split
from segstudio.tools.superpixel_brush import superpixel_brush
from segstudio.tools.tool import LARGEST_BRUSH, SMALLEST_BRUSH, Tool, ToolContext, ToolOutcome, ToolSpec
from segstudio.tools.void_brush import void_brush
from segstudio.tools.wand import wand

__all__ = [
    "LARGEST_BRUSH",
    "SMALLEST_BRUSH",
    "TOOLS",
    "Modifiers",
    "Phase",
    "PointerEvent",
    "Tool",
    "ToolContext",
    "ToolOutcome",
    "ToolSpec",
]

_ROWS = (
    ToolSpec("brush", marked("Brush"), "brush", "B", marked("Paint the chosen class"), brush),
    ToolSpec(
        "smart_brush",
        marked("Smart brush"),
        "smart-brush",
        "J",
        marked("Paints what looks like the pixels under the pointer, up to the edges of the image"),
        smart_brush,
    ),
    ToolSpec(
        "eraser",
        marked("Eraser"),
        "eraser",
        "E",
        marked("Paint background, or void where there is none"),
        eraser,
        uses_class=False,
    ),
    ToolSpec(
        "void_brush",
        marked("Void brush"),
        "void-brush",
        "V",
        marked("Leave out what nobody can tell"),
        void_brush,
        uses_class=False,
    ),
    ToolSpec(
        "lasso",
        marked("Lasso"),
        "lasso",
        "Q",
        marked("Draw around what is to get the class; Ctrl erases it instead"),
        lasso,
    ),
    ToolSpec(
        "polygon",
        marked("Polygon"),
        "polygon",
        "T",
        marked(
            "Click the corners, {key[drawing.finish]} or a double click fills; {key[drawing.step_back]} takes a corner "
            "back, Ctrl erases instead"
        ),
        polygon,
    ),
    ToolSpec(
        "scissors",
        marked("Scissors"),
        "scissors",
        "M",
        marked(
            "A polygon that keeps to the edges of the image, straight with Shift; {key[drawing.finish]} or a double "
            "click fills, Ctrl erases instead"
        ),
        scissors,
    ),
    ToolSpec(
        "rectangle",
        marked("Rectangle"),
        "rectangle",
        "R",
        marked("From corner to corner; Shift makes a square, Ctrl erases instead"),
        rectangle,
    ),
    ToolSpec(
        "ellipse",
        marked("Ellipse"),
        "ellipse",
        "C",
        marked("From corner to corner; Shift makes a circle, Ctrl erases instead"),
        ellipse,
    ),
    ToolSpec(
        "bucket",
        marked("Fill"),
        "fill",
        "G",
        marked("The region under the pointer; Shift fills all of its label, Ctrl erases instead"),
        bucket,
    ),
    ToolSpec(
        "wand",
        marked("Magic wand"),
        "wand",
        "W",
        marked(
            "What looks like the clicked pixel, more as you drag right; Shift takes it everywhere, Ctrl erases instead"
        ),
        wand,
    ),
    ToolSpec(
        "superpixels",
        marked("Superpixel brush"),
        "superpixels",
        "S",
        marked("Paint whole patches of one colour, as their outlines show them; Ctrl erases them instead"),
        superpixel_brush,
        uses_segments=True,
    ),
    ToolSpec(
        "grabcut",
        marked("Cut out a thing"),
        "grabcut",
        "U",
        marked("Drag a box tightly around a thing to get its pixels; once more to refine, Ctrl erases them instead"),
        grabcut,
    ),
    ToolSpec(
        "split",
        marked("Split"),
        "split",
        "Y",
        marked("Draw across a region: what is cut off gets the class; Shift draws straight, Ctrl erases instead"),
        split,
    ),
    ToolSpec(
        "pick",
        marked("Pick class"),
        "pick",
        "I",
        marked("Take the class under the pointer"),
        pick,
        paints=False,
        uses_class=False,
    ),
)

TOOLS: dict[str, ToolSpec] = {row.id: row for row in _ROWS}
"""Every tool by its id, in the order of the toolbar."""
