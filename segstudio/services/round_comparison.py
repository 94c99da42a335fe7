"""What changed from one round's network to another's: on one image, and which held-out images got worse.

Computed in the predictor's thread, image by image, so that proposals come in between. Every start and cancel begins a
new generation; what belongs to an old one is dropped.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt, Signal, Slot

from segstudio.core.class_table import VOID
from segstudio.core.errors import Cancelled, InputError, SegStudioError
from segstudio.project.project import Project
from segstudio.services.predictor_thread import ProposalService
from segstudio_training.reading import Reading

if TYPE_CHECKING:
    from segstudio_training.predictor import Prediction, Predictor

UInt8Array = npt.NDArray[np.uint8]

SHOWN_PIXELS = 2_000_000
"""An image is shown with at most so many pixels; all of them are counted."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The old and the new network's proposal for an image.

    Attributes:
        name: of the image.
        image: (h, w, 3) uint8 RGB, upright and reduced to at most `SHOWN_PIXELS`.
        before, after: (h, w) uint8 labels of the same pixels.
        changed: share (0 to 1) of the image's pixels that differ.
        lost, won: (256,) pixels by label that the new network takes from a class, and gives to it.
    """

    name: str
    image: UInt8Array
    before: UInt8Array
    after: UInt8Array
    changed: float
    lost: npt.NDArray[np.int64]
    won: npt.NDArray[np.int64]


@dataclass(frozen=True)
class HeldOutChange:
    """The share (0 to 1) of a held-out image's labelled pixels that the old and the new network have wrong."""

    name: str
    before: float
    after: float


