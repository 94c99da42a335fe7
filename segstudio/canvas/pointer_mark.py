"""The mark at the image point over which the pointer is in the other pane. Owns no position."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from segstudio.services.theme import Role, color

_INNER, _OUTER = 4.0, 14.0
"""Where its four arms begin and end, in view pixels from the point: what is marked stays free."""


def mark_rect(point: QPointF) -> QRect:
    """What a mark at a point of the view takes up."""
    reach = _OUTER + 3
    return QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach).toAlignedRect()


def draw_mark(painter: QPainter, point: QPointF) -> None:
    """Four arms about a point of the view, light within dark so that they show on anything."""
    arms = [
        QLineF(point + QPointF(dx * _INNER, dy * _INNER), point + QPointF(dx * _OUTER, dy * _OUTER))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
    ]
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    for role, width in ((Role.CURSOR_DARK, 4.0), (Role.CURSOR_LIGHT, 2.0)):
        painter.setPen(QPen(color(role), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLines(arms)
    painter.restore()
