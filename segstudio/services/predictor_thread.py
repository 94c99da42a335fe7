"""Proposals from a network in a thread of its own.

`ProposalService` lives in the GUI thread and is what the program talks to; `_Worker` lives in a QThread and owns the
predictor. Requests and results carry a generation number: loading another checkpoint or cancelling starts a new
generation, and what belongs to an old one is dropped. How a proposal is read off the network's scores (balance,
specks, borders) may change meanwhile: the scores of the latest images are kept, so that only the reading is done again,
and what was read in the old way is not shown. torch is imported in the thread, never before it starts.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Qt, QThread, Signal, Slot

from segstudio.core.errors import Cancelled, CheckpointError, SegStudioError, marked
from segstudio.project.project import Project
from segstudio.services.priority import let_others_go_first
from segstudio.services.score_shelf import ScoreShelf
from segstudio_training.reading import Reading

if TYPE_CHECKING:
    from segstudio_training.checkpoint import Checkpoint
    from segstudio_training.normalisation import Normalisation
    from segstudio_training.predictor import Prediction, Predictor

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """Which checkpoint proposes, and which round it comes from."""

    checkpoint: Path
    round_id: str


@dataclass(frozen=True)
class Proposed:
    """A finished proposal: (height, width) uint8 labels and confidence (0 to 255), already kept in the project."""

    name: str
    labels: npt.NDArray[np.uint8]
    confidence: npt.NDArray[np.uint8]
    round_id: str


class ProposalService(QObject):
    """Asks the worker for proposals, nearest wish first."""

    imported = Signal()
    """torch is loaded; from here on nothing in this service holds the interpreter for long."""
    model_ready = Signal(object)
    """Model: it can propose now."""
    model_failed = Signal(object)
    """SegStudioError: the checkpoint cannot be used."""
    proposed = Signal(object)
    """Proposed."""
    outdated = Signal(str)
    """Image name: a network that had been replaced meanwhile kept its proposal of it."""
    failed = Signal(str, object)
    """Image name and SegStudioError: there will be no proposal for this image."""
    advanced = Signal(int, int)
    """How many of the requested images are done, and how many were requested since the queue was last empty."""
    tiles_advanced = Signal(str, int, int)
    """Image name, tiles done, tiles in all: within one large image."""

    _wake = Signal()
    _load = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread = QThread(self)
        self._thread.setObjectName("predictor")
        self._queue = _Queue()
        self._worker = _Worker(self._queue)
        self._worker.moveToThread(self._thread)
        self._wake.connect(self._worker.on_wake, Qt.ConnectionType.QueuedConnection)
        self._load.connect(self._worker.on_load, Qt.ConnectionType.QueuedConnection)
        self._worker.imported.connect(self.imported)
        self._worker.model_ready.connect(self._on_model_ready)
        self._worker.model_failed.connect(self._on_model_failed)
        self._worker.proposed.connect(self._on_proposed)
        self._worker.failed.connect(self._on_failed)
        self._worker.tiles_advanced.connect(self._on_tiles_advanced)
        self._model: Model | None = None
        self._round_id = ""
        """Of the network in use, or being loaded."""
        self._can_balance = False
        self._input: Normalisation | None = None
        self._requested = 0
        self._done = 0
        self._is_loading = False
        self._awaited: set[str] = set()

    @property
    def model(self) -> Model | None:
        """The model that is loaded and ready, or None."""
        return self._model

    @property
    def reading(self) -> Reading:
        """How proposals are read off now."""
        return self._queue.reading

    @property
    def can_balance(self) -> bool:
        """Whether the model knows how often its classes occur, so that a reading's balance has an effect."""
        return self._model is not None and self._can_balance

    @property
    def input(self) -> Normalisation | None:
        """What the model that is ready sees of an image; None where there is none."""
        return self._input if self._model is not None else None

    @property
    def is_busy(self) -> bool:
        """Whether requested proposals are still to come."""
        return self._done < self._requested

    def is_awaited(self, name: str) -> bool:
        """Whether a proposal of the image is to come: it was requested, or a model is being loaded."""
        return self._is_loading or name in self._awaited

    def start(self) -> None:
        """Start the thread, which imports torch at once. Call it after the first paint."""
        self._thread.start()
        self._wake.emit()

    def stop(self) -> None:
        """Cancel everything and wait for the thread to end."""
        self._queue.renew()
        self._thread.quit()
        self._thread.wait()

    def take_in(self, worker: QObject) -> None:
        """Let `worker`, which uses torch too, live in this thread: its slots then run between two proposals."""
        worker.moveToThread(self._thread)

    def load(self, project: Project, model: Model) -> None:
        """Load `model` for `project`; what was requested from the one before is dropped."""
        self._model, self._round_id, self._is_loading = None, model.round_id, True
        self.cancel()
        self._load.emit(_Load(project, model, self._queue.generation))

    def unload(self) -> None:
        """Forget the model and everything requested from it."""
        self._model, self._is_loading = None, False
        self.cancel()
        self._load.emit(None)

    def set_reading(self, reading: Reading) -> None:
        """Read off the proposals made from now on in another way.

        What is being proposed goes on and is read off in the new way.
        """
        self._queue.reading = reading

    def request(self, names: Iterable[str], first: bool = False) -> None:
        """Ask for proposals of `names`, in that order; `first` puts them before what was asked for earlier.

        Does nothing without a model; a name that waits already is not taken twice.
        """
        if self._model is None:
            return
        if not self.is_busy:
            self._requested = self._done = 0
        wanted = list(names)
        self._awaited.update(wanted)
        self._requested += self._queue.put(wanted, first)
        self._announce()
        self._wake.emit()

    def cancel(self) -> None:
        """Drop every request; the image in work is given up at its next tile."""
        self._queue.renew()
        self._requested = self._done = 0
        self._awaited.clear()
        self._announce()

    def _announce(self) -> None:
        self.advanced.emit(self._done, self._requested)

    def _is_stale(self, generation: int) -> bool:
        return generation != self._queue.generation

    @Slot(int, object, object)
    def _on_model_ready(self, generation: int, model: Model, checkpoint: Checkpoint) -> None:
        if not self._is_stale(generation):
            self._model, self._is_loading = model, False
            self._can_balance, self._input = bool(checkpoint.class_shares), checkpoint.normalisation
            self.model_ready.emit(model)

    @Slot(int, object)
    def _on_model_failed(self, generation: int, error: SegStudioError) -> None:
        if not self._is_stale(generation):
            self._is_loading = False
            self.model_failed.emit(error)

    @Slot(int, object, object)
    def _on_proposed(self, generation: int, reading: Reading, proposed: Proposed) -> None:
        if self._is_stale(generation):
            if proposed.round_id != self._round_id:
                self.outdated.emit(proposed.name)
            return
        if reading != self._queue.reading:
            if self._queue.put([proposed.name], first=True):
                self._wake.emit()
            else:
                self._done += 1  # it waits already, and was counted for that
            return
        self._done += 1
        self._awaited.discard(proposed.name)
        self.proposed.emit(proposed)
        self._announce()

    @Slot(int, str, object)
    def _on_failed(self, generation: int, name: str, error: SegStudioError) -> None:
        if not self._is_stale(generation):
            self._done += 1
            self._awaited.discard(name)
            self.failed.emit(name, error)
            self._announce()

    @Slot(int, str, int, int)
    def _on_tiles_advanced(self, generation: int, name: str, done: int, total: int) -> None:
        if not self._is_stale(generation) and total > 1:
            self.tiles_advanced.emit(name, done, total)


