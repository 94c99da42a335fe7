"""Edits: what one reversible change did to a label map, kept small.

An edit keeps, per touched tile, the exclusive-or of the pixels before and after, compressed. Exclusive-or is its own
inverse, so the same bytes undo and redo: applying an edit *swaps* the two states. Unchanged pixels are zeros, which
compress to nearly nothing, and the bytes never change after the edit was made: they are the journal's record.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np

from segstudio.core.errors import marked
from segstudio.core.geometry import EMPTY_BOX, Box
from segstudio.core.label_map import LabelMap, Labels

_FAST = 1  # zlib level: deltas are nearly all runs; higher levels cost time and gain little
_HEADER = struct.Struct("<4sHHII")  # magic, version, bytes of the name, map height, map width
_PATCH = struct.Struct("<IIIII")  # x0, y0, x1, y1, bytes of the compressed delta
_MAGIC = b"SSED"
_VERSION = 1


MANY_TILES = 64
"""From so many touched tiles on, threads that share the work are worth starting."""

APPLY_PROPOSAL, REPLACE_BY_PROPOSAL = marked("Apply proposal"), marked("Replace by proposal")
PROPOSED = frozenset({APPLY_PROPOSAL, REPLACE_BY_PROPOSAL})
"""The names of the edits that are a network's doing. They are in every journal, so they never change."""

MERGE_CLASSES, SWAP_CLASSES = marked("Merge two classes"), marked("Swap two classes")
TAKE_BACK_MERGE, TAKE_BACK_SWAP = marked("Take back a merge of classes"), marked("Take back a swap of classes")
CLASSES_CHANGED = frozenset({MERGE_CLASSES, SWAP_CLASSES, TAKE_BACK_MERGE, TAKE_BACK_SWAP})
"""The names of the edits that say of a whole class what it is, and of no pixel that somebody looked at it."""


class EditFormatError(ValueError):
    """Bytes that are not an edit, or not one that this version can read."""


@dataclass(frozen=True, slots=True)
class Patch:
    """The delta of the pixels of `box`, which lies within one tile: zlib of (height × width) uint8."""

    box: Box
    delta: bytes

    @classmethod
    def between(cls, box: Box, before: Labels, after: Labels) -> Patch | None:
        """The patch that turns `before` into `after` (both the pixels of `box`), or None where they are equal."""
        delta = np.bitwise_xor(before, after)
        rows = np.flatnonzero(delta.any(axis=1))
        if rows.size == 0:
            return None
        columns = np.flatnonzero(delta.any(axis=0))
        y0, y1, x0, x1 = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        tight = np.ascontiguousarray(delta[y0:y1, x0:x1])
        return cls(Box(x0, y0, x1, y1).translated(box.x0, box.y0), zlib.compress(tight.data, _FAST))

    def pixels(self) -> Labels:
        """The delta, (height, width) uint8.

        Raises:
            EditFormatError: the bytes are damaged.
        """
        expected = self.box.area
        unpacker = zlib.decompressobj()
        try:
            raw = unpacker.decompress(self.delta, expected + 1)
        except zlib.error as error:
            raise EditFormatError(f"damaged delta: {error}") from error
        if len(raw) != expected:
            raise EditFormatError(f"a delta of {len(raw)} bytes where {expected} were announced")
        return np.frombuffer(raw, dtype=np.uint8).reshape(self.box.height, self.box.width)


@dataclass(frozen=True)
class Edit:
    """One reversible change of a label map of `shape` (height, width): what Undo undoes.

    `name` is a marked string for the history ("Brush stroke").
    """

    name: str
    shape: tuple[int, int]
    patches: tuple[Patch, ...]

    @cached_property
    def box(self) -> Box:
        """The smallest box that holds every changed pixel."""
        return reduce(Box.union, (patch.box for patch in self.patches), EMPTY_BOX)

    @cached_property
    def nbytes(self) -> int:
        """What the edit keeps, in bytes: the size of its serialised form."""
        return _HEADER.size + len(self.name.encode()) + sum(_PATCH.size + len(p.delta) for p in self.patches)

    def apply_to(self, label_map: LabelMap) -> Box:
        """Swap the states before and after; return the box of what may have changed.

        All deltas are unpacked before the first pixel changes, so a damaged edit changes nothing.

        Raises:
            EditFormatError: the edit is damaged, or belongs to a label map of another size.
        """
        if label_map.shape != self.shape:
            raise EditFormatError(f"an edit of a map of {self.shape} pixels does not fit one of {label_map.shape}")
        for patch, delta in [(patch, patch.pixels()) for patch in self.patches]:
            target = label_map.writable(patch.box)
            np.bitwise_xor(target, delta, out=target)
        return self.box

    def to_bytes(self) -> bytes:
        """The edit as it stands in a journal."""
        name = self.name.encode()
        parts = [_HEADER.pack(_MAGIC, _VERSION, len(name), *self.shape), name]
        for patch in self.patches:
            box = patch.box
            parts += [_PATCH.pack(box.x0, box.y0, box.x1, box.y1, len(patch.delta)), patch.delta]
        return b"".join(parts)

    @classmethod
    def from_bytes(cls, data: bytes) -> Edit:
        """The edit that `to_bytes` wrote.

        Raises:
            EditFormatError: these are not an edit's bytes, or a later version wrote them.
        """
        try:
            magic, version, name_length, height, width = _HEADER.unpack_from(data)
            if magic != _MAGIC:
                raise EditFormatError("not an edit")
            if version > _VERSION:
                raise EditFormatError(f"an edit of version {version}; this program knows up to {_VERSION}")
            offset = _HEADER.size + name_length
            name = data[_HEADER.size : offset].decode()
            whole = Box.of_size(width, height)
            patches = []
            while offset < len(data):
                x0, y0, x1, y1, length = _PATCH.unpack_from(data, offset)
                offset += _PATCH.size
                box, delta = Box(x0, y0, x1, y1), data[offset : offset + length]
                if len(delta) != length or box.is_empty or box.intersection(whole) != box:
                    raise EditFormatError("a patch is cut off or lies outside the label map")
                patches.append(Patch(box, delta))
                offset += length
        except (struct.error, UnicodeDecodeError) as error:
            raise EditFormatError(f"damaged edit: {error}") from error
        return cls(name, (height, width), tuple(patches))


def edit_from(name: str, label_map: LabelMap, before: Iterable[tuple[Box, Labels]]) -> Edit | None:
    """The edit between `before` (tile boxes and their old pixels) and what `label_map` holds now; None if equal.

    The tiles of a large one are compressed by as many threads as there are cores. The caller waits for them all: the
    journal has to have an edit before the next event is handled.
    """
    tiles = list(before)

    def patches_of(some: Sequence[tuple[Box, Labels]]) -> list[Patch | None]:
        return [Patch.between(box, old, label_map.read(box)) for box, old in some]

    threads = (os.cpu_count() or 1) if len(tiles) >= MANY_TILES else 1
    if threads == 1:
        patches = patches_of(tiles)
    else:
        share = -(-len(tiles) // threads)
        shares = [tiles[first : first + share] for first in range(0, len(tiles), share)]
        with ThreadPoolExecutor(threads, "compress") as pool:
            patches = [patch for found in pool.map(patches_of, shares) for patch in found]
    changed = tuple(patch for patch in patches if patch is not None)
    return Edit(name, label_map.shape, changed) if changed else None
