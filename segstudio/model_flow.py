"""Connects proposals and rounds with the session and the model panel. No logic of their own."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.actions import Actions
from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project, Proposal, Status
from segstudio.project.rounds import Round
from segstudio.services.image_shelf import OpenImage
from segstudio.services.keep_learning import KeepLearning
from segstudio.services.notifier import Notifier
from segstudio.services.predictor_thread import Model, ProposalService, Proposed
from segstudio.services.primary_action import Offer, Primary, Situation, offer
from segstudio.services.renewal import Renewal
from segstudio.services.rounds import RoundResult, RoundRunner, Verdict
from segstudio.services.session import Session
from segstudio.services.settings import (
    BUDGET_SECONDS,
    DRAFTS_TEACH,
    LOOK_AHEAD,
    MIN_ISLAND,
    ROUND_COMMAND,
    UNREVIEWED_TEACH,
    Settings,
)
from segstudio.services.translation import tr, tr_error
from segstudio.widgets import round_result
from segstudio.widgets.round_list import RoundRow
from segstudio.widgets.round_words import difference_text, round_title, scored_on, summary, verdict_text
from segstudio.widgets.words import duration
from segstudio.window_parts import WindowParts

_SHOWN_VERDICTS = {
    Verdict.FIRST: round_result.Verdict.FIRST,
    Verdict.BETTER: round_result.Verdict.BETTER,
    Verdict.WORSE: round_result.Verdict.WORSE,
    Verdict.CANNOT_JUDGE: round_result.Verdict.CANNOT_JUDGE,
}


class ModelFlow(QObject):
    """Everything around the network."""

    proposals_caught_up = Signal()
    """Nothing that was asked for is still to come."""
    round_ended = Signal()
    """A round was finished, cancelled or lost."""

    def __init__(
        self,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        settings: Settings,
        notifier: Notifier,
        proposals: ProposalService,
        rounds: RoundRunner,
        learning: KeepLearning,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._actions = actions
        self._session = session
        self._settings = settings
        self._notifier = notifier
        self._proposals = proposals
        self._rounds = rounds
        self._learning = learning
        self._overall_since: float | None = None
        self._renewal = Renewal()
        self._learnt_from = 0
        self._connect()
        parts.brush.set_island(settings.get(MIN_ISLAND))
        parts.model.set_budget(settings.get(BUDGET_SECONDS))
        self.refresh()

    def _connect(self) -> None:
        session, proposals, rounds, panel = self._session, self._proposals, self._rounds, self._parts.model
        session.project_opened.connect(self._on_project_opened)
        session.project_closed.connect(self._on_project_closed)
        session.image_opened.connect(self._on_image_opened)
        session.counts_changed.connect(self.refresh)
        session.state_changed.connect(self.refresh)
        session.proposal_changed.connect(self.refresh)
        proposals.imported.connect(panel.prepare)
        proposals.model_ready.connect(self._on_model_ready)
        proposals.model_failed.connect(self._on_model_failed)
        proposals.proposed.connect(self._on_proposed)
        proposals.outdated.connect(self._on_outdated)
        proposals.failed.connect(self._on_proposal_failed)
        proposals.advanced.connect(self._on_advanced)
        rounds.started.connect(self._on_round_started)
        rounds.reported.connect(self._on_event)
        rounds.finished.connect(self._on_round_finished)
        rounds.failed.connect(self._on_round_failed)
        rounds.cancelled.connect(self._on_round_cancelled)
        rounds.model_changed.connect(self._on_model_changed)
        panel.fine_tune_clicked.connect(self.fine_tune)
        panel.cancel_clicked.connect(rounds.cancel)
        panel.use_round_clicked.connect(self._on_use_round)
        panel.keep_clicked.connect(self._on_use_newest)
        panel.roll_back_clicked.connect(self._on_roll_back)
        self._learning.lap_due.connect(lambda: self._start_round(panel.budget_seconds(), asked_for=False))
        self._parts.status.cancel_clicked.connect(self._cancel_proposals)
        self._parts.status.primary_clicked.connect(self.do_primary)
        self._parts.brush.island_changed.connect(self._on_island_changed)
        self._actions["propose"].triggered.connect(lambda: self.propose())
        self._actions["propose_all"].triggered.connect(lambda: self.propose_all())
        self._actions["fine_tune"].triggered.connect(lambda: self.fine_tune(self._parts.model.budget_seconds()))
        self._actions["cancel"].triggered.connect(self._on_cancel)

    # -- what a person does -------------------------------------------------------------------------------

    def propose(self) -> None:
        """Ask for a proposal of the open image, again where it has one."""
        if self._session.current is not None:
            self._proposals.request([self._session.current.name], first=True)
            self.refresh()

    def propose_all(self) -> None:
        """Ask for proposals of every image that is not accepted, with a progress bar."""
        project = self._session.project
        if project is None or self._proposals.model is None:
            return
        self._overall_since = time.monotonic()
        self._parts.status.busy.start(tr("Proposing"))
        open_to_it = (Status.UNLABELLED, Status.PROPOSED)
        names = [name for name in project.names if self._session.status(name) in open_to_it]
        self._proposals.request(self._renewal.ask_overall(names))

    def fine_tune(self, seconds: int) -> None:
        """Start a round of `seconds` on what is accepted, and where learning is to go on the first of many."""
        self._start_round(seconds, asked_for=True)

    def _start_round(self, seconds: int, asked_for: bool) -> None:
        project = self._session.project
        if project is None or self._rounds.is_running:
            return
        self._settings.set(BUDGET_SECONDS, seconds)
        try:
            choices, unreviewed = self._parts.model.choices.choices(), self._settings.get(UNREVIEWED_TEACH)
            drafts, command = self._settings.get(DRAFTS_TEACH), self._settings.get(ROUND_COMMAND)
            lap = self._learning.next_lap(asked_for)
            self._rounds.start(project, seconds, choices, unreviewed, drafts, command, lap)
        except SegStudioError as error:
            self._learning.stop()
            self._notifier.error(error)

    def do_primary(self) -> None:
        """Do the one thing that is offered first."""
        match self.offer().action:
            case Primary.PROPOSE:
                self.propose()
            case Primary.ACCEPT:
                self._actions["accept"].trigger()
            case Primary.FINE_TUNE:
                self.fine_tune(self._parts.model.budget_seconds())
            case Primary.NEXT:
                self._session.open_next(only_unfinished=True)

    # -- the primary action -------------------------------------------------------------------------------

    def offer(self) -> Offer:
        """What the window offers first, now."""
        project, opened = self._session.project, self._session.current
        return offer(
            Situation(
                has_image=opened is not None,
                is_blank=opened is None or opened.is_blank,
                has_proposal=self._session.shown_proposal is not None,
                is_accepted=opened is not None and self._session.status(opened.name) is Status.ACCEPTED,
                has_model=self._proposals.model is not None,
                is_proposing=self._proposals.is_busy,
                is_training=self._rounds.is_running,
                new_accepted=self._new_accepted(),
                unfinished=len(project.names) - self._session.accepted_count if project is not None else 0,
            )
        )

    @Slot()
    def refresh(self) -> None:
        """Show what can be done now."""
        current = self.offer()
        text, icon = {
            Primary.PROPOSE: (tr("Propose"), "propose"),
            Primary.ACCEPT: (tr("Accept"), "accept"),
            Primary.FINE_TUNE: (tr("Fine-tune"), "fine-tune"),
            Primary.NEXT: (tr("Next unfinished"), "next"),
        }[current.action]
        shortcut = {Primary.PROPOSE: "P", Primary.ACCEPT: "Enter", Primary.FINE_TUNE: "Ctrl+T", Primary.NEXT: "N"}
        self._parts.status.set_primary(text, icon, current.enabled, tr(current.hint), shortcut[current.action])
        project = self._session.project
        has_model = self._proposals.model is not None
        self._actions["propose"].setEnabled(has_model and self._session.current is not None)
        self._actions["propose_all"].setEnabled(has_model and project is not None)
        can, reason = self._can_fine_tune()
        self._actions["fine_tune"].setEnabled(can)
        self._parts.model.set_can_fine_tune(can, reason)
        self._actions["accept"].setEnabled(self._session.current is not None)

    def _new_accepted(self) -> int:
        return max(0, self._session.teaching_count - self._learnt_from)

    def _can_fine_tune(self) -> tuple[bool, str]:
        if self._session.project is None:
            return False, tr("Open a folder first.")
        if not self._session.teaching_count:
            return False, tr("Accept at least one image: the network learns from accepted images only.")
        return True, tr("Learns from {count} accepted images.", count=self._session.teaching_count)

    # -- projects and models ------------------------------------------------------------------------------

    @Slot(object)
    def _on_project_opened(self, project: Project) -> None:
        self._renewal = Renewal()
        self._show_rounds(project)
        newest = project.current_round()
        if newest is not None:
            self._proposals.load(project, Model(newest.checkpoint, newest.id), self._settings.get(MIN_ISLAND))
            self._parts.model.set_model(tr("Loading the network…"))
        else:
            self._proposals.unload()
            self._parts.model.set_model(None)
        self.refresh()

    @Slot()
    def _on_project_closed(self) -> None:
        self._rounds.stop()
        self._proposals.unload()
        self._parts.model.set_model(None)
        self._parts.status.busy.stop()
        self.refresh()

    @Slot(object)
    def _on_model_ready(self, model: Model) -> None:
        project = self._session.project
        if project is None:
            return
        self._parts.model.set_model(summary(project, model.round_id))
        self._ask_for_open_image()
        if self._renewal.is_overall:
            self._overall_since = time.monotonic()
            self._parts.status.busy.start(tr("Proposing"))
        self._proposals.request(self._renewal.model_is_ready())
        self.refresh()

    @Slot(object)
    def _on_model_failed(self, error: SegStudioError) -> None:
        self._parts.model.set_model(None)
        self._notifier.error(error)
        self.refresh()

    @Slot()
    def _on_model_changed(self) -> None:
        project = self._session.project
        newest = project.current_round() if project is not None else None
        if project is None or newest is None:
            return
        proposed = [name for name in project.names if self._session.status(name) is Status.PROPOSED]
        lazily = self._learning.is_active
        self._renewal.model_changes(proposed, lazily)
        if not lazily:
            self._session.forget_proposals()
        self._proposals.load(project, Model(newest.checkpoint, newest.id), self._settings.get(MIN_ISLAND))
        self._show_rounds(project)

    # -- proposals ----------------------------------------------------------------------------------------

    @Slot(object)
    def _on_image_opened(self, _opened: OpenImage) -> None:
        self._ask_for_open_image()
        self.refresh()

    def _ask_for_open_image(self) -> None:
        """The open image first, then the next ones ahead; only where no proposal of this network is there.

        An image that the person has begun to paint is left alone.
        """
        opened, model = self._session.current, self._proposals.model
        if opened is None or model is None:
            return
        is_missing = opened.proposal is None or opened.proposal.round_id != model.round_id
        wanted = [opened.name] if is_missing and opened.is_blank else []
        ahead = self._session.upcoming(self._settings.get(LOOK_AHEAD))
        wanted += [name for name in ahead if self._is_missing(name)]
        if wanted:
            self._proposals.request(wanted, first=True)

    def _is_missing(self, name: str) -> bool:
        status = self._session.status(name)
        return status is Status.UNLABELLED or (status is Status.PROPOSED and self._renewal.is_stale(name))

    @Slot(object)
    def _on_proposed(self, proposed: Proposed) -> None:
        project = self._session.project
        self._renewal.done(proposed.name)
        if project is not None:
            self._session.take_proposal(
                proposed.name,
                Proposal(proposed.labels, proposed.confidence, proposed.round_id, project.classes.names),
            )

    @Slot(str)
    def _on_outdated(self, name: str) -> None:
        """It was in work when the network changed: make it anew, as the others that the old one had made."""
        self._renewal.outdated(name)
        self._ask_for_open_image()

    @Slot(str, object)
    def _on_proposal_failed(self, name: str, error: SegStudioError) -> None:
        self._renewal.done(name)
        if self._session.current is not None and self._session.current.name == name:
            self._notifier.error(error)

    @Slot(int, int)
    def _on_advanced(self, done: int, total: int) -> None:
        busy = self._parts.status.busy
        if self._overall_since is not None and total and done < total:
            spent = time.monotonic() - self._overall_since
            busy.set_progress(done, total, spent / done * (total - done) if done else None)
        elif self._overall_since is not None:
            self._overall_since = None
            busy.stop()
        if done >= total:
            self.proposals_caught_up.emit()
        self.refresh()

    @Slot(int)
    def _on_island_changed(self, pixels: int) -> None:
        self._settings.set(MIN_ISLAND, pixels)
        self._proposals.set_min_island(pixels)
        if self._session.shown_proposal is not None:
            self.propose()

    # -- rounds -------------------------------------------------------------------------------------------

    @Slot()
    def _on_round_started(self) -> None:
        self._parts.model.start_round(self._session.teaching_count)
        self.refresh()

    @Slot(dict)
    def _on_event(self, event: dict[str, Any]) -> None:
        panel = self._parts.model
        match event.get("event"):
            case "step":
                panel.add_step(event["step"], event["loss"], event["seconds_left"], event["seconds"])
            case "baseline" if event.get("miou") is not None:
                panel.set_baseline(event["miou"], event["per_class_iou"])
            case "teaching":
                panel.set_learning_from(event["images"])
            case "evaluation" if event.get("miou") is not None:
                panel.add_evaluation(event["miou"], event["per_class_iou"], event["step"])

    @Slot(object)
    def _on_round_finished(self, result: RoundResult) -> None:
        project = self._session.project
        old = (result.old_scores or {}).get("miou")
        new = (result.new_scores or {}).get("miou")
        has_previous = result.round.parent is not None
        if result.is_kept:
            self._parts.model.end_round(
                verdict_text(result),
                old,
                new,
                round_result.Verdict.NO_WORSE if result.is_within_noise else _SHOWN_VERDICTS[result.verdict],
                result.taken,
                has_previous,
                difference_text(result),
            )
        else:
            self._parts.model.stop_round(verdict_text(result))
        if project is not None:
            self._show_rounds(project)
        if not result.round.taught.automatic:  # nobody waits for the others: the panel tells
            tell = self._notifier.success if result.taken else self._notifier.info
            tell(verdict_text(result))
        self.round_ended.emit()
        self.refresh()

    @Slot(object)
    def _on_round_failed(self, error: SegStudioError) -> None:
        self._parts.model.stop_round(tr_error(error), failed=True)
        self._notifier.error(error)
        self.round_ended.emit()
        self.refresh()

    @Slot()
    def _on_round_cancelled(self) -> None:
        text = tr("Cancelled. The network in use is the one from before.")
        self._parts.model.stop_round(text)
        self._notifier.info(text)
        self.round_ended.emit()
        self.refresh()

    @Slot(str)
    def _on_use_round(self, round_id: str) -> None:
        if self._session.project is not None:
            self._rounds.use(self._session.project, round_id)

    @Slot()
    def _on_use_newest(self) -> None:
        project = self._session.project
        if project is not None and project.rounds():
            self._rounds.use(project, project.rounds()[-1].id)

    @Slot()
    def _on_roll_back(self) -> None:
        project = self._session.project
        if project is None or not project.rounds():
            return
        parent = project.rounds()[-1].parent
        if parent is not None:
            self._rounds.use(project, parent)

    @Slot()
    def _on_cancel(self) -> None:
        self._cancel_proposals()
        self._learning.stop()
        self._rounds.cancel()

    @Slot()
    def _cancel_proposals(self) -> None:
        self._renewal.cancel()
        self._proposals.cancel()

    def _show_rounds(self, project: Project) -> None:
        current, rounds = project.current_round(), project.rounds()
        self._learnt_from = current.images if current is not None else 0
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
        self._parts.model.set_rounds(rows[::-1])


def _learnt(entry: Round) -> str:
    """From what a round learnt, and for how long; empty for a checkpoint from elsewhere."""
    if not entry.images:
        return ""
    text = tr("{images} images, {time}", images=entry.images, time=duration(entry.seconds))
    return tr("{learnt}, by itself", learnt=text) if entry.taught.automatic else text
