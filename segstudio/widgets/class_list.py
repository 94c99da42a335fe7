"""The rows of the class list: their data and their drawing. Knows nothing of what a choice leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
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
from segstudio.core.errors import marked
from segstudio.services.theme import GRID, Role, color, icon
from segstudio.services.translation import tr
from segstudio.widgets.sparkline import draw_sparkline
from segstudio.widgets.words import change_in_points, percent, score, trend_mark

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True)
class ClassDetails:
    """What is known of a class beside its share in this image and its score; None where it is not known.

    Attributes:
        accepted: share (0 to 1) of the labelled pixels of the accepted images.
        weight: in the loss of the round in use, as a multiple of the lightest class's; 0 where the class did not occur.
        change: of the held-out IoU by that round, -1 to 1, both scored on the same images.
        scores: held-out IoU (0 to 1) by round, the oldest first.
    """

    accepted: float | None = None
    weight: float | None = None
    change: float | None = None
    scores: tuple[float, ...] = ()


CLASS_ROLE = Qt.ItemDataRole.UserRole
SHARE_ROLE = Qt.ItemDataRole.UserRole + 1
SCORE_ROLE = Qt.ItemDataRole.UserRole + 2
DETAILS_ROLE = Qt.ItemDataRole.UserRole + 3
HOTKEY_ROLE = Qt.ItemDataRole.UserRole + 4
"""The key that chooses the class, where it is one character; others have no room in the row."""


class ClassListModel(QAbstractListModel):
    """One row a class, in index order."""

    numbers_changed = Signal()
    """Shares or scores appeared, changed or went."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.classes = ClassTable([])
        self._shares: Mapping[int, float] = {}
        self._scores: Mapping[str, float] = {}
        self._details: Mapping[str, ClassDetails] = {}
        self.is_expanded = False
        """Whether a row has a second line, for the details."""
        self._hotkeys: Sequence[str] = ()

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

    def set_hotkeys(self, keys: Sequence[str]) -> None:
        """The keys that choose the classes, by class index, in words; empty for none."""
        self._hotkeys = tuple(keys)
        self._tell()

    def hotkey(self, row: int) -> str:
        """The key that chooses the class in `row`; empty for none."""
        return self._hotkeys[row] if 0 <= row < len(self._hotkeys) else ""

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

    def set_details(self, details: Mapping[str, ClassDetails]) -> None:
        """By class name."""
        self._details = dict(details)
        self._tell()
        self.numbers_changed.emit()

    def set_expanded(self, expanded: bool) -> None:
        """Show the details in a line of their own, or in the tooltip only."""
        self.is_expanded = expanded
        self.layoutChanged.emit()
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
        if role == DETAILS_ROLE:
            return self._details.get(info.name, ClassDetails())
        if role == HOTKEY_ROLE:
            key = self.hotkey(row)
            return key if len(key) == 1 else ""
        if role == Qt.ItemDataRole.AccessibleTextRole:
            state = tr("shown") if info.visible else tr("hidden")
            if info.locked:
                state = tr("{state}, locked", state=state)
            return tr("{name}, key {key}, {state}", name=info.name, key=self.hotkey(row) or "–", state=state)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self.told(row).replace("\n", ", ")
        return None

    def told(self, row: int) -> str:
        """All that is known of the class in `row`, one line each."""
        info = self.classes[row]
        details, iou = self._details.get(info.name, ClassDetails()), self._scores.get(info.name)
        key = self.hotkey(row)
        lines = [tr("{name} (key {key})", name=info.name, key=key) if key else info.name]
        if self._shares:
            lines.append(tr("This image: {share} of the pixels", share=percent(self._shares.get(row, 0.0))))
        if details.accepted is not None:
            lines.append(tr("Accepted images: {share} of the pixels", share=percent(details.accepted)))
        if details.weight is not None:
            lines.append(tr("Weight in the loss: {weight} times the lightest", weight=f"{details.weight:.1f}"))
        if iou is not None:
            lines.append(tr("IoU on the held-out images: {score}", score=score(iou)))
        if details.change is not None:
            lines.append(tr("Change by the latest round: {change}", change=change_in_points(details.change)))
        if len(details.scores) > 1:
            lines.append(tr("By round: {scores}", scores=" → ".join(map(score, details.scores))))
        return "\n".join(lines)

    def _tell(self) -> None:
        if len(self.classes):
            self.dataChanged.emit(self.index(0), self.index(len(self.classes) - 1))


