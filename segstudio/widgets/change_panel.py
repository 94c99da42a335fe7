"""What a round changed: on one image, class by class, and which held-out images got worse. Shows what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.change_view import ChangeView
from segstudio.widgets.controls import ProgressBar, label, tool_button

LEAST_LOSS = 0.0005
"""An image whose share of wrong pixels grew by less is no worse."""


@dataclass(frozen=True)
class WorseImage:
    """A held-out image and the share (0 to 1) of its pixels that the old and the new network have wrong."""

    name: str
    before: float
    after: float


@dataclass(frozen=True)
class ClassChange:
    """A class, and how many pixels of an image the new network took from it and gave to it."""

    name: str
    color: tuple[int, int, int]
    lost: int
    won: int


class ChangePanel(QWidget):
    """The picture at the left; counts and held-out images at the right."""

    image_chosen = Signal(str)
    """The name of a held-out image that the person wants to see."""
    stop_clicked = Signal()
    close_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._worse: list[WorseImage] = []
        self._judged = 0
        self.headline = label("", Look.HEADING)
        self.close_button = tool_button(tr("Close what changed"), tr("The rounds stay listed."), "close")
        self.close_button.clicked.connect(self.close_clicked)
        self.view = ChangeView()
        self.counts = QTableWidget(0, 3)
        self._prepare_counts()
        self.judging = label("", Look.MUTED, wrap=True)
        self.progress = ProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Looking at the held-out images"))
        self.stop_button = tool_button(tr("Stop looking"), tr("What was found so far stays."), "cancel")
        self.stop_button.clicked.connect(self.stop_clicked)
        self.worse_list = QListWidget()
        self.worse_list.setUniformItemSizes(True)
        self.worse_list.setAccessibleName(tr("Held-out images that got worse"))
        self.worse_list.itemClicked.connect(self._on_image_clicked)
        self.worse_list.itemActivated.connect(self._on_image_clicked)
        self._lay_out()

    def begin(self, headline: str) -> None:
        """A comparison starts: `headline` says of what with what."""
        self.headline.setText(headline)
        self.view.clear(tr("Comparing…"))
        self.counts.setRowCount(0)
        self.worse_list.clear()
        self._worse, self._judged = [], 0
        self.judging.setText(tr("Looking at the held-out images…"))
        self.progress.setRange(0, 0)
        self._set_judging(True)

    def set_counts(self, rows: Sequence[ClassChange]) -> None:
        """Pixels by class, in the order given."""
        self.counts.setRowCount(len(rows))
        for at, row in enumerate(rows):
            name, lost, won = row.name, row.lost, row.won
            for column, text in enumerate((name, f"−{lost:,}" if lost else "–", f"+{won:,}" if won else "–")):
                item = QTableWidgetItem(text.replace(",", "\N{NARROW NO-BREAK SPACE}"))
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                else:
                    item.setData(Qt.ItemDataRole.DecorationRole, QColor(*row.color))
                self.counts.setItem(at, column, item)

    def add_judged(self, change: WorseImage | None, done: int, total: int) -> None:
        """One more held-out image was looked at; None: it cannot be read."""
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)
        if change is not None:
            self._judged += 1
            if change.after - change.before >= LEAST_LOSS:
                self._worse.append(change)
                self._worse.sort(key=lambda one: one.before - one.after)
                self._fill_worse()
        if not total:
            self.judging.setText(tr("No image is held out yet: accept five or more."))
        else:
            self.judging.setText(
                tr("{worse} of {judged} held-out images got worse.", worse=len(self._worse), judged=self._judged)
            )
        self._set_judging(done < total)

    def stop_judging(self) -> None:
        """No more held-out images will come."""
        self._set_judging(False)

    def _set_judging(self, judging: bool) -> None:
        self.progress.setVisible(judging)
        self.stop_button.setVisible(judging)

    def _fill_worse(self) -> None:
        self.worse_list.clear()
        for one in self._worse:
            text = tr(
                "{name} · wrong {before} → {after}",
                name=one.name,
                before=_fine_percent(one.before),
                after=_fine_percent(one.after),
            )
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, one.name)
            item.setToolTip(tr("{change}\nA click opens the image.", change=text))
            self.worse_list.addItem(item)

    def _on_image_clicked(self, item: QListWidgetItem) -> None:
        self.image_chosen.emit(str(item.data(Qt.ItemDataRole.UserRole)))

    def _prepare_counts(self) -> None:
        counts = self.counts
        counts.setHorizontalHeaderLabels([tr("Class"), tr("lost"), tr("won")])
        counts.verticalHeader().hide()
        counts.verticalHeader().setDefaultSectionSize(3 * GRID)
        counts.setShowGrid(False)
        counts.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        counts.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        counts.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        counts.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        counts.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        counts.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        counts.setAccessibleName(tr("Pixels that changed, by class"))
        for column in range(3):
            head = counts.horizontalHeaderItem(column)
            if head is not None:
                side = Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft
                head.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self.headline, 1)
        head.addWidget(self.close_button)
        judging = QHBoxLayout()
        judging.setSpacing(GRID)
        judging.addWidget(self.judging, 1)
        judging.addWidget(self.stop_button)
        side = QVBoxLayout()
        side.setSpacing(GRID)
        names: tuple[QLabel, ...] = (
            label(tr("Pixels that changed in this image"), Look.HEADING),
            label(tr("Held-out images that got worse"), Look.HEADING),
        )
        side.addWidget(names[0])
        side.addWidget(self.counts, 3)
        side.addWidget(names[1])
        side.addLayout(judging)
        side.addWidget(self.progress)
        side.addWidget(self.worse_list, 2)
        right = QWidget()
        right.setLayout(side)
        side.setContentsMargins(0, 0, 0, 0)
        right.setFixedWidth(42 * GRID)
        body = QHBoxLayout()
        body.setSpacing(2 * GRID)
        body.addWidget(self.view, 1)
        body.addWidget(right)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addLayout(body, 1)


def _fine_percent(share: float) -> str:
    """Small changes show in tenths."""
    return tr("{value} %", value=f"{share * 100:.1f}")
