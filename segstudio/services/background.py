"""Plain functions run off the GUI thread, their results delivered back in it.

A task gets copies, never the Document. Its result arrives in the event loop of the thread that owns the runner;
after `close` nothing arrives any more.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from segstudio.core.errors import SegStudioError
from segstudio.services.priority import let_others_go_first

_log = logging.getLogger(__name__)


@dataclass
class Task:
    """One submitted function and what to do with its result."""

    work: Callable[[], Any]
    done: Callable[[Any], None] | None
    failed: Callable[[SegStudioError], None] | None
    is_cancelled: bool = False

    def cancel(self) -> None:
        """Drop the result, and do not start the work where it has not begun."""
        self.is_cancelled = True


@dataclass
class _Outcome:
    task: Task
    result: Any = None
    error: BaseException | None = None


class _Job(QRunnable):
    def __init__(self, task: Task, deliver: Callable[[_Outcome], None]) -> None:
        super().__init__()
        self._task = task
        self._deliver = deliver

    def run(self) -> None:
        let_others_go_first(threading.get_native_id())
        outcome = _Outcome(self._task)
        if not self._task.is_cancelled:
            try:
                outcome.result = self._task.work()
            except Exception as error:  # noqa: BLE001 - carried to the GUI thread and raised there
                outcome.error = error
        self._deliver(outcome)


class TaskRunner(QObject):
    """A small pool of threads. With one thread the tasks run strictly in the order they were submitted."""

    _finished = Signal(object)

    def __init__(self, threads: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._pool.setExpiryTimeout(-1)  # starting a thread costs the caller more than keeping one
        self._waiting = 0
        self._closed = False
        self._finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)

    @property
    def waiting(self) -> int:
        """How many submitted tasks have not been delivered yet."""
        return self._waiting

    def submit(
        self,
        work: Callable[[], Any],
        done: Callable[[Any], None] | None = None,
        failed: Callable[[SegStudioError], None] | None = None,
    ) -> Task:
        """Run `work` in the pool; then call `done` with its result, or `failed` with its `SegStudioError`, here.

        Any other exception is raised in this thread's event loop, where the crash handler sees it.
        """
        task = Task(work, done, failed)
        self._waiting += 1
        self._pool.start(_Job(task, self._finished.emit))
        return task

    def close(self) -> None:
        """Wait for the running and the queued work; deliver nothing any more."""
        self._closed = True
        self._pool.waitForDone()

    def wait(self) -> None:
        """Wait until the work submitted so far is done (its delivery may still be queued)."""
        self._pool.waitForDone()

    @Slot(object)
    def _on_finished(self, outcome: _Outcome) -> None:
        self._waiting -= 1
        task = outcome.task
        if self._closed or task.is_cancelled:
            return
        if outcome.error is None:
            if task.done is not None:
                task.done(outcome.result)
        elif isinstance(outcome.error, SegStudioError) and task.failed is not None:
            task.failed(outcome.error)
        else:
            raise outcome.error
