"""All commands by name: type a few letters, choose with the arrow keys, Enter does it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr
from segstudio.widgets.controls import ParentWatcher, label, set_look
from segstudio.widgets.filmstrip_list import Index

_SHORTCUT = Qt.ItemDataRole.UserRole
_ROWS = 9
_ROW_HEIGHT = 32


def fuzzy_score(query: str, text: str) -> int | None:
    """How well `query` fits `text`: None where its letters do not occur in this order; more is better.

    Letters at the start of a word and letters in a row count more, so "fw" finds "Fit in window" before "Flow".
    """
    wanted, found = query.casefold().replace(" ", ""), text.casefold()
    total, position, previous = 0, -1, -2
    for letter in wanted:
        starts = [i for i in range(position + 1, len(found)) if found[i] == letter and (i == 0 or found[i - 1] == " ")]
        following = position + 1 if found[position + 1 : position + 2] == letter and position >= 0 else -1
        if following >= 0:
            position = following
        elif starts and _fits(wanted, letter, found, starts[0]):
            position = starts[0]
        else:
            position = found.find(letter, position + 1)
        if position < 0:
            return None if not _is_subsequence(wanted, found) else 0
        total += 1 + 4 * (position == previous + 1) + 6 * (position == 0 or found[position - 1] == " ")
        previous = position
    return total * 100 - len(found)


def _fits(wanted: str, letter: str, found: str, position: int) -> bool:
    """Whether the rest of `wanted` still occurs after `position`."""
    return _is_subsequence(wanted[wanted.index(letter) + 1 :], found[position + 1 :])


def _is_subsequence(wanted: str, found: str) -> bool:
    letters = iter(found)
    return all(letter in letters for letter in wanted)


class CommandPalette(QFrame):
    """Floats at the top of its parent. Escape, a click elsewhere or a choice closes it."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        set_look(self, Look.FLOAT)
        self.setAccessibleName(tr("Search commands"))
        self._actions: list[QAction] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Search commands…"))
        self.field.setAccessibleName(tr("Search commands"))
        self.field.textChanged.connect(self._fill)
        self.field.installEventFilter(self)
        self.list = QListWidget()
        set_look(self.list, Look.BARE)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_CommandDelegate(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setIconSize(QSize(20, 20))
        self.list.setAccessibleName(tr("Commands"))
        self.list.itemClicked.connect(self._trigger)
        self.nothing = label(tr("No command has these letters."), Look.MUTED)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.field)
        column.addWidget(self.list)
        column.addWidget(self.nothing)
        self._watcher = ParentWatcher(self)
        self.hide()

    def set_actions(self, actions: Iterable[QAction]) -> None:
        """Offer `actions`; separators and menus are left out, disabled ones are shown grey."""
        self._actions = [
            action for action in actions if action.text() and not action.isSeparator() and not action.menu()
        ]

    def popup(self) -> None:
        """Open, empty and ready for typing."""
        self.field.clear()
        self._fill("")
        self.place()
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def shut(self) -> None:
        """Close and give the focus back."""
        if self.isVisible():
            self.hide()
            parent = self.parentWidget()
            if parent is not None:
                parent.setFocus(Qt.FocusReason.PopupFocusReason)
            self.closed.emit()

    def place(self) -> None:
        """Keep to the top middle of the parent."""
        parent = self.parentWidget()
        if parent is None:
            return
        width = min(64 * GRID, parent.width() - 4 * GRID)
        rows = max(1, min(_ROWS, self.list.count()))
        self.list.setFixedHeight(rows * _ROW_HEIGHT + 2)
        self.setGeometry((parent.width() - width) // 2, 5 * GRID, width, self._column.totalSizeHint().height())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows, Enter and Escape act on the list while the letters go to the field; losing the focus closes."""
        if event.type() == QEvent.Type.FocusOut:
            self.hide()
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return False
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}
        key = Qt.Key(event.key())
        if key in steps:
            row = max(0, min(self.list.count() - 1, self.list.currentRow() + steps[key]))
            self.list.setCurrentRow(row)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._trigger(self.list.currentItem())
        elif key == Qt.Key.Key_Escape:
            self.shut()
        else:
            return False
        return True

    def _fill(self, query: str) -> None:
        scored = [(fuzzy_score(query, _plain(action)), action) for action in self._actions]
        fitting = [(found, action) for found, action in scored if found is not None]
        if query.strip():
            fitting.sort(key=lambda pair: -pair[0])
        self.list.clear()
        for _score, action in fitting:
            item = QListWidgetItem(action.icon(), _plain(action))
            item.setData(_SHORTCUT, action.shortcut().toString(action.shortcut().SequenceFormat.NativeText))
            item.setData(_SHORTCUT + 1, action)
            item.setToolTip(action.toolTip())
            if not action.isEnabled():
                item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self.list.setVisible(bool(fitting))
        self.nothing.setVisible(not fitting)
        self.place()

    def _trigger(self, item: QListWidgetItem | None) -> None:
        action = item.data(_SHORTCUT + 1) if item is not None else None
        if isinstance(action, QAction) and action.isEnabled():
            self.shut()
            action.trigger()


class _CommandDelegate(QStyledItemDelegate):
    """Icon, name, shortcut at the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(160, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = option.rect
        enabled = bool(option.state & QStyle.StateFlag.State_Enabled)
        if option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_MouseOver):
            painter.setPen(Qt.PenStyle.NoPen)
            selected = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.setBrush(color(Role.ACCENT_SOFT if selected else Role.HOVER))
            painter.drawRoundedRect(row, 4, 4)
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        if picture is not None:
            mode = picture.Mode.Normal if enabled else picture.Mode.Disabled
            picture.paint(painter, QRect(row.left() + GRID, row.center().y() - 9, 20, 20), mode=mode)
        painter.setPen(color(Role.TEXT if enabled else Role.TEXT_DISABLED))
        words = row.adjusted(GRID + 28, 0, -GRID, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), index.data())
        painter.setPen(color(Role.TEXT_MUTED if enabled else Role.TEXT_DISABLED))
        shortcut = index.data(_SHORTCUT) or ""
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), shortcut)
        painter.restore()


def _plain(action: QAction) -> str:
    return action.text().replace("&&", "\0").replace("&", "").replace("\0", "&").rstrip("…")
