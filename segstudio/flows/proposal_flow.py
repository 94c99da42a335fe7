"""Connects the network's proposals with the session, the status strip and the model panel. No logic of its own."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.actions import Actions
from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project, Proposal, Status
from segstudio.services.keep_learning import KeepLearning
from segstudio.services.notifier import Notifier
from segstudio.services.open_image import OpenImage
from segstudio.services.predictor_thread import Model, ProposalService, Proposed
from segstudio.services.renewal import Renewal
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.settings import LOOK_AHEAD, Settings
from segstudio.services.translation import tr
from segstudio.widgets.round_words import summary
from segstudio.widgets.status_bar import BusyJob
from segstudio.window_parts import WindowParts


class ProposalFlow(QObject):
    """Which network is in use, which images it is asked about, and where its proposals go."""

    asked = Signal()
    """A proposal was asked for."""
    caught_up = Signal()
    """Nothing that was asked for is still to come."""

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
        self._session = session
        self._settings = settings
        self._notifier = notifier
        self._proposals = proposals
        self._learning = learning
        self._overall_since = 0.0
        self._overall: BusyJob | None = None
        self._renewal = Renewal()
        session.project_opened.connect(self._on_project_opened)
        session.project_closed.connect(self._on_project_closed)
        session.image_opened.connect(self._on_image_opened)
        session.channels_changed.connect(self._on_channels_changed)
        proposals.imported.connect(parts.model.prepare)
        proposals.model_ready.connect(self._on_model_ready)
        proposals.model_failed.connect(self._on_model_failed)
        proposals.proposed.connect(self._on_proposed)
        proposals.outdated.connect(self._on_outdated)
        proposals.failed.connect(self._on_failed)
        proposals.advanced.connect(self._on_advanced)
        rounds.model_changed.connect(self._on_model_changed)
        actions["propose"].triggered.connect(lambda: self.propose())
        actions["propose_all"].triggered.connect(lambda: self.propose_all())
        actions["cancel"].triggered.connect(self._cancel)

    # -- what a person asks for ---------------------------------------------------------------------------

    def propose(self) -> None:
        """Ask for a proposal of the open image, again where it has one."""
        if self._session.current is not None:
            self._proposals.request([self._session.current.name], first=True)
            self.asked.emit()

    def propose_all(self) -> None:
        """Ask for proposals of every image that is not accepted, with a progress bar."""
        project = self._session.project
        if project is None or self._proposals.model is None:
            return
        self._show_progress()
        open_to_it = (Status.UNLABELLED, Status.PROPOSED)
        names = [name for name in project.names if self._session.status(name) in open_to_it]
        self._proposals.request(self._renewal.ask_overall(names))

    @Slot()
    def _cancel(self) -> None:
        self._renewal.cancel()
        self._proposals.cancel()

    # -- the network in use -------------------------------------------------------------------------------

    @Slot(object)
    def _on_project_opened(self, project: Project) -> None:
        self._renewal = Renewal()
        if self._load(project):
            self._parts.model.set_model(tr("Loading the network…"))
        else:
            self._proposals.unload()
            self._parts.model.set_model(None)

    @Slot()
    def _on_project_closed(self) -> None:
        self._proposals.unload()
        self._parts.model.set_model(None)
        self._hide_progress()

    @Slot()
    def _on_model_changed(self) -> None:
        project = self._session.project
        if project is None:
            return
        if project.current_round() is None:  # a new network is to be taught; what the one before proposed stays
            self._proposals.unload()
            self._parts.model.set_model(None)
            return
        proposed = [name for name in project.names if self._session.status(name) is Status.PROPOSED]
        lazily = self._learning.is_active
        self._renewal.model_changes(proposed, lazily)
        if not lazily:
            self._session.forget_proposals()
        self._load(project)

    @Slot(bool)
    def _on_channels_changed(self, is_shown_anew: bool) -> None:
        """A network that sees images as they are shown sees others now; one taught on channels does not."""
        project, sees = self._session.project, self._proposals.input
        if is_shown_anew and project is not None and sees is not None and not sees.is_measured:
            self._session.forget_proposals(keep_shown=False)
            self._load(project)

    def _load(self, project: Project) -> bool:
        """Load the network of the round in use; False where there is none."""
        current = project.current_round()
        if current is not None:
            self._proposals.load(project, Model(current.checkpoint, current.id))
        return current is not None

    @Slot(object)
    def _on_model_ready(self, model: Model) -> None:
        project = self._session.project
        if project is None:
            return
        self._parts.model.set_model(summary(project, model.round_id))
        self._ask_for_open_image()
        if self._renewal.is_overall:
            self._show_progress()
        self._proposals.request(self._renewal.model_is_ready())

    @Slot(object)
    def _on_model_failed(self, error: SegStudioError) -> None:
        self._parts.model.set_model(None)
        self._notifier.error(error)

    # -- proposals ----------------------------------------------------------------------------------------

    @Slot(object)
    def _on_image_opened(self, _opened: OpenImage) -> None:
        self._ask_for_open_image()

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
    def _on_failed(self, name: str, error: SegStudioError) -> None:
        self._renewal.done(name)
        if self._session.current is not None and self._session.current.name == name:
            self._notifier.error(error)

    def _show_progress(self) -> None:
        self._hide_progress()
        self._overall_since = time.monotonic()
        self._overall = self._parts.status.busy.start(tr("Proposing"), self._cancel)

    def _hide_progress(self) -> None:
        if self._overall is not None:
            self._overall.stop()
            self._overall = None

    @Slot(int, int)
    def _on_advanced(self, done: int, total: int) -> None:
        if self._overall is not None and total and done < total:
            spent = time.monotonic() - self._overall_since
            self._overall.set_progress(done, total, spent / done * (total - done) if done else None)
        else:
            self._hide_progress()
        if done >= total:
            self.caught_up.emit()
