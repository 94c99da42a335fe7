"""What a change of two classes would change, found out in the background: pixels counted, small pictures made.

Counts every label of every image once, so that another choice of classes asks for no second look. It changes nothing.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from segstudio.core.class_change import ClassChange
from segstudio.core.class_table import ClassTable
from segstudio.core.errors import SegStudioError
from segstudio.core.label_map import Labels
from segstudio.project.class_counts import ImageCounts, count_image, counted
from segstudio.project.images import upright
from segstudio.project.project import Project
from segstudio.services.background import TaskRunner
from segstudio.services.thumbnails import blended

_log = logging.getLogger(__name__)

_TOLD_EVERY = 8
"""Progress is told after so many images."""


@dataclass(frozen=True)
class SmallPicture:
    """An image and its labels, at most `side` pixels wide and high and upright: (h, w, 3) and (h, w) uint8."""

    name: str
    side: int
    picture: npt.NDArray[np.uint8]
    labels: Labels

    def before_and_after(self, change: ClassChange, classes: ClassTable) -> tuple[QImage, QImage]:
        """The image under its labels, as they are and as `change` would make them."""
        return (
            _as_image(blended(self.picture, self.labels, classes)),
            _as_image(blended(self.picture, change.changed(self.labels), classes)),
        )


class ClassSurvey(QObject):
    """For one question at a time; what is still owed when it is over (`forget`) is dropped."""

    advanced = Signal(int, int)
    """How many images are counted, of how many."""
    counted_all = Signal(list)
    """list[ImageCounts]: of all images that have a label map."""
    counted_one = Signal(object)
    """dict[int, int]: pixels by label of the labels given to `look_at`."""
    pictured = Signal(object)
    """SmallPicture."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(1, self)
        self._stop = threading.Event()

    def count(self, project: Project) -> None:
        """Count all images; `counted_all` follows."""
        stop = self._stop
        self._runner.submit(
            partial(self._counted, project, stop),
            lambda counts: None if stop.is_set() else self.counted_all.emit(counts),
        )

    def look_at(self, project: Project, name: str, labels: Labels, side: int) -> None:
        """Count `labels`, a copy of what is seen of image `name`, and make a picture of them of `side` pixels."""
        stop = self._stop
        self._runner.submit(
            partial(counted, labels), lambda counts: None if stop.is_set() else self.counted_one.emit(counts)
        )
        self._picture(project, name, side, labels)

    def picture(self, project: Project, names: list[str], side: int) -> None:
        """Make pictures, at most `side` pixels wide and high, of what is kept of the images `names`."""
        for name in names:
            self._picture(project, name, side, None)

    def forget(self) -> None:
        """Nobody waits for an answer any more."""
        self._stop.set()
        self._stop = threading.Event()

    def stop(self) -> None:
        """End the thread; for quitting."""
        self._stop.set()
        self._runner.close()

    def _picture(self, project: Project, name: str, side: int, labels: Labels | None) -> None:
        stop = self._stop
        self._runner.submit(
            lambda: None if stop.is_set() else _small_picture(project, name, side, labels),
            lambda made: None if stop.is_set() or made is None else self.pictured.emit(made),
            lambda error: _log.info("no picture of an image: %s", error),  # opening it tells what is wrong with it
        )

    def _counted(self, project: Project, stop: threading.Event) -> list[ImageCounts]:
        counts: list[ImageCounts] = []
        for done, name in enumerate(project.names):
            if stop.is_set():
                break
            if done % _TOLD_EVERY == 0:
                self.advanced.emit(done, len(project.names))
            try:
                found = count_image(project, name)
            except SegStudioError as error:
                _log.info("an image was not counted: %s", error)
                continue
            if found is not None:
                counts.append(found)
        return counts


def _small_picture(project: Project, name: str, side: int, labels: Labels | None) -> SmallPicture:
    import cv2  # here, so that the window need not wait for it

    picture = project.folder.read_thumbnail(name, side)
    found = project.load_label_map(name).array if labels is None else labels
    turned = np.ascontiguousarray(upright(found, project.folder.view_orientation(name)))
    height, width = picture.shape[:2]
    small = cv2.resize(turned, (width, height), interpolation=cv2.INTER_NEAREST)
    return SmallPicture(name, side, picture, np.asarray(small, np.uint8))


def _as_image(picture: npt.NDArray[np.uint8]) -> QImage:
    height, width, _ = picture.shape
    rows = np.ascontiguousarray(picture)
    return QImage(rows.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
