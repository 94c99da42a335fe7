"""A few characters beside the pointer: what a drag sets. Owns where they stand, and no meaning."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from segstudio.services.theme import GRID, Role, color

_AWAY = 2.0 * GRID
"""View pixels from the pointer: clear of the system's own."""


class PointerNote:
    """Light on dark, so that it shows on anything; to the right of the pointer, above where there is room.

    Attributes:
        text: what it says; empty where it is not shown.
        rect: what it takes up, in view pixels.
    """

    def __init__(self) -> None:
        self.text = ""
        self.rect = QRectF()
        self._font = QFont()

    def place(self, text: str, pointer: QPointF, font: QFont, view: QRectF) -> None:
        """Say `text` beside `pointer`, within `view`."""
        self.text, self._font = text, font
        if not text:
            self.rect = QRectF()
            return
        metrics = QFontMetricsF(font)
        size = QSizeF(metrics.horizontalAdvance(text) + 2 * GRID, metrics.height() + GRID)
        corner = pointer + QPointF(_AWAY, -_AWAY - size.height())
        if corner.x() + size.width() > view.right():
            corner.setX(pointer.x() - _AWAY - size.width())
        if corner.y() < view.top():
            corner.setY(pointer.y() + _AWAY)
        self.rect = QRectF(corner, size)

    def paint(self, painter: QPainter) -> None:
        """Draw it."""
        if not self.text:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(Role.CURSOR_DARK, 0.85))
        painter.drawRoundedRect(self.rect, GRID / 2, GRID / 2)
        painter.setFont(self._font)
        painter.setPen(color(Role.CURSOR_LIGHT))
        painter.drawText(self.rect, Qt.AlignmentFlag.AlignCenter, self.text)
        painter.restore()
