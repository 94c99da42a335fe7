"""Which accepted images teach and which are held out: the rule of `held_out` over lists, index and files.

Owns the side of every accepted image of one folder. val.txt and train.txt come first; the index keeps what was decided
for names that stand in neither. A label map that was accepted unreviewed has no side until somebody has looked at it:
it is never held out, and where it teaches, that is kept, for what has taught can never judge.

Looking writes nothing: sides of masks that were there before are decided in memory, by a rule that gives the same ones
the next time, and are kept in the index with the first accepted image or the first round.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterable
from dataclasses import replace

import numpy as np

from segstudio.core.class_table import VOID
from segstudio.core.errors import Cancelled, InputError, SaveError, marked
from segstudio.core.label_map import label_counts
from segstudio.project.held_out import AcceptedImage, Side, decide_side
from segstudio.project.image_sets import TRAIN, TRAINVAL, VAL
from segstudio.project.index import ImageRecord, ProjectIndex
from segstudio.project.looks import Look
from segstudio.project.voc_folder import UInt8Array, VocFolder

EXAMINED_AT_MOST = 1000
"""Of the masks that were there before and stand in a list, so many (the nearest in the folder's order) are opened to
learn their classes and looks when a further image's side is decided; those in no list are all opened, once."""

_THUMBNAIL = 64


class Sides:
    """The sides of the accepted images of one folder. Usable from several threads."""

    def __init__(self, folder: VocFolder, index: ProjectIndex) -> None:
        self._folder = folder
        self._index = index
        self._lock = threading.RLock()
        """Around what is known; never held while a file is read, so that accepting waits for nobody's reading."""
        self._deciding = threading.RLock()
        """Around deciding what is missing, which may take minutes. Taken before `_lock`, never within."""
        self._unkept: set[str] = set()
        """Whose sides were decided and are not in the index."""
        self._records = index.images()
        self._positions = {name: position for position, name in enumerate(folder.names)}
        self._listed: dict[str, Side] = {}
        self.reload_lists()

    def reload_lists(self) -> None:
        """Read train.txt and val.txt again. A name in both is held out: an image must never teach and judge."""
        train, val = self._folder.listed(TRAIN).names, self._folder.listed(VAL).names
        with self._lock:
            self._unreadable = self._folder.unreadable_lists(TRAIN, VAL)
            self._listed = dict.fromkeys(train, Side.TEACHING) | dict.fromkeys(val, Side.HELD_OUT)

    def side(self, name: str) -> Side | None:
        """The side of `name`, or None where it is not decided yet."""
        listed = self._listed.get(name)
        if listed is not None:
            return listed
        record = self._records.get(name)
        return record.side if record is not None else None

    def names_on(self, side: Side) -> list[str]:
        """The reviewed images on `side`, in the folder's order; decides what is not decided yet.

        Raises InputError as `decide_missing`.
        """
        self.decide_missing()
        return [name for name in self._masked_names() if self.side(name) is side and not self.is_unreviewed(name)]

    # -- unreviewed -----------------------------------------------------------------------------------------

    def is_unreviewed(self, name: str) -> bool:
        """Whether the label map of `name` was accepted without anybody having looked at it."""
        record = self._records.get(name)
        return record is not None and record.unreviewed

    def unreviewed_names(self) -> list[str]:
        """The unreviewed images that may teach, in the folder's order: those of val.txt never may."""
        held_out = Side.HELD_OUT
        return [name for name in self._masked_names() if self.is_unreviewed(name) and self.side(name) is not held_out]

    def mark_unreviewed(self, name: str) -> None:
        """Keep that nobody looked at the label map that `name` is about to get. Raises SaveError."""
        with self._lock:
            marked_record = replace(self._records.get(name) or ImageRecord(name), unreviewed=True)
            self._index.save_images([marked_record])
            self._records[name] = marked_record

    def keep_teaching(self, names: Iterable[str]) -> None:
        """Keep that the unreviewed ones of `names` teach from now on, so that none of them is ever held out.

        All that was decided so far is kept with them. Raises SaveError.
        """
        with self._lock:
            taught = [
                replace(self._records[name], side=Side.TEACHING)
                for name in names
                if self.is_unreviewed(name) and self.side(name) is None
            ]
            self._save(taught)
            self._records.update((record.name, record) for record in taught)

    # -- deciding -------------------------------------------------------------------------------------------

    def decide_missing(
        self, progress: Callable[[int, int], None] | None = None, cancel: Callable[[], bool] | None = None
    ) -> None:
        """Decide the side of each mask that was there before and stands in no list, in the folder's order.

        In memory alone: `keep` and `keep_teaching` write the decisions down. Lists are not touched.

        Raises:
            Cancelled: what was decided until then stays decided.
            InputError: train.txt or val.txt cannot be read, so nobody knows whom they name.
        """
        with self._deciding:
            self._refuse_unreadable_lists()
            missing = [name for name in self._masked_names() if self._is_missing(name)]
            without = set(missing)
            for done, name in enumerate(missing):
                if cancel is not None and cancel():
                    raise Cancelled
                found = self._found(name)
                self._examine(name, without, cancel)
                with self._lock:
                    if self._is_missing(name):  # it may have been accepted meanwhile
                        known = self._records.get(name) or ImageRecord(name)
                        self._take(replace(known, look=found.look, classes=found.classes), without)
                without.discard(name)
                if progress is not None:
                    progress(done + 1, len(missing))

    def decide_on_accept(self, name: str, labels: UInt8Array) -> Side:
        """The side of `name`, which is being accepted with `labels`: the one it has, else decided now. Not kept yet.

        Where what is missing is being decided already, in another thread, it is not waited for: the rule sees what is
        decided so far, and the rest follows this one. Raises SaveError where a list cannot be read.
        """
        self._refuse_to_accept_unlisted(name)
        if self._deciding.acquire(blocking=False):
            try:
                self.decide_missing()
            finally:
                self._deciding.release()
        look, classes = self._look(name), self._class_names(labels)
        if self.side(name) is None:
            self._examine(name, {name})
        with self._lock:
            known = self._records.get(name) or ImageRecord(name)
            record = replace(known, look=look, classes=classes, unreviewed=False)
            side = self.side(name) or self._take(record, {name})
            # Reviewed it is once its mask is written, when `keep` says so, and not where writing fails.
            self._records[name] = replace(record, side=side, unreviewed=known.unreviewed)
            return side

    def decide_on_draft(self, name: str) -> Side:
        """The side of `name`, a draft that may be about to teach: the one it has, else decided now, and kept.

        By its looks and number alone: the classes of a draft are not known yet. Raises SaveError, and InputError as
        `decide_missing`.
        """
        self.decide_missing()
        if self.side(name) is None:
            self._examine(name, {name})
        look = self._look(name)
        with self._lock:
            side = self.side(name)
            if side is None:
                known = self._records.get(name) or ImageRecord(name)
                side = self._take(replace(known, look=known.look or look), {name})
                self._save([self._records[name]])
            return side

    def keep(self, name: str, side: Side) -> None:
        """Keep in the index and enter in the lists that `name` is reviewed and on `side`. Raises SaveError.

        What was decided so far is kept with it: later decisions build on those.
        """
        with self._lock:
            record = self._records.setdefault(name, ImageRecord(name))
            record.side, record.unreviewed = side, False
            self._save([record])
            self._folder.add_to_lists(name, VAL if side is Side.HELD_OUT else TRAIN)
            self._listed[name] = side

    def note_classes(self, name: str, labels: UInt8Array) -> None:
        """The mask of `name` holds `labels` now: later decisions go by its classes. Its own side stays.

        Raises SaveError.
        """
        with self._lock:
            known = self._records.get(name)
            classes = self._class_names(labels)
            if known is not None and known.classes is not None and known.classes != classes:
                self._records[name] = replace(known, classes=classes)
                self._save([self._records[name]])

    def move(self, name: str, side: Side) -> None:
        """Move `name` deliberately to the other side; scores are then not comparable with earlier ones.

        Raises InputError where nobody has looked at it yet.
        """
        with self._lock:
            if self.is_unreviewed(name):
                raise InputError(marked("{name} is unreviewed. Open it and accept it, then move it."), name=name)
            self._folder.remove_from_list(name, TRAIN if side is Side.HELD_OUT else VAL)
            self.keep(name, side)

    def _refuse_unreadable_lists(self) -> None:
        """Raise InputError where a list that says who is held out cannot be read, also not now."""
        if self._unreadable:
            self.reload_lists()  # perhaps it was mended meanwhile
        for error in self._unreadable:
            raise error

    def _refuse_to_accept_unlisted(self, name: str) -> None:
        """Raise SaveError where nobody knows whether a list names `name`, before its mask is written."""
        if self._unreadable:
            self.reload_lists()
        for error in self._folder.unreadable_lists(TRAIN, VAL, TRAINVAL):
            raise SaveError(
                marked("{name} was not accepted; it is kept as a draft. {reason}"), name=name, reason=error.message
            )

    def _is_missing(self, name: str) -> bool:
        return self.side(name) is None and not self.is_unreviewed(name)

    def _take(self, record: ImageRecord, without: Container[str]) -> Side:
        """Decide the side of `record`'s image over all that have one, those of `without` excepted, and take it over.

        Call it with the lock held, after `_examine`.
        """
        accepted = [
            (self._image(other), side)
            for other in self._masked_names()
            if other not in without and (side := self.side(other)) is not None
        ]
        self._records[record.name] = record
        record.side = decide_side(self._image(record.name), accepted)
        self._unkept.add(record.name)
        return record.side

    def _examine(self, name: str, without: Container[str], cancel: Callable[[], bool] | None = None) -> None:
        """Look at the nearest images that have a side and nothing else is known of. Raises Cancelled."""
        others = [other for other in self._masked_names() if other not in without and self.side(other) is not None]
        place = self._positions[name]
        nearest = sorted(others, key=lambda other: abs(self._positions[other] - place))[:EXAMINED_AT_MOST]
        if len(others) > EXAMINED_AT_MOST and sum(self._is_examined(other) for other in others) >= EXAMINED_AT_MOST:
            # Enough is known about the folder's classes; of looks only the neighbours' matter.
            nearest = nearest[:2]
        for other in nearest:
            if cancel is not None and cancel():
                raise Cancelled
            if not self._is_examined(other):
                found = self._found(other)
                with self._lock:
                    if not self._is_examined(other):
                        known = self._records.get(other) or ImageRecord(other)
                        self._records[other] = replace(known, look=found.look, classes=found.classes)

    def _is_examined(self, name: str) -> bool:
        record = self._records.get(name)
        return record is not None and record.classes is not None

    def _found(self, name: str) -> ImageRecord:
        """What the files say of `name`: its look and its classes."""
        known = self._records.get(name) or ImageRecord(name)
        try:
            return replace(known, classes=self._class_names(self._folder.read_label_map(name)), look=self._look(name))
        except InputError:
            # A broken mask has no classes to balance; `check` and opening it tell what is wrong.
            return replace(known, classes=frozenset())

    def _image(self, name: str) -> AcceptedImage:
        record = self._records.get(name) or ImageRecord(name)
        # What only the network says is there cannot balance classes; how the image looks is true all the same.
        classes = frozenset() if record.unreviewed or record.classes is None else record.classes
        return AcceptedImage(name, self._positions[name], record.look, classes)

    def _masked_names(self) -> list[str]:
        return [name for name in self._folder.names if self._folder.has_mask(name)]

    def _look(self, name: str) -> Look | None:
        try:
            return Look.of(self._folder.read_thumbnail(name, _THUMBNAIL, as_chosen=False))
        except InputError:
            return None

    def _class_names(self, labels: UInt8Array) -> frozenset[str]:
        used = np.flatnonzero(label_counts(labels)).tolist()
        return frozenset(self._folder.classes.name_of(value) for value in used if value != VOID)

    def _save(self, records: Iterable[ImageRecord]) -> None:
        """Keep `records`, and with them what was decided and not kept yet. Call it with the lock held."""
        rows = {record.name: record for record in (*map(self._records.__getitem__, self._unkept), *records)}
        if rows:
            self._index.save_images(rows.values())
            self._unkept.clear()
