"""What an image's label map is, as a mark that differs in shape as well as in colour."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPolygonF

from segstudio.services.theme import Role, color
from segstudio.services.translation import tr


class Mark(Enum):
    """The statuses; the names are those of the project's `Status`."""

    UNLABELLED = "unlabelled"
    PROPOSED = "proposed"
    DRAFT = "draft"
    UNREVIEWED = "unreviewed"
    ACCEPTED = "accepted"


def mark_text(mark: Mark) -> str:
    """The status as a word."""
    return {
        Mark.UNLABELLED: tr("unlabelled"),
        Mark.PROPOSED: tr("proposed"),
        Mark.DRAFT: tr("draft"),
        Mark.UNREVIEWED: tr("accepted unreviewed"),
        Mark.ACCEPTED: tr("accepted"),
    }[mark]


MARK_ROLES = {
    Mark.UNLABELLED: Role.TEXT_MUTED,
    Mark.PROPOSED: Role.ACCENT,
    Mark.DRAFT: Role.WARNING,
    Mark.UNREVIEWED: Role.WARNING,
    Mark.ACCEPTED: Role.SUCCESS,
}


def paint_mark(painter: QPainter, mark: Mark, box: QRectF) -> None:
    """Draw `mark` into the square `box`.

    Hollow circle, hatched diamond, half-filled circle, question mark in a square, or check on a disc.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    shade = color(MARK_ROLES[mark])
    pen = QPen(shade, 1.5)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    inner = box.adjusted(1, 1, -1, -1)
    centre = inner.center()
    if mark is Mark.UNLABELLED:
        painter.drawEllipse(inner)
    elif mark is Mark.PROPOSED:
        diamond = QPolygonF(
            [
                QPointF(centre.x(), inner.top()),
                QPointF(inner.right(), centre.y()),
                QPointF(centre.x(), inner.bottom()),
                QPointF(inner.left(), centre.y()),
            ]
        )
        painter.drawPolygon(diamond)
        quarter = inner.width() / 4
        for shift in (-quarter / 2, quarter / 2):
            painter.drawLine(
                QPointF(centre.x() - quarter + shift, centre.y() + quarter + shift),
                QPointF(centre.x() + quarter + shift, centre.y() - quarter + shift),
            )
    elif mark is Mark.DRAFT:
        painter.drawEllipse(inner)
        half = QPainterPath(centre)
        half.arcTo(inner, 90, 180)
        half.closeSubpath()
        painter.fillPath(half, shade)
    elif mark is Mark.UNREVIEWED:
        painter.drawRoundedRect(inner, 2, 2)
        step = inner.width() / 8
        question = QPainterPath(QPointF(inner.left() + 2.6 * step, inner.top() + 2.9 * step))
        question.arcTo(QRectF(inner.left() + 2.6 * step, inner.top() + 1.6 * step, 2.8 * step, 2.6 * step), 180, -210)
        question.lineTo(QPointF(centre.x(), inner.top() + 5.1 * step))
        painter.drawPath(question)
        painter.drawPoint(QPointF(centre.x(), inner.top() + 6.6 * step))
    else:
        painter.setBrush(shade)
        painter.drawEllipse(inner)
        painter.setPen(QPen(color(Role.PANEL), 1.8, pen.style(), pen.capStyle(), pen.joinStyle()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        step = inner.width() / 8
        painter.drawPolyline(
            [
                QPointF(inner.left() + 2.1 * step, inner.top() + 4.2 * step),
                QPointF(inner.left() + 3.5 * step, inner.top() + 5.6 * step),
                QPointF(inner.left() + 6 * step, inner.top() + 2.7 * step),
            ]
        )
    painter.restore()
