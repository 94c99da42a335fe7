"""How one image of the filmstrip is drawn."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from segstudio.services.theme import GRID, Role, color, icon
from segstudio.widgets.filmstrip_list import HELD_OUT_ROLE, MARK_ROLE, OPEN_ROLE, THUMBNAIL_ROLE
from segstudio.widgets.status_mark import paint_mark

THUMBNAIL = QSize(96, 72)
"""Device-independent pixels."""

CELL = QSize(THUMBNAIL.width() + 2 * GRID, THUMBNAIL.height() + 4 * GRID)

_KEPT_FRAMED = 128
"""Thumbnails kept as they are shown: more than fit side by side."""


class FilmstripDelegate(QStyledItemDelegate):
    """Thumbnail, status mark, held-out badge, name."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._framed: dict[tuple[int, float, int], QPixmap] = {}

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Every cell alike."""
        return CELL

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one cell."""
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        is_open = bool(index.data(OPEN_ROLE))
        cell = option.rect.adjusted(2, 2, -2, -2)
        if selected or hovered or is_open:
            painter.setPen(QPen(color(Role.ACCENT), 2) if is_open else Qt.PenStyle.NoPen)
            painter.setBrush(color(Role.ACCENT_SOFT if selected or is_open else Role.HOVER))
            painter.drawRoundedRect(QRectF(cell).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        frame = QRect(option.rect.left() + GRID, option.rect.top() + GRID - 2, THUMBNAIL.width(), THUMBNAIL.height())
        self._paint_thumbnail(painter, frame, index.data(THUMBNAIL_ROLE))
        held_out = bool(index.data(HELD_OUT_ROLE))
        badge = self._paint_badge(painter, QRect(frame.left() + 3, frame.top() + 3, 38 if held_out else 20, 20))
        paint_mark(painter, index.data(MARK_ROLE), QRectF(badge.left() + 3, badge.top() + 3, 14, 14))
        if held_out:
            icon("held-out").paint(painter, QRect(badge.left() + 20, badge.top() + 2, 16, 16))
        line = QRect(frame.left(), frame.bottom() + 4, frame.width(), 18)
        painter.setPen(color(Role.TEXT))
        text = option.fontMetrics.elidedText(index.data(), Qt.TextElideMode.ElideMiddle, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, text)
        painter.restore()

    def _paint_badge(self, painter: QPainter, badge: QRect) -> QRect:
        """A quiet ground, so that marks are told apart on every picture."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(Role.PANEL, 0.92))
        painter.drawRoundedRect(badge, 6, 6)
        return badge

    def _paint_thumbnail(self, painter: QPainter, frame: QRect, pixmap: QPixmap | None) -> None:
        if pixmap is None or pixmap.isNull():
            painter.fillPath(_rounded(frame), color(Role.CANVAS_BACKGROUND))
            middle = frame.center()
            icon("image", Role.TEXT_MUTED).paint(painter, QRect(middle.x() - 11, middle.y() - 11, 24, 24))
            return
        ratio = painter.device().devicePixelRatioF()
        key = (pixmap.cacheKey(), ratio, color(Role.CANVAS_BACKGROUND).rgba())
        if key not in self._framed:
            if len(self._framed) >= _KEPT_FRAMED:
                self._framed.clear()
            self._framed[key] = _framed(pixmap, ratio)
        painter.drawPixmap(frame.topLeft(), self._framed[key])


def _rounded(frame: QRect) -> QPainterPath:
    path = QPainterPath()
    path.addRoundedRect(QRectF(frame), 4, 4)
    return path


def _framed(pixmap: QPixmap, ratio: float) -> QPixmap:
    """`pixmap` as large as it is shown, with round corners: made once, as scaling at every repaint is slow."""
    made = QPixmap(THUMBNAIL * ratio)
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    frame = QRect(0, 0, THUMBNAIL.width(), THUMBNAIL.height())
    target = QRect(frame.topLeft(), pixmap.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio))
    target.moveCenter(frame.center())
    painter = QPainter(made)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.fillPath(_rounded(frame), color(Role.CANVAS_BACKGROUND))
    painter.setClipPath(_rounded(frame))
    painter.drawPixmap(target, pixmap)
    painter.end()
    return made
