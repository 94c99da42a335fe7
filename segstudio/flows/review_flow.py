"""Connects accepting proposals unreviewed with the menu, the question and the progress bar. No logic of its own."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from segstudio.actions import Actions
from segstudio.core.errors import SegStudioError
from segstudio.services.bulk_accept import BulkAccept
from segstudio.services.notifier import Notifier
from segstudio.services.session import Session
from segstudio.services.settings import UNREVIEWED_TEACH, Settings
from segstudio.services.translation import tr
from segstudio.widgets.bulk_accept_dialog import BulkAcceptDialog
from segstudio.window_parts import WindowParts


class ReviewFlow(QObject):
    """Everything around label maps that nobody has looked at."""

    ended = Signal()
    """Accepting in bulk is over: done, cancelled or failed."""

    def __init__(
        self,
        window: QWidget,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        settings: Settings,
        notifier: Notifier,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._settings = settings
        self._notifier = notifier
        self._bulk = BulkAccept(session, self)
        self._bulk.advanced.connect(parts.status.busy.set_progress)
        self._bulk.finished.connect(self._on_finished)
        self._bulk.failed.connect(self._on_failed)
        parts.status.cancel_clicked.connect(self._bulk.cancel)
        action = actions["accept_all"]
        action.triggered.connect(self.ask)
        session.project_opened.connect(lambda: action.setEnabled(True))
        session.project_closed.connect(lambda: action.setEnabled(False))
        action.setEnabled(False)

    def ask(self) -> None:
        """Ask whether all proposals are to be accepted unreviewed, where there are any."""
        names = self._bulk.candidates()
        if self._bulk.is_running:
            return
        if not names:
            self._notifier.info(tr("There are no proposals to accept. Model, Propose all makes them."))
            return
        dialog = BulkAcceptDialog(len(names), self._settings.get(UNREVIEWED_TEACH), self._window)
        dialog.accepted.connect(lambda: self._accept(names))
        dialog.open()

    def _accept(self, names: list[str]) -> None:
        self._parts.status.busy.start(tr("Accepting"))
        self._bulk.start(names)

    @Slot(int)
    def _on_finished(self, written: int) -> None:
        self._parts.status.busy.stop()
        self._notifier.success(tr("{count} proposals accepted unreviewed.", count=written))
        self.ended.emit()

    @Slot(object, int)
    def _on_failed(self, error: SegStudioError, written: int) -> None:
        self._parts.status.busy.stop()
        if written:
            self._notifier.info(tr("{count} proposals accepted unreviewed.", count=written))
        self._notifier.error(error)
        self.ended.emit()
