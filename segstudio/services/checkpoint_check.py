"""Says whether a checkpoint can propose in a folder, before it becomes the folder's network.

The check runs in the predictor's thread, between two proposals, because it needs torch; nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project
from segstudio.services.predictor_thread import ProposalService


@dataclass(frozen=True)
class Candidate:
    """The checkpoint at `path`, for `project`.

    Attributes:
        is_scored_here: whether the scores in it are of the project's held-out images.
        scores: those scores, once it has been read; None where they are of other images, or of other classes.
    """

    project: Project
    path: Path
    is_scored_here: bool = False
    scores: dict[str, Any] | None = None


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

    def start(self, candidate: Candidate) -> None:
        """Check the candidate; `passed` or `failed` follows."""
        self._check.emit(candidate)


class _Worker(QObject):
    passed = Signal(object)
    failed = Signal(object)

    @Slot(object)
    def on_check(self, candidate: Candidate) -> None:
        """Read the file whole, and fit it to the project's classes."""
        from segstudio_training.checkpoint import follow_classes, load_checkpoint

        try:
            checkpoint = follow_classes(load_checkpoint(candidate.path), candidate.project.classes)
        except SegStudioError as error:
            self.failed.emit(error)
        else:
            scores = checkpoint.scores or None
            self.passed.emit(replace(candidate, scores=scores if candidate.is_scored_here else None))
