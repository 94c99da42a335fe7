"""The brush: paints the chosen class."""

from __future__ import annotations

from segstudio.core.errors import marked
from segstudio.tools.inks import class_ink
from segstudio.tools.stroke import StrokeTool
from segstudio.tools.tool import Tool


def brush() -> Tool:
    """A new brush."""
    return StrokeTool(marked("Brush stroke"), class_ink)
