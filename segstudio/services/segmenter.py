"""Segments of what is on the screen, found off the GUI thread while the view stays. Owns the latest ones.

A view that moves asks again and again: what is asked for is begun when it has stayed for a moment, and what comes for
an earlier view is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, QTimer, Signal

from segstudio.core.geometry import Box
from segstudio.services.background import Task, TaskRunner
from segstudio.tools.segments import Segments, find_segments

STAYS_MS = 120
"""A view that has not moved for so long stays."""


@dataclass(frozen=True, eq=False)
class SegmentedView:
    """What is to be divided.

    Attributes:
        image: the image itself, (height, width, 3) uint8 RGB: by it one knows whether it is another one.
        pixels: (h, w, 3) uint8 RGB: the image halved `level` times, which never changes.
        part: pixels of it: what is on the screen, and a margin.
        level: how often it was halved.
        size: how wide a segment is to be, in image pixels.
        bounds: the image's own box.
        seen: the image pixels that are on the screen.
    """

    image: npt.NDArray[np.uint8]
    pixels: npt.NDArray[np.uint8]
    part: Box
    level: int
    size: int
    bounds: Box
    seen: Box


class Segmenter(QObject):
    """Finds the segments of one view after the other."""

    changed = Signal(object)
    """Segments, or None as long as there are none of the view."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(1, self)
        self._stays = QTimer(self)
        self._stays.setSingleShot(True)
        self._stays.setInterval(STAYS_MS)
        self._stays.timeout.connect(self._begin)
        self._view: SegmentedView | None = None
        self._task: Task | None = None
        self._of: npt.NDArray[np.uint8] | None = None
        self.segments: Segments | None = None
        """Those of the view that was shown last, if they are there."""

    def show(self, view: SegmentedView | None) -> None:
        """`view` is on the screen now; None: nothing whose segments anybody wants."""
        self._drop_asked()
        if view is None:
            self._take(None, None)
            return
        if self._fit(view):
            return
        if not self._cover(view):
            self._take(None, None)
        self._view = view
        self._stays.start()

    def stop(self) -> None:
        """Wait for what is being worked on; nothing comes any more."""
        self._drop_asked()
        self._runner.close()

    def _fit(self, view: SegmentedView) -> bool:
        """Whether the segments that are there are as good as new ones."""
        return self._cover(view) and self.segments is not None and self.segments.level == view.level

    def _cover(self, view: SegmentedView) -> bool:
        """Whether the segments that are there are of this image and size, and hold all that is on the screen."""
        found = self.segments
        is_same = found is not None and found.size == view.size and self._of is view.image
        return is_same and found is not None and view.seen.intersection(found.box) == view.seen

    def _drop_asked(self) -> None:
        self._stays.stop()
        self._view = None
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def _begin(self) -> None:
        view = self._view
        if view is not None:
            work = partial(find_segments, view.pixels, view.part, view.level, view.size, view.bounds)
            self._task = self._runner.submit(work, partial(self._on_found, view))

    def _on_found(self, view: SegmentedView, segments: Segments) -> None:
        self._task = None
        self._take(segments, view.image)

    def _take(self, segments: Segments | None, of: npt.NDArray[np.uint8] | None) -> None:
        is_other = segments is not self.segments
        self.segments, self._of = segments, of
        if is_other:
            self.changed.emit(segments)
