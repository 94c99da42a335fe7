"""The one way to the strings that people see."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QCoreApplication

from segstudio.core.errors import SegStudioError

CONTEXT = "segstudio"


def tr(text: str, **values: Any) -> str:
    """`text` in the person's language, its ``str.format`` fields filled with `values`."""
    translated = QCoreApplication.translate(CONTEXT, text)
    return translated.format(**values) if values else translated


def tr_error(error: SegStudioError) -> str:
    """The sentence that `error` carries, in the person's language."""
    return tr(error.template, **error.values) if error.values else tr(error.template)
