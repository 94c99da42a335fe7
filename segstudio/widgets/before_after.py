"""Pictures of before and after, side by side or one above the other, each pair with a line below it. Shows only."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QStyle, QWidget

from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr

_LINE = 20
"""Pixels of height for a line of text."""


@dataclass(frozen=True)
class Pair:
    """Two pictures of one size, and what is said of them: `caption` below, `told` to those who cannot see."""

    before: QImage
    after: QImage
    caption: str = ""
    told: str = ""


class BeforeAfter(QWidget):
    """One pair large, before at the left; or several small ones in a row, before above after."""

    SIZE = QSize(70 * GRID, 33 * GRID)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pairs: list[Pair] = []
        self._is_strip = False
        self._empty = ""
        self.setFixedHeight(self.SIZE.height())
        self.setMinimumWidth(self.SIZE.width())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Preview"))

    def show_one(self, pair: Pair) -> None:
        """Show one pair large."""
        self._show([pair], False)

    def show_strip(self, pairs: list[Pair]) -> None:
        """Show several small pairs in a row."""
        self._show(pairs, True)

    def show_nothing(self, why: str) -> None:
        """Show no picture, and say why."""
        self._show([], False, why)

    def _show(self, pairs: list[Pair], is_strip: bool, empty: str = "") -> None:
        self.pairs, self._is_strip, self._empty = pairs, is_strip, empty
        self.setAccessibleDescription(empty or ", ".join(pair.told for pair in pairs))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw them."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(color(Role.TEXT_MUTED))
        if not self.pairs:
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), self._empty)
        elif self._is_strip:
            self._paint_strip(painter)
        else:
            self._paint_one(painter, self.pairs[0])

    def _paint_one(self, painter: QPainter, pair: Pair) -> None:
        width = (self.width() - 2 * GRID) // 2
        for left, picture, title in ((0, pair.before, tr("Before")), (width + 2 * GRID, pair.after, tr("After"))):
            self._draw(painter, picture, QRect(left, _LINE, width, self.height() - _LINE), Qt.AlignmentFlag.AlignTop)
            painter.drawText(QRect(left, 0, width, _LINE), int(Qt.AlignmentFlag.AlignHCenter), title)

    def _paint_strip(self, painter: QPainter) -> None:
        """Columns of one width, also where there are few: a pair alone is no larger than beside others."""
        side = GRID * 7
        width = (self.width() - side) // MOST_PAIRS
        height = (self.height() - _LINE - GRID) // 2
        middle_right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        for row, title in enumerate((tr("Before"), tr("After"))):
            painter.drawText(QRect(0, row * (height + GRID), side, height), middle_right, title)
        for column, pair in enumerate(self.pairs):
            left = side + column * width
            for row, picture in enumerate((pair.before, pair.after)):
                box = QRect(left, row * (height + GRID), width - GRID, height)
                self._draw(painter, picture, box, Qt.AlignmentFlag.AlignTop if row else Qt.AlignmentFlag.AlignBottom)
            text = painter.fontMetrics().elidedText(pair.caption, Qt.TextElideMode.ElideMiddle, width - GRID)
            below = QRect(left, self.height() - _LINE, width - GRID, _LINE)
            painter.drawText(below, int(Qt.AlignmentFlag.AlignCenter), text)

    @staticmethod
    def _draw(painter: QPainter, picture: QImage, box: QRect, edge: Qt.AlignmentFlag) -> None:
        """Draw `picture` as large as fits into `box`, at its upper or lower `edge`."""
        size = picture.size().scaled(box.size(), Qt.AspectRatioMode.KeepAspectRatio)
        where = Qt.AlignmentFlag.AlignHCenter | edge
        painter.drawImage(QStyle.alignedRect(Qt.LayoutDirection.LeftToRight, where, size, box), picture)


MOST_PAIRS = 4
"""So many pairs fit into a row."""
