"""The rows of the class list: their data and their drawing. Knows nothing of what a choice leads to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from segstudio.core.class_table import ClassTable
from segstudio.services.theme import GRID, Role, color, icon
from segstudio.services.translation import tr
from segstudio.widgets.words import percent, score

Index = QModelIndex | QPersistentModelIndex

CLASS_ROLE = Qt.ItemDataRole.UserRole
SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
SCORE_ROLE = Qt.ItemDataRole.UserRole + 2


def hotkey(index: int) -> str:
    """The number key that chooses class `index`: 1 to 9 for the first nine, 0 for the tenth, none for others."""
    return str((index + 1) % 10) if 0 <= index < 10 else ""


class ClassListModel(QAbstractListModel):
    """One row a class, in index order."""

    numbers_changed = Signal()
    """Shares or scores appeared, changed or went."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.classes = ClassTable([])
        self._shares: Mapping[int, float] = {}
        self._scores: Mapping[str, float] = {}

    @property
    def has_shares(self) -> bool:
        """Whether any share is known."""
        return bool(self._shares)

    @property
    def has_scores(self) -> bool:
        """Whether any score is known."""
        return bool(self._scores)

    def set_classes(self, classes: ClassTable) -> None:
        """Show `classes`; a change of colour or visibility alone keeps the rows."""
        if classes.names == self.classes.names:
            self.classes = classes
            self._tell()
            return
        self.beginResetModel()
        self.classes = classes
        self.endResetModel()

    def set_shares(self, shares: Mapping[int, float]) -> None:
        """By class index, from 0 to 1."""
        self._shares = dict(shares)
        self._tell()
        self.numbers_changed.emit()

    def set_scores(self, scores: Mapping[str, float]) -> None:
        """By class name, from 0 to 1."""
        self._scores = dict(scores)
        self._tell()
        self.numbers_changed.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """The number of classes."""
        return 0 if parent.isValid() else len(self.classes)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name, class, share, score, and a sentence for screen readers."""
        if not index.isValid() or index.row() >= len(self.classes):
            return None
        row = index.row()
        info = self.classes[row]
        if role == Qt.ItemDataRole.DisplayRole:
            return info.name
        if role == CLASS_ROLE:
            return info
        if role == SHARE_ROLE:
            return self._shares.get(row, 0.0) if self._shares else None
        if role == SCORE_ROLE:
            return self._scores.get(info.name)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = tr("shown") if info.visible else tr("hidden")
            return tr("{name}, key {key}, {state}", name=info.name, key=hotkey(row) or "–", state=state)
        return None

    def _tell(self) -> None:
        if len(self.classes):
            self.dataChanged.emit(self.index(0), self.index(len(self.classes) - 1))


@dataclass(frozen=True)
class Columns:
    """Where the parts of a row lie."""

    key: QRect
    swatch: QRect
    name: QRect
    share: QRect
    score: QRect
    eye: QRect

    @classmethod
    def of(cls, row: QRect, shares: bool, scores: bool) -> Columns:
        """The parts of the rectangle `row`; columns without numbers take no room."""
        half = GRID // 2
        top, height = row.top(), row.height()
        middle = row.center().y()
        eye = QRect(row.right() - 24 - half, top, 24, height)
        score_width = 40 if scores else 0
        score_box = QRect(eye.left() - half - score_width, top, score_width, height)
        share_width = 48 if shares else 0
        share_box = QRect(score_box.left() - share_width, top, share_width, height)
        key = QRect(row.left() + half, top, 16, height)
        swatch = QRect(key.right() + half, middle - 7, 16, 16)
        left = swatch.right() + 1 + GRID
        name = QRect(left, top, max(0, share_box.left() - half - left), height)
        return cls(key, swatch, name, share_box, score_box, eye)


class ClassDelegate(QStyledItemDelegate):
    """Draws a row: key, colour, name, share, IoU, eye."""

    ROW_HEIGHT = 32

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Every row alike."""
        return QSize(160, self.ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        info = index.data(CLASS_ROLE)
        columns = self.columns(option.rect, index)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if selected or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(Role.ACCENT_SOFT if selected else Role.HOVER))
            painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), 4, 4)
        if selected:
            painter.setBrush(color(Role.ACCENT))
            painter.drawRoundedRect(
                QRect(option.rect.left(), option.rect.top() + 8, 3, option.rect.height() - 16), 1, 1
            )
        painter.setPen(color(Role.TEXT_MUTED))
        painter.drawText(columns.key, Qt.AlignmentFlag.AlignCenter, hotkey(index.row()))
        painter.setPen(QPen(color(Role.CONTROL), 1))
        painter.setBrush(QColor(*info.color))
        painter.drawRoundedRect(columns.swatch, 4, 4)
        painter.setPen(color(Role.TEXT if info.visible else Role.TEXT_MUTED))
        text = option.fontMetrics.elidedText(info.name, Qt.TextElideMode.ElideRight, columns.name.width())
        middle_left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(columns.name, int(middle_left), text)
        self._paint_numbers(painter, columns, index)
        eye = icon("eye", Role.TEXT_MUTED) if info.visible else icon("eye-off", Role.TEXT)
        eye.paint(painter, QRect(columns.eye.left() + 3, columns.eye.center().y() - 8, 18, 18))
        painter.restore()

    def _paint_numbers(self, painter: QPainter, columns: Columns, index: Index) -> None:
        middle_right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        painter.setPen(color(Role.TEXT_MUTED))
        share = index.data(SHARE_ROLE)
        if share is not None:
            painter.drawText(columns.share, middle_right, percent(share))
        if columns.score.width():
            painter.drawText(columns.score, middle_right, score(index.data(SCORE_ROLE)))

    def columns(self, row: QRect, index: Index) -> Columns:
        """Where the parts of `row` lie for the numbers that the model has."""
        model = index.model()
        known = model if isinstance(model, ClassListModel) else ClassListModel()
        return Columns.of(row, known.has_shares, known.has_scores)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        """A click on the eye shows or hides the class and chooses nothing."""
        if isinstance(event, QMouseEvent) and self.columns(option.rect, index).eye.contains(event.position().toPoint()):
            if event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
                self._view.eye_toggled.emit(index.row())  # type: ignore[attr-defined]
            return True
        return super().editorEvent(event, model, option, index)

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """Say what the part under the pointer is."""
        if not index.isValid() or event.type() != QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        info = index.data(CLASS_ROLE)
        columns = self.columns(option.rect, index)
        key = hotkey(index.row())
        if columns.eye.contains(event.pos()):
            text = (
                tr("Hide {name} (Space)", name=info.name) if info.visible else tr("Show {name} (Space)", name=info.name)
            )
        elif columns.share.contains(event.pos()):
            text = tr("The share of this image's pixels that are {name}.", name=info.name)
        elif columns.score.contains(event.pos()):
            text = tr("IoU on the held-out images: overlap of proposal and truth, 0 to 1.")
        else:
            text = f"{info.name} ({key})" if key else info.name
        QToolTip.showText(event.globalPos(), text, view)
        return True
