"""A line over the rounds, a few pixels high: how a score went, without axes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF

from segstudio.services.theme import Role, color


def draw_sparkline(painter: QPainter, box: QRect, values: Sequence[float]) -> None:
    """Draw `values` (0 to 1, the oldest first) into `box`, the latest with a dot; nothing for less than two."""
    if len(values) < 2:
        return
    least, most = min(values), max(values)
    # A change of a few points is a few pixels, not the whole height.
    middle, span = (least + most) / 2, max(most - least, 0.2)
    points = [
        QPointF(
            box.left() + box.width() * position / (len(values) - 1),
            box.center().y() - (value - middle) / span * box.height(),
        )
        for position, value in enumerate(values)
    ]
    painter.save()
    painter.setPen(QPen(color(Role.PLOT_SCORE), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(Role.PLOT_SCORE))
    painter.drawEllipse(points[-1], 2.5, 2.5)
    painter.restore()
