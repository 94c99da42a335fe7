"""How one step of the history is drawn: picture, name, what the pixels got, how many, and what the step takes."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from segstudio.core.class_table import VOID, ClassTable
from segstudio.services.step_pictures import StepLook
from segstudio.services.theme import GRID, Role, color, icon
from segstudio.widgets.step_list import (
    GIVEN_ROLE,
    LOOK_ROLE,
    PIXMAP_ROLE,
    PRESENT_ROLE,
    SAVED_ROLE,
    STEP_ROLE,
    UNDONE_ROLE,
    StepListModel,
)
from segstudio.widgets.words import data_size, whole_number

_PICTURE = 40
"""Side, in device-independent pixels."""
ROW_HEIGHT = _PICTURE + GRID
_SWATCH = 12
_UNDONE = 0.45
"""The opacity of the picture of a step that is undone."""


class StepDelegate(QStyledItemDelegate):
    """Every row is of one height."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Every row alike."""
        return QSize(20 * GRID, ROW_HEIGHT)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row."""
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        row, undone = option.rect, bool(index.data(UNDONE_ROLE))
        self._paint_state(painter, option, bool(index.data(PRESENT_ROLE)))
        frame = QRect(row.left() + GRID, row.top() + GRID // 2, _PICTURE, _PICTURE)
        painter.setOpacity(_UNDONE if undone else 1)
        _paint_picture(painter, frame, index.data(PIXMAP_ROLE))
        painter.setOpacity(1)
        if index.data(SAVED_ROLE):
            _paint_saved(painter, QRect(frame.right() - 15, frame.bottom() - 15, 18, 18))
        left = frame.right() + 1 + GRID
        upper = QRect(left, row.top() + 5, row.right() - GRID // 2 - left, ROW_HEIGHT // 2 - 5)
        lower = upper.translated(0, upper.height())
        edit, look = index.data(STEP_ROLE), index.data(LOOK_ROLE)
        painter.setPen(color(Role.TEXT_MUTED if undone else Role.TEXT))
        size = data_size(edit.nbytes) if edit is not None else ""
        _paint_pair(painter, upper, index.data(), size)
        model = index.model()
        if edit is not None and look is not None and isinstance(model, StepListModel):
            painter.setOpacity(_UNDONE if undone else 1)
            swatch = QRect(lower.left(), lower.center().y() - _SWATCH // 2 + 1, _SWATCH, _SWATCH)
            _paint_swatch(painter, swatch, look, model.classes)
            painter.setOpacity(1)
            lower.setLeft(swatch.right() + 1 + GRID // 2 + 2)
        pixels = f"{whole_number(look.pixels)} px" if edit is not None and look is not None else ""
        _paint_pair(painter, lower, index.data(GIVEN_ROLE), pixels)
        painter.restore()

    def _paint_state(self, painter: QPainter, option: QStyleOptionViewItem, is_present: bool) -> None:
        """What lies under a row that the image stands at, or that the pointer or the focus is on."""
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        ground = QRectF(option.rect.adjusted(0, 1, 0, -1)).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(color(Role.ACCENT), 1) if focused else Qt.PenStyle.NoPen)
        if is_present or hovered or focused:
            shade = color(Role.ACCENT_SOFT) if is_present else color(Role.HOVER)
            painter.setBrush(shade if is_present or hovered else Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground, 4, 4)
        if is_present:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(Role.ACCENT))
            bar = QRect(option.rect.left(), option.rect.top() + GRID, 3, option.rect.height() - 2 * GRID)
            painter.drawRoundedRect(bar, 1, 1)


def _paint_pair(painter: QPainter, line: QRect, left: str, right: str) -> None:
    """`left` as far as `right`, which stands muted at the line's end, leaves room."""
    metrics = painter.fontMetrics()
    taken = metrics.horizontalAdvance(right) + GRID if right else 0
    text = metrics.elidedText(left, Qt.TextElideMode.ElideRight, line.width() - taken)
    painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
    painter.setPen(color(Role.TEXT_MUTED))
    painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), right)


def _paint_picture(painter: QPainter, frame: QRect, pixmap: QPixmap | None) -> None:
    outline = QPainterPath()
    outline.addRoundedRect(QRectF(frame), 4, 4)
    painter.fillPath(outline, color(Role.CANVAS_BACKGROUND))
    if pixmap is None or pixmap.isNull():
        return
    target = QRect(frame.topLeft(), pixmap.size().scaled(frame.size(), Qt.AspectRatioMode.KeepAspectRatio))
    target.moveCenter(frame.center())
    painter.setClipPath(outline)
    painter.drawPixmap(target, pixmap)
    painter.setClipping(False)


def _paint_swatch(painter: QPainter, box: QRect, look: StepLook, classes: ClassTable) -> None:
    """The colours that the step gave, side by side; void is an empty frame."""
    outline = QPainterPath()
    outline.addRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    palette, count = classes.palette(), len(look.labels)
    painter.setClipPath(outline)
    for place, label in enumerate(look.labels):
        if label != VOID:
            band = QRectF(box.left() + place * box.width() / count, box.top(), box.width() / count, box.height())
            painter.fillRect(band, QColor(*(int(part) for part in palette[label])))
    painter.setClipping(False)
    pen = painter.pen()
    painter.setPen(QPen(color(Role.CONTROL), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(outline)
    painter.setPen(pen)


def _paint_saved(painter: QPainter, badge: QRect) -> None:
    """On a quiet ground, so that it is seen on every picture."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color(Role.PANEL, 0.92))
    painter.drawRoundedRect(badge, 5, 5)
    icon("saved").paint(painter, badge.adjusted(2, 2, -2, -2))
