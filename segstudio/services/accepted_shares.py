"""How much of the accepted images' pixels each class has, counted in the background and kept up to date."""

from __future__ import annotations

import logging
import threading
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from segstudio.core.class_table import VOID
from segstudio.core.errors import InputError, SegStudioError
from segstudio.project.project import Project, Status
from segstudio.services.background import TaskRunner

_log = logging.getLogger(__name__)

COUNTED_AT_MOST = 200
"""In a folder with more accepted images so many are counted, evenly spread: a share needs no more."""
_COUNTED_PIXELS = 250_000
"""Of an image so many pixels are counted, on a grid."""

Counts = npt.NDArray[np.int64]


class AcceptedShares(QObject):
    """Counts for one project at a time."""

    changed = Signal()
    """`shares` may be others now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(1, self)
        self._project: Project | None = None
        self._counts: dict[str, Counts] = {}
        self._stop = threading.Event()

    def set_project(self, project: Project | None) -> None:
        """Count the accepted images of `project`; None: forget everything."""
        self._stop.set()
        self._stop = threading.Event()
        self._project, self._counts = project, {}
        if project is not None:
            counted = partial(_counted, project, self._stop)
            self._runner.submit(counted, partial(self._on_counted, project), self._on_lost)
        self.changed.emit()

    @Slot(str)
    def count_again(self, name: str) -> None:
        """The image `name` was accepted."""
        project = self._project
        if project is not None:
            self._runner.submit(
                lambda: {name: _count(project, name)}, partial(self._on_counted, project), self._on_lost
            )

    @Slot(list)
    def count_all_again(self, names: list[str]) -> None:
        """The masks of `names` are others now; those that were not among the counted ones stay so."""
        for name in names:
            if name in self._counts:
                self.count_again(name)

    def shares(self) -> dict[str, float]:
        """The share (0 to 1) of the labelled pixels of each class, by name; empty where none is counted yet."""
        total = sum(self._counts.values(), np.zeros(VOID + 1, np.int64))
        if self._project is None or not total[:VOID].sum():
            return {}
        names = self._project.classes.names
        return {name: float(total[index] / total[:VOID].sum()) for index, name in enumerate(names)}

    def stop(self) -> None:
        """End the counting; for quitting."""
        self._stop.set()
        self._runner.close()

    def _on_counted(self, project: Project, counts: dict[str, Counts]) -> None:
        if project is self._project:
            self._counts |= counts
            self.changed.emit()

    def _on_lost(self, error: SegStudioError) -> None:
        _log.info("an accepted image was not counted: %s", error)


def _counted(project: Project, stop: threading.Event) -> dict[str, Counts]:
    accepted = [name for name in project.names if project.status(name) is Status.ACCEPTED]
    step = max(1, len(accepted) // COUNTED_AT_MOST)
    counts: dict[str, Counts] = {}
    for name in accepted[::step]:
        if stop.is_set():
            break
        try:
            counts[name] = _count(project, name)
        except InputError as error:  # opening it tells what is wrong with it
            _log.info("an accepted image was not counted: %s", error)
    return counts


def _count(project: Project, name: str) -> Counts:
    labels = project.folder.read_label_map(name)
    step = max(1, round((labels.size / _COUNTED_PIXELS) ** 0.5))
    return np.bincount(labels[::step, ::step].reshape(-1), minlength=VOID + 1)
