"""How many images of the open folder are accepted, and how many teach. Counted off the GUI thread."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project, Status
from segstudio.services.background import TaskRunner
from segstudio.services.settings import UNREVIEWED_TEACH, Settings

_log = logging.getLogger(__name__)


class Tally(QObject):
    """The counts of one folder at a time."""

    changed = Signal()
    """They are known, or other ones, now."""

    def __init__(self, runner: TaskRunner, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._settings = settings
        self._project: Project | None = None
        self.accepted = 0
        """Images accepted so far."""
        self.teaching = 0
        """Those of them that teach; 0 until their sides are known."""
        settings.changed.connect(self._on_setting_changed)

    def set_project(self, project: Project | None) -> None:
        """Count in `project` from now on; None forgets."""
        self._project = project
        self.accepted = self.teaching = 0
        self.count()

    def count(self) -> None:
        """Count again: sides that were never decided are decided now, which opens masks."""
        project = self._project
        if project is None:
            return
        include = self._settings.get(UNREVIEWED_TEACH)

        def counted() -> tuple[Project, int, int]:
            project.decide_sides(cancel=lambda: project is not self._project)
            accepted = sum(project.status(name) is Status.ACCEPTED for name in project.names)
            return project, accepted, len(project.teaching_names(include))

        self._runner.submit(counted, self._on_counted, _on_failed)

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        if key == UNREVIEWED_TEACH.key:
            self.count()

    def _on_counted(self, counted: tuple[Project, int, int]) -> None:
        project, accepted, teaching = counted
        if project is self._project:
            self.accepted, self.teaching = accepted, teaching
            self.changed.emit()


def _on_failed(error: SegStudioError) -> None:
    _log.info("not counted: %s", error)
