"""Says whether a checkpoint can propose in a folder, before it becomes the folder's network.

The check runs in the predictor's thread, between two proposals, because it needs torch; nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot

from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project
from segstudio.services.predictor_thread import ProposalService


@dataclass(frozen=True)
class Candidate:
    """The checkpoint at `path`, for `project`."""

    project: Project
    path: Path


class CheckpointCheck(QObject):
    """Checks one checkpoint after the other."""

    passed = Signal(object)
    """Candidate: it can be loaded, and knows classes of its project."""
    failed = Signal(object)
    """SegStudioError: it cannot be used, and why."""

    _check = Signal(object)

    def __init__(self, proposals: ProposalService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = _Worker()
        proposals.take_in(self._worker)
        self._check.connect(self._worker.on_check, Qt.ConnectionType.QueuedConnection)
        self._worker.passed.connect(self.passed)
        self._worker.failed.connect(self.failed)

    def start(self, project: Project, path: Path) -> None:
        """Check the checkpoint at `path`; `passed` or `failed` follows."""
        self._check.emit(Candidate(project, path))


class _Worker(QObject):
    passed = Signal(object)
    failed = Signal(object)

    @Slot(object)
    def on_check(self, candidate: Candidate) -> None:
        """Read the file whole, and fit it to the project's classes."""
        from segstudio_training.checkpoint import follow_classes, load_checkpoint

        try:
            follow_classes(load_checkpoint(candidate.path), candidate.project.classes)
        except SegStudioError as error:
            self.failed.emit(error)
        else:
            self.passed.emit(candidate)
