"""Keeps the journals: every edit is appended before the next event is handled, and synced soon off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segstudio.core.errors import SaveError
from segstudio.project.journal import Journal
from segstudio.services.background import TaskRunner
from segstudio.services.open_image import OpenImage

_SYNC_MS = 500
"""Journal records reach the disk within this time after they were written."""


class Recorder(QObject):
    """Writes into the journals of open images."""

    lost = Signal(object, object)
    """OpenImage and SaveError: a record could not be written or synced; the work is still in memory."""
    synced = Signal()
    """Records have reached the disk."""

    def __init__(self, disk: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._disk = disk
        self._unsynced: dict[str, OpenImage] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SYNC_MS)
        self._timer.timeout.connect(self._on_due)

    def stop(self) -> None:
        """Sync nothing any more; closing a journal syncs it."""
        self._timer.stop()
        self._unsynced.clear()

    def record(self, opened: OpenImage, append: Callable[[Journal], None]) -> None:
        """Let `append` write to the journal of `opened`; where it cannot, `lost` says so and the image remembers."""
        if opened.journal is None:
            return
        try:
            append(opened.journal)
        except SaveError as error:
            opened.is_record_lost = True
            self.lost.emit(opened, error)
            return
        opened.is_record_lost = False
        self._unsynced[opened.name] = opened
        if not self._timer.isActive():
            self._timer.start()

    def mark(self, opened: OpenImage) -> int | None:
        """Mark in the journal which edits the label map holds that is about to be saved."""
        if opened.journal is None:
            return None
        try:
            return opened.journal.append_mark()
        except SaveError:
            return None  # saving will meet the same failure and tell it

    @Slot()
    def _on_due(self) -> None:
        due, self._unsynced = self._unsynced, {}
        for opened in due.values():
            if opened.journal is not None and opened.journal.needs_sync and not opened.journal.is_closed:
                self._disk.submit(opened.journal.sync, self._on_synced, partial(self.lost.emit, opened))

    def _on_synced(self, _nothing: None) -> None:
        self.synced.emit()
