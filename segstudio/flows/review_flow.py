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
from segstudio.widgets.status_bar import BusyJob
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
        self._job: BusyJob | None = None
        self._bulk.finished.connect(self._on_finished)
        self._bulk.failed.connect(self._on_failed)
        action = actions["accept_all"]
        action.triggered.connect(self.ask)
        session.project_opened.connect(lambda: action.setEnabled(True))
        session.project_closed.connect(lambda: action.setEnabled(False))
        session.project_closed.connect(self._hide_progress)
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
        self._hide_progress()
        self._job = self._parts.status.busy.start(tr("Accepting"), self._bulk.cancel)
        self._bulk.advanced.connect(self._job.set_progress)
        self._bulk.start(names)

    @Slot()
    def _hide_progress(self) -> None:
        if self._job is not None:
            self._bulk.advanced.disconnect(self._job.set_progress)
            self._job.stop()
            self._job = None

    @Slot(int)
    def _on_finished(self, written: int) -> None:
        self._hide_progress()
        self._notifier.success(_accepted(written))
        self.ended.emit()

    @Slot(object, int)
    def _on_failed(self, error: SegStudioError, written: int) -> None:
        self._hide_progress()
        if written:
            self._notifier.info(_accepted(written))
        self._notifier.error(error)
        self.ended.emit()


def _accepted(written: int) -> str:
    if written == 1:
        return tr("1 proposal accepted unreviewed.")
    return tr("{count} proposals accepted unreviewed.", count=written)
