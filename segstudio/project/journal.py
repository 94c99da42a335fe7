"""The journal of an image: one appended, checksummed record for every edit, undo and redo, as they are made.

Owns the file's layout and its replay. It knows edits as bytes that a label map can swap, and nothing of drafts or masks
but their checksums.

Layout: a header (magic, version, checksum of the label map that the first record changes), then records: kind, length,
checksum, payload. Kinds: EDIT (payload: the edit), UNDO, REDO, MARK (a place in the journal, numbered from 1), SAVED
(a MARK's number and the checksum of the label map as it stood there, which is about to be saved), SETTLED (the save
that was announced last is done). SAVED is appended *before* the file is replaced and SETTLED after it: whichever file
is there after a power cut or a failed save, its checksum finds the place from which records must still be applied. A
torn last record, as a power cut leaves, is passed over. Over a label map that it does not know, because another program
or an acceptance in bulk wrote it, a journal begins anew: undoing past that would mix two label maps.
"""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segstudio.core.edits import Edit, EditFormatError
from segstudio.core.errors import SaveError, marked
from segstudio.formats.atomic import save_error, write_all

_MAGIC = b"SSJOURNL"
_VERSION = 1
_HEADER = struct.Struct("<8sHHI")  # magic, version, nothing, checksum of the base
_RECORD = struct.Struct("<BII")  # kind, bytes of the payload, checksum of kind and payload
_SAVED = struct.Struct("<II")  # number of the mark, checksum of the label map


class Kind(IntEnum):
    """What a record says."""

    EDIT = 1
    UNDO = 2
    REDO = 3
    MARK = 4
    SAVED = 5
    SETTLED = 6


@dataclass
class Replay:
    """What a journal says about a label map of a known checksum.

    Attributes:
        is_matched: whether the journal knows that label map; if not, there are no edits.
        pending: the edits to apply to it, in this order, to reach the last recorded state.
        undo: what can then be undone, the newest last.
        redo: what can then be redone, the next one last.
        good_end: where the last whole record ends, in bytes.
        marks: how many marks there are.
    """

    is_matched: bool = False
    pending: list[Edit] = field(default_factory=list)
    undo: list[Edit] = field(default_factory=list)
    redo: list[Edit] = field(default_factory=list)
    good_end: int = 0
    marks: int = 0


def checksum(labels: npt.NDArray[np.uint8]) -> int:
    """The checksum (CRC-32) of a label map (H, W) uint8 and its size, by which saved states are told apart."""
    start = zlib.crc32(struct.pack("<II", *labels.shape))
    return zlib.crc32(np.ascontiguousarray(labels).data, start)


def replay(data: bytes, base: int) -> Replay:
    """What the journal bytes `data` say about the label map of the checksum `base`; never raises for damaged bytes."""
    found = Replay()
    header = _read_header(data)
    if header is None:
        return found
    found.good_end = _HEADER.size
    steps: list[Edit] = []
    places = {0: 0}
    saved = [(0, header)]
    try:
        for kind, payload, end in _records(data):
            if kind is Kind.EDIT:
                steps.append(Edit.from_bytes(payload))
                found.undo.append(steps[-1])
                found.redo.clear()
            elif kind is Kind.UNDO:
                steps.append(found.undo.pop())
                found.redo.append(steps[-1])
            elif kind is Kind.REDO:
                steps.append(found.redo.pop())
                found.undo.append(steps[-1])
            elif kind is Kind.MARK:
                found.marks += 1
                places[found.marks] = len(steps)
            elif kind is Kind.SAVED:
                mark, state = _SAVED.unpack(payload)
                saved.append((mark if mark in places else found.marks, state))
            else:
                # What was on the disk before cannot come back by itself.
                del saved[:-1]
            found.good_end = end
    except (EditFormatError, IndexError, struct.error):
        # A whole record that makes no sense ends the journal as a torn one does.
        pass
    place = next((places[mark] for mark, state in reversed(saved) if state == base), None)
    if place is None:
        return Replay(good_end=found.good_end, marks=found.marks)
    found.is_matched = True
    found.pending = steps[place:]
    return found


