"""Accepting many proposals that nobody has looked at: one after the other, behind what else is written.

Owns the order and the giving up. Which masks may be written, and that they are marked as unreviewed, is the project's
part. An image that is open, or holds work that is not on the disk, is passed over.
"""

from __future__ import annotations

import logging
from collections import deque
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.core.errors import SaveError, SegStudioError, marked
from segstudio.project.project import Project, Status
from segstudio.services.session import Session

_log = logging.getLogger(__name__)


class BulkAccept(QObject):
    """One run at a time, for the open folder."""

    advanced = Signal(int, int)
    """How many images are done, of how many."""
    finished = Signal(int)
    """How many masks were written; fewer than were asked for where it was cancelled."""
    failed = Signal(object, int)
    """SegStudioError: it stopped there; and how many masks were written before."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: deque[str] = deque()
        self._run = 0
        self._total = self._written = 0
        self.is_running = False
        session.closing.connect(self._on_closing)

    def candidates(self) -> list[str]:
        """The images that have nothing but a proposal, the open one excepted: somebody is looking at that."""
        project, current = self._session.project, self._session.current
        if project is None:
            return []
        opened = current.name if current is not None else None
        return [name for name in project.names if name != opened and self._session.status(name) is Status.PROPOSED]

    def start(self, names: list[str]) -> None:
        """Begin to accept the proposals of `names`; `finished` or `failed` follows, unless the folder is closed."""
        if self.is_running or self._session.project is None:
            return
        self.is_running = True
        self._run += 1
        self._waiting = deque(names)
        self._total, self._written = len(names), 0
        self._go_on()

    def cancel(self) -> None:
        """Leave what is not written yet as it was."""
        self._waiting.clear()

    def _go_on(self) -> None:
        project = self._session.project
        while self._waiting and project is not None:
            name = self._waiting.popleft()
            self.advanced.emit(self._total - len(self._waiting) - 1, self._total)
            if self._session.set_aside(name):
                self._session.write(
                    partial(_accept, project, name),
                    partial(self._on_written, self._run, name),
                    partial(self._on_failed, self._run, name),
                )
                return
        self.is_running = False
        self._session.tally.count()
        self.finished.emit(self._written)

    def _on_written(self, run: int, name: str, written: list[str]) -> None:
        if run == self._run and self.is_running:
            self._written += len(written)
            self._session.put_back(name)
            self._go_on()

    def _on_failed(self, run: int, name: str, error: SegStudioError) -> None:
        if run == self._run and self.is_running:
            self.is_running = False
            self._waiting.clear()
            self._session.put_back(name)
            self._session.tally.count()
            self.failed.emit(error, self._written)

    @Slot()
    def _on_closing(self) -> None:
        self._waiting.clear()
        self.is_running = False


def _accept(project: Project, name: str) -> list[str]:
    """Accept one proposal; runs in the thread that writes. Whatever goes wrong is a SegStudioError."""
    try:
        return project.accept_unreviewed([name])
    except SegStudioError:
        raise
    except Exception as error:
        _log.exception("the proposal for image %s could not be accepted", name)
        raise SaveError(
            marked("The proposal for {name} cannot be accepted: an unexpected error, which the log tells."), name=name
        ) from error
