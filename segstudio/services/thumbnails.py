"""Thumbnails with their overlay, made off the GUI thread on request."""

from __future__ import annotations

from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import SegStudioError
from segstudio.project.images import upright
from segstudio.project.project import Project
from segstudio.services.background import TaskRunner

SIDE = 128
"""Longest side in pixels: sharp at 64 logical pixels on a high-density screen."""

_OVERLAY = 0.45


class ThumbnailService(QObject):
    """Makes the thumbnails that a view asks for, one thread, newest wish last."""

    ready = Signal(str, QImage)
    """Image name and its thumbnail, turned upright; a null image where it cannot be read."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(1, self)
        self._project: Project | None = None
        self._generation = 0

    def set_project(self, project: Project | None) -> None:
        """Serve this project from now on; what the one before still owed is dropped."""
        self._project = project
        self._generation += 1

    def request(self, name: str) -> None:
        """Make the thumbnail of image `name`."""
        project, generation = self._project, self._generation
        if project is None:
            return
        self._runner.submit(
            partial(self._make, project, name, generation),
            partial(self._deliver, name, generation),
            lambda _: self._deliver(name, generation, QImage()),
        )

    def stop(self) -> None:
        """End the thread; for quitting."""
        self.set_project(None)
        self._runner.close()

    def _make(self, project: Project, name: str, generation: int) -> QImage:
        if generation != self._generation:
            return QImage()
        picture = project.folder.read_thumbnail(name, SIDE)
        labels = self._labels(project, name)
        if labels is not None:
            turned = np.ascontiguousarray(upright(labels, project.folder.view_orientation(name)))
            picture = blended(picture, turned, project.classes)
        picture = np.ascontiguousarray(picture)
        height, width, _ = picture.shape
        return QImage(picture.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()

    def _labels(self, project: Project, name: str) -> npt.NDArray[np.uint8] | None:
        try:
            if project.has_labels(name):
                return project.load_label_map(name).array
            proposal = project.load_proposal(name)
        except SegStudioError:
            return None  # a thumbnail without its overlay; opening the image tells why
        return proposal.labels if proposal is not None else None

    @Slot()
    def _deliver(self, name: str, generation: int, picture: QImage) -> None:
        if generation == self._generation:
            self.ready.emit(name, picture)


def blended(
    picture: npt.NDArray[np.uint8], labels: npt.NDArray[np.uint8], classes: ClassTable
) -> npt.NDArray[np.uint8]:
    """`picture`, (h, w, 3) uint8, under the colours of `labels`, (H, W) uint8 of any size; void stays clear."""
    import cv2  # here, so that the window need not wait for it

    height, width = picture.shape[:2]
    small = cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST)
    mixed = picture * (1 - _OVERLAY) + classes.palette()[small] * _OVERLAY
    return np.where((small == VOID)[..., None], picture, mixed.astype(np.uint8))
