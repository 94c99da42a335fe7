"""The ellipse: fills the ellipse between two corners."""

from __future__ import annotations

from segstudio.core.errors import marked
from segstudio.tools.area import AreaTool, ellipse_outline
from segstudio.tools.inks import class_ink
from segstudio.tools.tool import Tool


def ellipse() -> Tool:
    """A new one."""
    return AreaTool(marked("Ellipse"), ellipse_outline, class_ink)
