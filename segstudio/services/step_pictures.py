"""Small pictures of what the steps of a history did, made off the GUI thread on request.

The labels of a step long past are told from those of now and the edits between (`core/glimpses.py`), so nothing is kept
for a picture that nobody looks at, and steps that a journal brought back have theirs too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage

from segstudio.core.class_table import VOID
from segstudio.core.edits import Edit, EditFormatError
from segstudio.core.geometry import Box
from segstudio.core.glimpses import Glimpse, Grid, changed_cells, changed_pixels, look_back
from segstudio.core.label_map import Labels
from segstudio.project.images import upright
from segstudio.services.background import TaskRunner
from segstudio.services.open_image import OpenImage

SIDE = 80
"""Longest side in pixels: sharp at 40 logical pixels on a high-density screen."""

_MARGIN = 0.3
"""What is shown beside the changed pixels, as a share of their longer side."""
_LEAST_SIDE = 48
"""In image pixels: closer, nobody would know the place again."""
_OVERLAY, _CHANGED = 0.35, 0.85
"""The opacity of labels, and of those that the step gave."""
_SHARE_NAMED = 0.05
"""A label that this share of a step's pixels got is named."""
_MOST_NAMED = 3

Colors = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class StepLook:
    """What a step did, at a glance.

    Attributes:
        picture: the place as it was after the step, upright; what the step changed stands out.
        pixels: how many it changed.
        labels: what they got, the commonest first, three at most; where the step is large, judged by a part of it.
    """

    picture: QImage
    pixels: int = 0
    labels: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Order:
    """One picture to make: copies of what it takes, read in the GUI thread."""

    edit: Edit | None
    image: Colors
    glimpse: Glimpse
    probe: Glimpse | None
    """The labels of the fullest patch, for what the step gave; None where there is no edit."""


class StepPictures(QObject):
    """Serves one list of steps, in one thread."""

    ready = Signal(object, object)
    """The Document, and a list of (Edit, or None for the state before them all, and its StepLook)."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = TaskRunner(1, self)

    def request(self, opened: OpenImage, numbers: Sequence[int]) -> None:
        """Make the pictures of the states after `numbers` of the kept steps of `opened`, while no edit is being made.

        Numbers beyond the steps are passed over.
        """
        document = opened.document
        assert not document.is_editing, "half a stroke is no state that Undo knows"
        edits, position = document.history.steps, document.history.position - document.history.forgotten
        orders = [_order(opened, edits, number) for number in numbers if 0 <= number <= len(edits)]
        palette = document.classes.palette()
        self._runner.submit(
            partial(_made, edits, position, orders, palette, opened.orientation), partial(self.ready.emit, document)
        )

    def stop(self) -> None:
        """End the thread; for quitting."""
        self._runner.close()


def _order(opened: OpenImage, edits: Sequence[Edit], number: int) -> _Order:
    label_map = opened.document.label_map
    edit = edits[number - 1] if number else None
    grid = Grid.over(_framed(edit.box, label_map.box) if edit is not None else label_map.box, label_map.box, SIDE)
    glimpse = Glimpse(number, grid, grid.of(label_map.array).copy())
    probe = None
    if edit is not None:
        fullest = Grid(max(edit.patches, key=lambda patch: len(patch.delta)).box)
        probe = Glimpse(number, fullest, fullest.of(label_map.array).copy())
    return _Order(edit, _sampled(opened, grid), glimpse, probe)


def _framed(box: Box, whole: Box) -> Box:
    """A square around `box` as far as `whole` reaches, moved rather than cut."""
    side = max(_LEAST_SIDE, round(max(box.width, box.height) * (1 + 2 * _MARGIN)))
    width, height = min(side, whole.width), min(side, whole.height)
    x0 = min(max(0, (box.x0 + box.x1 - width) // 2), whole.width - width)
    y0 = min(max(0, (box.y0 + box.y1 - height) // 2), whole.height - height)
    return Box(x0, y0, x0 + width, y0 + height)


def _sampled(opened: OpenImage, grid: Grid) -> Colors:
    """The image at the cells of `grid`, (rows, columns, 3) uint8: their means as far as it was halved."""
    level = min(grid.stride.bit_length() - 1, len(opened.reduced))
    source = opened.reduced[level - 1] if level else opened.image
    rows, columns = grid.shape
    step = grid.stride >> level
    y0, x0 = grid.box.y0 >> level, grid.box.x0 >> level
    return np.array(source[y0 : y0 + rows * step : step, x0 : x0 + columns * step : step])


def _made(
    edits: Sequence[Edit], position: int, orders: Sequence[_Order], palette: Colors, orientation: int
) -> list[tuple[Edit | None, StepLook]]:
    """Runs in the worker's thread; a damaged edit leaves out the pictures that would need it."""
    glimpses = [glimpse for order in orders for glimpse in (order.glimpse, order.probe) if glimpse is not None]
    try:
        look_back(edits, position, glimpses)
        return [(order.edit, _look(order, palette, orientation)) for order in orders]
    except EditFormatError:
        return []


def _look(order: _Order, palette: Colors, orientation: int) -> StepLook:
    edit, labels, grid = order.edit, order.glimpse.labels, order.glimpse.grid
    if edit is None or order.probe is None:
        return StepLook(_image(_blended(order.image, labels, np.zeros(grid.shape, bool), palette), orientation))
    given = _given(edit, order.probe)
    changed = changed_cells(edit, grid)
    own = Glimpse(0, grid, np.zeros(grid.shape, dtype=np.uint8))
    look_back([edit], 1, [own])
    # A line thinner than a cell may miss the pixel by which the cell is labelled.
    labels = np.where(changed & (own.labels == 0), np.uint8(given[0]), labels)
    picture = _image(_blended(order.image, labels, changed, palette), orientation)
    return StepLook(picture, changed_pixels(edit), given)


def _given(edit: Edit, probe: Glimpse) -> tuple[int, ...]:
    """The labels that the pixels of the probe's patch got, the commonest first."""
    delta = next(patch for patch in edit.patches if patch.box == probe.grid.box).pixels()
    counts = np.bincount(probe.labels[delta != 0], minlength=256)
    first, *others = (int(label) for label in np.argsort(-counts, kind="stable")[:_MOST_NAMED])
    return first, *(label for label in others if counts[label] > _SHARE_NAMED * counts.sum())


def _blended(image: Colors, labels: Labels, changed: npt.NDArray[np.bool_], palette: Colors) -> Colors:
    """`image` (h, w, 3) under the colours of `labels`; what changed stands out, and is hatched where it is void now."""
    share = np.where(changed, _CHANGED, np.where(labels == VOID, 0.0, _OVERLAY))[..., None]
    colors = palette[labels]
    rows, columns = np.indices(labels.shape)
    hatched = changed & (labels == VOID)
    colors[hatched] = np.where(((rows + columns) // 3 % 2 == 0)[hatched, None], 255, image[hatched])
    return (image * (1 - share) + colors * share).astype(np.uint8)


def _image(pixels: Colors, orientation: int) -> QImage:
    turned = np.ascontiguousarray(upright(pixels, orientation))
    height, width, _ = turned.shape
    return QImage(turned.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
