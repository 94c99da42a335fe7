"""The rectangle: fills the pixels between two corners."""

from __future__ import annotations

from segstudio.core.errors import marked
from segstudio.tools.area import AreaTool, rectangle_outline
from segstudio.tools.inks import class_ink
from segstudio.tools.tool import Tool


def rectangle() -> Tool:
    """A new one."""
    return AreaTool(marked("Rectangle"), rectangle_outline, class_ink)