@dataclass(frozen=True)
class Columns:
    """Where the parts of a row lie; a row of details lies below, in even columns."""

    key: QRect
    swatch: QRect
    name: QRect
    share: QRect
    score: QRect
    trend: QRect
    lock: QRect
    eye: QRect
    details: tuple[QRect, ...] = ()
    """Of the second line: this image, accepted images, weight, IoU, change."""

    @classmethod
    def of(cls, row: QRect, shares: bool, scores: bool, expanded: bool = False) -> Columns:
        """The parts of the rectangle `row`; columns without numbers take no room."""
        half = GRID // 2
        top, height = row.top(), min(row.height(), ClassDelegate.ROW_HEIGHT)
        middle = top + height // 2 - 1
        eye = QRect(row.right() - 20 - half, top, 20, height)
        lock = QRect(eye.left() - 18, top, 18, height)
        trend_width = 56 if scores and expanded else 14 if scores else 0
        trend = QRect(lock.left() - half - trend_width, top, trend_width, height)
        score_width = 34 if scores and not expanded else 0
        score_box = QRect(trend.left() - score_width, top, score_width, height)
        share_width = 42 if shares and not expanded else 0
        share_box = QRect(score_box.left() - share_width, top, share_width, height)
        key = QRect(row.left() + half, top, 12, height)
        swatch = QRect(key.right() + half, middle - 7, 16, 16)
        left = swatch.right() + 1 + GRID
        name = QRect(left, top, max(0, share_box.left() - half - left), height)
        return cls(key, swatch, name, share_box, score_box, trend, lock, eye, _detail_columns(row) if expanded else ())


def _detail_columns(row: QRect) -> tuple[QRect, ...]:
    left, width = row.left() + GRID // 2, row.width() - GRID
    top = row.top() + ClassDelegate.ROW_HEIGHT - 6
    edges = [left, *(left + round(width * end) for end in _DETAIL_ENDS)]
    return tuple(QRect(start, top, end - start, 20) for start, end in pairwise(edges))


DETAIL_HEADS = (marked("image"), marked("accepted"), marked("weight"), marked("IoU"), marked("change"))
"""What the columns of the details are called."""
_DETAIL_ENDS = (0.2, 0.45, 0.65, 0.79, 1.0)
"""Where they end, as shares of the width: by the room that their names need."""


