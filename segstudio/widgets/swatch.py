"""A class's colour as an icon, for lists and boxes that name classes."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap

from segstudio.core.class_table import Color
from segstudio.services.theme import Role, color


def swatch(rgb: Color) -> QIcon:
    """A rounded square of the colour `rgb`, each 0 to 255."""
    pixmap = QPixmap(QSize(32, 32))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(color(Role.CONTROL))
    painter.setBrush(QColor(*rgb))
    painter.drawRoundedRect(2, 2, 27, 27, 6, 6)
    painter.end()
    return QIcon(pixmap)
