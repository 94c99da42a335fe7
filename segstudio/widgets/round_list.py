"""The rounds so far, and the way back to any of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import push_button
from segstudio.widgets.words import score_of


@dataclass(frozen=True)
class RoundRow:
    """One round as shown: `title` "Round 3", `detail` "12 images, 40 s", its held-out mean IoU, whether in use.

    `images` is how many held-out images the score was taken over (0: not known), `too_few` whether that is too few.
    """

    id: str
    title: str
    detail: str = ""
    score: float | None = None
    in_use: bool = False
    images: int = 0
    too_few: bool = False


class RoundList(QWidget):
    """Newest first; Enter, a double click or the button uses the chosen round."""

    use_clicked = Signal(str)
    """The id of the round."""
    history_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[RoundRow] = []
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Rounds"))
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setFixedHeight(17 * GRID)
        self.use_button = push_button(
            tr("Use this one"), tr("Proposals come from this round from now on; no round is deleted."), "history"
        )
        self.use_button.clicked.connect(self._on_use)
        self.list.itemActivated.connect(self._on_use)
        self.list.currentRowChanged.connect(self._on_current_changed)
        self.history_button = push_button(
            tr("History…"), tr("Scores, notes, and what each round changed."), commands="history"
        )
        self.history_button.clicked.connect(self.history_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.list)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.use_button)
        buttons.addWidget(self.history_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        self._on_current_changed(-1)

    def set_rounds(self, rows: Sequence[RoundRow]) -> None:
        """Show `rows`, newest first."""
        self._rows = list(rows)
        self.list.clear()
        for row in self._rows:
            use = tr("in use") if row.in_use else ""
            iou = tr("IoU {score}", score=score_of(row.score, row.images, row.too_few))
            text = " · ".join(part for part in (row.title, iou, use) if part)
            item = QListWidgetItem(text)
            item.setToolTip("\n".join(part for part in (text, row.detail) if part))
            self.list.addItem(item)

    def _on_current_changed(self, row: int) -> None:
        self.use_button.setEnabled(0 <= row < len(self._rows) and not self._rows[row].in_use)

    def _on_use(self) -> None:
        row = self.list.currentRow()
        if 0 <= row < len(self._rows) and not self._rows[row].in_use:
            self.use_clicked.emit(self._rows[row].id)
