"""The network: which one is in use, one click to fine-tune it, its round as it goes, and what came of it.

Shows what it is given. It starts no training and decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from segstudio.core.class_table import ClassTable
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.balance_slider import BalanceSlider
from segstudio.widgets.controls import (
    FittingScrollArea,
    Panel,
    ProgressBar,
    explain,
    label,
    push_button,
    set_look,
    tool_button,
)
from segstudio.widgets.keep_learning_switch import KeepLearningSwitch
from segstudio.widgets.round_choices import RoundChoicesBox
from segstudio.widgets.round_list import RoundList, RoundRow
from segstudio.widgets.round_result import RoundResult, Verdict
from segstudio.widgets.score_bars import ROW_HEIGHT, ScoreBars
from segstudio.widgets.speck_spin import SpeckSpin
from segstudio.widgets.words import duration, time_left

if TYPE_CHECKING:
    from segstudio.widgets.live_curves import LiveCurves

BUDGETS = (30, 60, 120, 300, 900, 1800, 3600)
"""Seconds."""
_LATER_MS = 500


class ModelState(Enum):
    """What the panel shows."""

    NO_MODEL = "no model"
    READY = "ready"
    TRAINING = "training"
    RESULT = "result"


class ModelPanel(Panel):
    """No model → ready → training → result, and back to ready."""

    fine_tune_clicked = Signal(int)
    """The time budget in seconds."""
    cancel_clicked = Signal()
    keep_clicked = Signal()
    """Use the round's new checkpoint, whatever the gate says."""
    roll_back_clicked = Signal()
    """Use the checkpoint from before the round."""
    use_round_clicked = Signal(str)
    load_checkpoint_clicked = Signal()
    budget_changed = Signal(int)
    """Seconds."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Model"), parent)
        self._summary = ""
        self._old_score: float | None = None
        self.state = ModelState.NO_MODEL
        self.curves: LiveCurves | None = None
        contents = QWidget()
        self._column = QVBoxLayout(contents)
        self._column.setContentsMargins(0, 0, GRID, 0)
        self._column.setSpacing(GRID)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(FittingScrollArea(contents))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._build_head()
        self._build_result()  # first, as it is news and asks for a choice: in sight in a low window too
        self._build_summary()
        self._build_start()
        self._build_training()
        self._curves_place = QVBoxLayout()
        self._column.addLayout(self._curves_place)
        self.keep_learning = KeepLearningSwitch()
        self._column.addWidget(self.keep_learning)
        self._build_scores()
        self.set_can_fine_tune(False, tr("Fine-tuning needs at least one accepted image: paint one, then accept it."))
        self._enter(ModelState.NO_MODEL)

    # -- in

    def set_classes(self, classes: ClassTable) -> None:
        """Take the class colours for the bars."""
        self.bars.set_classes(classes)

    def set_model(self, summary: str | None) -> None:
        """Say which network is in use, e.g. "Round 3 · held-out IoU 0.61"; None: there is none."""
        self._summary = summary or ""
        if self.state in (ModelState.NO_MODEL, ModelState.READY):
            self._enter(self._resting())
        else:
            self._show_summary()

    def set_can_fine_tune(self, can: bool, reason: str = "") -> None:
        """Allow a round, or say in one sentence what it needs."""
        self.fine_tune_button.setEnabled(can)
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason))
        self._can_fine_tune = can

    def set_budget(self, seconds: int) -> None:
        """Choose the time budget that is nearest to `seconds`."""
        nearest = min(range(len(BUDGETS)), key=lambda index: abs(BUDGETS[index] - seconds))
        blocked = self.budget.blockSignals(True)
        self.budget.setCurrentIndex(nearest)
        self.budget.blockSignals(blocked)

    def set_rounds(self, rows: Sequence[RoundRow]) -> None:
        """Show the rounds so far, newest first."""
        self.rounds.set_rounds(rows)
        self.rounds_button.setEnabled(bool(rows))
        if not rows:
            self.rounds_button.setChecked(False)

    def prepare(self) -> None:
        """Make what the first round will show, while nobody waits for it: not with a button down, in mid-stroke.

        Importing pyqtgraph takes this thread a sixth of a second, once. No other thread can do it: it makes Qt's types,
        and one that is half made brings down what uses it meanwhile.
        """
        if QGuiApplication.mouseButtons() == Qt.MouseButton.NoButton:
            self._make_curves()
        else:
            QTimer.singleShot(_LATER_MS, self, self.prepare)

    def start_round(self, images: int = 0) -> None:
        """A round began; it learns from `images` accepted images."""
        curves = self._make_curves()
        curves.clear()
        self._old_score = None
        self.bars.set_scores({})
        self.bars.set_before({})
        self._fit_bars()
        self.set_learning_from(images)
        self.progress_left.setText(tr("starting…"))
        self.progress.setRange(0, 0)
        self.cancel_button.setEnabled(True)
        self._enter(ModelState.TRAINING)

    def set_learning_from(self, images: int) -> None:
        """The round learns from `images` accepted images now; 0: not known."""
        known = tr("Learning from 1 image") if images == 1 else tr("Learning from {count} images", count=images)
        self.progress_text.setText(known if images else tr("Learning"))

    def add_step(self, step: int, loss: float, seconds_left: float, seconds: float = 0.0) -> None:
        """One step is done: its loss, and how long the round goes on; `seconds` is how long it has gone on."""
        if self.curves is not None:
            self.curves.add_loss(step, loss)
        total = seconds + seconds_left if seconds > 0 else float(self.budget_seconds())
        self.progress.setRange(0, 1000)
        self.progress.setValue(round(1000 * max(0.0, min(1.0, 1 - seconds_left / max(total, 1e-9)))))
        self.progress_left.setText(time_left(seconds_left))

    def set_baseline(self, miou: float, per_class: Mapping[str, float | None]) -> None:
        """The held-out scores of the checkpoint that the round began with."""
        self._old_score = miou
        if self.curves is not None:
            self.curves.set_baseline(miou)
        self.bars.set_before(per_class)
        if not self.bars.height():
            self._set_bars(per_class)

    def add_evaluation(self, miou: float, per_class: Mapping[str, float | None], step: int | None = None) -> None:
        """Held-out scores during the round, 0 to 1; `step` where it is not the latest one."""
        if self.curves is not None:
            latest = self.curves.loss.xs[-1] if self.curves.loss.xs else 0
            self.curves.add_score(latest if step is None else step, miou)
        self._set_bars(per_class)

    def end_round(
        self,
        text: str,
        old_score: float | None,
        new_score: float | None,
        verdict: Verdict,
        new_in_use: bool | None = None,
        has_previous: bool = True,
        difference: str = "",
    ) -> None:
        """The round is over: `text` explains; `new_in_use` where it is not what the verdict suggests.

        `difference` says what the mean IoU may have changed by, where that was told.
        """
        in_use = verdict in (Verdict.BETTER, Verdict.NO_WORSE) if new_in_use is None else new_in_use
        self.result.show_result(text, old_score, new_score, verdict, in_use, has_previous, difference)
        if self.curves is not None:
            self.curves.redraw()
        self._enter(ModelState.RESULT)

    def stop_round(self, text: str = "", failed: bool = False) -> None:
        """The round ended without a checkpoint: cancelled, or it failed and `text` says why."""
        self.stopped.setText(text)
        set_look(self.stopped, Look.DANGER if failed else Look.MUTED)
        self._enter(self._resting())
        self.stopped.setVisible(bool(text))

    def close_result(self) -> None:
        """The person has seen the result."""
        self._enter(self._resting())

    def budget_seconds(self) -> int:
        """The chosen time budget."""
        return int(self.budget.currentData())

    # -- inside

    def _build_head(self) -> None:
        self.rounds_button = tool_button(
            tr("Rounds"), tr("Shows all rounds and their scores; any of them can be used again."), "history", "", True
        )
        self.rounds_button.setEnabled(False)
        self.load_button = tool_button(
            tr("Load a checkpoint"), tr("Use a network that was trained elsewhere."), "open-folder", "load_checkpoint"
        )
        self.load_button.clicked.connect(self.load_checkpoint_clicked)
        self.head.addWidget(self.rounds_button)
        self.head.addWidget(self.load_button)

    def _build_summary(self) -> None:
        self.summary = label("", None, wrap=True)
        self.empty_load = push_button(
            tr("Load a checkpoint…"),
            tr("Use a network that was trained elsewhere."),
            "open-folder",
            commands="load_checkpoint",
        )
        self.empty_load.clicked.connect(self.load_checkpoint_clicked)
        self.stopped = label("", Look.MUTED, wrap=True)
        self.stopped.hide()
        self.balance = BalanceSlider()
        self._column.addWidget(self.summary)
        self._column.addWidget(self.empty_load, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(self.stopped)
        self._column.addWidget(self.balance)
        self.specks = SpeckSpin()
        self._column.addWidget(self.specks)

    def _build_start(self) -> None:
        self.fine_tune_button = push_button(
            tr("Fine-tune"),
            tr("The network learns from all accepted images that are not held out."),
            "fine-tune",
            commands="fine_tune",
        )
        self.fine_tune_button.clicked.connect(lambda: self.fine_tune_clicked.emit(self.budget_seconds()))
        self.budget = QComboBox()
        for seconds in BUDGETS:
            self.budget.addItem(duration(seconds), seconds)
        self.budget.setCurrentIndex(1)
        self.budget.currentIndexChanged.connect(lambda: self.budget_changed.emit(self.budget_seconds()))
        explain(self.budget, tr("Time for a round"), tr("Longer rounds teach more, the final scoring included."))
        self.reason = label("", Look.MUTED, wrap=True)
        self.start_area = QWidget()
        column = QVBoxLayout(self.start_area)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.fine_tune_button, 1)
        row.addWidget(self.budget)
        column.addLayout(row)
        column.addWidget(self.reason)
        self.choices = RoundChoicesBox()
        column.addWidget(self.choices)
        self._column.addWidget(self.start_area)

    def _build_training(self) -> None:
        self.progress_text = label("")
        self.progress_left = label("", Look.MUTED)
        self.progress = ProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Fine-tuning"))
        self.cancel_button = push_button(
            tr("Cancel"),
            tr("Stops within a second; the network in use stays as it is."),
            "cancel",
            commands="cancel",
        )
        self.cancel_button.clicked.connect(self._on_cancel)
        self.training_area = QWidget()
        column = QVBoxLayout(self.training_area)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self.progress_text)
        words.addWidget(self.progress_left)
        row.addLayout(words, 1)
        row.addWidget(self.cancel_button)
        column.addLayout(row)
        column.addWidget(self.progress)
        self._column.addWidget(self.training_area)

    def _build_result(self) -> None:
        self.result = RoundResult()
        self.result.keep_clicked.connect(self.keep_clicked)
        self.result.roll_back_clicked.connect(self.roll_back_clicked)
        self.result.closed.connect(self.close_result)
        self._column.addWidget(self.result)

    def _build_scores(self) -> None:
        self.bars = ScoreBars()
        self.bars_area = QScrollArea()
        self.bars_area.setWidgetResizable(True)
        self.bars_area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.bars_area.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.bars_area.setWidget(self.bars)
        self._column.addWidget(self.bars_area)
        self.rounds = RoundList()
        self.rounds.use_clicked.connect(self.use_round_clicked)
        self.rounds_button.toggled.connect(self.rounds.setVisible)
        self.rounds.hide()
        self._column.addWidget(self.rounds)

    def _make_curves(self) -> LiveCurves:
        if self.curves is None:
            # Importing pyqtgraph takes its time: the start of the program must not pay for it.
            from segstudio.widgets.live_curves import LiveCurves

            self.curves = LiveCurves()
            self.curves.setVisible(self._shows_round())
            self._curves_place.addWidget(self.curves)
        return self.curves

    def _set_bars(self, per_class: Mapping[str, float | None]) -> None:
        self.bars.set_scores(per_class)
        self._fit_bars()

    def _fit_bars(self) -> None:
        self.bars_area.setFixedHeight(min(self.bars.height(), 6 * ROW_HEIGHT))
        self.bars_area.setVisible(self._shows_round() and self.bars.height() > 0)

    def _shows_round(self) -> bool:
        return self.state in (ModelState.TRAINING, ModelState.RESULT)

    def _resting(self) -> ModelState:
        return ModelState.READY if self._summary else ModelState.NO_MODEL

    def _show_summary(self) -> None:
        nothing = tr("No model yet. Paint a few images first, or load a checkpoint.")
        self.summary.setText(self._summary or nothing)
        set_look(self.summary, None if self._summary else Look.MUTED)
        # While a first round goes on or has just ended there is no network yet, and none is missed.
        self.summary.setVisible(bool(self._summary) or not self._shows_round())
        self.balance.setVisible(bool(self._summary))
        self.specks.setVisible(bool(self._summary) and not self._shows_round())  # a round needs the room

    def _enter(self, state: ModelState) -> None:
        self.state = state
        training, result = state is ModelState.TRAINING, state is ModelState.RESULT
        self._show_summary()
        self.empty_load.setVisible(state is ModelState.NO_MODEL)
        self.stopped.hide()
        self.start_area.setVisible(not training)
        self.training_area.setVisible(training)
        self.result.setVisible(result)
        if self.curves is not None:
            self.curves.setVisible(self._shows_round())
        self._fit_bars()
        if not training:
            self.progress.setRange(0, 1)

    def _on_cancel(self) -> None:
        self.cancel_button.setEnabled(False)
        self.progress_left.setText(tr("stopping…"))
        self.cancel_clicked.emit()


__all__ = ["BUDGETS", "ModelPanel", "ModelState", "RoundRow", "Verdict"]