class ComparisonService(QObject):
    """Compares two checkpoints of one project at a time."""

    compared = Signal(object)
    """Comparison."""
    judged = Signal(object, int, int)
    """HeldOutChange (None where the image cannot be read), images done, images in all."""
    failed = Signal(object)
    """SegStudioError."""

    _begin = Signal(object)
    _show = Signal(int, str)
    _step = Signal(int)

    def __init__(self, proposals: ProposalService, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._proposals = proposals
        self._wish = _Wish()
        self._worker = _Worker(self._wish)
        proposals.take_in(self._worker)
        self._begin.connect(self._worker.on_begin, Qt.ConnectionType.QueuedConnection)
        self._show.connect(self._worker.on_show, Qt.ConnectionType.QueuedConnection)
        self._step.connect(self._worker.on_step, Qt.ConnectionType.QueuedConnection)
        self._worker.compared.connect(self._on_compared)
        self._worker.judged.connect(self._on_judged)
        self._worker.failed.connect(self._on_failed)

    def start(self, project: Project, before: Path, after: Path, image: str | None) -> None:
        """Compare checkpoint `before` with `after`: on `image`, then on every held-out image."""
        self._wish.generation += 1
        generation = self._wish.generation
        self._begin.emit(_Begin(generation, project, before, after, self._proposals.reading))
        if image is not None:
            self._show.emit(generation, image)
        self._step.emit(generation)

    def show_image(self, name: str) -> None:
        """Compare the two on another image too."""
        self._show.emit(self._wish.generation, name)

    def cancel(self) -> None:
        """Stop comparing and forget both networks."""
        self._wish.generation += 1
        self._begin.emit(None)

    def stop_judging(self) -> None:
        """Look at no more held-out images; images can still be shown."""
        self._wish.judges = False

    @Slot(int, object)
    def _on_compared(self, generation: int, comparison: Comparison) -> None:
        if generation == self._wish.generation:
            self.compared.emit(comparison)

    @Slot(int, object, int, int)
    def _on_judged(self, generation: int, change: HeldOutChange | None, done: int, total: int) -> None:
        if generation != self._wish.generation:
            return
        self.judged.emit(change, done, total)
        if done < total and self._wish.judges:
            self._step.emit(generation)

    @Slot(int, object)
    def _on_failed(self, generation: int, error: SegStudioError) -> None:
        if generation == self._wish.generation:
            self.failed.emit(error)


@dataclass(frozen=True)
class _Begin:
    generation: int
    project: Project
    before: Path
    after: Path
    reading: Reading


class _Wish:
    """What is wanted now; written in the GUI's thread, read in the worker's."""

    def __init__(self) -> None:
        self.generation = 0
        self.judges = True


class _Worker(QObject):
    compared = Signal(int, object)
    judged = Signal(int, object, int, int)
    failed = Signal(int, object)

    def __init__(self, wish: _Wish) -> None:
        super().__init__()
        self._wish = wish
        self._begun: _Begin | None = None
        self._both: tuple[Predictor, Predictor] | None = None
        self._names: list[str] = []
        self._done = 0

    @Slot(object)
    def on_begin(self, begin: _Begin | None) -> None:
        """Load both networks, or forget them."""
        self._begun, self._both, self._names, self._done = begin, None, [], 0
        if begin is None or begin.generation != self._wish.generation:
            return
        self._wish.judges = True
        from segstudio_training.checkpoint import follow_classes, load_checkpoint
        from segstudio_training.predictor import Predictor

        try:
            before, after = (
                Predictor(follow_classes(load_checkpoint(path), begin.project.classes))
                for path in (begin.before, begin.after)
            )
            self._names = begin.project.held_out_names()
        except SegStudioError as error:
            self.failed.emit(begin.generation, error)
            return
        self._both = before, after

    @Slot(int, str)
    def on_show(self, generation: int, name: str) -> None:
        """Compare the two on image `name`."""
        begun = self._begun
        if begun is None or self._both is None or generation != self._wish.generation:
            return
        from segstudio.project.images import upright

        try:
            image, before, after = self._predicted(begun, name)
        except Cancelled:
            return
        except SegStudioError as error:
            self.failed.emit(generation, error)
            return
        changed = before != after
        step = max(1, -(-int(before.size**0.5) // int(SHOWN_PIXELS**0.5)))
        orientation = begun.project.folder.view_orientation(name)
        shown = [np.ascontiguousarray(upright(part[::step, ::step], orientation)) for part in (image, before, after)]
        counts = [np.bincount(part[changed], minlength=VOID + 1) for part in (before, after)]
        share = float(np.count_nonzero(changed)) / changed.size
        self.compared.emit(generation, Comparison(name, shown[0], shown[1], shown[2], share, counts[0], counts[1]))

    @Slot(int)
    def on_step(self, generation: int) -> None:
        """Judge one more held-out image."""
        begun = self._begun
        if begun is None or self._both is None or generation != self._wish.generation:
            return
        total = len(self._names)
        if self._done >= total:
            self.judged.emit(generation, None, total, total)
            return
        name = self._names[self._done]
        self._done += 1
        change: HeldOutChange | None = None
        try:
            truth = begun.project.folder.read_label_map(name)
            _, before, after = self._predicted(begun, name)
            known = truth != VOID
            if known.any():
                wrong = [float(np.mean(part[known] != truth[known])) for part in (before, after)]
                change = HeldOutChange(name, wrong[0], wrong[1])
        except Cancelled:
            return
        except InputError:  # opening the image tells what is wrong with it
            change = None
        self.judged.emit(generation, change, self._done, total)

    def _predicted(self, begun: _Begin, name: str) -> tuple[UInt8Array, UInt8Array, UInt8Array]:
        """The image, and what the old and the new network say of it, in the mask's frame."""
        assert self._both is not None
        from segstudio_training.data.inputs import read_input

        folder, reading = begun.project.folder, begun.reading
        orientation = folder.view_orientation(name)

        def labels(predictor: Predictor) -> Prediction:
            # One of the two may see other channels than the other, or not know how often its classes occur.
            return predictor.predict(
                read_input(folder, name, predictor.checkpoint.normalisation),
                predictor.possible(reading),
                cancel=lambda: begun.generation != self._wish.generation,
                orientation=orientation,
            )

        before, after = self._both
        return folder.read_image(name), labels(before).labels, labels(after).labels
