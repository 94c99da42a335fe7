"""Connects the one action that the window offers first, and what can be done now, with what they depend on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.project.project import Status
from segstudio.services.predictor_thread import ProposalService
from segstudio.services.primary_action import Offer, Primary, Situation, offer
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.translation import tr
from segstudio.window_parts import WindowParts


class PrimaryFlow(QObject):
    """The primary button, and whether proposing, accepting and fine-tuning are possible."""

    def __init__(
        self,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        proposals: ProposalService,
        rounds: RoundRunner,
        is_comparing: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._actions = actions
        self._session = session
        self._proposals = proposals
        self._rounds = rounds
        self._is_comparing = is_comparing
        self._learnt_from = 0
        for round_changed in (session.project_opened, rounds.model_changed, rounds.finished):
            round_changed.connect(self._on_round_changed)
        for changed in (
            session.project_closed,
            session.image_opened,
            session.proposal_changed,
            session.state_changed,
            session.tally.changed,
            proposals.model_ready,
            proposals.model_failed,
            proposals.advanced,
            rounds.started,
            rounds.failed,
            rounds.cancelled,
        ):
            changed.connect(self.refresh)
        parts.status.primary_clicked.connect(self.do)

    @Slot()
    def do(self) -> None:
        """Do the one thing that is offered first."""
        match self.offer().action:
            case Primary.PROPOSE:
                self._actions["propose"].trigger()
            case Primary.ACCEPT:
                self._actions["accept"].trigger()
            case Primary.FINE_TUNE:
                self._actions["fine_tune"].trigger()
            case Primary.NEXT:
                self._session.open_next(only_unfinished=True)
            case Primary.WAIT:
                pass

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
                is_proposing=opened is not None and self._proposals.is_awaited(opened.name),
                is_training=self._rounds.is_running or self._is_comparing(),
                new_accepted=self._new_accepted(),
                unfinished=len(project.names) - self._session.tally.accepted if project is not None else 0,
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
            Primary.WAIT: (tr("Proposing…"), "propose"),
        }[current.action]
        command = {
            Primary.PROPOSE: "propose",
            Primary.ACCEPT: "accept",
            Primary.FINE_TUNE: "fine_tune",
            Primary.NEXT: "next_unfinished",
        }.get(current.action)
        keys = self._actions.key_names.first(command) if command is not None else ""
        self._parts.status.set_primary(text, icon, current.enabled, tr(current.hint), keys)
        project = self._session.project
        has_model = self._proposals.model is not None
        self._actions["propose"].setEnabled(has_model and self._session.current is not None)
        self._actions["propose_all"].setEnabled(has_model and project is not None)
        can, reason = self._can_fine_tune()
        self._actions["fine_tune"].setEnabled(can)
        self._parts.model.set_can_fine_tune(can, reason)
        self._actions["accept"].setEnabled(self._session.current is not None)

    @Slot()
    def _on_round_changed(self) -> None:
        project = self._session.project
        current = project.current_round() if project is not None else None
        self._learnt_from = current.images if current is not None else 0
        self.refresh()

    def _new_accepted(self) -> int:
        """How many accepted images the round in use has not learnt from."""
        return max(0, self._session.tally.teaching - self._learnt_from)

    def _can_fine_tune(self) -> tuple[bool, str]:
        teaching = self._session.tally.teaching
        if self._session.project is None:
            return False, tr("Open a folder first.")
        if not teaching:
            return False, tr("Accept at least one image: the network learns from accepted images only.")
        if self._is_comparing():
            return False, tr("Networks are being compared. Wait for the end, or cancel it.")
        if teaching == 1:
            return True, tr("Learns from 1 accepted image.")
        return True, tr("Learns from {count} accepted images.", count=teaching)
