"""The void brush: takes pixels out of learning and scoring."""

from __future__ import annotations

from segstudio.core.errors import marked
from segstudio.tools.inks import void_ink
from segstudio.tools.stroke import StrokeTool
from segstudio.tools.tool import Tool


def void_brush() -> Tool:
    """A new void brush."""
    return StrokeTool(marked("Void brush stroke"), void_ink)
