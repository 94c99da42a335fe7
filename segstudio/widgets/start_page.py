"""What a person sees before a folder is open: three choices, and that a folder can be dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, icon, theme_signals
from segstudio.services.translation import tr
from segstudio.widgets.controls import ElidedLabel, explain, key_label, label, set_look
from segstudio.widgets.words import percent

_CARD = QSize(264, 264)


@dataclass(frozen=True)
class RecentFolder:
    """One recent folder: `path` is what opens it, `progress` the accepted share from 0 to 1 where it is known."""

    name: str
    path: str
    progress: float | None = None


class StartPage(QWidget):
    """Open a folder, try the sample, or go on with a recent folder."""

    open_clicked = Signal()
    sample_clicked = Signal()
    recent_clicked = Signal(str)
    """The path of the folder."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.open_card = _Card(
            "open-folder",
            tr("Open a folder"),
            tr("A Pascal VOC folder, or any folder of images. Nothing is changed until you accept a mask."),
            "open",
        )
        self.sample_card = _Card(
            "sample",
            tr("Try the sample"),
            tr("A small folder with a trained network: propose, correct, fine-tune. Takes a few minutes."),
            "open_sample",
        )
        self.open_card.clicked.connect(self.open_clicked)
        self.sample_card.clicked.connect(self.sample_clicked)
        self.recent_buttons: list[QPushButton] = []
        row = QHBoxLayout()
        row.setSpacing(2 * GRID)
        row.addStretch(1)
        for card in (self.open_card, self.sample_card, self._build_recent()):
            row.addWidget(card)
        row.addStretch(1)
        title = label(tr("Label every pixel. The network learns from each correction."), Look.TITLE)
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._drop_hint = label(tr("You can also drop a folder or an image anywhere in this window."), Look.MUTED)
        self._drop_hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 3 * GRID)
        column.addStretch(2)
        column.addWidget(title)
        column.addSpacing(3 * GRID)
        column.addLayout(row)
        column.addSpacing(3 * GRID)
        column.addWidget(self._drop_hint)
        column.addStretch(3)
        self.set_recent([])

    def set_recent(self, folders: Sequence[RecentFolder]) -> None:
        """Show the latest `folders`, newest first; the first four have room."""
        for button in self.recent_buttons:
            self._recent_column.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.recent_buttons = [self._recent_button(folder) for folder in folders[:4]]
        for number, button in enumerate(self.recent_buttons):
            self._recent_column.insertWidget(number, button)
        self._no_recent.setVisible(not folders)

    def _build_recent(self) -> QWidget:
        frame = QFrame()
        set_look(frame, Look.PANEL)
        frame.setFixedSize(_CARD)
        frame.setAccessibleName(tr("Recent folders"))
        column = QVBoxLayout(frame)
        column.setContentsMargins(GRID, 2 * GRID, GRID, GRID)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        head.setContentsMargins(GRID, 0, 0, 0)
        head.addWidget(_IconLabel("recent"))
        head.addWidget(label(tr("Recent folders"), Look.HEADING), 1)
        column.addLayout(head)
        self._no_recent = label(tr("Folders that you open are listed here."), Look.MUTED, True)
        self._no_recent.setContentsMargins(GRID, 0, GRID, 0)
        self._recent_column = QVBoxLayout()
        self._recent_column.setSpacing(0)
        column.addLayout(self._recent_column)
        column.addWidget(self._no_recent)
        column.addStretch(1)
        return frame

    def _recent_button(self, folder: RecentFolder) -> QPushButton:
        button = QPushButton()
        set_look(button, Look.QUIET)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        explain(button, tr("Open {name}", name=folder.name), folder.path)
        inside = QVBoxLayout(button)
        inside.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        inside.setSpacing(0)
        top = QHBoxLayout()
        top.addWidget(ElidedLabel(folder.name), 1)
        if folder.progress is not None:
            top.addWidget(label(percent(folder.progress), Look.MUTED))
        inside.addLayout(top)
        inside.addWidget(ElidedLabel(folder.path, Look.MUTED, Qt.TextElideMode.ElideMiddle))
        for child in button.findChildren(QLabel):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        button.setFixedHeight(inside.sizeHint().height())
        button.clicked.connect(lambda: self.recent_clicked.emit(folder.path))
        return button


class _IconLabel(QLabel):
    """A large icon that follows the theme."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.setFixedSize(32, 32)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme_signals.theme_changed.connect(self._redraw)
        self._redraw()

    def _redraw(self) -> None:
        self.setPixmap(icon(self._name, Role.ACCENT).pixmap(QSize(32, 32), self.devicePixelRatioF()))


class _Card(QPushButton):
    """A large button: icon, name, what happens."""

    def __init__(self, icon_name: str, title: str, why: str, command: str) -> None:
        super().__init__()
        set_look(self, Look.CARD)
        self.setFixedSize(_CARD)
        explain(self, title, why, commands=command)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        head.addWidget(_IconLabel(icon_name))
        head.addWidget(label(title, Look.HEADING), 1)
        column.addLayout(head)
        column.addWidget(label(why, Look.MUTED, True))
        column.addStretch(1)
        column.addWidget(key_label(command, Look.MUTED))
        for child in self.findChildren(QLabel):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
