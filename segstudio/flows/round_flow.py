"""Connects fine-tuning rounds with the session and the model panel. No logic of its own."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.actions import Actions
from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project
from segstudio.project.rounds import Round
from segstudio.services.keep_learning import KeepLearning
from segstudio.services.notifier import Notifier
from segstudio.services.rounds import RoundResult, RoundRunner, Verdict
from segstudio.services.session import Session
from segstudio.services.settings import BUDGET_SECONDS, DRAFTS_TEACH, ROUND_COMMAND, UNREVIEWED_TEACH, Settings
from segstudio.services.translation import tr, tr_error
from segstudio.widgets import round_result
from segstudio.widgets.round_list import RoundRow
from segstudio.widgets.round_words import difference_text, round_title, scored_on, verdict_text
from segstudio.widgets.words import duration
from segstudio.window_parts import WindowParts

_SHOWN_VERDICTS = {
    Verdict.FIRST: round_result.Verdict.FIRST,
    Verdict.BETTER: round_result.Verdict.BETTER,
    Verdict.WORSE: round_result.Verdict.WORSE,
    Verdict.CANNOT_JUDGE: round_result.Verdict.CANNOT_JUDGE,
}


class RoundFlow(QObject):
    """Rounds from the click to the verdict, and the way back to an earlier one."""

    ended = Signal()
    """A round was finished, cancelled or lost."""

    def __init__(
        self,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        settings: Settings,
        notifier: Notifier,
        rounds: RoundRunner,
        learning: KeepLearning,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel = parts.model
        self._session = session
        self._settings = settings
        self._notifier = notifier
        self._rounds = rounds
        self._learning = learning
        self._shown: Round | None = None
        """The round whose result the panel shows."""
        session.project_opened.connect(self._show_rounds)
        session.project_closed.connect(self._on_project_closed)
        rounds.started.connect(self._on_started)
        rounds.reported.connect(self._on_event)
        rounds.finished.connect(self._on_finished)
        rounds.failed.connect(self._on_failed)
        rounds.cancelled.connect(self._on_cancelled)
        rounds.model_changed.connect(self._on_model_changed)
        panel = self._panel
        panel.set_budget(settings.get(BUDGET_SECONDS))
        panel.fine_tune_clicked.connect(self.fine_tune)
        panel.cancel_clicked.connect(rounds.cancel)
        panel.use_round_clicked.connect(self._use)
        panel.keep_clicked.connect(self._on_use_shown)
        panel.roll_back_clicked.connect(self._on_roll_back)
        learning.lap_due.connect(lambda: self._start(panel.budget_seconds(), asked_for=False))
        actions["fine_tune"].triggered.connect(lambda: self.fine_tune(panel.budget_seconds()))
        actions["cancel"].triggered.connect(self._on_cancel)

    def fine_tune(self, seconds: int) -> None:
        """Start a round of `seconds` on what is accepted, and where learning is to go on the first of many."""
        self._start(seconds, asked_for=True)

    def _start(self, seconds: int, asked_for: bool) -> None:
        project = self._session.project
        if project is None or self._rounds.is_running:
            return
        self._settings.set(BUDGET_SECONDS, seconds)
        try:
            choices, unreviewed = self._panel.choices.choices(), self._settings.get(UNREVIEWED_TEACH)
            drafts, command = self._settings.get(DRAFTS_TEACH), self._settings.get(ROUND_COMMAND)
            lap = self._learning.next_lap(asked_for)
            self._rounds.start(project, seconds, choices, unreviewed, drafts, command, lap)
        except SegStudioError as error:
            self._learning.stop()
            self._notifier.error(error)

    @Slot()
    def _on_cancel(self) -> None:
        self._learning.stop()
        self._rounds.cancel()

    # -- while it runs ------------------------------------------------------------------------------------

    @Slot()
    def _on_started(self) -> None:
        self._shown = None
        self._panel.start_round(self._session.tally.teaching)

    @Slot(dict)
    def _on_event(self, event: dict[str, Any]) -> None:
        panel = self._panel
        match event.get("event"):
            case "step":
                panel.add_step(event["step"], event["loss"], event["seconds_left"], event["seconds"])
            case "baseline" if event.get("miou") is not None:
                panel.set_baseline(event["miou"], event["per_class_iou"])
            case "teaching":
                panel.set_learning_from(event["images"])
            case "left_out":
                self._notifier.warning(tr("{why} The round goes on without it.", why=event["why"]))
            case "evaluation" if event.get("miou") is not None:
                panel.add_evaluation(event["miou"], event["per_class_iou"], event["step"])

    # -- how it ends --------------------------------------------------------------------------------------

    @Slot(object)
    def _on_finished(self, result: RoundResult) -> None:
        project = self._session.project
        old = (result.old_scores or {}).get("miou")
        new = (result.new_scores or {}).get("miou")
        has_previous = result.round.parent is not None
        self._shown = result.round if result.is_kept else None
        if result.is_kept:
            self._panel.end_round(
                verdict_text(result),
                old,
                new,
                round_result.Verdict.NO_WORSE if result.is_within_noise else _SHOWN_VERDICTS[result.verdict],
                result.taken,
                has_previous,
                difference_text(result),
            )
        else:
            self._panel.stop_round(verdict_text(result))
        if project is not None:
            self._show_rounds(project)
        if not result.round.taught.automatic:  # nobody waits for the others: the panel tells
            tell = self._notifier.success if result.taken else self._notifier.info
            tell(verdict_text(result))
        self.ended.emit()

    @Slot(object)
    def _on_failed(self, error: SegStudioError) -> None:
        self._panel.stop_round(tr_error(error), failed=True)
        self._notifier.error(error)
        self.ended.emit()

    @Slot()
    def _on_cancelled(self) -> None:
        text = tr("Cancelled. The network in use is the one from before.")
        self._panel.stop_round(text)
        self._notifier.info(text)
        self.ended.emit()

    # -- the rounds there are -----------------------------------------------------------------------------

    @Slot(str)
    def _use(self, round_id: str) -> None:
        if self._session.project is None:
            return
        try:
            self._rounds.use(self._session.project, round_id)
        except SegStudioError as error:
            self._notifier.error(error)

    @Slot()
    def _on_use_shown(self) -> None:
        if self._shown is not None:
            self._use(self._shown.id)

    @Slot()
    def _on_roll_back(self) -> None:
        if self._shown is not None and self._shown.parent is not None:
            self._use(self._shown.parent)

    @Slot()
    def _on_project_closed(self) -> None:
        if self._shown is not None:
            self._shown = None
            self._panel.close_result()
        self._rounds.stop()

    @Slot()
    def _on_model_changed(self) -> None:
        if self._session.project is not None:
            self._show_rounds(self._session.project)

    @Slot(object)
    def _show_rounds(self, project: Project) -> None:
        current, rounds = project.current_round(), project.rounds()
        rows = [
            RoundRow(
                entry.id,
                round_title(rounds, entry.id),
                _learnt(entry),
                (entry.scores or {}).get("miou"),
                current is not None and entry.id == current.id,
                *scored_on(entry),
            )
            for entry in rounds
        ]
        self._panel.set_rounds(rows[::-1])


def _learnt(entry: Round) -> str:
    """From what a round learnt, and for how long; empty for a checkpoint from elsewhere."""
    if not entry.images:
        return ""
    time = duration(entry.seconds)
    text = (
        tr("1 image, {time}", time=time)
        if entry.images == 1
        else tr("{images} images, {time}", images=entry.images, time=time)
    )
    return tr("{learnt}, by itself", learnt=text) if entry.taught.automatic else text
