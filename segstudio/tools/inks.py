"""Inks: which label a brush leaves behind. Owns no pixels."""

from __future__ import annotations

from collections.abc import Callable

from segstudio.core.class_table import VOID
from segstudio.tools.tool import ToolContext

Ink = Callable[[ToolContext], int]
"""The label to paint with, given what the person works on."""


def class_ink(context: ToolContext) -> int:
    """The chosen class."""
    return context.class_index


def erase_ink(context: ToolContext) -> int:
    """The background class where the table has one, else void."""
    return context.document.classes.erase_value


def void_ink(context: ToolContext) -> int:
    """Void: nobody knows, and nothing is learnt from it."""
    return VOID
