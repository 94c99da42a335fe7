"""The images in memory: the ones being worked on, with their history, and the ones read ahead.

Owns reading images off the GUI thread and forgetting them again. It never forgets a document whose pixels are not
safely on disk.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from segstudio.core.document import Document
from segstudio.core.edits import Edit
from segstudio.core.errors import InputError, SaveError, SegStudioError
from segstudio.core.history import EditHistory
from segstudio.core.label_map import LabelMap
from segstudio.core.pixel_sets import PackedPixels
from segstudio.project.halving import halvings
from segstudio.project.project import Project, Proposal, Status
from segstudio.services.background import Task, TaskRunner
from segstudio.services.open_image import OpenImage, Preview

_log = logging.getLogger(__name__)

Pixels = npt.NDArray[np.uint8]

_KEPT_IMAGES = 6
"""Images kept open behind the current one, with their history: going back costs nothing."""


@dataclass(frozen=True)
class _Loaded:
    name: str
    image: npt.NDArray[np.uint8]
    orientation: int
    label_map: LabelMap
    undo: list[Edit]
    redo: list[Edit]
    proposal: Proposal | None
    reduced: tuple[npt.NDArray[np.uint8], ...] = ()
    accepted: PackedPixels | None = None
    channel_names: tuple[str, ...] = ()


class ImageShelf(QObject):
    """Holds the open images of one project, newest last."""

    ready = Signal(str)
    """An image that was asked for with `want` is in memory now; `take` it."""
    failed = Signal(str, object)
    """Image name and SegStudioError: it cannot be read."""
    previewed = Signal(object)
    """Preview of a large image that is being read."""
    renewed = Signal(str)
    """The pixels of an open image are other ones now, as `renew` wanted."""

    def __init__(self, project: Project, attach: Callable[[OpenImage], None], parent: QObject | None = None) -> None:
        """`attach` is called once with each image taken up, to connect its document."""
        super().__init__(parent)
        self._project = project
        self._attach = attach
        self._readers = TaskRunner(2, self)
        self._previewer = TaskRunner(1, self)
        """Apart from the readers, who may have large images to read ahead."""
        self._previewing: Task | None = None
        self._open: OrderedDict[str, OpenImage] = OrderedDict()
        self._ahead: OrderedDict[str, _Loaded] = OrderedDict()
        self._reading: dict[str, Task] = {}
        self._renewing: dict[str, Task] = {}
        self._stale: set[str] = set()
        """Open images whose pixels are to be read again when they are taken."""

    def __iter__(self) -> Iterator[OpenImage]:
        return iter(list(self._open.values()))

    def __contains__(self, name: str) -> bool:
        return name in self._open or name in self._ahead

    def get(self, name: str) -> OpenImage | None:
        """The open image called `name`, or None where it is not open."""
        return self._open.get(name)

    def take(self, name: str) -> OpenImage:
        """Image `name`, which is in memory, as the one now worked on.

        Raises:
            KeyError: it is not in memory.
        """
        if name not in self._open:
            self._open[name] = self._taken_up(self._ahead.pop(name))
        self._open.move_to_end(name)
        self._forget_old()
        self._renew_stale(name)
        return self._open[name]

    def want(self, name: str) -> None:
        """Read image `name` in the background; `ready` or `failed` follows."""
        if name not in self and name not in self._reading:
            self._reading[name] = self._readers.submit(
                partial(_load, self._project, name), self._on_read, partial(self._on_failed, name)
            )

    def preview(self, name: str) -> None:
        """Have a small picture of image `name` soon, where it is large; of the one asked for last alone."""
        if self._previewing is not None:
            self._previewing.cancel()
        # Where it cannot be read, reading all of it says so.
        self._previewing = self._previewer.submit(
            partial(_preview, self._project, name), self._on_previewed, lambda _error: None
        )

    def read_ahead(self, names: list[str]) -> None:
        """Have `names` in memory soon, and forget what was read ahead beside them."""
        for name in [name for name in self._ahead if name not in names]:
            del self._ahead[name]
        for name in names:
            self.want(name)

    def take_proposal(self, name: str, proposal: Proposal) -> None:
        """A proposal for image `name` has come in; one of another size, for a file replaced meanwhile, is left."""
        opened, ahead = self._open.get(name), self._ahead.get(name)
        if opened is not None and opened.document.label_map.shape == proposal.labels.shape:
            opened.proposal = proposal
        if ahead is not None and ahead.label_map.shape == proposal.labels.shape:
            self._ahead[name] = replace(ahead, proposal=proposal)

    def forget_proposals(self, names: Container[str] | None = None) -> None:
        """Drop the proposals of `names`, or all."""
        for name, opened in self._open.items():
            if names is None or name in names:
                opened.proposal = None
        for name, loaded in self._ahead.items():
            if names is None or name in names:
                self._ahead[name] = replace(loaded, proposal=None)

    def renew(self, in_sight: str | None) -> None:
        """Images are shown in another way: read the pixels of the open image `in_sight` again, others when taken."""
        for tasks in (self._reading, self._renewing):
            for task in tasks.values():
                task.cancel()
            tasks.clear()
        self._ahead.clear()
        self._stale = set(self._open)
        if in_sight is not None:
            self._renew_stale(in_sight)

    def forget(self, name: str) -> bool:
        """Hold nothing of image `name` any more, so that it is read anew; False where that would lose work."""
        opened = self._open.get(name)
        if opened is not None:
            if not opened.is_safe or (opened.journal is not None and opened.journal.needs_sync):
                return False
            if opened.journal is not None:
                opened.journal.close()
            self._drop(name)
        self._ahead.pop(name, None)
        reading = self._reading.pop(name, None)
        if reading is not None:
            reading.cancel()
        return True

    def close(self) -> list[SaveError]:
        """Close the journals and end the readers; `ready` and `failed` are not sent any more.

        Returns why journals could not be synced, without those of images whose failing is told already.
        """
        failed: list[SaveError] = []
        previewing = [self._previewing] if self._previewing is not None else []
        for task in [*self._reading.values(), *self._renewing.values(), *previewing]:
            task.cancel()
        self._readers.close()
        self._previewer.close()
        for opened in self._open.values():
            try:
                if opened.journal is not None:
                    opened.journal.close()
            except SaveError as error:
                if not opened.is_failure_told:
                    failed.append(error)
        self._open.clear()
        self._ahead.clear()
        self._stale.clear()
        return failed

    def _on_read(self, loaded: _Loaded) -> None:
        del self._reading[loaded.name]
        if loaded.name not in self._open:
            self._ahead[loaded.name] = loaded
        self.ready.emit(loaded.name)

    def _on_previewed(self, preview: Preview | None) -> None:
        self._previewing = None
        if preview is not None and preview.name not in self:
            self.previewed.emit(preview)

    def _on_failed(self, name: str, error: SegStudioError) -> None:
        del self._reading[name]
        self.failed.emit(name, error)

    def _renew_stale(self, name: str) -> None:
        """Read the pixels of the open image `name` again, where those in memory are outdated."""
        if name in self._stale:
            self._stale.discard(name)
            self._renewing[name] = self._readers.submit(
                partial(_pixels, self._project, name),
                partial(self._on_renewed, name),
                partial(self._on_not_renewed, name),
            )

    def _on_not_renewed(self, name: str, error: SegStudioError) -> None:
        """It cannot be read any more: what was read stays in sight."""
        del self._renewing[name]
        _log.info("an image was not read again: %s", error)

    def _on_renewed(self, name: str, pixels: tuple[Pixels, tuple[Pixels, ...]]) -> None:
        del self._renewing[name]
        opened = self._open.get(name)
        if opened is not None and pixels[0].shape == opened.image.shape:
            opened.image, opened.reduced = pixels
            self.renewed.emit(name)

    def _taken_up(self, loaded: _Loaded) -> OpenImage:
        history = EditHistory(done=loaded.undo, undone=loaded.redo)
        document = Document(loaded.name, loaded.label_map, self._project.classes, history)
        opened = OpenImage(loaded.name, loaded.image, loaded.orientation, document, None, loaded.proposal)
        opened.reduced, opened.accepted = loaded.reduced, loaded.accepted
        opened.channel_names = loaded.channel_names
        document.changed.connect(opened.on_changed)
        document.edited.connect(opened.on_edited)
        self._attach(opened)
        return opened

    def _forget_old(self) -> None:
        for name, opened in list(self._open.items())[:-1]:
            if len(self._open) <= _KEPT_IMAGES:
                return
            # A journal with unsynced records would sync while it is closed: here, in the window's thread.
            if opened.is_safe and not (opened.journal is not None and opened.journal.needs_sync):
                if opened.journal is not None:
                    opened.journal.close()
                self._drop(name)

    def _drop(self, name: str) -> None:
        """Forget the open image `name`."""
        del self._open[name]
        self._stale.discard(name)
        renewing = self._renewing.pop(name, None)
        if renewing is not None:
            renewing.cancel()


def _load(project: Project, name: str) -> _Loaded:
    """Read everything about one image; runs in a reader's thread.

    Raises:
        SegStudioError: the image or its mask cannot be read.
    """
    image = project.folder.read_image(name)
    work = project.load_work(name)
    proposal = project.load_proposal(name)
    orientation = project.folder.view_orientation(name)
    accepted = _accepted(project, name, work.label_map)
    work_left = work.label_map, work.undo, work.redo
    loaded = _Loaded(name, image, orientation, *work_left, proposal, halvings(image), accepted)
    return replace(loaded, channel_names=project.folder.channel_names(name))


def _pixels(project: Project, name: str) -> tuple[Pixels, tuple[Pixels, ...]]:
    """The image and its halvings. Raises SegStudioError where it cannot be read."""
    image = project.folder.read_image(name)
    return image, halvings(image)


def _accepted(project: Project, name: str, label_map: LabelMap) -> PackedPixels | None:
    """The pixels with a class in the accepted mask of `name`, of which `label_map` is what was seen last."""
    if project.status(name) is Status.ACCEPTED:
        return PackedPixels.with_class(label_map.array)
    try:
        labels = project.accepted_labels(name)
    except InputError:
        return None  # a mask that broke since keeps nobody from the draft over it
    fits = labels is not None and labels.shape == label_map.shape
    return PackedPixels.with_class(labels) if labels is not None and fits else None


def _preview(project: Project, name: str) -> Preview | None:
    """Runs in a thread of its own. Raises SegStudioError where the image cannot be read."""
    pixels = project.folder.read_preview(name)
    if pixels is None:
        return None
    orientation = project.folder.view_orientation(name)
    header = project.folder.image_header(name)
    is_turned = orientation != header.orientation and header.orientation >= 5  # the mask's frame is the upright one
    width, height = (header.height, header.width) if is_turned else (header.width, header.height)
    return Preview(name, pixels, (width, height), orientation)
