"""How many images of the open folder are accepted, how many teach, and how long the rest will take.

Counted off the GUI thread.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.core.errors import Cancelled, SegStudioError
from segstudio.project.project import Project, Status
from segstudio.services.background import TaskRunner
from segstudio.services.settings import UNREVIEWED_TEACH, Settings

_log = logging.getLogger(__name__)

_FORESEEN_FROM = 3
"""From so many accepted images on that a person spent time on, the time that the rest takes is told."""


@dataclass(frozen=True)
class _Counts:
    project: Project
    accepted: int
    teaching: int
    seconds_left: float | None


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
        self.seconds_left: float | None = None
        """How long the other images will take a person; None where nobody knows yet, or nothing is left."""
        self._is_counting = self._is_due = False
        settings.changed.connect(self._on_setting_changed)

    def set_project(self, project: Project | None) -> None:
        """Count in `project` from now on; None forgets."""
        self._project = project
        self.accepted = self.teaching = 0
        self.seconds_left = None
        self.count()

    def count(self) -> None:
        """Count again: sides that were never decided are decided now, which opens masks.

        That may take minutes, so it gives way to whatever else waits in the thread, and goes on behind that.
        """
        project = self._project
        if project is None:
            return
        if self._is_counting:
            self._is_due = True
            return
        self._is_counting, self._is_due = True, False
        include = self._settings.get(UNREVIEWED_TEACH)

        def counted() -> _Counts:
            try:
                project.decide_sides(cancel=lambda: project is not self._project or self._runner.waiting > 1)
                accepted = [name for name in project.names if project.status(name) is Status.ACCEPTED]
                teaching = project.teaching_names(include)
                return _Counts(project, len(accepted), len(teaching), _seconds_left(project, accepted))
            finally:
                self._is_counting = False

        self._runner.submit(counted, self._on_counted, partial(self._on_failed, project))

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        if key == UNREVIEWED_TEACH.key:
            self.count()

    def _on_counted(self, counts: _Counts) -> None:
        if counts.project is self._project:
            self.accepted, self.teaching, self.seconds_left = counts.accepted, counts.teaching, counts.seconds_left
            self.changed.emit()
        if self._is_due:
            self.count()

    def _on_failed(self, project: Project, error: SegStudioError) -> None:
        gave_way = isinstance(error, Cancelled) and project is self._project
        if not isinstance(error, Cancelled):
            _log.info("not counted: %s", error)
        if gave_way or self._is_due:
            self.count()


def _seconds_left(project: Project, accepted: list[str]) -> float | None:
    """What the images that are not accepted will take if each takes as long as those that are did."""
    spent = project.seconds_spent()
    taken = [spent[name] for name in accepted if name in spent]
    left = len(project.names) - len(accepted)
    return fmean(taken) * left if left and len(taken) >= _FORESEEN_FROM else None