@dataclass(frozen=True)
class _Load:
    project: Project
    model: Model
    generation: int


class _Queue:
    """The wishes, shared by both threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: deque[str] = deque()
        self.generation = 0
        self.reading = Reading()

    def put(self, names: list[str], first: bool) -> int:
        """Take `names` into the queue; how many of them did not wait there already."""
        with self._lock:
            before = len(self._names)
            if first:
                for name in reversed(names):
                    if name in self._names:
                        self._names.remove(name)
                    self._names.appendleft(name)
            else:
                waiting = set(self._names)
                self._names.extend(name for name in dict.fromkeys(names) if name not in waiting)
            return len(self._names) - before

    def take(self) -> tuple[int, str] | None:
        with self._lock:
            return (self.generation, self._names.popleft()) if self._names else None

    def renew(self) -> None:
        with self._lock:
            self._names.clear()
            self.generation += 1


class _Worker(QObject):
    imported = Signal()
    model_ready = Signal(int, object, object)
    model_failed = Signal(int, object)
    proposed = Signal(int, object, object)
    failed = Signal(int, str, object)
    tiles_advanced = Signal(int, str, int, int)
    _again = Signal()

    def __init__(self, queue: _Queue) -> None:
        super().__init__()
        self._queue = queue
        self._predictor: Predictor | None = None
        self._loaded: _Load | None = None
        self._shelf = ScoreShelf()
        self._is_imported = False
        self._again.connect(self.on_wake, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def on_wake(self) -> None:
        """Make one proposal, then let the event loop take what came in meanwhile."""
        self._import_torch()
        if self._predictor is None or self._loaded is None:
            return
        wish = self._queue.take()
        if wish is None:
            return
        generation, name = wish
        try:
            self.proposed.emit(generation, *self._propose(generation, name))
        except Cancelled:
            _log.info("the proposal of an image was cancelled")
        except SegStudioError as error:
            self.failed.emit(generation, name, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next image may fare better
            _log.exception("no proposal for image %s", name)
            self.failed.emit(generation, name, _no_proposal(name, error))
        finally:
            self._again.emit()

    @Slot(object)
    def on_load(self, load: _Load | None) -> None:
        """Take up another checkpoint, or none."""
        self._import_torch()
        self._predictor, self._loaded = None, None
        self._shelf.clear()
        if load is None or load.generation != self._queue.generation:
            return
        from segstudio_training.checkpoint import follow_classes, load_checkpoint
        from segstudio_training.predictor import Predictor

        try:
            checkpoint = follow_classes(load_checkpoint(load.model.checkpoint), load.project.classes)
            self._predictor = Predictor(checkpoint)
        except SegStudioError as error:
            self.model_failed.emit(load.generation, error)
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, another checkpoint may fare better
            _log.exception("a checkpoint could not be taken up")
            self.model_failed.emit(load.generation, _no_network(load.model.checkpoint, error))
            return
        self._loaded = load
        self.model_ready.emit(load.generation, load.model, checkpoint)

    def _import_torch(self) -> None:
        if self._is_imported:
            return
        let_others_go_first(threading.get_native_id())
        import segstudio_training.predictor  # noqa: F401 - imported for its effect: torch is loaded here and once

        self._is_imported = True
        self.imported.emit()

    def _propose(self, generation: int, name: str) -> tuple[Reading, Proposed]:
        assert self._predictor is not None and self._loaded is not None
        from segstudio.project.images import stored

        project, round_id = self._loaded.project, self._loaded.model.round_id
        orientation = project.folder.view_orientation(name)
        reading, prediction = self._predicted(generation, name, orientation)
        labels = np.ascontiguousarray(stored(prediction.labels, orientation))
        confidence = np.ascontiguousarray(stored(prediction.confidence, orientation))
        project.save_proposal(name, labels, confidence, round_id)
        return reading, Proposed(name, labels, confidence, round_id)

    def _predicted(self, generation: int, name: str, orientation: int) -> tuple[Reading, Prediction]:
        """What the network says of image `name`, seen upright, and how that was read off its scores."""
        assert self._predictor is not None and self._loaded is not None
        from segstudio.project.images import upright

        predictor = self._predictor
        scores = self._shelf.get(name)
        if scores is None:
            from segstudio_training.data.inputs import read_input

            given = read_input(self._loaded.project.folder, name, predictor.checkpoint.normalisation)
            image = np.ascontiguousarray(upright(given, orientation))

            def tell(done: int, total: int) -> None:
                self.tiles_advanced.emit(generation, name, done, total)

            def cancel() -> bool:
                return generation != self._queue.generation

            if not self._shelf.has_room_for(predictor.values(*image.shape[:2])):
                reading = self._queue.reading
                return reading, predictor.predict(image, predictor.possible(reading), tell, cancel)
            scores = predictor.scores(image, tell, cancel)
            self._shelf.put(name, scores)
        # Only now: the person may have moved a slider while the network computed.
        reading = self._queue.reading
        return reading, predictor.read_off(scores, predictor.possible(reading))


def _no_proposal(name: str, error: Exception) -> SegStudioError:
    """What to tell a person of an error that nobody foresaw."""
    if _is_out_of_memory(error):
        return SegStudioError(
            marked("There is not enough memory to propose for {name}. Close other programs, or use a smaller network."),
            name=name,
        )
    return SegStudioError(
        marked("There is no proposal for {name}: an unexpected error, which the log tells."), name=name
    )


def _no_network(checkpoint: Path, error: Exception) -> CheckpointError:
    if _is_out_of_memory(error):
        return CheckpointError(
            marked("There is not enough memory for the network of {file}. Close other programs, or use a smaller one."),
            file=checkpoint.name,
        )
    return CheckpointError(
        marked("{file} cannot be used: an unexpected error, which the log tells."), file=checkpoint.name
    )


def _is_out_of_memory(error: Exception) -> bool:
    # torch says so in a RuntimeError of its own, under several names.
    return isinstance(error, MemoryError) or "out of memory" in str(error) or "not enough memory" in str(error)
