"""Notices in the corner: they come, go by themselves, and stay in a list. Errors wait until they are read."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from segstudio.services.notifier import Level, Notice
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, icon, theme_signals
from segstudio.services.translation import tr
from segstudio.widgets.controls import ParentWatcher, label, push_button, set_look, tool_button

MOST = 4
"""Notices shown at a time; the oldest that is no error makes room."""

_WIDTH = 45 * GRID
_MARGIN = 2 * GRID
_STAY_MS = {Level.INFO: 6_000, Level.SUCCESS: 5_000, Level.WARNING: 12_000}
_LOOKS = {
    Level.INFO: ("info", Role.ACCENT),
    Level.SUCCESS: ("accept", Role.SUCCESS),
    Level.WARNING: ("warning", Role.WARNING),
    Level.ERROR: ("error", Role.DANGER),
}


class NoticeOverlay(QWidget):
    """A stack at the lower right of its parent; it is only as large as what it shows, so the image stays in reach."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.cards: list[NoticeCard] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)
        self._watcher = ParentWatcher(self)
        self.hide()

    def show_notice(self, notice: Notice) -> None:
        """Show `notice`; one that says the same as one in view is only counted there."""
        for card in self.cards:
            if card.notice.level is notice.level and card.notice.text == notice.text:
                card.repeat(notice)
                return
        while len(self.cards) >= MOST:
            passing = [card for card in self.cards if card.notice.level is not Level.ERROR]
            self._remove((passing or self.cards)[0])
        card = NoticeCard(notice, self)
        card.closed.connect(self._remove)
        self.cards.append(card)
        self._column.addWidget(card)
        card.show()
        self.show()
        self.raise_()
        self.place()

    def clear(self) -> None:
        """Take all notices away."""
        for card in list(self.cards):
            self._remove(card)

    def place(self) -> None:
        """Keep to the corner."""
        parent = self.parentWidget()
        if parent is None or not self.cards:
            return
        width = max(24 * GRID, min(_WIDTH, parent.width() - 2 * _MARGIN))
        for card in self.cards:
            card.setFixedWidth(width)
            card.setFixedHeight(card.heightForWidth(width))
        height = sum(card.height() for card in self.cards) + GRID * (len(self.cards) - 1)
        self.setGeometry(parent.width() - width - _MARGIN, parent.height() - height - _MARGIN, width, height)

    def _remove(self, card: NoticeCard) -> None:
        if card not in self.cards:
            return
        self.cards.remove(card)
        self._column.removeWidget(card)
        card.stop()
        card.hide()
        card.deleteLater()
        self.setVisible(bool(self.cards))
        self.place()


class NoticeCard(QFrame):
    """One notice: its level as a drawing, the text, the remedy as a button, and a way to close it."""

    closed = Signal(object)

    def __init__(self, notice: Notice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, Look.FLOAT)
        self.notice = notice
        self._count = 1
        self._picture = QLabel()
        self._picture.setFixedSize(20, 32)
        self.text = label(notice.text, None, wrap=True)
        self.text.setMinimumHeight(32)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.close_button = tool_button(tr("Close"), tr("The notice stays in the list of notices."), "close")
        self.close_button.clicked.connect(lambda: self.closed.emit(self))
        self.remedy_button = push_button(notice.remedy_text or "", "")
        self.remedy_button.setVisible(notice.remedy is not None and bool(notice.remedy_text))
        self.remedy_button.clicked.connect(self._on_remedy)
        words = QVBoxLayout()
        words.setSpacing(GRID)
        words.addWidget(self.text)
        words.addWidget(self.remedy_button, 0, Qt.AlignmentFlag.AlignLeft)
        row = QHBoxLayout(self)
        row.setContentsMargins(_MARGIN, GRID, GRID, GRID)
        row.setSpacing(GRID + GRID // 2)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(f"{level_text(notice.level)}: {notice.text}")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: self.closed.emit(self))
        theme_signals.theme_changed.connect(self._redraw)
        self._redraw()
        self._restart()

    def repeat(self, notice: Notice) -> None:
        """The same was said again."""
        self._count += 1
        self.notice = notice
        self.text.setText(tr("{notice} (×{count})", notice=notice.text, count=self._count))
        self._restart()

    def stop(self) -> None:
        """End the wait."""
        self._timer.stop()

    def enterEvent(self, event: QEnterEvent) -> None:
        """What is being read stays."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The wait begins anew."""
        self._restart()
        super().leaveEvent(event)

    def _restart(self) -> None:
        stay = _STAY_MS.get(self.notice.level)
        if stay is not None:
            self._timer.start(stay)

    def _on_remedy(self) -> None:
        if self.notice.remedy is not None:
            self.notice.remedy()
        self.closed.emit(self)

    def _redraw(self) -> None:
        name, role = _LOOKS[self.notice.level]
        self._picture.setPixmap(icon(name, role).pixmap(QSize(20, 20), self.devicePixelRatioF()))


class NoticesDialog(QDialog):
    """What was said so far, newest first."""

    def __init__(self, notices: Iterable[Notice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Notices"))
        self.resize(72 * GRID, 45 * GRID)
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setAccessibleName(tr("Notices"))
        for notice in reversed(list(notices)):
            item = QListWidgetItem(f"{notice.at:%H:%M}   {notice.text}")
            name, role = _LOOKS[notice.level]
            item.setIcon(icon(name, role))
            item.setToolTip(level_text(notice.level))
            self.list.addItem(item)
        empty = label(tr("Nothing was said yet."), Look.MUTED)
        empty.setVisible(self.list.count() == 0)
        self.list.setVisible(self.list.count() > 0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column.addWidget(empty)
        column.addWidget(self.list, 1)
        column.addWidget(buttons)


def level_text(level: Level) -> str:
    """The level as a word."""
    return {
        Level.INFO: tr("Information"),
        Level.SUCCESS: tr("Done"),
        Level.WARNING: tr("Warning"),
        Level.ERROR: tr("Error"),
    }[level]
