"""All rounds in one table, with notes to write, and below it what one of them changed. Shows what it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.change_panel import ChangePanel
from segstudio.widgets.controls import push_button
from segstudio.widgets.words import change_in_points, duration, percent, score

NOTE_COLUMN = 9


@dataclass(frozen=True)
class HistoryRow:
    """One round as shown; scores and shares from 0 to 1, None where there are none.

    Attributes:
        id: of the round.
        title: "Round 3".
        parent: the title of the round it started from, empty where it started from nothing.
        miou, class_accuracy, pixel_accuracy: held out.
        change: of the mean IoU, both networks scored on the same images.
        images, seconds: that it learnt from and took; 0 for a checkpoint from elsewhere.
        taught: how, in words.
        created: when, in words.
        note: what the person wrote.
        in_use: whether it proposes.
        why_no_change: why "What changed" has nothing to compare; empty where it has.
    """

    id: str
    title: str
    parent: str = ""
    miou: float | None = None
    change: float | None = None
    class_accuracy: float | None = None
    pixel_accuracy: float | None = None
    images: int = 0
    seconds: float = 0.0
    taught: str = ""
    created: str = ""
    note: str = ""
    in_use: bool = False
    why_no_change: str = ""


class RoundHistoryDialog(QDialog):
    """Not modal: the window behind it stays in use. Rounds come newest first."""

    use_clicked = Signal(str)
    """The id of a round."""
    note_changed = Signal(str, str)
    """The id of a round, and what the person wrote about it."""
    compare_clicked = Signal(str)
    """The id of a round: what did it change?"""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Round history"))
        self.resize(160 * GRID, 90 * GRID)
        self._rows: list[HistoryRow] = []
        self.table = QTableWidget(0, NOTE_COLUMN + 1)
        self._prepare_table()
        self.use_button = push_button(
            tr("Use this one"), tr("Proposals come from this round from now on; no round is deleted."), "history"
        )
        self.compare_button = push_button(
            tr("What changed"), tr("The old against the new proposal, and the held-out images that got worse."), "image"
        )
        self.use_button.clicked.connect(lambda: self.use_clicked.emit(self._chosen_id()))
        self.compare_button.clicked.connect(lambda: self.compare_clicked.emit(self._chosen_id()))
        self.changes = ChangePanel()
        self.changes.hide()
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.use_button)
        buttons.addWidget(self.compare_button)
        buttons.addStretch(1)
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.table)
        column.addLayout(buttons)
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setHandleWidth(2 * GRID)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(above)
        splitter.addWidget(self.changes)
        splitter.setStretchFactor(1, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        outer.addWidget(splitter)
        self._show_chosen()

    def set_rounds(self, rows: Sequence[HistoryRow]) -> None:
        """Show `rows`, newest first; the chosen one stays chosen."""
        chosen = self.chosen()
        self._rows = list(rows)
        blocked = self.table.blockSignals(True)
        self.table.setRowCount(len(rows))
        for at, row in enumerate(rows):
            for column, text in enumerate(_texts(row)):
                self._put(at, column, text, row)
        self.table.resizeColumnsToContents()
        self.table.blockSignals(blocked)
        ids = [row.id for row in rows]
        self.table.setCurrentCell(ids.index(chosen.id) if chosen is not None and chosen.id in ids else 0, 0)
        self._show_chosen()

    def chosen(self) -> HistoryRow | None:
        """The row that is chosen."""
        at = self.table.currentRow()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def _prepare_table(self) -> None:
        table = self.table
        table.setHorizontalHeaderLabels(
            [
                tr("Round"), tr("Started from"), tr("Held-out IoU"), tr("Change"), tr("Class average"),
                tr("Pixels right"), tr("Images"), tr("Time"), tr("Taught by"), tr("Note"),
            ]
        )  # fmt: skip
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(4 * GRID)
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setSectionResizeMode(NOTE_COLUMN, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        table.setAccessibleName(tr("Rounds"))
        table.setMinimumHeight(16 * GRID)
        table.itemSelectionChanged.connect(self._show_chosen)
        table.cellChanged.connect(self._on_cell_changed)

    def _put(self, at: int, column: int, text: str, row: HistoryRow) -> None:
        item = QTableWidgetItem(text)
        if column != NOTE_COLUMN or not row.images:
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
        elif not row.note:
            item.setToolTip(tr("Double click to write a note."))
        if row.in_use:
            font = item.font()
            font.setWeight(font.Weight.DemiBold)
            item.setFont(font)
        if column == 0:
            item.setToolTip(row.created)
        self.table.setItem(at, column, item)

    def _show_chosen(self) -> None:
        row = self.chosen()
        self.use_button.setEnabled(row is not None and not row.in_use)
        self.compare_button.setEnabled(row is not None and not row.why_no_change)
        if row is not None:
            why = row.why_no_change or tr("The old against the new proposal, and the held-out images that got worse.")
            self.compare_button.setToolTip(f"{self.compare_button.text()}\n{why}")

    def _chosen_id(self) -> str:
        row = self.chosen()
        return row.id if row is not None else ""

    def _on_cell_changed(self, at: int, column: int) -> None:
        item = self.table.item(at, column)
        if column == NOTE_COLUMN and item is not None:
            self.note_changed.emit(self._rows[at].id, item.text().strip())


def _texts(row: HistoryRow) -> tuple[str, ...]:
    """The cells of `row`, in the order of the columns."""
    trained = row.images > 0
    return (
        tr("{title} · in use", title=row.title) if row.in_use else row.title,
        row.parent or "–",
        score(row.miou),
        "–" if row.change is None else change_in_points(row.change),
        "–" if row.class_accuracy is None else percent(row.class_accuracy),
        "–" if row.pixel_accuracy is None else percent(row.pixel_accuracy),
        str(row.images) if trained else "–",
        duration(row.seconds) if trained else "–",
        row.taught or "–",
        row.note if trained else "",
    )
