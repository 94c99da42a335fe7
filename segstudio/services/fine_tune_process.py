"""One round of fine-tuning in a child process.

Owns the child: its command, its events (JSON lines on stdout), cancelling it, and telling how it ended. A crash or an
out-of-memory kill costs the round and nothing else. It knows nothing of projects or gates. Where a round command is set
the child is that (ssh, say), and the round runs wherever it leads.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, QTimer, Signal, Slot

from segstudio.core.errors import TrainingError, marked
from segstudio.services.child_process import child_process
from segstudio.services.priority import let_others_go_first
from segstudio.services.round_command import far_command
from segstudio.services.warm_trainer import WarmTrainer
from segstudio_training.command_line import READY_EVENT, own_command

_log = logging.getLogger(__name__)

_PATIENCE_MS = 4000
"""How long a cancelled child may take to end by itself before it is killed."""

_FAR_PATIENCE_MS = 10_000
"""The same for a round elsewhere, which hears of it through its standard input or a file in the shared folder."""

_KEPT_STDERR = 4000


class FineTuneProcess(QObject):
    """Runs ``segstudio train … --events`` once at a time."""

    reported = Signal(dict)
    """One event of the child, as the training floor describes them."""
    finished = Signal(dict)
    """The `done` event: the round is complete and its checkpoint written."""
    failed = Signal(object)
    """TrainingError: the round is lost, nothing else."""
    cancelled = Signal()
    """The child ended because the person asked for it."""

    def __init__(self, parent: QObject | None = None, warm: WarmTrainer | None = None) -> None:
        """`warm` may have a child waiting, which then takes the round; else a child is started for it."""
        super().__init__(parent)
        self._warm = warm
        self._process: QProcess | None = None
        self._pending = b""
        self._stderr = b""
        self._done: dict[str, Any] | None = None
        self._error = ""
        self._is_cancelling = False
        self._cancel_file: Path | None = None
        self._killer = QTimer(self)
        self._killer.setSingleShot(True)
        self._killer.timeout.connect(self._on_out_of_patience)

    @property
    def is_running(self) -> bool:
        """Whether a round is under way."""
        return self._process is not None

    @property
    def process_id(self) -> int:
        """The child's process id, 0 where there is none."""
        return int(self._process.processId()) if self._process is not None else 0

    def start(self, arguments: list[str], round_command: str = "", cancel_file: Path | None = None) -> None:
        """Start the child with ``segstudio`` `arguments` (which include ``train`` and ``--events``).

        Args:
            arguments: the same on this machine and elsewhere.
            round_command: how to run the round elsewhere (see `round_command`); empty: here.
            cancel_file: where a round elsewhere looks for the wish to stop.

        Raises:
            RuntimeError: a round is under way.
            InputError: a round command that makes no sense.
        """
        if self._process is not None:
            raise RuntimeError("a round is under way already")
        is_far = bool(round_command.strip())
        command = far_command(round_command, arguments) if is_far else own_command(arguments)
        self._cancel_file = cancel_file if is_far else None
        self._killer.setInterval(_FAR_PATIENCE_MS if is_far else _PATIENCE_MS)
        self._pending = self._stderr = b""
        self._done, self._error, self._is_cancelling = None, "", False
        waiting = self._warm.hand_over(arguments, self) if self._warm is not None and not is_far else None
        process = waiting or child_process(command, self, is_here=not is_far)
        process.readyReadStandardOutput.connect(self._on_output)
        process.readyReadStandardError.connect(self._on_error_output)
        process.started.connect(self._on_started)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_process_error)
        self._process = process
        if waiting is None:
            process.start()

    def cancel(self) -> None:
        """Ask the child to stop; it is killed where it does not within a few seconds."""
        if self._process is None or self._is_cancelling:
            return
        self._is_cancelling = True
        self._tell_to_stop()
        if self._cancel_file is None:  # ending ssh now would leave nobody to tell that the round elsewhere has stopped
            self._process.terminate()
        self._killer.start()

    def stop(self) -> None:
        """Cancel and wait for the end of the child; nothing is signalled. For quitting."""
        if self._process is None:
            return
        process = self._process
        process.finished.disconnect(self._on_finished)
        process.errorOccurred.disconnect(self._on_process_error)
        self._tell_to_stop()
        process.terminate()
        if not process.waitForFinished(_PATIENCE_MS):
            process.kill()
            process.waitForFinished(_PATIENCE_MS)
        self._forget_process()

    def _tell_to_stop(self) -> None:
        assert self._process is not None
        self._process.closeWriteChannel()
        if self._cancel_file is not None:
            try:
                self._cancel_file.touch()
            except OSError as error:
                _log.info("%s cannot be written: %s", self._cancel_file, error)

    @Slot()
    def _on_started(self) -> None:
        let_others_go_first(self.process_id)

    @Slot()
    def _on_output(self) -> None:
        assert self._process is not None
        self._pending += bytes(self._process.readAllStandardOutput().data())
        *lines, self._pending = self._pending.split(b"\n")
        for line in lines:
            self._take_line(line)

    @Slot()
    def _on_error_output(self) -> None:
        assert self._process is not None
        self._stderr = (self._stderr + bytes(self._process.readAllStandardError().data()))[-_KEPT_STDERR:]

    def _take_line(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            _log.info("the trainer said: %s", line.decode(errors="replace"))
            return
        if not isinstance(event, dict) or event.get("event") == READY_EVENT:
            return
        kind = event.get("event")
        if kind == "done":
            self._done = event
        elif kind == "error":
            self._error = str(event.get("message", ""))
        self.reported.emit(event)

    @Slot()
    def _on_out_of_patience(self) -> None:
        if self._process is not None:
            self._process.kill()

    @Slot(QProcess.ProcessError)
    def _on_process_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            program = Path(self._process.program()).name if self._process is not None else ""
            self._forget_process()
            told = (
                marked("The training program {program} cannot be started.")
                if self._cancel_file is None
                else marked("The round command's {program} cannot be started. Correct the round command in Settings.")
            )
            self.failed.emit(TrainingError(told, program=program))

    @Slot(int, QProcess.ExitStatus)
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_error_output()
        done, cancelled = self._done, self._is_cancelling
        self._forget_process()
        if done is not None and code == 0 and status is QProcess.ExitStatus.NormalExit:
            self.finished.emit(done)
        elif cancelled:
            self.cancelled.emit()
        else:
            self.failed.emit(self._why(code, status))

    def _why(self, code: int, status: QProcess.ExitStatus) -> TrainingError:
        """The sentence for how the child ended."""
        _log.info("the trainer ended with %s: %s", code, self._stderr.decode(errors="replace"))
        if self._error:
            return TrainingError(marked("{reason}"), reason=self._error)
        if status is QProcess.ExitStatus.CrashExit:
            return TrainingError(
                marked(
                    "The training process was killed, perhaps for want of memory. Your masks and the network in use "
                    "are untouched; try again with fewer or smaller images."
                )
            )
        lines = self._stderr.decode(errors="replace").strip().splitlines()
        return TrainingError(
            marked("Training ended with an error ({reason}). Your masks and the network in use are untouched."),
            reason=lines[-1] if lines else f"exit code {code}",
        )

    def _forget_process(self) -> None:
        self._killer.stop()
        if self._process is not None:
            self._process.deleteLater()
            self._process = None
