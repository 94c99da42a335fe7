"""F1: the tools; Qt-free. A new tool is one file here and one row of `TOOLS`."""

from __future__ import annotations

from segstudio.core.errors import marked
from segstudio.tools.brush import brush
from segstudio.tools.eraser import eraser
from segstudio.tools.pick import pick
from segstudio.tools.pointer import Modifiers, Phase, PointerEvent
from segstudio.tools.tool import LARGEST_BRUSH, SMALLEST_BRUSH, Tool, ToolContext, ToolOutcome, ToolSpec
from segstudio.tools.void_brush import void_brush

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
        "eraser", marked("Eraser"), "eraser", "E", marked("Paint background, or void where there is none"), eraser
    ),
    ToolSpec(
        "void_brush", marked("Void brush"), "void-brush", "V", marked("Leave out what nobody can tell"), void_brush
    ),
    ToolSpec("pick", marked("Pick class"), "pick", "I", marked("Take the class under the pointer"), pick),
)

TOOLS: dict[str, ToolSpec] = {row.id: row for row in _ROWS}
"""Every tool by its id, in the order of the toolbar."""
