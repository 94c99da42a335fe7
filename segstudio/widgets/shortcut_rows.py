"""The rows of the list of keys, in two columns that are searched and walked through as one list.

It shows rows and says which is chosen; what they mean, and what becomes of a key, is the dialog's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from segstudio.services.search_words import fits
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr
from segstudio.widgets.controls import set_look

_ROW = Qt.ItemDataRole.UserRole
_ONE_COLUMN = 90 * GRID
"""Pixels of width below which two columns would be too narrow for their words."""


@dataclass(frozen=True)
class ShortcutRow:
    """One line: what it does, the keys as they are read, and for a gesture how it is made instead of keys."""

    group: str
    title: str
    keys: tuple[str, ...] = ()
    how: str = ""
    hint: str = ""
    command: str = ""
    """The id of the command; empty for a gesture, which has no keys to change."""
    is_changed: bool = False
    """Whether the keys are others than by default."""

    @property
    def texts(self) -> tuple[str, ...]:
        """What the search looks at."""
        return (self.title, self.hint, self.group, self.how, *self.keys)


class ShortcutRows(QScrollArea):
    """Groups of rows; as many of them in the left column as in the right, and one column where there is no room."""

    chosen = Signal(object)
    """ShortcutRow or None: which row is the current one now."""
    activated = Signal(object)
    """ShortcutRow: it was double clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._rows: Sequence[ShortcutRow] = ()
        self._query = ""
        self._shown: list[ShortcutRow] = []
        self._current: ShortcutRow | None = None
        self.columns = (self._column(), self._column())
        inside = QFrame()
        set_look(inside, Look.PANEL)
        side_by_side = QHBoxLayout(inside)
        side_by_side.setContentsMargins(GRID, 0, GRID, GRID)
        side_by_side.setSpacing(3 * GRID)
        for column in self.columns:
            side_by_side.addWidget(column, 1, Qt.AlignmentFlag.AlignTop)
        self.setWidget(inside)

    def set_rows(self, rows: Sequence[ShortcutRow]) -> None:
        """Show `rows`, those of a group together; the current row stays current."""
        self._rows = rows
        self._fill()

    def search(self, query: str) -> int:
        """Show the rows that `query` means only; returns how many there are."""
        self._query = query
        self._fill()
        return len(self._shown)

    def shown(self) -> list[ShortcutRow]:
        """The rows that the search leaves, from top to bottom and left to right."""
        return self._shown

    def current(self) -> ShortcutRow | None:
        """The chosen row."""
        return self._current

    def step(self, by: int) -> None:
        """Choose the row `by` places further on."""
        shown = self._shown
        if shown:
            at = shown.index(self._current) if self._current in shown else 0
            self._choose(shown[max(0, min(len(shown) - 1, at + by))])

    def step_across(self) -> None:
        """Choose the row beside the current one in the other column."""
        here, there = self.columns if self.columns[0].currentRow() >= 0 else reversed(self.columns)
        for row in range(min(here.currentRow(), there.count() - 1), there.count()):
            beside = there.item(row).data(_ROW) if row >= 0 else None
            if beside is not None:
                self._choose(beside)
                return

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column or two."""
        super().resizeEvent(event)
        if (event.size().width() < _ONE_COLUMN) != (event.oldSize().width() < _ONE_COLUMN):
            self._fill()

    # -- inside

    def _column(self) -> QListWidget:
        column = QListWidget()
        set_look(column, Look.BARE)
        column.setItemDelegate(_RowDelegate(column))
        column.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        column.setMouseTracking(True)
        column.setAccessibleName(tr("Keys and gestures"))
        column.itemPressed.connect(lambda item: self._choose(item.data(_ROW) or self._current))
        column.itemDoubleClicked.connect(lambda item: self.activated.emit(item.data(_ROW)))
        return column

    def _fill(self) -> None:
        self._shown = [row for row in self._rows if fits(self._query, row.texts)]
        groups: dict[str, list[ShortcutRow]] = {}
        for row in self._shown:
            groups.setdefault(row.group, []).append(row)
        is_wide = self.width() >= _ONE_COLUMN
        parts = _halves(list(groups.values())) if is_wide else (list(groups.values()), [])
        for column, part in zip(self.columns, parts, strict=True):
            column.clear()
            for group in part:
                column.addItem(_head(group[0].group))
                for row in group:
                    column.addItem(_item(row))
            column.setFixedHeight(sum(map(column.sizeHintForRow, range(column.count()))) + 2)
        self.columns[1].setVisible(is_wide)
        same = [row for row in self._shown if self._current is not None and _same(row, self._current)]
        self._choose(next(iter(same or self._shown), None))

    def _choose(self, row: ShortcutRow | None) -> None:
        for column in self.columns:
            at = next((i for i in range(column.count()) if column.item(i).data(_ROW) == row), -1) if row else -1
            column.setCurrentRow(at)
            if at >= 0:
                place = column.visualItemRect(column.item(at)).translated(column.pos())
                # The first row of all brings the name of its group with it.
                self.ensureVisible(0, 0 if at == 1 else place.top(), 0, 0)
                self.ensureVisible(0, place.bottom(), 0, GRID)
        if row != self._current:
            self._current = row
            self.chosen.emit(row)


def _same(one: ShortcutRow, other: ShortcutRow) -> bool:
    """Whether both are about the same thing, whatever its keys."""
    return (one.group, one.title, one.command) == (other.group, other.title, other.command)


def _halves(groups: list[list[ShortcutRow]]) -> tuple[list[list[ShortcutRow]], list[list[ShortcutRow]]]:
    """The groups in their order, cut where the higher of both columns is lowest."""
    heights = [len(group) + 1.5 for group in groups]  # in rows; the name of a group takes one and a half
    cut = min(range(len(groups) + 1), key=lambda at: max(sum(heights[:at]), sum(heights[at:])))
    return groups[:cut], groups[cut:]


def _head(text: str) -> QListWidgetItem:
    item = QListWidgetItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    return item


def _item(row: ShortcutRow) -> QListWidgetItem:
    item = QListWidgetItem(row.title)
    item.setData(_ROW, row)
    keys = row.how or ", ".join(row.keys) or tr("no key")
    item.setToolTip("\n".join(part for part in (f"{row.title} ({keys})", row.hint) if part))
    item.setData(Qt.ItemDataRole.AccessibleTextRole, ", ".join((row.title, keys)))
    if row.is_changed:
        item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, tr("changed"))
    return item


class _RowDelegate(QStyledItemDelegate):
    """The name at the left; at the right each key in a frame of its own, or in words how a gesture is made."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        height = max(7 * GRID // 2, option.fontMetrics.height() + GRID)
        return QSize(160, height if index.data(_ROW) is not None else height * 3 // 2)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row, inside = index.data(_ROW), option.rect.adjusted(GRID, 0, -GRID, 0)
        if row is None:
            self._paint_head(painter, inside, index.data())
        else:
            self._paint_state(painter, option)
            self._paint_row(painter, option, inside, row)
        painter.restore()

    @staticmethod
    def _paint_head(painter: QPainter, inside: QRect, text: str) -> None:
        font = painter.font()
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(color(Role.TEXT))
        painter.drawText(
            inside.adjusted(0, 0, 0, -GRID // 2), Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, text
        )

    @staticmethod
    def _paint_state(painter: QPainter, option: QStyleOptionViewItem) -> None:
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color(Role.ACCENT_SOFT if selected else Role.HOVER))
            painter.drawRoundedRect(option.rect.adjusted(0, 1, 0, -1), 4, 4)

    def _paint_row(self, painter: QPainter, option: QStyleOptionViewItem, inside: QRect, row: ShortcutRow) -> None:
        metrics, right = option.fontMetrics, inside.right()
        middle_left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        middle_right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        if row.how:
            painter.setPen(color(Role.TEXT_MUTED))
            painter.drawText(inside, middle_right, row.how)
            right -= metrics.horizontalAdvance(row.how)
        for key in reversed(row.keys):
            chip = QRect(0, 0, max(metrics.horizontalAdvance(key) + 12, 22), metrics.height() + 4)
            chip.moveCenter(inside.center())
            chip.moveRight(right)
            painter.setPen(color(Role.CONTROL))
            painter.setBrush(color(Role.FIELD))
            painter.drawRoundedRect(chip.toRectF().translated(0.5, 0.5), 4, 4)
            painter.setPen(color(Role.TEXT))
            painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, key)
            right = chip.left() - GRID // 2
        if row.is_changed:
            text = tr("changed")
            painter.setPen(color(Role.ACCENT))
            painter.drawText(inside.adjusted(0, 0, right - inside.right(), 0), middle_right, text)
            right -= metrics.horizontalAdvance(text) + GRID // 2
        painter.setPen(color(Role.TEXT))
        words = QRect(inside.left(), inside.top(), right - GRID - inside.left(), inside.height())
        painter.drawText(words, middle_left, metrics.elidedText(row.title, Qt.TextElideMode.ElideRight, words.width()))
