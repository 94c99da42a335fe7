"""The label map of every image of one folder: as it was last seen, as a draft, as a mask, and every edit between.

Owns drafts and journals, and that they and the masks agree whatever fails in between; one image is written by one
thread at a time. `Sides` says which side an image is on; proposals are the project's.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segstudio.core.class_table import VOID
from segstudio.core.edits import Edit, EditFormatError
from segstudio.core.errors import InputError, SaveError, marked
from segstudio.core.label_map import LabelMap
from segstudio.project.held_out import Side
from segstudio.project.journal import Journal, checksum
from segstudio.project.journals import JournalStore
from segstudio.project.kept_maps import DraftStore
from segstudio.project.sides import Sides
from segstudio.project.touched import touched_pixels
from segstudio.project.voc_folder import UInt8Array, VocFolder

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What was done on an image: its label map, and the edits that can be undone and redone from there, newest last."""

    label_map: LabelMap
    undo: list[Edit]
    redo: list[Edit]


class LabelMaps:
    """What is kept of the work on each image. Usable from several threads; writing raises SaveError."""

    def __init__(self, folder: VocFolder, sides: Sides, state_dir: Path) -> None:
        """Drafts and journals lie in `state_dir`, masks in `folder`."""
        self._folder = folder
        self._sides = sides
        self._drafts = DraftStore(state_dir / "drafts", folder.pixel_limit)
        self._journals = JournalStore(state_dir / "journal")
        self._lock = threading.RLock()
        self._name_locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._bases: dict[str, tuple[int, int]] = {}
        """Where each image's journal goes on: the checksum of its saved label map, and how many edits came after it."""

    def has_draft(self, name: str) -> bool:
        """Whether there is a draft file for `name`, whatever was recorded since."""
        return name in self._drafts.names

    def is_draft(self, name: str) -> bool:
        """Whether `name` has a draft, or edits that no saved label map has."""
        return name in self._drafts.names or self._journals.has_unsaved(name)

    def load(self, name: str) -> Work:
        """The label map of `name` as it was last seen: draft, else accepted mask, else all void, plus later edits.

        With it come the edits that led there.

        Raises:
            InputError: the image, its draft or its mask is broken, or they differ in size.
        """
        with self.lock_of(name):
            labels = self._saved_labels(name)
            base = checksum(labels)
            found = self._journals.replay(name, base)
            label_map = LabelMap.taking(labels)
            for edit in found.pending:
                try:
                    edit.apply_to(label_map)
                except EditFormatError:
                    break
            self._bases[name] = (base, len(found.pending))
            return Work(label_map, found.undo, found.redo)

    def accepted_labels(self, name: str) -> UInt8Array | None:
        """(H, W) uint8: the mask that a person accepted, whatever was drafted since; None where there is none.

        Raises InputError where it is broken.
        """
        if not self._folder.has_mask(name) or self._sides.is_unreviewed(name):
            return None
        with self.lock_of(name):
            return self._folder.read_label_map(name)

    def touched_labels(self, name: str) -> UInt8Array:
        """(H, W) uint8: the label map of `name` where the person touched it (see `touched`), void elsewhere.

        All void where the journal does not know the label map. Raises InputError as `load`.
        """
        with self.lock_of(name):
            saved = self._saved_labels(name)
            found = self._journals.replay(name, checksum(saved))
            label_map = LabelMap.from_array(saved)
            touched = np.zeros(saved.shape, dtype=np.bool_)
            with contextlib.suppress(EditFormatError):  # as where the journal is torn: nothing is known
                for edit in found.pending:
                    edit.apply_to(label_map)
                touched = touched_pixels(found.undo, saved.shape)
            return np.where(touched, label_map.array, np.uint8(VOID))

    def save_draft(self, name: str, labels: UInt8Array, mark: int | None = None) -> None:
        """Keep `labels` (H, W) as the draft of `name`.

        Where edits may go on meanwhile, take ``mark = journal(name).append_mark()`` together with the copy of `labels`:
        the edits recorded after it are then not taken for saved. A draft that says nothing (the mask as it is, or all
        void where there is none) is dropped, and the status is what it was. Raises SaveError.
        """
        with self.lock_of(name):
            self._refuse_wrong_size(name, labels)
            mark = self._announce(name, labels, mark)
            if self._says_nothing(name, labels):
                self._drafts.drop(name)
            else:
                self._drafts.save(name, labels, self._folder.classes)
            self._settle(name, labels, mark)

    def accept(self, name: str, labels: UInt8Array, mark: int | None = None) -> Side:
        """Write `labels` (H, W) as the mask of `name`, enter it in the lists, drop the draft.

        It counts as reviewed from now on, and its side is decided where it has none.
        `mark` as in `save_draft`. The work stays recorded in the journal where writing fails.

        Raises:
            SaveError: the mask, the index or a list could not be written.
            InputError: the image is broken.
        """
        with self.lock_of(name):
            self._refuse_wrong_size(name, labels)
            side = self._sides.decide_on_accept(name, labels)
            mark = self._announce(name, labels, mark)
            self._folder.write_label_map(name, labels)
            self._sides.keep(name, side)
            self._drafts.drop(name)
            self._settle(name, labels, mark)
            return side

    def write_unreviewed(self, name: str, labels: UInt8Array) -> None:
        """Write `labels` (H, W) as the mask of `name`, marked as one that nobody has looked at.

        Raises:
            SaveError: the mask or the index could not be written.
            InputError: the image is broken.
        """
        with self.lock_of(name):
            self._refuse_wrong_size(name, labels)
            # First, so that whatever happens in between no mask is there that passes for a reviewed one.
            self._sides.mark_unreviewed(name)
            # What can be undone or redone belongs to another label map; over this one the journal begins anew.
            self._journals.close_one(name)
            self._folder.write_label_map(name, labels)
            self._bases[name] = (checksum(labels), 0)

    def save_edit(self, name: str, edit: Edit, labels: UInt8Array) -> None:
        """Keep `edit`, made on the label map that `load` gave, and `labels` (H, W), what came of it.

        For images that nobody has open. A draft stays a draft, and a mask stays what it was: accepted or unreviewed, on
        its side. Where writing fails the journal is as before too, unless the file was replaced before it failed.
        Raises SaveError, InputError.
        """
        with self.lock_of(name):
            is_draft, journal = self.is_draft(name), self.journal(name)
            before = self._bases[name][0]
            try:
                with journal.together(is_saved=lambda: self._is_replaced(name, before, is_draft)):
                    journal.append(edit)
                    mark = journal.append_mark()
                    journal.append_saved(mark, checksum(labels))
                    self._write(name, labels, is_draft)
                self._note_classes(name, labels, is_draft)
                self._settle(name, labels, mark)
            finally:
                journal.close()

    def rewrite(self, name: str, labels: UInt8Array, is_draft: bool, mark: int | None = None) -> None:
        """Keep `labels` (H, W) as the draft of `name` or, without `is_draft`, as its mask, which stays what it was.

        `mark` as in `save_draft`; but a draft stays one, whatever it says, and one over a mask that is written is
        dropped. Raises SaveError, InputError.
        """
        with self.lock_of(name):
            mark = self._announce(name, labels, mark)
            self._write(name, labels, is_draft)
            self._note_classes(name, labels, is_draft)
            if not is_draft:
                self._drafts.drop(name)  # one that was kept when this mask could not be written
            self._settle(name, labels, mark)

    def rewrite_below_draft(self, name: str, labels: UInt8Array) -> None:
        """Write `labels` (H, W) as the mask of `name`, over which there is a draft on the disk, which is left alone.

        The mask stays what it was: accepted or unreviewed, on its side. Raises SaveError, InputError.
        """
        with self.lock_of(name):
            self._write(name, labels, is_draft=False)
            self._note_classes(name, labels, is_draft=False)

    def journal(self, name: str) -> Journal:
        """The journal of `name`, to be told every edit of the label map that `load` gave.

        Nothing is written before the first edit, and a folder that cannot be written shows only then, by SaveError. The
        label map is loaded where it was not yet; InputError where the image, its draft or its mask is broken.
        """
        if name not in self._bases:
            self.load(name)
        # Not under the image's lock: the window asks for a journal while the image before is still being written.
        return self._journals.get(name, *self._bases[name])

    def lock_of(self, name: str) -> threading.RLock:
        """One image's lock, for several steps that belong together; writing one does not keep the others waiting."""
        with self._lock:
            return self._name_locks[name]

    def close(self) -> None:
        """Sync and close all journals; a SaveError tells of one that could not be synced."""
        self._journals.close()

    def _saved_labels(self, name: str) -> UInt8Array:
        height, width = self._folder.frame_size(name)
        if name in self._drafts.names:
            labels = self._drafts.load(name, self._folder.classes)
            if labels.shape != (height, width):
                raise InputError(
                    marked(
                        "The draft {file} has another size than its image. Move the draft away, then open the image."
                    ),
                    file=self._drafts.path(name),
                )
            return labels
        return self._labels_without_draft(name)

    def _labels_without_draft(self, name: str) -> UInt8Array:
        if self._folder.has_mask(name):
            return self._folder.read_label_map(name)
        return np.full(self._folder.frame_size(name), VOID, dtype=np.uint8)

    def _says_nothing(self, name: str, labels: UInt8Array) -> bool:
        """Whether a draft of `labels` would say no more than there is without it."""
        with contextlib.suppress(InputError):  # a mask that cannot be read says nothing by itself
            return np.array_equal(self._labels_without_draft(name), labels)
        return False

    def _write(self, name: str, labels: UInt8Array, is_draft: bool) -> None:
        if is_draft:
            self._drafts.save(name, labels, self._folder.classes)
        else:
            self._folder.write_label_map(name, labels)

    def _is_replaced(self, name: str, before: int, is_draft: bool) -> bool:
        """Whether the saved label map of `name` is not the one of the checksum `before` any more.

        So too where it cannot be read: what the journal says of it may still be wanted. A draft that was not there
        before, and of which only its folder could not be synced, is not among the drafts yet.
        """
        try:
            if is_draft and self._drafts.path(name).exists():
                return checksum(self._drafts.load(name, self._folder.classes)) != before
            return checksum(self._labels_without_draft(name)) != before
        except (InputError, OSError):
            return True

    def _note_classes(self, name: str, labels: UInt8Array, is_draft: bool) -> None:
        """Tell `Sides` what a mask that was just written holds. It is no reason to fail where they cannot keep it."""
        if is_draft:
            return
        try:
            self._sides.note_classes(name, labels)
        except SaveError:
            _log.warning("the classes of mask %s could not be kept in the index", name, exc_info=True)

    def _announce(self, name: str, labels: UInt8Array, mark: int | None) -> int | None:
        """Tell the journal, if `name` has one, that `labels` are about to be saved; returns the mark."""
        if name not in self._journals:
            return None
        journal = self.journal(name)
        mark = journal.append_mark() if mark is None else mark
        journal.append_saved(mark, checksum(labels))
        return mark

    def _settle(self, name: str, labels: UInt8Array, mark: int | None) -> None:
        state = checksum(labels)
        self._bases[name] = (state, 0)
        if mark is None:
            return
        try:
            self.journal(name).append_settled(mark, state)
        except SaveError:
            # The file is saved; without this record the journal only has one more state to compare with.
            return

    def _refuse_wrong_size(self, name: str, labels: UInt8Array) -> None:
        if labels.shape != self._folder.frame_size(name):
            raise ValueError(f"labels of {labels.shape} pixels for an image of {self._folder.frame_size(name)}")
