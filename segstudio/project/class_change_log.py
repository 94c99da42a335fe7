"""The record of one change of two classes in many images: what is to be done, what is done, and what took place.

Owns `.segstudio/class_change.log`. There is one at a time: the next change replaces it as a whole, and a change that
was taken back in every image leaves none. What it holds of an image is which pixels moved, so that the change can be
taken back there, and the checksum of the label map before, by which a change that a crash cut short is gone on with.

Layout: a header (magic, version), then records: kind, length, checksum, payload. Kinds: PLAN (the first record: what is
changed and where), BEGUN (an image and a layer of it, about to be written), DONE (an image whose layers are written),
ENDED (nothing more will be done), TAKING_BACK (the person wants it taken back), TAKEN_BACK (an image). BEGUN is on the
disk before the label map is replaced. A torn last record, as a power cut leaves, is passed over.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, IntEnum
from pathlib import Path

from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.class_table import ClassTable
from segstudio.core.edits import Edit, EditFormatError
from segstudio.formats.atomic import remove_file, save_error, write_all, write_atomically

LOG_NAME = "class_change.log"

_MAGIC = b"SSCHANGE"
_VERSION = 1
_HEADER = struct.Struct("<8sI")  # magic, version
_RECORD = struct.Struct("<BII")  # kind, bytes of the payload, checksum of kind and payload


class _Kind(IntEnum):
    PLAN = 1
    BEGUN = 2
    DONE = 3
    ENDED = 4
    TAKING_BACK = 5
    TAKEN_BACK = 6


class Layer(Enum):
    """Which label map of an image; the value stands in the file."""

    WORK = "work"
    """The one that is seen: the draft where there is one, else the mask."""
    MASK = "mask"
    """The mask below a draft."""


@dataclass(frozen=True)
class Plan:
    """What is changed: by their names too, for a class table may be another one later; `names` are the images."""

    change: ClassChange
    source: str
    target: str
    names: tuple[str, ...]

    @classmethod
    def of(cls, change: ClassChange, classes: ClassTable, names: Iterable[str]) -> Plan:
        """`change` in the images `names` of a folder with `classes`."""
        return cls(change, classes.name_of(change.source), classes.name_of(change.target), tuple(names))

    def fits(self, classes: ClassTable) -> bool:
        """Whether the two classes are still where they were."""
        names = classes.names
        wanted = ((self.change.source, self.source), (self.change.target, self.target))
        return all(index < len(names) and names[index] == name for index, name in wanted)


@dataclass(frozen=True)
class Moved:
    """What takes place in one layer: the moves (see `ClassChange.moves`), and the label map's checksum before.

    `was_draft` says whether the layer that is seen was a draft then.
    """

    moves: tuple[Edit, ...]
    before: int
    was_draft: bool


class ClassChangeLog:
    """One record. Usable from several threads; writing raises SaveError."""

    def __init__(self, path: Path, plan: Plan, end: int) -> None:
        """Use `begin` or `open`."""
        self.path = path
        self.plan = plan
        self.is_ended = False
        """Whether nothing more is to be done: all is, or the person cancelled it."""
        self.is_taking_back = False
        self._end = end
        self._lock = threading.RLock()
        self._begun: dict[str, dict[Layer, tuple[int, int]]] = {}
        self._done: set[str] = set()
        self._taken_back: set[str] = set()

    @classmethod
    def begin(cls, path: Path, plan: Plan) -> ClassChangeLog:
        """A new record at `path`, in place of the one that is there."""
        change = plan.change
        content = {
            "kind": change.kind.value,
            "labels": [change.source, change.target],
            "classes": [plan.source, plan.target],
            "images": list(plan.names),
        }
        data = _HEADER.pack(_MAGIC, _VERSION) + _record(_Kind.PLAN, json.dumps(content).encode())
        write_atomically(path, data)
        return cls(path, plan, len(data))

    @classmethod
    def open(cls, path: Path) -> ClassChangeLog | None:
        """The record at `path`; None where there is none, or none that this version can read."""
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if data[: _HEADER.size] != _HEADER.pack(_MAGIC, _VERSION):
            return None
        records = _records(data)
        kind, payload, start, end = next(records, (None, b"", 0, 0))
        try:
            content = json.loads(payload) if kind is _Kind.PLAN else {}
            change = ClassChange(ChangeKind(content["kind"]), *content["labels"])
            source, target = content["classes"]
            log = cls(path, Plan(change, source, target, tuple(content["images"])), end)
            for kind, payload, start, end in records:
                log._take(kind, payload, start)
                log._end = end
        except (ValueError, KeyError, TypeError):
            return None
        return log

    @property
    def changed(self) -> list[str]:
        """The images in which something was changed that is not taken back, in the plan's order."""
        return [name for name in self.plan.names if name in self._begun and name not in self._taken_back]

    @property
    def left(self) -> list[str]:
        """The images that are still to be changed; none once it has ended."""
        return [] if self.is_ended else [name for name in self.plan.names if name not in self._done]

    @property
    def is_interrupted(self) -> bool:
        """Whether something is left to do, or to take back: the program ended in the middle."""
        return bool(self.changed) if self.is_taking_back else not self.is_ended

    def is_done(self, name: str) -> bool:
        """Whether all that was to be changed in image `name` is on the disk."""
        return name in self._done

    def moved(self, name: str) -> dict[Layer, Moved]:
        """What took place in image `name`, by layer.

        Raises:
            EditFormatError: it cannot be read any more.
        """
        with self._lock:
            places = dict(self._begun.get(name, {}))
        found = {}
        try:
            with self.path.open("rb") as file:
                for layer, (start, length) in places.items():
                    file.seek(start)
                    found[layer] = _moved(file.read(length))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EditFormatError(f"{self.path.name} cannot be read: {error}") from error
        return found

    def begin_layer(self, name: str, layer: Layer, moved: Moved, sync: bool = True) -> None:
        """Record that `layer` of image `name` is about to be written; without `sync` the disk gets it later."""
        edits = [move.to_bytes() for move in moved.moves]
        head = {
            "image": name,
            "layer": layer.value,
            "before": moved.before,
            "was_draft": moved.was_draft,
            "lengths": [len(edit) for edit in edits],
        }
        self._append(_Kind.BEGUN, b"".join([json.dumps(head).encode(), b"\n", *edits]), sync)

    def finish(self, name: str) -> None:
        """Record that nothing is left to do in image `name`."""
        self._append(_Kind.DONE, name.encode(), sync=False)  # where a power cut loses it the checksum tells

    def end(self) -> None:
        """Record that nothing more will be changed."""
        self._append(_Kind.ENDED, b"")

    def begin_taking_back(self) -> None:
        """Record that all of it is to be taken back."""
        self._append(_Kind.TAKING_BACK, b"")

    def finish_taking_back(self, name: str) -> None:
        """Record that it is taken back in image `name`; the file goes with the last one."""
        self._append(_Kind.TAKEN_BACK, name.encode(), sync=False)

    def remove(self) -> None:
        """Forget the whole record."""
        with self._lock:
            remove_file(self.path)

    def sync(self) -> None:
        """Make all that was recorded survive a power cut."""
        try:
            with self.path.open("rb+") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise save_error(self.path, error) from error

    def _append(self, kind: _Kind, payload: bytes, sync: bool = True) -> None:
        record = _record(kind, payload)
        with self._lock:
            try:
                descriptor = os.open(self.path, os.O_RDWR | getattr(os, "O_BINARY", 0))
                try:
                    os.ftruncate(descriptor, self._end)  # a torn end would hide what follows
                    os.lseek(descriptor, 0, os.SEEK_END)
                    write_all(descriptor, record)
                    if sync:
                        os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            except OSError as error:
                raise save_error(self.path, error) from error
            self._take(kind, payload, self._end + _RECORD.size)
            self._end += len(record)

    def _take(self, kind: _Kind, payload: bytes, start: int) -> None:
        """Take account of a record, whose payload begins at the byte `start` of the file."""
        match kind:
            case _Kind.BEGUN:
                head = json.loads(payload[: payload.index(b"\n")])
                self._begun.setdefault(head["image"], {})[Layer(head["layer"])] = (start, len(payload))
            case _Kind.DONE:
                self._done.add(payload.decode())
            case _Kind.ENDED:
                self.is_ended = True
            case _Kind.TAKING_BACK:
                self.is_taking_back = self.is_ended = True
            case _Kind.TAKEN_BACK:
                self._taken_back.add(payload.decode())


def _moved(payload: bytes) -> Moved:
    offset = payload.index(b"\n") + 1
    head = json.loads(payload[:offset])
    moves = []
    for length in head["lengths"]:
        moves.append(Edit.from_bytes(payload[offset : offset + length]))
        offset += length
    return Moved(tuple(moves), head["before"], head["was_draft"])


def _record(kind: _Kind, payload: bytes) -> bytes:
    return _RECORD.pack(kind, len(payload), zlib.crc32(payload, kind)) + payload


def _records(data: bytes) -> Iterator[tuple[_Kind, bytes, int, int]]:
    """(kind, payload, its start, its end) of each whole record, up to the first that is torn or damaged."""
    offset = _HEADER.size
    while offset + _RECORD.size <= len(data):
        kind, length, check = _RECORD.unpack_from(data, offset)
        start = offset + _RECORD.size
        payload = data[start : start + length]
        offset = start + length
        if len(payload) != length or kind not in list(_Kind) or zlib.crc32(payload, kind) != check:
            return
        yield _Kind(kind), payload, start, offset
