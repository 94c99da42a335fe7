"""Connects how proposals are read off the network's scores with what steers it: balance, least island, borders."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from segstudio.project.project import Status
from segstudio.services.keep_learning import KeepLearning
from segstudio.services.predictor_thread import Model, ProposalService
from segstudio.services.session import Session
from segstudio.services.settings import BALANCE, FOLLOW_EDGES, KEEP_THIN, LOOK_AHEAD, MIN_ISLAND, Settings
from segstudio.window_parts import WindowParts
from segstudio_training.reading import Reading

_LIVE_MS = 100
"""While a slider moves, the open image is read off anew at most so often."""
_REST_MS = 500
"""A slider that has not moved for so long has come to rest."""


class ReadingFlow(QObject):
    """One `Reading`, kept in the settings; the proposals follow it."""

    def __init__(
        self,
        parts: WindowParts,
        session: Session,
        settings: Settings,
        proposals: ProposalService,
        learning: KeepLearning,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._session = session
        self._settings = settings
        self._proposals = proposals
        self._learning = learning
        self._is_due = False
        self._live = self._timer(_LIVE_MS, self._on_live)
        self._rest = self._timer(_REST_MS, self._on_rest)
        parts.model.balance.set_balance(settings.get(BALANCE))
        parts.model.specks.set_island(settings.get(MIN_ISLAND))
        proposals.set_reading(self._wanted())
        parts.model.balance.balance_changed.connect(self._on_balance_changed)
        parts.model.specks.island_changed.connect(self._on_island_changed)
        proposals.model_ready.connect(self._on_model_ready)

    def _timer(self, milliseconds: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(then)
        return timer

    def _wanted(self) -> Reading:
        get = self._settings.get
        return Reading(get(MIN_ISLAND), get(BALANCE), get(KEEP_THIN), get(FOLLOW_EDGES))

    @Slot()
    def take_up(self) -> None:
        """Follow the settings, which may have changed."""
        self._parts.model.specks.set_island(self._settings.get(MIN_ISLAND))
        if self._wanted() != self._proposals.reading:
            self._on_live()
            self._rest.start()

    @Slot(object)
    def _on_model_ready(self, _model: Model) -> None:
        self._parts.model.balance.set_can_balance(self._proposals.can_balance)
        if self._is_due:
            self._on_rest()

    @Slot(float)
    def _on_balance_changed(self, balance: float) -> None:
        self._settings.set(BALANCE, balance)
        self._steered()

    @Slot(int)
    def _on_island_changed(self, pixels: int) -> None:
        self._settings.set(MIN_ISLAND, pixels)
        self._steered()

    def _steered(self) -> None:
        if not self._live.isActive():
            self._live.start()
        self._rest.start()

    @Slot()
    def _on_live(self) -> None:
        """The open image at once: its scores are kept, so the network need not look again."""
        self._proposals.set_reading(self._wanted())
        if self._session.shown_proposal is not None and self._session.current is not None:
            self._proposals.request([self._session.current.name], first=True)

    @Slot()
    def _on_rest(self) -> None:
        """The others when the slider has come to rest: dropped, and asked for again, the next ones first.

        Not while there is no network that could make them anew: then they wait for it.
        """
        self._is_due = self._proposals.model is None
        if not self._is_due:
            self._on_live()  # the open image may be another one than when the slider moved
            self._session.forget_other_proposals(self._ask_again)

    def _ask_again(self, dropped: list[str]) -> None:
        """While it goes on learning the machine's time belongs to that: images further on wait till they come near."""
        ahead = self._session.upcoming(self._settings.get(LOOK_AHEAD))
        wanted = [name for name in ahead if self._session.status(name) is Status.UNLABELLED]
        self._proposals.request(wanted if self._learning.is_active else dict.fromkeys([*wanted, *dropped]))