def ends_saved(path: Path) -> bool:
    """Whether the last record of the journal at `path` says that all was saved; cheap, for lists of many images."""
    tail = _RECORD.size
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            if size <= _HEADER.size:
                return True
            file.seek(max(0, size - tail))
            data = file.read()
    except OSError:
        return True
    return [kind for kind, _, _ in _records(data, start=0)] == [Kind.SETTLED]


class Journal:
    """The journal of one image, open for appending; the file is made with the first record.

    Appending hands the bytes to the system before it returns; `sync` makes them survive a power cut. Usable from
    several threads. All methods that write raise SaveError where the record cannot be written; the file then ends with
    the record before. Once an edit, undo or redo was lost in that way no later one is taken, for it would be replayed
    on other pixels than it was made on, until a state that holds the lost ones is saved: the journal then begins anew.
    """

    def __init__(self, path: Path, base: int, pending: int = 0) -> None:
        """`base` is the checksum of the saved label map that was loaded; `pending` edits were applied to it."""
        self.path = path
        self._base = base
        self._lock = threading.RLock()
        self._descriptor: int | None = None
        self._end = 0
        self._marks = 0
        self._since_mark = 0
        self._unsaved = pending
        self._lost: OSError | None = None
        self._lost_since_mark = False
        self.needs_sync = False
        self.is_closed = False

    @property
    def has_unsaved(self) -> bool:
        """Whether edits were recorded since the state that was saved last."""
        return self._since_mark + self._unsaved > 0

    def append(self, edit: Edit) -> None:
        """Record an edit."""
        self._append(Kind.EDIT, edit.to_bytes())

    def append_undo(self, count: int = 1) -> None:
        """Record that the last `count` edits were undone."""
        self._append(Kind.UNDO, b"", count)

    def append_redo(self, count: int = 1) -> None:
        """Record that the `count` edits that were undone last were made again."""
        self._append(Kind.REDO, b"", count)

    def append_mark(self) -> int:
        """Mark the present place, for a state that is about to be saved; returns the mark's number."""
        with self._lock:
            self._append(Kind.MARK, b"")
            return self._marks

    def append_saved(self, mark: int, state: int) -> None:
        """Record that the label map of the checksum `state`, as it stood at `mark`, is about to be saved."""
        self._append(Kind.SAVED, _SAVED.pack(mark, state))

    def append_settled(self, mark: int, state: int) -> None:
        """Record that the save announced by `append_saved` is done."""
        with self._lock:
            if self._lost is not None and mark == self._marks and not self._lost_since_mark:
                self._begin_anew(state)
                return
            self._append(Kind.SETTLED, b"")
            self._base = state
            if mark == self._marks:
                self._unsaved = 0

    @contextmanager
    def together(self, is_saved: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """What is appended within stands and falls together: where an exception leaves it the records are taken back.

        Not so where `is_saved` says then that what they announce is on the disk all the same: without them the journal
        would know nothing of it. For a journal that nobody else writes to meanwhile. Raises SaveError where the file
        cannot be opened.
        """
        with self._lock:
            try:
                if self._descriptor is None:
                    self._open()
            except OSError as error:
                raise save_error(self.path, error) from error
            before = (self._end, self._marks, self._since_mark, self._unsaved, self._lost, self._lost_since_mark)
        try:
            yield
        except BaseException:
            if not is_saved():
                with self._lock, suppress(OSError):  # where it cannot even be cut, what it says is still true
                    assert self._descriptor is not None
                    os.ftruncate(self._descriptor, before[0])
                    self._end, self._marks, self._since_mark, self._unsaved, self._lost, self._lost_since_mark = before
            raise

    def sync(self) -> None:
        """Make all that was appended survive a power cut."""
        with self._lock:
            if self._descriptor is None or not self.needs_sync:
                return
            self.needs_sync = False
            descriptor = os.dup(self._descriptor)
        # Outside the lock: the next stroke must not wait for the disk.
        try:
            os.fsync(descriptor)
        except OSError as error:
            self.needs_sync = True
            raise save_error(self.path, error) from error
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Sync and close, in any case: a SaveError says only that the last records may not survive a power cut.

        A closed journal takes no more records: appending to it raises SaveError.
        """
        try:
            self.sync()
        finally:
            with self._lock:
                self.is_closed = True
                descriptor, self._descriptor = self._descriptor, None
            if descriptor is not None:
                self._close(descriptor)

    def _close(self, descriptor: int) -> None:
        try:
            os.close(descriptor)
        except OSError as error:  # a network drive may tell only now that there was no room
            raise save_error(self.path, error) from error

    def _append(self, kind: Kind, payload: bytes, count: int = 1) -> None:
        """Append the same record `count` times, all or none."""
        if self.is_closed:
            raise SaveError(marked("{file} takes no more records. The work is kept here; accept it."), file=self.path)
        is_step = kind in (Kind.EDIT, Kind.UNDO, Kind.REDO)
        with self._lock:
            try:
                if is_step and self._lost is not None:
                    raise self._lost
                if self._descriptor is None:
                    self._open()
                self._write(kind, payload, count)
            except OSError as error:
                if is_step:
                    self._lost, self._lost_since_mark = error, True
                raise save_error(self.path, error) from error
            if kind is Kind.MARK:
                self._lost_since_mark = False

    def _begin_anew(self, state: int) -> None:
        """Start from the label map of the checksum `state`, which is on the disk now. Raises SaveError."""
        assert self._descriptor is not None
        try:
            os.ftruncate(self._descriptor, 0)
            write_all(self._descriptor, _HEADER.pack(_MAGIC, _VERSION, 0, state))
        except OSError as error:
            raise save_error(self.path, error) from error
        self._base, self._end, self.needs_sync = state, _HEADER.size, True
        self._marks = self._since_mark = self._unsaved = 0
        self._lost = None

    def _write(self, kind: Kind, payload: bytes, count: int) -> None:
        assert self._descriptor is not None
        record = (_RECORD.pack(kind, len(payload), zlib.crc32(payload, kind)) + payload) * count
        try:
            write_all(self._descriptor, record)
        except OSError:
            # Without its torn end the journal can go on once there is room again.
            os.ftruncate(self._descriptor, self._end)
            raise
        self._end += len(record)
        self.needs_sync = True
        if kind is Kind.MARK:
            self._marks += 1
            self._unsaved += self._since_mark
            self._since_mark = 0
        elif kind in (Kind.EDIT, Kind.UNDO, Kind.REDO):
            self._since_mark += count

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        data = self.path.read_bytes() if self.path.exists() else b""
        known = replay(data, self._base)
        kept = known.good_end if known.is_matched else 0
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
        try:
            # What follows the last whole record is torn and would hide every record after it. What was recorded over
            # another label map could only be replayed on the wrong pixels.
            os.ftruncate(descriptor, kept)
            if kept == 0:
                write_all(descriptor, _HEADER.pack(_MAGIC, _VERSION, 0, self._base))
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        self._end = max(kept, _HEADER.size)
        self._marks = known.marks if known.is_matched else 0
        self._unsaved = len(known.pending)


def _read_header(data: bytes) -> int | None:
    """The checksum of the base, or None where this is no journal that we can read."""
    if len(data) < _HEADER.size:
        return None
    magic, version, _, base = _HEADER.unpack_from(data)
    return base if magic == _MAGIC and version == _VERSION else None


def _records(data: bytes, start: int = _HEADER.size) -> Iterator[tuple[Kind, bytes, int]]:
    """(kind, payload, end) of each whole record, up to the first that is torn or damaged."""
    offset = start
    while offset + _RECORD.size <= len(data):
        kind, length, check = _RECORD.unpack_from(data, offset)
        payload = data[offset + _RECORD.size : offset + _RECORD.size + length]
        offset += _RECORD.size + length
        if len(payload) != length or kind not in list(Kind) or zlib.crc32(payload, kind) != check:
            return
        yield Kind(kind), payload, offset
