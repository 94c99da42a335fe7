"""The lasso: fills what is drawn around freehand."""

from __future__ import annotations

from segstudio.core.errors import marked
from segstudio.tools.area import AreaTool, lasso_outline
from segstudio.tools.inks import class_ink
from segstudio.tools.tool import Tool


def lasso() -> Tool:
    """A new one."""
    return AreaTool(marked("Lasso"), lasso_outline, class_ink)
