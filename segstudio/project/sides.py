"""Which accepted images teach and which are held out: the rule of `held_out` over lists, index and files.

Owns the side of every accepted image of one folder. val.txt and train.txt come first; the index keeps what was decided
for names that stand in neither. A label map that was accepted unreviewed has no side until somebody has looked at it:
it is never held out, and where it teaches, that is kept, for what has taught can never judge.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from segstudio.core.class_table import VOID
from segstudio.core.errors import Cancelled, InputError, SaveError, marked
from segstudio.project.held_out import AcceptedImage, Side, decide_side
from segstudio.project.image_sets import TRAIN, VAL
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
        self._records = index.images()
        self._positions = {name: position for position, name in enumerate(folder.names)}
        self._listed: dict[str, Side] = {}
        self.reload_lists()

    def reload_lists(self) -> None:
        """Read train.txt and val.txt again. A name in both is held out: an image must never teach and judge."""
        train, val = self._folder.listed(TRAIN).names, self._folder.listed(VAL).names
        with self._lock:
            self._listed = dict.fromkeys(train, Side.TEACHING) | dict.fromkeys(val, Side.HELD_OUT)

    def side(self, name: str) -> Side | None:
        """The side of `name`, or None where it is not decided yet."""
        listed = self._listed.get(name)
        if listed is not None:
            return listed
        record = self._records.get(name)
        return record.side if record is not None else None

    def names_on(self, side: Side) -> list[str]:
        """The reviewed images on `side`, in the folder's order; decides what is not decided yet."""
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

        Raises SaveError.
        """
        with self._lock:
            taught = [
                replace(self._records[name], side=Side.TEACHING)
                for name in names
                if self.is_unreviewed(name) and self.side(name) is None
            ]
            if taught:
                self._index.save_images(taught)
                self._records.update((record.name, record) for record in taught)

    # -- deciding -------------------------------------------------------------------------------------------

    def decide_missing(
        self, progress: Callable[[int, int], None] | None = None, cancel: Callable[[], bool] | None = None
    ) -> None:
        """Decide the side of each mask that was there before and stands in no list, in the folder's order.

        The decisions are kept in the index, or in memory alone where it cannot be written; lists are not touched.
        Raises Cancelled; what was decided until then is kept in memory.
        """
        with self._lock:
            missing = [
                name for name in self._masked_names() if self.side(name) is None and not self.is_unreviewed(name)
            ]
            if not missing:
                return
            for done, name in enumerate(missing):
                if cancel is not None and cancel():
                    raise Cancelled
                self._decide(name, self._record_of(name), set(missing[done:]))
                if progress is not None:
                    progress(done + 1, len(missing))
            self._keep_where_possible(missing)

    def decide_on_accept(self, name: str, labels: UInt8Array) -> Side:
        """The side of `name`, which is being accepted with `labels`: the one it has, else decided now. Not kept yet."""
        with self._lock:
            self.decide_missing()
            known = self._records.get(name) or ImageRecord(name)
            record = replace(known, look=self._look(name), classes=self._class_names(labels), unreviewed=False)
            side = self.side(name) or self._decide(name, record, {name})
            # Reviewed it is once its mask is written, when `keep` says so, and not where writing fails.
            self._records[name] = replace(record, unreviewed=known.unreviewed)
            return side

    def decide_on_draft(self, name: str) -> Side:
        """The side of `name`, a draft that may be about to teach: the one it has, else decided now, and kept.

        By its looks and number alone: the classes of a draft are not known yet. Raises SaveError.
        """
        with self._lock:
            self.decide_missing()
            side = self.side(name)
            if side is None:
                known = self._records.get(name) or ImageRecord(name)
                side = self._decide(name, replace(known, look=known.look or self._look(name)), {name})
                self._index.save_images([self._records[name]])
            return side

    def keep(self, name: str, side: Side) -> None:
        """Keep in the index and enter in the lists that `name` is reviewed and on `side`. Raises SaveError."""
        with self._lock:
            record = self._records.setdefault(name, ImageRecord(name))
            record.side, record.unreviewed = side, False
            self._index.save_images([record])
            self._folder.add_to_lists(name, VAL if side is Side.HELD_OUT else TRAIN)
            self._listed[name] = side

    def move(self, name: str, side: Side) -> None:
        """Move `name` deliberately to the other side; scores are then not comparable with earlier ones.

        Raises InputError where nobody has looked at it yet.
        """
        with self._lock:
            if self.is_unreviewed(name):
                raise InputError(marked("{name} is unreviewed. Open it and accept it, then move it."), name=name)
            self._folder.remove_from_list(name, TRAIN if side is Side.HELD_OUT else VAL)
            self.keep(name, side)

    def _decide(self, name: str, record: ImageRecord, without: set[str]) -> Side:
        sides = {
            other: side
            for other in self._masked_names()
            if other not in without and (side := self.side(other)) is not None
        }
        self._examine(name, list(sides))
        accepted = [(self._image(other), side) for other, side in sides.items()]
        self._records[name] = record
        record.side = decide_side(self._image(name), accepted)
        return record.side

    def _examine(self, name: str, others: list[str]) -> None:
        """Look at the nearest of `others` that nothing is known of yet."""
        place = self._positions[name]
        nearest = sorted(others, key=lambda other: abs(self._positions[other] - place))[:EXAMINED_AT_MOST]
        if len(others) > EXAMINED_AT_MOST and sum(self._is_examined(other) for other in others) >= EXAMINED_AT_MOST:
            # Enough is known about the folder's classes; of looks only the neighbours' matter.
            nearest = nearest[:2]
        for other in nearest:
            if not self._is_examined(other):
                self._records[other] = self._record_of(other)

    def _is_examined(self, name: str) -> bool:
        record = self._records.get(name)
        return record is not None and record.classes is not None

    def _record_of(self, name: str) -> ImageRecord:
        record = self._records.get(name) or ImageRecord(name)
        try:
            record.classes = self._class_names(self._folder.read_label_map(name))
            record.look = self._look(name)
        except InputError:
            # A broken mask has no classes to balance; `check` and opening it tell what is wrong.
            record.classes = frozenset()
        return record

    def _image(self, name: str) -> AcceptedImage:
        record = self._records.get(name) or ImageRecord(name)
        # What only the network says is there cannot balance classes; how the image looks is true all the same.
        classes = frozenset() if record.unreviewed or record.classes is None else record.classes
        return AcceptedImage(name, self._positions[name], record.look, classes)

    def _masked_names(self) -> list[str]:
        return [name for name in self._folder.names if self._folder.has_mask(name)]

    def _look(self, name: str) -> Look | None:
        try:
            return Look.of(self._folder.read_thumbnail(name, _THUMBNAIL))
        except InputError:
            return None

    def _class_names(self, labels: UInt8Array) -> frozenset[str]:
        used = np.flatnonzero(np.bincount(labels.ravel(), minlength=256)).tolist()
        return frozenset(self._folder.classes.name_of(value) for value in used if value != VOID)

    def _keep_where_possible(self, names: list[str]) -> None:
        try:
            self._index.save_images([self._records[name] for name in names])
        except SaveError:
            # A folder that may only be looked at: the same rule gives the same sides the next time.
            return
