"""Two classes merged or swapped: what becomes of each label, which pixels moved, and how they are taken back.

Works on documents; where they come from and where they are kept is others' business. No pixel is looked at twice, and
only tiles that hold a moving label are copied, so the cost grows with what is changed.

What has moved is kept as one edit for each moving label: its patches say which pixels went from that label to its
other one. That is what a later taking back needs: it touches only the pixels that still have what the change gave
them, so whatever was painted since stays, and where nothing was, every pixel is as it was before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from segstudio.core.document import Document, EditBuilder
from segstudio.core.edits import (
    MERGE_CLASSES,
    SWAP_CLASSES,
    TAKE_BACK_MERGE,
    TAKE_BACK_SWAP,
    Edit,
    EditFormatError,
    Patch,
)
from segstudio.core.geometry import Box
from segstudio.core.label_map import LabelMap, Labels


class ChangeKind(Enum):
    """What becomes of two classes; the value stands in files."""

    MERGE = "merge"
    SWAP = "swap"


@dataclass(frozen=True)
class ClassChange:
    """`source` becomes `target`; in a swap `target` becomes `source` too.

    Both are labels, 0 to 254. Raises ValueError where they are the same one.
    """

    kind: ChangeKind
    source: int
    target: int

    def __post_init__(self) -> None:
        if self.source == self.target:
            raise ValueError(f"class {self.source} cannot be changed into itself")

    @property
    def moving(self) -> tuple[int, ...]:
        """The labels whose pixels change."""
        return (self.source,) if self.kind is ChangeKind.MERGE else (self.source, self.target)

    @property
    def name(self) -> str:
        """What the edit is called, marked."""
        return MERGE_CLASSES if self.kind is ChangeKind.MERGE else SWAP_CLASSES

    @property
    def taking_back(self) -> str:
        """What the edit that takes it back is called, marked."""
        return TAKE_BACK_MERGE if self.kind is ChangeKind.MERGE else TAKE_BACK_SWAP

    def of(self, label: int) -> int:
        """What `label` becomes."""
        if label not in self.moving:
            return label
        return self.target if label == self.source else self.source

    def pixels(self, counts: Sequence[int] | np.ndarray) -> int:
        """How many pixels change where each label has `counts[label]` of them."""
        return sum(int(counts[label]) for label in self.moving)

    def changed(self, labels: Labels) -> Labels:
        """`labels`, uint8 of any shape, after the change; a copy."""
        table = np.arange(256, dtype=np.uint8)
        for label in self.moving:
            table[label] = self.of(label)
        return table[labels]

    def moves(self, label_map: LabelMap) -> tuple[Edit, ...]:
        """One edit for each of `moving`, in that order: the pixels of `label_map` that would leave that label.

        Nothing is changed. The edits may be empty.
        """
        patches: list[list[Patch]] = [[] for _ in self.moving]
        for box in _tiles_with(label_map, self.moving):
            tile = label_map.read(box)
            for found, label in zip(patches, self.moving, strict=True):
                patch = Patch.between(box, tile, np.where(tile == label, np.uint8(self.of(label)), tile))
                if patch is not None:
                    found.append(patch)
        return tuple(Edit(self.name, label_map.shape, tuple(found)) for found in patches)

    def apply_to(self, document: Document) -> Edit | None:
        """Make the change as one edit of `document`; None where it has no pixel of a moving label.

        Whatever is guarded: whoever asks has looked at that. Raises RuntimeError while an edit is being made.
        """
        with document.begin(self.name, guarded=False) as builder:
            self.paint(builder, document.label_map)
        return builder.edit

    def paint(self, builder: EditBuilder, label_map: LabelMap) -> None:
        """Make the change in `label_map` as part of the edit that `builder` makes of it."""
        for box in list(_tiles_with(label_map, self.moving)):
            builder.replace(box, self.changed(label_map.read(box)))

    def take_back_in(self, document: Document, moves: Sequence[Edit]) -> TakenBack:
        """Give the pixels of `moves` the labels that they had, as one edit of `document`, whatever is guarded.

        Pixels that have another label now than the change gave them were painted since, and stay.

        Raises:
            EditFormatError: a move is damaged, or belongs to a label map of another size. Nothing is changed then.
            RuntimeError: an edit is being made.
        """
        label_map, kept = document.label_map, 0
        unpacked = [(label, patch.box, patch.pixels() != 0) for label, patch in self._patches(moves, label_map)]
        with document.begin(self.taking_back, guarded=False) as builder:
            for label, box, moved in unpacked:
                present = label_map.read(box)
                free = moved & (present == self.of(label))
                kept += int(np.count_nonzero(moved & (present != label))) - int(np.count_nonzero(free))
                builder.paint_mask(box, free, label)
        return TakenBack(builder.edit, kept)

    def is_made_in(self, label_map: LabelMap, moves: Sequence[Edit]) -> bool:
        """Whether `label_map`, in which somebody may have painted since, is one of after the change that `moves` are.

        More of the pixels of `moves` have the label of before where it was not made yet.

        Raises:
            EditFormatError: as `take_back_in`.
        """
        before = after = 0
        for label, patch in self._patches(moves, label_map):
            present = label_map.read(patch.box)[patch.pixels() != 0]
            before += int(np.count_nonzero(present == label))
            after += int(np.count_nonzero(present == self.of(label)))
        return after >= before

    def _patches(self, moves: Sequence[Edit], label_map: LabelMap) -> Iterator[tuple[int, Patch]]:
        if len(moves) != len(self.moving):
            raise EditFormatError(f"{len(moves)} moves where there are {len(self.moving)}")
        for label, move in zip(self.moving, moves, strict=True):
            if move.shape != label_map.shape:
                raise EditFormatError(f"moves in a map of {move.shape} pixels do not fit one of {label_map.shape}")
            for patch in move.patches:
                yield label, patch


@dataclass(frozen=True)
class TakenBack:
    """What came of taking a change back: the edit (None where no pixel changed), and how many pixels stayed.

    Those that have the label of before already do not count as having stayed.
    """

    edit: Edit | None
    kept: int


def _tiles_with(label_map: LabelMap, labels: Iterable[int]) -> Iterator[Box]:
    """The tiles that hold one of `labels`."""
    for _, box in label_map.tiles_in(label_map.box):
        tile = label_map.read(box)
        if any((tile == label).any() for label in labels):
            yield box
