"""Connects what steers the network with what it changes: the rare-classes slider. No logic of its own."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from segstudio.project.project import Status
from segstudio.services.predictor_thread import Model, ProposalService
from segstudio.services.session import Session
from segstudio.services.settings import BALANCE, LOOK_AHEAD, Settings
from segstudio.window_parts import WindowParts

_LIVE_MS = 100
"""While the slider moves, the open image is read off anew at most so often."""
_REST_MS = 500
"""A slider that has not moved for so long has come to rest."""


class SteerFlow(QObject):
    """Everything that steers."""

    def __init__(
        self,
        parts: WindowParts,
        session: Session,
        settings: Settings,
        proposals: ProposalService,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._session = session
        self._settings = settings
        self._proposals = proposals
        self._live = self._timer(_LIVE_MS, self._on_live)
        self._rest = self._timer(_REST_MS, self._on_rest)
        self._connect_balance()

    def _timer(self, milliseconds: int, then: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(then)
        return timer

    # -- rare classes -------------------------------------------------------------------------------------

    def _connect_balance(self) -> None:
        slider = self._parts.model.balance
        balance = self._settings.get(BALANCE)
        slider.set_balance(balance)
        self._proposals.set_balance(balance)
        slider.balance_changed.connect(self._on_balance_changed)
        self._proposals.model_ready.connect(self._on_model_ready)

    @Slot(object)
    def _on_model_ready(self, _model: Model) -> None:
        self._parts.model.balance.set_can_balance(self._proposals.can_balance)

    @Slot(float)
    def _on_balance_changed(self, balance: float) -> None:
        self._settings.set(BALANCE, balance)
        if not self._live.isActive():
            self._live.start()
        self._rest.start()

    @Slot()
    def _on_live(self) -> None:
        """The open image at once: its scores are kept, so the network need not look again."""
        self._proposals.set_balance(self._settings.get(BALANCE))
        if self._session.shown_proposal is not None and self._session.current is not None:
            self._proposals.request([self._session.current.name], first=True)

    @Slot()
    def _on_rest(self) -> None:
        """The others when the slider has come to rest: dropped, and the next ones asked for again."""
        self._session.forget_other_proposals(self._ask_ahead)

    def _ask_ahead(self) -> None:
        ahead = self._session.upcoming(self._settings.get(LOOK_AHEAD))
        self._proposals.request([name for name in ahead if self._session.status(name) is Status.UNLABELLED])
