"""A drag with the right button: across it sizes the brush, up and down it thins or thickens the overlay.

Hard labels have no soft edge to adjust; how much of the image shows through is what a hand asks for next. Owns one
drag, and the note that tells its value.
"""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QApplication

from segstudio.canvas.brush_size import BrushSize
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr

_WHOLE_OPACITY = 200.0
"""So many view pixels up take the overlay from nothing to its whole strength."""


class Axis(Enum):
    """What a drag adjusts: its first way decides, lest a hand that is not quite level changes both."""

    SIZE = auto()
    OPACITY = auto()


class DragAdjustment:
    """From the press at `start` (view pixels) on, with the values there were.

    Attributes:
        axis: what is adjusted; None until the pointer has gone as far as a click does not go.
        size, opacity: the values now.
    """

    def __init__(self, start: QPointF, size: BrushSize, opacity: float) -> None:
        self.start = QPointF(start)
        self.size, self.opacity = size, opacity
        self.first_size, self.first_opacity = size, opacity
        self.axis: Axis | None = None
        self._from = self.start

    def move(self, position: QPointF, zoom: float, ratio: float) -> None:
        """The pointer is at `position`. The circle's edge goes as far as the pointer went.

        `zoom`: screen pixels per image pixel; `ratio`: screen pixels per view pixel.
        """
        way = position - self.start
        if self.axis is None:
            if max(abs(way.x()), abs(way.y())) < QApplication.startDragDistance():
                return
            self.axis = Axis.SIZE if abs(way.x()) >= abs(way.y()) else Axis.OPACITY
            self._from = QPointF(position)
        way = position - self._from
        if self.axis is Axis.SIZE:
            self.size = self.first_size.widened(2 * way.x() * ratio, zoom)
        else:
            self.opacity = min(max(self.first_opacity - way.y() / _WHOLE_OPACITY, 0.0), 1.0)

    def text(self, zoom: float) -> str:
        """The value that is adjusted, in words; empty before anything is."""
        match self.axis:
            case Axis.SIZE:
                return tr("{pixels} px", pixels=self.size.on_image(zoom))
            case Axis.OPACITY:
                return tr("Overlay {value} %", value=round(self.opacity * 100))
        return ""

    def note_rect(self, beside: QRectF, view: QRect, metrics: QFontMetrics, zoom: float) -> QRect:
        """Where the note lies: right of `beside` (view pixels; what is adjusted), and within the view."""
        text = self.text(zoom)
        if not text:
            return QRect()
        rect = QRect(0, 0, metrics.horizontalAdvance(text) + 2 * GRID, metrics.height() + GRID)
        rect.moveCenter(beside.center().toPoint())
        rect.moveLeft(round(beside.right()) + GRID)
        rect.moveRight(min(rect.right(), view.right() - GRID))
        rect.moveLeft(max(rect.left(), view.left() + GRID))
        rect.moveBottom(min(rect.bottom(), view.bottom() - GRID))
        rect.moveTop(max(rect.top(), view.top() + GRID))
        return rect

    def paint_note(self, painter: QPainter, rect: QRect, zoom: float) -> None:
        """Draw the note: light on dark, so that it reads on anything."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(Role.CURSOR_DARK, 0.85))
        painter.drawRoundedRect(QRectF(rect), GRID / 2, GRID / 2)
        painter.setPen(color(Role.CURSOR_LIGHT))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), self.text(zoom))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
