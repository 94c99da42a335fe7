"""The eraser: paints the background class where there is one, else void."""

from __future__ import annotations

from segstudio.core.errors import marked
from segstudio.tools.inks import erase_ink
from segstudio.tools.stroke import StrokeTool
from segstudio.tools.tool import Tool


def eraser() -> Tool:
    """A new eraser."""
    return StrokeTool(marked("Eraser stroke"), erase_ink)
