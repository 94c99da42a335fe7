"""Opens folders in the background. Of several that were asked for only the newest counts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project
from segstudio.services.background import TaskRunner


class FolderOpener(QObject):
    """Remembers what was asked for last.

    A project lists its drafts and journals when it opens. So one that arrives late must never follow another on the
    same folder, whose strokes it would know nothing of and write over.
    """

    opened = Signal(object)
    """Project."""
    failed = Signal(object, object)
    """Path of the folder and SegStudioError: it cannot be opened."""

    def __init__(self, runner: TaskRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._generation = 0
        self._opening: tuple[Path, Path | None] | None = None

    def open(self, root: Path, workspace: Path | None, pixel_limit: int) -> None:
        """Open `root`; `opened` or `failed` follows, unless another folder is asked for before that.

        A folder that is being opened already is not opened twice.
        """
        wish = (root.resolve(), workspace)
        if wish == self._opening:
            return
        self._opening = wish
        self._generation += 1
        self._runner.submit(
            lambda: Project.open(root, workspace, pixel_limit),
            partial(self._on_opened, self._generation),
            partial(self._on_failed, self._generation, root),
        )

    def _on_opened(self, generation: int, project: Project) -> None:
        if generation == self._generation:
            self._opening = None
            self.opened.emit(project)
        else:
            self._runner.submit(project.close)

    def _on_failed(self, generation: int, root: Path, error: SegStudioError) -> None:
        if generation == self._generation:
            self._opening = None
            self.failed.emit(root, error)
