"""The window that compares networks: which ones, for how long, how far it is, and a table of what came out.

Shows what it is given. It starts no child and loads no checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import ElidedLabel, ProgressBar, explain, label, push_button
from segstudio.widgets.words import duration, percent, time_left

BUDGETS = (30, 60, 120, 300, 900, 1800)
"""Seconds for each network."""
_DEFAULT_BUDGET = 120
_STEPS = 1000
"""Of the progress bar."""
_CHECKPOINT = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class Choice:
    """A network that can be ticked: `entry` names it among the results, `title` and `hint` are read."""

    entry: str
    title: str
    hint: str
    checked: bool


class CompareDialog(QDialog):
    """Not modal; closing it leaves what runs running."""

    start_clicked = Signal(list, int)
    """list[str]: the entries chosen, and the seconds for each."""
    cancel_clicked = Signal()
    use_clicked = Signal(str)
    """The path of the checkpoint of the chosen row."""

    def __init__(self, choices: Sequence[Choice], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Compare networks"))
        self.setModal(False)
        self.resize(QSize(136 * GRID, 82 * GRID))
        self._titles = {choice.entry: choice.title for choice in choices}
        self._items: dict[str, QTreeWidgetItem] = {}
        self._unfinished: dict[str, bool] = {}
        self._obstacle = ""
        self._running = False
        self._number, self._of, self._budget = 0, 0, 0
        self.boxes: dict[str, QCheckBox] = {}
        for choice in choices:
            box = QCheckBox(choice.title)
            explain(box, choice.title, choice.hint)
            box.setChecked(choice.checked)
            box.toggled.connect(self._refresh)
            self.boxes[choice.entry] = box
        self._make_controls()
        self._make_table()
        self._lay_out()
        self._refresh()

    # -- in

    def set_obstacle(self, sentence: str) -> None:
        """Say why nothing can be compared now; an empty sentence: something can."""
        self._obstacle = sentence
        self._refresh()

    def start(self, entries: Sequence[str], seconds: int) -> None:
        """A comparison has begun: an empty table, a bar at its beginning."""
        self._running, self._number, self._of, self._budget = True, 0, len(entries), seconds
        self.table.clear()
        self._items = {}
        self._unfinished = dict.fromkeys(entries, False)  # whether it was begun
        for entry in entries:
            item = QTreeWidgetItem([self._titles.get(entry, entry), tr("waiting")])
            self._items[entry] = item
            self.table.addTopLevelItem(item)
        self.progress.setValue(0)
        self.state.setText(tr("Getting ready…"))
        self._refresh()

    def take_event(self, event: Mapping[str, Any]) -> None:
        """Show an event of the comparison, as the training floor describes them."""
        entry = str(event.get("entry", ""))
        match event.get("event"):
            case "entry":
                self._number = int(event["number"])
                self._unfinished[entry] = True
                self._say(entry, tr("starting"))
                self._advance(0.0, self._budget)
            case "step":
                self._say(entry, tr("learning, step {step}", step=event["step"]))
                left, spent = event["seconds_left"] or 0.0, event["seconds"]
                self._advance(0.95 * spent / max(spent + left, 1e-9), left)
            case "scoring":
                self._say(entry, tr("scoring {done} of {of}", done=event["done"], of=event["of"]))
                self._advance(0.95 + 0.05 * event["done"] / event["of"], 0.0)
            case "row":
                self._add_row(event)
            case "failed":
                self._unfinished.pop(entry, None)
                self._say(entry, tr("failed"), str(event["message"]))

    def end(self, sentence: str) -> None:
        """The comparison is over; `sentence` says how."""
        self._running = False
        for entry, begun in self._unfinished.items():
            self._say(entry, tr("not finished") if begun else tr("not tried"))
        self.progress.setValue(0)
        self.state.setText(sentence)
        best = self._best()
        if best is not None and not self.table.selectedItems():
            self.table.setCurrentItem(best)
        self._refresh()

    # -- inside

    def _make_controls(self) -> None:
        self.budget = QComboBox()
        explain(self.budget, tr("Time for each network"), tr("The same for all, so that the comparison is fair."))
        for seconds in BUDGETS:
            self.budget.addItem(duration(seconds), seconds)
        self.budget.setCurrentIndex(BUDGETS.index(_DEFAULT_BUDGET))
        self.budget.currentIndexChanged.connect(self._refresh)
        self.start_button = push_button(
            tr("Start"), tr("Teaches the chosen networks one after the other."), "play", Look.PRIMARY
        )
        self.start_button.clicked.connect(self._on_start)
        self.cancel_button = push_button(tr("Cancel"), tr("Networks that are finished stay in the table."), "cancel")
        self.cancel_button.clicked.connect(self.cancel_clicked)
        self.progress = ProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.state = ElidedLabel("", Look.MUTED)
        self.problem = label("", Look.DANGER, wrap=True)
        self.use_button = push_button(
            tr("Use this network"), tr("The chosen row's network proposes from now on."), "accept"
        )
        self.use_button.clicked.connect(self._on_use)
        self.close_button = push_button(tr("Close"), tr("What runs goes on."), shortcut="Esc")
        self.close_button.clicked.connect(self.close)

    def _make_table(self) -> None:
        self.table = QTreeWidget()
        self.table.setRootIsDecorated(False)
        self.table.setHeaderLabels(
            [
                tr("Network"),
                tr("Mean IoU"),
                tr("Class average"),
                tr("Pixels right"),
                tr("Boundary"),
                tr("Correction"),
                tr("Each image"),
                tr("Size"),
            ]
        )
        self.table.setColumnHidden(_CORRECTION_COLUMN, True)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        header = self.table.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for column in range(1, self.table.columnCount()):
            self.table.headerItem().setTextAlignment(column, _RIGHT)
        explain(self.table, tr("Results"), tr("Scores on the held-out images; the best mean IoU is bold."))
        self.table.itemSelectionChanged.connect(self._refresh)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        explanation = tr(
            "Each network is taught the accepted images for the same time and scored on the held-out ones. "
            "Go on painting meanwhile; a fine-tune at the same time would slow both."
        )
        column.addWidget(label(explanation, Look.MUTED, wrap=True))
        grid = QGridLayout()
        grid.setHorizontalSpacing(3 * GRID)
        half = (len(self.boxes) + 1) // 2
        for number, box in enumerate(self.boxes.values()):
            grid.addWidget(box, number % half, number // half)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(label(tr("Time for each")))
        row.addWidget(self.budget)
        self.total = label("", Look.MUTED)
        row.addWidget(self.total)
        row.addStretch(1)
        row.addWidget(self.cancel_button)
        row.addWidget(self.start_button)
        column.addLayout(row)
        column.addWidget(self.problem)
        column.addWidget(self.progress)
        column.addWidget(self.state)
        column.addWidget(self.table, 1)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.use_button)
        column.addLayout(foot)

    def _chosen(self) -> list[str]:
        return [entry for entry, box in self.boxes.items() if box.isChecked()]

    def _refresh(self) -> None:
        chosen, seconds = self._chosen(), int(self.budget.currentData())
        for control in (*self.boxes.values(), self.budget):
            control.setEnabled(not self._running)
        self.total.setText(tr("about {duration} in all", duration=duration(len(chosen) * seconds)) if chosen else "")
        problem = self._obstacle or ("" if chosen else tr("Choose at least one network."))
        self.problem.setText("" if self._running else problem)
        self.problem.setVisible(bool(self.problem.text()))
        self.start_button.setEnabled(not self._running and not problem)
        self.cancel_button.setEnabled(self._running)
        self.progress.setVisible(self._running)
        self.use_button.setEnabled(self._selected_checkpoint() is not None)

    def _advance(self, share: float, seconds_left: float) -> None:
        """Show that of the entry under way `share` (0 to 1) is done, and what time is left in all."""
        self.progress.setValue(round(_STEPS * (self._number - 1 + share) / max(1, self._of)))
        left = seconds_left + (self._of - self._number) * self._budget
        self.state.setText(tr("{number} of {of}, {left}", number=self._number, of=self._of, left=time_left(left)))

    def _say(self, entry: str, text: str, why: str = "") -> None:
        if entry in self._items:
            self._items[entry].setText(1, text)
            self._items[entry].setToolTip(1, why)

    def _add_row(self, row: Mapping[str, Any]) -> None:
        item = self._items.get(str(row["entry"]))
        if item is None:
            return
        self._unfinished.pop(str(row["entry"]), None)
        correction = row.get("correction_seconds")
        if correction is not None:
            self.table.setColumnHidden(_CORRECTION_COLUMN, False)
        texts = [
            percent(row["miou"]),
            percent(row["class_accuracy"]),
            percent(row["pixel_accuracy"]),
            percent(row["boundary_f1"]),
            duration(correction) if correction is not None else "",
            tr("{milliseconds} ms", milliseconds=round(1000 * row["seconds_per_image"])),
            tr("{megabytes} MB", megabytes=f"{row['megabytes']:.1f}"),
        ]
        for column, text in enumerate(texts, start=1):
            item.setText(column, text)
            item.setTextAlignment(column, _RIGHT)
            item.setToolTip(column, "")
        item.setData(0, _CHECKPOINT, row["checkpoint"])
        item.setData(1, _CHECKPOINT, float(row["miou"]))
        self._mark_best()
        self._refresh()

    def _mark_best(self) -> None:
        best = self._best()
        for item in self._items.values():
            for column in (0, 1):
                font = item.font(column)
                font.setBold(item is best)
                item.setFont(column, font)

    def _best(self) -> QTreeWidgetItem | None:
        done = [item for item in self._items.values() if item.data(0, _CHECKPOINT) is not None]
        return max(done, key=lambda item: float(item.data(1, _CHECKPOINT)), default=None)

    def _selected_checkpoint(self) -> str | None:
        selected = self.table.selectedItems()
        return selected[0].data(0, _CHECKPOINT) if selected else None

    def _on_start(self) -> None:
        self.start_clicked.emit(self._chosen(), int(self.budget.currentData()))

    def _on_use(self) -> None:
        checkpoint = self._selected_checkpoint()
        if checkpoint is not None:
            self.use_clicked.emit(checkpoint)


_CORRECTION_COLUMN = 5
"""Hidden until a row says what correcting takes."""
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
