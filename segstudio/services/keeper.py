"""Keeps what a person does on the disk: every edit in the journal, the label map as a draft, or as accepted.

Owns the order of writing and what happens where it fails: until a label map is safely on disk its document stays in
memory, so a disk that fails costs nothing, and the person is told once, not with every stroke.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Signal

from segstudio.core.edits import Edit
from segstudio.core.errors import SegStudioError
from segstudio.core.label_map import Labels
from segstudio.core.pixel_sets import PackedPixels
from segstudio.project.journal import Journal
from segstudio.project.project import Project
from segstudio.services.background import TaskRunner
from segstudio.services.open_image import OpenImage
from segstudio.services.recorder import Recorder

_log = logging.getLogger(__name__)


class Keeper(QObject):
    """Writes for one folder at a time, in one thread and in the order in which it was asked."""

    edited = Signal(object)
    """OpenImage: an edit was made, undone or redone, and is in the journal where that can be written."""
    kept = Signal(str)
    """Image name: its status may be another one now."""
    accepted = Signal(str)
    """The name of an image whose label map is on disk as accepted."""
    failing = Signal(object, object)
    """OpenImage and SegStudioError: its work cannot be written. Sent once until a label map could be written again."""
    journaled = Signal()
    """Records of the journal have reached the disk."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._disk = TaskRunner(1, self)
        self._recorder = Recorder(self._disk, self)
        self._recorder.synced.connect(self.journaled)
        self._recorder.lost.connect(self._tell_once)
        self._accepting: set[str] = set()
        self._project: Project | None = None

    def set_project(self, project: Project | None) -> None:
        """Write into `project` from now on, once all that waits is written and what came of it is told."""
        self._disk.wait()
        QCoreApplication.sendPostedEvents(self._disk)
        self._accepting.clear()
        self._project = project

    def stop(self) -> None:
        """End the thread; for quitting, when no folder is open any more."""
        self._recorder.stop()
        self._disk.close()

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way to the disk."""
        return self._disk.waiting > 0

    def is_accepting(self, name: str) -> bool:
        """Whether image `name` is on its way to the disk as accepted."""
        return name in self._accepting

    def follow(self, opened: OpenImage) -> None:
        """Write every edit of `opened` to its journal from now on."""
        opened.document.edited.connect(partial(self._on_edited, opened))
        opened.document.reverted.connect(partial(self._on_reverted, opened))

    def save_draft(self, opened: OpenImage) -> None:
        """Write the label map of `opened` as a draft."""
        assert self._project is not None
        self._write_labels(opened, self._project.save_draft, self._on_draft_saved, self._on_draft_failed)

    def accept(self, opened: OpenImage) -> None:
        """Write the label map of `opened` as accepted."""
        assert self._project is not None
        self._accepting.add(opened.name)
        self._write_labels(opened, partial(_accept, self._project), self._on_accepted, self._on_accept_failed)

    def keep(
        self,
        opened: OpenImage,
        write: Callable[[str, Labels, int | None], Any],
        done: Callable[[Any], None],
        failed: Callable[[SegStudioError], None],
    ) -> None:
        """Let `write` keep the label map of `opened`: it gets its name, a copy of the labels and the journal's mark.

        It runs in the thread that writes; `done` gets what it gave. A failure is told by `failed` alone.
        """

        def kept(opened: OpenImage, position: int, result: Any) -> None:
            self._on_saved(opened, position)
            done(result)

        def lost(opened: OpenImage, error: SegStudioError) -> None:
            opened.saving = False
            failed(error)

        self._write_labels(opened, write, kept, lost)

    def add_seconds(self, name: str, seconds: float) -> None:
        """Keep that a person spent `seconds` more on image `name`."""
        assert self._project is not None
        self.write(
            partial(self._project.add_seconds, name, seconds),
            None,
            lambda error: _log.info("the time spent on an image was not kept: %s", error),
        )

    def write(
        self, work: Callable[[], Any], done: Callable[[Any], None] | None, failed: Callable[[SegStudioError], None]
    ) -> None:
        """Do `work` in the thread that writes, behind what waits there; see `TaskRunner.submit`."""
        self._disk.submit(work, done, failed)

    def _write_labels(
        self,
        opened: OpenImage,
        write: Callable[..., Any],
        done: Callable[[OpenImage, int, Any], None],
        failed: Callable[[OpenImage, SegStudioError], None],
    ) -> None:
        assert not opened.document.is_editing, "half a stroke is no state that Undo knows"
        labels, position = opened.document.label_map.array.copy(), opened.document.history.position
        opened.saving = True
        self.write(
            partial(write, opened.name, labels, self._recorder.mark(opened)),
            partial(done, opened, position),
            partial(failed, opened),
        )

    def _on_edited(self, opened: OpenImage, edit: Edit) -> None:
        self._recorder.record(opened, lambda journal: journal.append(edit))
        if opened.is_record_lost and not opened.saving:
            self.save_draft(opened)  # what the journal lacks is in the draft; the next edit tries again
        self.edited.emit(opened)

    def _on_reverted(self, opened: OpenImage, edits: tuple[Edit, ...], forward: bool) -> None:
        append = Journal.append_redo if forward else Journal.append_undo
        self._recorder.record(opened, lambda journal: append(journal, len(edits)))
        self.edited.emit(opened)

    def _on_draft_saved(self, opened: OpenImage, position: int, _result: None) -> None:
        self._on_saved(opened, position)

    def _on_saved(self, opened: OpenImage, position: int) -> None:
        opened.saving = opened.is_failure_told = False
        opened.document.mark_saved(position)
        self.kept.emit(opened.name)

    def _on_accepted(self, opened: OpenImage, position: int, accepted: PackedPixels) -> None:
        self._accepting.discard(opened.name)
        opened.accepted = accepted
        self._on_saved(opened, position)
        self.accepted.emit(opened.name)
        self.kept.emit(opened.name)

    def _on_draft_failed(self, opened: OpenImage, error: SegStudioError) -> None:
        opened.saving = False
        self._tell_once(opened, error)

    def _on_accept_failed(self, opened: OpenImage, error: SegStudioError) -> None:
        self._accepting.discard(opened.name)
        opened.is_failure_told = False  # whoever accepts wants to know, again where it fails again
        self._on_draft_failed(opened, error)
        self.kept.emit(opened.name)

    def _tell_once(self, opened: OpenImage, error: SegStudioError) -> None:
        if not opened.is_failure_told:
            opened.is_failure_told = True
            self.failing.emit(opened, error)


def _accept(project: Project, name: str, labels: Labels, mark: int | None) -> PackedPixels:
    """Write `labels` as accepted and return which pixels have a class; runs in the thread that writes."""
    project.accept(name, labels, mark)
    return PackedPixels.with_class(labels)
