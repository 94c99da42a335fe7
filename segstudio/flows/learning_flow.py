"""Connects the learning that goes on while the person works with its switch, and keeps a trainer ready. No logic."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from segstudio.services.keep_learning import KeepLearning
from segstudio.services.predictor_thread import ProposalService
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.settings import KEEP_LEARNING, ROUND_COMMAND, WARM_TRAINER, Settings
from segstudio.window_parts import WindowParts


class LearningFlow(QObject):
    """Everything around learning by itself."""

    def __init__(
        self,
        parts: WindowParts,
        session: Session,
        settings: Settings,
        proposals: ProposalService,
        rounds: RoundRunner,
        learning: KeepLearning,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._switch = parts.model.keep_learning
        self._session = session
        self._settings = settings
        self._rounds = rounds
        self._learning = learning
        self._has_torch = False
        self._switch.toggled.connect(lambda is_on: settings.set(KEEP_LEARNING, is_on))
        settings.changed.connect(self._on_setting_changed)
        learning.changed.connect(self._show_state)
        proposals.imported.connect(self._on_imported)
        session.tally.changed.connect(self._keep_ready)
        for signal in (rounds.finished, rounds.failed, rounds.cancelled):
            signal.connect(self._keep_ready)
        self._take_setting()

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        if key == KEEP_LEARNING.key:
            self._take_setting()
        elif key in (WARM_TRAINER.key, ROUND_COMMAND.key):
            self._keep_ready()

    def _take_setting(self) -> None:
        is_on = self._settings.get(KEEP_LEARNING)
        self._switch.set_on(is_on)
        self._learning.set_on(is_on)
        self._show_state()

    @Slot()
    def _show_state(self) -> None:
        self._switch.set_state(self._learning.state, self._learning.lap)

    @Slot()
    def _on_imported(self) -> None:
        self._has_torch = True
        self._keep_ready()

    @Slot()
    def _keep_ready(self) -> None:
        """Let a trainer wait where a round can come: not before the window has torch, which it wants first."""
        is_wanted = self._settings.get(WARM_TRAINER) and not self._settings.get(ROUND_COMMAND)
        if not is_wanted or self._session.project is None:
            self._rounds.warm.stop()
        elif self._has_torch and self._session.tally.teaching and not self._rounds.is_running:
            self._rounds.warm.warm()
