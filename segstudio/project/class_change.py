"""Two classes merged or swapped in images of a folder, one image at a time, and taken back again.

Owns the order in which the files of one image are written, so that whatever happens in between the folder is
consistent, the change can be gone on with, and it can be taken back. An image has up to two label maps that change: the
one that is seen (its draft, or else its mask), with its journal, and the mask below a draft, which teaches until the
draft is accepted. Proposals stay as the network made them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segstudio.core.class_change import ClassChange, TakenBack
from segstudio.core.document import Document
from segstudio.core.edits import Edit, EditFormatError
from segstudio.core.errors import InputError, marked
from segstudio.core.label_map import LabelMap
from segstudio.project.class_change_log import ClassChangeLog, Layer, Moved
from segstudio.project.journal import checksum
from segstudio.project.project import Project, Status
from segstudio.project.voc_folder import UInt8Array


@dataclass(frozen=True)
class Done:
    """What came of one image: whether a label map of it changed, its mask among them, and how many pixels stayed.

    Pixels stay where taking back finds that they were painted since.
    """

    changed: bool = False
    mask_changed: bool = False
    kept: int = 0


@dataclass(frozen=True)
class Prepared:
    """What is about to be done to an open image: `edit`, None where no pixel changes.

    For a change also what moves and the checksum before; for taking back how many pixels stay.
    """

    edit: Edit | None
    moves: tuple[Edit, ...] = ()
    before: int = 0
    kept: int = 0


class ImageChanger:
    """Carries out, and takes back, the change that `log` is the record of.

    An image that somebody has open is changed in three steps: `prepare` works out on a copy what changes, off the
    thread that its document belongs to; there `begin_open` makes it, if the copy still holds; `keep_open` writes it. So
    it is with `prepare_taking_back`, `take_back_open` and `keep_taken_back_open`. All that write raise SaveError;
    InputError says that the image, its draft or its mask is broken: it is as it was then.
    """

    def __init__(self, project: Project, log: ClassChangeLog) -> None:
        self._project = project
        self._log = log

    @property
    def _change(self) -> ClassChange:
        return self._log.plan.change

    # -- changing -------------------------------------------------------------------------------------------

    def change(self, name: str) -> Done:
        """Change image `name`, or go on where a crash or a full disk cut it short."""
        project = self._project
        with project.lock_of(name):
            if not project.has_labels(name):
                self._log.finish(name)
                return Done()
            document = Document(name, project.load_label_map(name), project.classes)
            labels, is_draft = document.label_map.array, project.status(name) is Status.DRAFT
            work = self._moved(name).get(Layer.WORK)
            if work is None or not self._is_made(name, document.label_map, work):
                self._begin(document, is_draft)
                edit = self._change.apply_to(document)
                if edit is not None:
                    project.save_edit(name, edit, labels)
                return self._end(name, labels, is_draft, edit is not None, is_kept=edit is not None)
            is_draft, was_cut_short = self._is_draft_since(labels, work, is_draft)
            if was_cut_short:
                project.rewrite(name, labels, is_draft)
            return self._end(name, labels, is_draft, was_cut_short, is_kept=was_cut_short)

    def prepare(self, name: str, labels: UInt8Array, _is_draft: bool) -> Prepared | None:
        """Work out what changes in an open image that holds `labels`, a copy; None where nothing does."""
        document = Document(name, LabelMap.from_array(labels), self._project.classes)
        begun = self._moved(name).get(Layer.WORK)
        if begun is not None and self._is_made(name, document.label_map, begun):
            return None  # and was not written
        before, moves = checksum(labels), self._change.moves(document.label_map)
        edit = self._change.apply_to(document)
        return Prepared(edit, moves=moves, before=before) if edit is not None else None

    def begin_open(self, document: Document, prepared: Prepared | None, is_draft: bool) -> None:
        """Change the label map of an open image as `prepare` worked it out, if it did."""
        if prepared is not None and prepared.edit is not None:
            moved = Moved(prepared.moves, prepared.before, is_draft)
            self._log.begin_layer(document.name, Layer.WORK, moved, sync=False)
            document.take_up(prepared.edit)

    def keep_open(
        self, name: str, labels: UInt8Array, mark: int | None, is_draft: bool, prepared: Prepared | None
    ) -> Done:
        """Write `labels`, what an open image holds since `begin_open`; `mark` as in `save_draft`."""
        project, changed = self._project, prepared is not None
        with project.lock_of(name):
            self._log.sync()
            work = self._moved(name).get(Layer.WORK)
            if prepared is None and work is not None:
                is_draft, changed = self._is_draft_since(labels, work, is_draft)
            if changed or (is_draft and project.folder.has_mask(name)):
                project.rewrite(name, labels, is_draft, mark)
            return self._end(name, labels, is_draft, changed, is_kept=True)

    def _begin(self, document: Document, is_draft: bool) -> None:
        """Record what is about to be changed in the label map that is seen; nothing where nothing is."""
        moves = self._change.moves(document.label_map)
        if any(move.patches for move in moves):
            moved = Moved(moves, checksum(document.label_map.array), is_draft)
            self._log.begin_layer(document.name, Layer.WORK, moved)

    def _is_draft_since(self, labels: UInt8Array, work: Moved, is_draft: bool) -> tuple[bool, bool]:
        """Whether `labels`, in which the change was begun, are a draft to it, and whether they are still to be written.

        It is in the journal at least. A mask that it was not written to looks like a draft by that; where somebody
        painted since, it is one.
        """
        was_cut_short = is_draft and not work.was_draft and self._is_untouched_since(labels, work)
        return is_draft and not was_cut_short, was_cut_short

    def _end(self, name: str, seen: UInt8Array, is_draft: bool, changed: bool, is_kept: bool) -> Done:
        mask_changed = self._change_below(name, seen, is_kept) if is_draft else changed
        self._log.finish(name)
        return Done(changed or mask_changed, mask_changed)

    def _change_below(self, name: str, seen: UInt8Array, is_kept: bool) -> bool:
        """Change the mask below the draft `seen` of image `name`; `is_kept`: the disk has the draft as a file."""
        project, label_map = self._project, self._mask_of(name)
        if label_map is None:
            return False
        begun = self._moved(name)
        if Layer.MASK in begun and self._is_made(name, label_map, begun[Layer.MASK]):
            return False  # it is written already
        before = checksum(label_map.array)
        moves = self._change.moves(label_map)
        has_moved = any(move.patches for move in moves)
        if not has_moved and Layer.WORK not in begun:
            return False
        # Also where nothing moves in one of the two: what moved in the other must not be taken back in this one.
        if Layer.WORK not in begun:
            nothing = tuple(Edit(self._change.name, seen.shape, ()) for _ in moves)
            self._log.begin_layer(name, Layer.WORK, Moved(nothing, checksum(seen), was_draft=True), sync=False)
        if not is_kept:
            project.rewrite(name, seen, is_draft=True)  # else its journal may still build on the mask
        self._log.begin_layer(name, Layer.MASK, Moved(moves, before, was_draft=True))
        if has_moved:
            document = Document(name, label_map, project.classes)
            self._change.apply_to(document)
            project.rewrite_below_draft(name, label_map.array)
        return has_moved

    # -- taking back ----------------------------------------------------------------------------------------

    def take_back(self, name: str) -> Done:
        """Take the change back in image `name`, but for pixels that were painted since."""
        project = self._project
        with project.lock_of(name):
            is_draft = project.status(name) is Status.DRAFT
            document = Document(name, project.load_label_map(name), project.classes)
            taken = self._take_back_in(document, is_draft)
            if taken.edit is not None:
                project.save_edit(name, taken.edit, document.label_map.array)
            return self._end_taking_back(name, document.label_map.array, is_draft, taken, taken.edit is not None)

    def prepare_taking_back(self, name: str, labels: UInt8Array, is_draft: bool) -> Prepared:
        """Work out what is taken back in an open image that holds `labels`, a copy."""
        document = Document(name, LabelMap.from_array(labels), self._project.classes)
        taken = self._take_back_in(document, is_draft)
        return Prepared(taken.edit, kept=taken.kept)

    def take_back_open(self, document: Document, prepared: Prepared) -> None:
        """Change the label map of an open image as `prepare_taking_back` worked it out."""
        if prepared.edit is not None:
            document.take_up(prepared.edit)

    def keep_taken_back_open(
        self, name: str, labels: UInt8Array, mark: int | None, is_draft: bool, prepared: Prepared
    ) -> Done:
        """Write `labels`, what an open image holds since `take_back_open`."""
        with self._project.lock_of(name):
            if prepared.edit is not None or is_draft:
                self._project.rewrite(name, labels, is_draft, mark)
            taken = TakenBack(prepared.edit, prepared.kept)
            return self._end_taking_back(name, labels, is_draft, taken, is_kept=True)

    def _take_back_in(self, document: Document, is_draft: bool) -> TakenBack:
        """Take it back in a label map that is a draft or a mask, as one edit."""
        moves = self._moves_of(document.name, document.label_map, is_draft)
        try:
            return self._change.take_back_in(document, moves)
        except EditFormatError as error:
            raise self._unknown(document.name) from error

    def _end_taking_back(self, name: str, seen: UInt8Array, is_draft: bool, taken: TakenBack, is_kept: bool) -> Done:
        mask_changed = self._take_back_below(name, seen, is_kept) if is_draft else taken.edit is not None
        self._log.finish_taking_back(name)
        return Done(taken.edit is not None or mask_changed, mask_changed, taken.kept)

    def _take_back_below(self, name: str, seen: UInt8Array, is_kept: bool) -> bool:
        project, label_map = self._project, self._mask_of(name)
        if label_map is None:
            return False
        document = Document(name, label_map, project.classes)
        if self._take_back_in(document, is_draft=False).edit is None:
            return False
        if not is_kept:
            project.rewrite(name, seen, is_draft=True)  # else its journal may still build on the mask
        project.rewrite_below_draft(name, label_map.array)
        return True

    def _moves_of(self, name: str, label_map: LabelMap, is_draft: bool) -> tuple[Edit, ...]:
        """What moved in this label map, which is a draft or a mask.

        A mask that lay below a draft and is as the change left it has moves of its own. Any other one was accepted
        since, so it came from the draft.
        """
        begun = self._moved(name)
        mask = begun.get(Layer.MASK)
        if mask is not None and not is_draft and self._is_untouched_since(label_map.array, mask):
            return mask.moves
        if Layer.WORK not in begun:
            raise self._unknown(name)
        return begun[Layer.WORK].moves

    # -- the record -----------------------------------------------------------------------------------------

    def _mask_of(self, name: str) -> LabelMap | None:
        """The mask below a draft; None where there is none, or none that can be read, which is never overwritten."""
        if not self._project.folder.has_mask(name):
            return None
        try:
            return LabelMap.from_array(self._project.folder.read_label_map(name))
        except InputError:
            return None

    def _is_made(self, name: str, label_map: LabelMap, moved: Moved) -> bool:
        """Whether the change that was begun in `label_map` is made in it: a crash may have come before, and painting.

        Raises InputError where its size is another one now.
        """
        if checksum(label_map.array) == moved.before:
            return False
        try:
            return self._change.is_made_in(label_map, moved.moves)
        except EditFormatError as error:
            raise self._unknown(name) from error

    def _is_untouched_since(self, labels: UInt8Array, moved: Moved) -> bool:
        """Whether `labels` are exactly what the change left: taken back they are those of before, and these changed."""
        copy = Document("", LabelMap.from_array(labels), self._project.classes)
        try:
            self._change.take_back_in(copy, moved.moves)
        except EditFormatError:
            return False
        before = copy.label_map.array
        return checksum(before) == moved.before and np.array_equal(self._change.changed(before), labels)

    def _moved(self, name: str) -> dict[Layer, Moved]:
        try:
            return self._log.moved(name)
        except EditFormatError as error:
            raise self._unknown(name) from error

    def _unknown(self, name: str) -> InputError:
        return InputError(
            marked("What was changed in {name} is not known any more, or its size is another one. It stays as it is."),
            name=name,
        )
