"""The IoU of every class as a small bar with its number, before and after. Paints only what is in view."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from segstudio.core.class_table import ClassTable
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr
from segstudio.widgets.words import score

ROW_HEIGHT = 22


class ScoreBars(QWidget):
    """One row a class. The tick on the bar is the score before the round."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scores: dict[str, float | None] = {}
        self._before: dict[str, float | None] = {}
        self._colors: dict[str, tuple[int, int, int]] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_classes(self, classes: ClassTable) -> None:
        """Take the colours of `classes`."""
        self._colors = {info.name: info.color for info in classes}
        self.update()

    def set_scores(self, scores: Mapping[str, float | None]) -> None:
        """By class name, from 0 to 1; None: the class is in no held-out image."""
        self._scores = dict(scores)
        spoken = ", ".join(f"{name} {score(value)}" for name, value in self._scores.items())
        self.setAccessibleName(tr("IoU by class"))
        self.setAccessibleDescription(spoken)
        self.setToolTip(tr("IoU by class on the held-out images.\nThe tick is the score before this round."))
        self.setFixedHeight(len(self._scores) * ROW_HEIGHT)
        self.updateGeometry()
        self.update()

    def set_before(self, scores: Mapping[str, float | None]) -> None:
        """The scores that the round began with."""
        self._before = dict(scores)
        self.update()

    def sizeHint(self) -> QSize:
        """All rows."""
        return QSize(200, len(self._scores) * ROW_HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the rows in view."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        first = event.rect().top() // ROW_HEIGHT
        last = event.rect().bottom() // ROW_HEIGHT + 1
        for row, (name, value) in list(enumerate(self._scores.items()))[first:last]:
            self._paint_row(painter, QRect(0, row * ROW_HEIGHT, self.width(), ROW_HEIGHT), name, value)

    def _paint_row(self, painter: QPainter, row: QRect, name: str, value: float | None) -> None:
        names = QRect(row.left(), row.top(), row.width() * 2 // 5, row.height())
        number = QRect(row.right() - 32, row.top(), 32, row.height())
        bar = QRectF(names.right() + GRID, row.center().y() - 3, number.left() - names.right() - 2 * GRID, 6)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(color(Role.TEXT))
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, names.width())
        painter.drawText(names, int(middle | Qt.AlignmentFlag.AlignLeft), text)
        painter.drawText(number, int(middle | Qt.AlignmentFlag.AlignRight), score(value))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(Role.PRESSED))
        painter.drawRoundedRect(bar, 3, 3)
        if value:
            painter.setBrush(QColor(*self._colors[name]) if name in self._colors else color(Role.ACCENT))
            painter.setPen(color(Role.CONTROL))
            painter.drawRoundedRect(QRectF(bar.left(), bar.top(), max(6.0, bar.width() * value), bar.height()), 3, 3)
        before = self._before.get(name)
        if before is not None:
            painter.fillRect(QRectF(bar.left() + bar.width() * before - 1, bar.top() - 3, 2, 12), color(Role.TEXT))
