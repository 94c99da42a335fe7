"""Rounds: from a click on Fine-tune to the network that proposes next.

Owns the order of things: write the job, run the child, keep the round, and let the person overrule the gate. What a
round is told and what its verdict means is the training floor's (`segstudio_training.rounds`); the child computes.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.core.errors import SegStudioError, TrainingError, marked
from segstudio.project.project import Project
from segstudio.services.fine_tune_process import FineTuneProcess
from segstudio.services.round_command import check_round_command
from segstudio.services.warm_trainer import WarmTrainer
from segstudio_training.choices import AS_USUAL, RoundChoices
from segstudio_training.rounds import (
    RoundEvents,
    RoundOrder,
    RoundResult,
    Verdict,
    conclude_round,
    discard_round,
    order_round,
    starter_checkpoint,
)

__all__ = ["RoundResult", "RoundRunner", "Verdict", "starter_checkpoint"]


class RoundRunner(QObject):
    """Runs one round at a time for the open project."""

    started = Signal()
    reported = Signal(dict)
    """An event of the training child, as it comes."""
    finished = Signal(object)
    """RoundResult."""
    failed = Signal(object)
    """SegStudioError: the network in use stays."""
    cancelled = Signal()
    model_changed = Signal()
    """Another round's checkpoint is the current one now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.warm = WarmTrainer(self)
        self._process = FineTuneProcess(self, self.warm)
        self._process.reported.connect(self._on_event)
        self._process.finished.connect(self._on_finished)
        self._process.failed.connect(self._on_failed)
        self._process.cancelled.connect(self._on_cancelled)
        self._project: Project | None = None
        self._order: RoundOrder | None = None
        self._heard = RoundEvents()
        self._is_far = False

    @property
    def is_running(self) -> bool:
        """Whether a round is under way."""
        return self._process.is_running

    @property
    def process_id(self) -> int:
        """The training child's process id, 0 where there is none."""
        return self._process.process_id

    @property
    def order(self) -> RoundOrder | None:
        """The round that is under way, None where there is none."""
        return self._order if self.is_running else None

    def start(
        self,
        project: Project,
        seconds: int,
        choices: RoundChoices = AS_USUAL,
        include_unreviewed: bool = False,
        include_drafts: bool = False,
        round_command: str = "",
        lap: int = 0,
    ) -> None:
        """Start a round on the accepted label maps, the held-out ones excepted, taught as `choices` say.

        Where the person said so, `include_unreviewed`, those that nobody looked at teach too, and,
        `include_drafts`, the touched pixels of drafts. `lap` as in `RoundOrder`.

        Where `round_command` is not empty, it says where else the round runs.

        Raises:
            InputError: a round command that makes no sense.
            TrainingError: no image is accepted.
            SaveError: the job cannot be written.
        """
        self._is_far = bool(round_command)
        if self._is_far:
            check_round_command(round_command)
        order = order_round(
            project,
            seconds,
            choices=choices,
            include_unreviewed=include_unreviewed,
            include_drafts=include_drafts,
            is_far=self._is_far,
            lap=lap,
        )
        self._project, self._order, self._heard = project, order, RoundEvents()
        cancel_file = order.checkpoint.with_name(order.checkpoint.name + ".cancel")
        self._process.start(list(order.arguments), round_command, cancel_file)
        self.started.emit()

    def cancel(self) -> None:
        """Stop the round; the network in use stays."""
        self._process.cancel()

    def stop(self) -> None:
        """Stop the round, and the trainer that waits for one, and wait for their end; for leaving a folder."""
        self.warm.stop()
        self._process.stop()

    def use(self, project: Project, round_id: str) -> None:
        """Make the checkpoint of `round_id` the current one."""
        project.use_round(round_id)
        self.model_changed.emit()

    def use_none(self, project: Project) -> None:
        """Put no checkpoint in use: the next round teaches a new network. Raises SaveError."""
        project.use_no_round()
        self.model_changed.emit()

    @Slot(dict)
    def _on_event(self, event: dict[str, Any]) -> None:
        self._heard.take(event)
        self.reported.emit(event)

    @Slot(dict)
    def _on_finished(self, done: dict[str, Any]) -> None:
        assert self._project is not None and self._order is not None
        if self._is_far and not self._order.checkpoint.is_file():
            text = marked(
                "The round ran elsewhere, but its checkpoint {path} is not here. The round command needs a folder "
                "that both computers have at the same path."
            )
            self.failed.emit(TrainingError(text, path=self._order.checkpoint))
            return
        try:
            result = conclude_round(self._project, self._order, self._heard, done)
        except SegStudioError as error:
            self.failed.emit(error)
            return
        self.finished.emit(result)
        if result.taken:
            self.model_changed.emit()

    @Slot(object)
    def _on_failed(self, error: SegStudioError) -> None:
        self._discard_lap()
        self.failed.emit(error)

    @Slot()
    def _on_cancelled(self) -> None:
        self._discard_lap()
        self.cancelled.emit()

    def _discard_lap(self) -> None:
        """Nobody asked for a lap by itself, so nobody will go on with it."""
        if self._order is not None and self._order.is_automatic:
            discard_round(self._order)
