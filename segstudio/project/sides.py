"""Which accepted images teach and which are held out: the rule of `held_out` over lists, index and files.

Owns the side of every accepted image of one folder. val.txt and train.txt come first; the index keeps what was decided
for names that stand in neither.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from segstudio.core.class_table import VOID
from segstudio.core.errors import Cancelled, InputError, SaveError
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
        """The accepted images on `side`, in the folder's order; decides what is not decided yet."""
        self.decide_missing()
        return [name for name in self._folder.names if self._folder.has_mask(name) and self.side(name) is side]

    def decide_missing(
        self, progress: Callable[[int, int], None] | None = None, cancel: Callable[[], bool] | None = None
    ) -> None:
        """Decide the side of each mask that was there before and stands in no list, in the folder's order.

        The decisions are kept in the index, or in memory alone where it cannot be written; lists are not touched.
        Raises Cancelled; what was decided until then is kept in memory.
        """
        with self._lock:
            missing = [name for name in self._folder.names if self._folder.has_mask(name) and self.side(name) is None]
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
            record = self._records.get(name) or ImageRecord(name)
            record.look, record.classes = self._look(name), self._class_names(labels)
            return self.side(name) or self._decide(name, record, {name})

    def keep(self, name: str, side: Side) -> None:
        """Keep in the index and enter in the lists that `name` is on `side`. Raises SaveError."""
        with self._lock:
            record = self._records.setdefault(name, ImageRecord(name))
            record.side = side
            self._index.save_images([record])
            self._folder.add_to_lists(name, VAL if side is Side.HELD_OUT else TRAIN)
            self._listed[name] = side

    def move(self, name: str, side: Side) -> None:
        """Move `name` deliberately to the other side; scores are then not comparable with earlier ones."""
        with self._lock:
            self._folder.remove_from_list(name, TRAIN if side is Side.HELD_OUT else VAL)
            self.keep(name, side)

    def _decide(self, name: str, record: ImageRecord, without: set[str]) -> Side:
        others = [other for other in self._folder.names if other not in without and self._folder.has_mask(other)]
        self._examine(name, others)
        accepted = [(self._image(other), side) for other in others if (side := self.side(other)) is not None]
        self._records[name] = record
        record.side = decide_side(self._image(name), accepted)
        return record.side

    def _examine(self, name: str, others: list[str]) -> None:
        """Look at the nearest of `others` that nobody looked at yet."""
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
        return AcceptedImage(name, self._positions[name], record.look, record.classes or frozenset())

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