class ClassDelegate(QStyledItemDelegate):
    """Draws a row: key, colour, name, share, IoU and its trend, lock, eye; below it the details if wanted."""

    ROW_HEIGHT = 32
    EXPANDED_HEIGHT = 48

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """Every row alike."""
        model = index.model()
        expanded = isinstance(model, ClassListModel) and model.is_expanded
        return QSize(160, self.EXPANDED_HEIGHT if expanded else self.ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw one row."""
        info = index.data(CLASS_ROLE)
        columns = self.columns(option.rect, index)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_state(painter, option)
        painter.setPen(color(Role.TEXT_MUTED))
        painter.drawText(columns.key, Qt.AlignmentFlag.AlignCenter, index.data(HOTKEY_ROLE))
        painter.setPen(QPen(color(Role.CONTROL), 1))
        painter.setBrush(QColor(*info.color))
        painter.drawRoundedRect(columns.swatch, 4, 4)
        painter.setPen(color(Role.TEXT if info.visible else Role.TEXT_MUTED))
        text = option.fontMetrics.elidedText(info.name, Qt.TextElideMode.ElideRight, columns.name.width())
        middle_left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(columns.name, int(middle_left), text)
        painter.setPen(color(Role.TEXT_MUTED))
        if columns.details:
            self._paint_details(painter, columns, index)
        else:
            self._paint_numbers(painter, columns, index)
        eye = icon("eye", Role.TEXT_MUTED) if info.visible else icon("eye-off", Role.TEXT)
        eye.paint(painter, QRect(columns.eye.left() + 1, columns.eye.center().y() - 8, 18, 18))
        near = QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver
        if info.locked or option.state & near:
            lock = icon("lock", Role.TEXT) if info.locked else icon("unlock", Role.TEXT_MUTED)
            lock.paint(painter, QRect(columns.lock.left() + 1, columns.lock.center().y() - 7, 16, 16))
        painter.restore()

    def _paint_state(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        """What lies under a row that is chosen or under the pointer."""
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        painter.setPen(Qt.PenStyle.NoPen)
        if selected or hovered:
            painter.setBrush(color(Role.ACCENT_SOFT if selected else Role.HOVER))
            painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), 4, 4)
        if selected:
            painter.setBrush(color(Role.ACCENT))
            painter.drawRoundedRect(
                QRect(option.rect.left(), option.rect.top() + 8, 3, option.rect.height() - 16), 1, 1
            )

    def _paint_numbers(self, painter: QPainter, columns: Columns, index: Index) -> None:
        middle_right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        share, details = index.data(SHARE_ROLE), index.data(DETAILS_ROLE)
        if share is not None:
            painter.drawText(columns.share, middle_right, percent(share))
        if columns.score.width():
            painter.drawText(columns.score, middle_right, score(index.data(SCORE_ROLE)))
        if columns.trend.width():
            painter.drawText(columns.trend, middle_right, trend_mark(details.change))

    def _paint_details(self, painter: QPainter, columns: Columns, index: Index) -> None:
        middle_right = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        share, details = index.data(SHARE_ROLE), index.data(DETAILS_ROLE)
        texts = (
            "–" if share is None else percent(share),
            "–" if details.accepted is None else percent(details.accepted),
            "–" if details.weight is None else f"{details.weight:.1f}×",
            score(index.data(SCORE_ROLE)),
            "–" if details.change is None else f"{trend_mark(details.change)} {abs(round(details.change * 100))}",
        )
        for box, text in zip(columns.details, texts, strict=True):
            painter.drawText(box, middle_right, text)
        draw_sparkline(painter, columns.trend.adjusted(4, 9, -4, -9), details.scores)

    def columns(self, row: QRect, index: Index) -> Columns:
        """Where the parts of `row` lie for the numbers that the model has."""
        model = index.model()
        known = model if isinstance(model, ClassListModel) else ClassListModel()
        return Columns.of(row, known.has_shares, known.has_scores, known.is_expanded)

    def editorEvent(self, event: QEvent, model: QAbstractItemModel, option: QStyleOptionViewItem, index: Index) -> bool:
        """A click on the eye shows or hides the class, one on the lock locks it or not; neither chooses anything.

        A click on the eye with Alt lets the class blink.
        """
        if isinstance(event, QMouseEvent):
            columns, point = self.columns(option.rect, index), event.position().toPoint()
            toggled = self._toggled(columns, point, event.modifiers())
            if toggled is not None:
                if event.type() == QEvent.Type.MouseButtonRelease and event.button() == Qt.MouseButton.LeftButton:
                    toggled.emit(index.row())
                return True
        return super().editorEvent(event, model, option, index)

    def _toggled(self, columns: Columns, point: QPoint, modifiers: Qt.KeyboardModifier) -> Any:
        """The view's signal that a click at `point` means; None where it means the row."""
        view: Any = self._view
        if columns.eye.contains(point):
            return view.blink_toggled if modifiers & Qt.KeyboardModifier.AltModifier else view.eye_toggled
        return view.lock_toggled if columns.lock.contains(point) else None

    def helpEvent(self, event: QHelpEvent, view: QAbstractItemView, option: QStyleOptionViewItem, index: Index) -> bool:
        """Say what the part under the pointer is."""
        if not index.isValid() or event.type() != QEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        info = index.data(CLASS_ROLE)
        model = index.model()
        if self.columns(option.rect, index).eye.contains(event.pos()):
            text = (
                tr("Hide {name} (Space)\nAlt and a click lets it blink", name=info.name)
                if info.visible
                else tr("Show {name} (Space)\nAlt and a click lets it blink", name=info.name)
            )
        elif self.columns(option.rect, index).lock.contains(event.pos()):
            text = (
                tr("Unlock {name}: its pixels can be painted over again", name=info.name)
                if info.locked
                else tr("Lock {name}: no tool changes its pixels", name=info.name)
            )
        else:
            text = model.told(index.row()) if isinstance(model, ClassListModel) else info.name
        QToolTip.showText(event.globalPos(), text, view)
        return True
