"""A trainer that waits for its job: a child process that has torch imported before anybody clicks.

Owns the one that waits, and hands it over. It only imports, so what it costs meanwhile is the memory of that. What the
child does with its job, and how it ends, is its taker's (`FineTuneProcess`).
"""

from __future__ import annotations

import json
import logging

from PySide6.QtCore import QObject, QProcess, Signal, Slot

from segstudio.services.child_process import child_process
from segstudio.services.priority import let_others_go_first
from segstudio_training.command_line import READY_EVENT, WAITING_COMMAND, own_command

_log = logging.getLogger(__name__)

_PATIENCE_MS = 4000
"""How long the end of a killed child may take."""


class WarmTrainer(QObject):
    """At most one waiting child."""

    ready = Signal()
    """The waiting child has imported everything."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process: QProcess | None = None
        self._is_ready = False

    @property
    def is_ready(self) -> bool:
        """Whether a child waits that has imported everything."""
        return self._process is not None and self._is_ready

    @property
    def process_id(self) -> int:
        """The waiting child's process id, 0 where there is none."""
        return int(self._process.processId()) if self._process is not None else 0

    def warm(self) -> None:
        """Start a child that waits, unless one does."""
        if self._process is not None:
            return
        process = child_process(own_command([WAITING_COMMAND]), self)
        process.started.connect(self._on_started)
        process.readyReadStandardOutput.connect(self._on_output)
        process.finished.connect(self._on_gone)
        process.errorOccurred.connect(self._on_gone)
        self._process, self._is_ready = process, False
        process.start()

    def hand_over(self, arguments: list[str], parent: QObject) -> QProcess | None:
        """The waiting child, told to run ``segstudio`` `arguments`, as `parent`'s own; None where none waits.

        One that is still importing is handed over too: it is ahead of any that would be started now.
        """
        process = self._process
        if process is None or process.state() is QProcess.ProcessState.NotRunning:
            return None
        self._forget(process)
        process.setParent(parent)
        process.write(json.dumps({"arguments": arguments}).encode() + b"\n")
        return process

    def stop(self) -> None:
        """End the waiting child, which has nothing to lose, and wait for its end."""
        process = self._process
        if process is None:
            return
        self._forget(process)
        process.kill()
        process.waitForFinished(_PATIENCE_MS)
        process.deleteLater()

    @Slot()
    def _on_started(self) -> None:
        let_others_go_first(self.process_id)

    @Slot()
    def _on_output(self) -> None:
        assert self._process is not None
        while self._process.canReadLine():
            if READY_EVENT.encode() in bytes(self._process.readLine().data()):
                self._is_ready = True
                self.ready.emit()

    @Slot()
    def _on_gone(self) -> None:
        """It ended unasked, or could not be started: the next round starts a child of its own."""
        process = self._process
        if process is None or process.state() is not QProcess.ProcessState.NotRunning:
            return
        _log.info("the waiting trainer is gone: %s", process.errorString())
        self._forget(process)
        process.deleteLater()

    def _forget(self, process: QProcess) -> None:
        process.started.disconnect(self._on_started)
        process.readyReadStandardOutput.disconnect(self._on_output)
        process.finished.disconnect(self._on_gone)
        process.errorOccurred.disconnect(self._on_gone)
        self._process, self._is_ready = None, False
