"""Connects the choice of channels with the open image, the folder that keeps it, and the network in use."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from segstudio.actions import Actions
from segstudio.core.errors import SegStudioError
from segstudio.project.channels import ChannelChoice, NetworkInput
from segstudio.services.notifier import Notifier
from segstudio.services.open_image import OpenImage
from segstudio.services.predictor_thread import ProposalService
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.translation import tr
from segstudio.window_parts import WindowParts

_REST_MS = 150
"""Each change of what is shown reads the image again: a choice that is scrolled through is taken once it rests."""


class ChannelsFlow(QObject):
    """There is a choice only where the open image has two channels, or more than three."""

    def __init__(
        self,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        notifier: Notifier,
        proposals: ProposalService,
        rounds: RoundRunner,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._panel, self._action = parts.channels, actions["channels"]
        self._session, self._notifier, self._proposals, self._rounds = session, notifier, proposals, rounds
        self._resting: ChannelChoice | None = None
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._take_up)
        self._action.setEnabled(False)
        self._action.toggled.connect(self._on_toggled)
        self._panel.closed.connect(lambda: self._action.setChecked(False))
        self._panel.choice_changed.connect(self._on_choice_changed)
        self._panel.new_network_clicked.connect(self._on_new_network)
        session.image_opened.connect(self._on_image_opened)
        session.closing.connect(self._take_up)
        session.project_closed.connect(self._on_project_closed)
        for changed in (
            session.channels_changed,
            proposals.model_ready,
            proposals.model_failed,
            rounds.model_changed,
            rounds.started,
            rounds.finished,
            rounds.failed,
            rounds.cancelled,
        ):
            changed.connect(self._say_what_the_network_sees)

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        self._panel.setVisible(shown)
        if shown:
            self._panel.place()
            self._panel.raise_()

    @Slot(object)
    def _on_image_opened(self, opened: OpenImage | None) -> None:
        self._take_up()
        names = opened.channel_names if opened is not None else ()
        self._action.setEnabled(bool(names))
        project = self._session.project
        if not names or project is None:
            self._action.setChecked(False)
            return
        self._panel.set_channels(names)
        self._panel.set_choice(project.folder.channels)
        self._say_what_the_network_sees()

    @Slot()
    def _on_project_closed(self) -> None:
        self._action.setChecked(False)
        self._action.setEnabled(False)

    @Slot(object)
    def _on_choice_changed(self, choice: ChannelChoice) -> None:
        project = self._session.project
        if project is None:
            return
        self._resting, present = choice, project.folder.channels
        if choice.network is present.network and choice.shown != present.shown:
            self._rest.start()
        else:
            self._take_up()

    @Slot()
    def _take_up(self) -> None:
        """Take up what was chosen last, if that was not done yet."""
        choice, self._resting = self._resting, None
        self._rest.stop()
        if choice is not None:
            self._session.set_channels(choice)

    @Slot()
    def _on_new_network(self) -> None:
        project = self._session.project
        if project is None or self._rounds.is_running:
            return
        try:
            self._rounds.use_none(project)
        except SegStudioError as error:
            self._notifier.error(error)

    @Slot()
    def _say_what_the_network_sees(self) -> None:
        project, opened = self._session.project, self._session.current
        if project is None or opened is None or not opened.channel_names:
            return
        choice, sees = project.folder.channels, self._proposals.input
        if project.current_round() is None:
            self._panel.set_network(
                tr("There is no network yet. The first round teaches one on what is chosen here."), False
            )
            return
        if sees is None:
            self._panel.set_network("", False)
            return
        if not sees.is_measured:
            text, fits = (
                tr("The present network sees the picture as it is shown."),
                choice.network is NetworkInput.SHOWN,
            )
        elif sees.channels:
            listed = ", ".join(map(str, sees.channels))
            text, fits = tr("The present network sees channels {list}.", list=listed), sees.channels == choice.taught
        else:
            text = tr("The present network sees {count} channels, from 0 on.", count=sees.count)
            fits = not choice.taught
        if not fits:
            text = tr("{sees} It cannot see others: what is chosen here takes a new network.", sees=text)
        self._panel.set_network(text, not fits and not self._rounds.is_running)
