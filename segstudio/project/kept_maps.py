"""Drafts and proposals: label maps that segstudio keeps for itself, with the class names they were made for.

Owns `.segstudio/drafts` (palette PNG, so that any viewer shows them) and `.segstudio/proposals` (labels and confidence
as one two-channel PNG, so that they cannot disagree). When the class table has changed since, labels follow by name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import InputError
from segstudio.formats.atomic import remove_file, write_atomically
from segstudio.formats.mask_png import encode_grey_pair, encode_palette, read_grey_pair, read_raw_mask
from segstudio.formats.picture_file import DEFAULT_PIXEL_LIMIT
from segstudio.project.folder_layout import stems_in

UInt8Array = npt.NDArray[np.uint8]

_CLASSES = "segstudio:classes"
_ROUND = "segstudio:round"


@dataclass(frozen=True)
class Proposal:
    """What a network suggests for an image.

    Attributes:
        labels: (H, W) uint8, in the present class table; 255 void.
        confidence: (H, W) uint8, 0 (none) to 255 (certain).
        round_id: the round whose checkpoint made it; None for a checkpoint that no round made.
        class_names: the class table it was made for.
    """

    labels: UInt8Array
    confidence: UInt8Array
    round_id: str | None
    class_names: tuple[str, ...]


class DraftStore:
    """The drafts of one folder. Writing raises SaveError."""

    def __init__(self, folder: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> None:
        self._folder = folder
        self._pixel_limit = pixel_limit
        self.names = stems_in(folder, ".png")

    def path(self, name: str) -> Path:
        """The draft's file."""
        return self._folder / f"{name}.png"

    def save(self, name: str, labels: UInt8Array, classes: ClassTable) -> None:
        """Keep `labels` (H, W) as the draft of `name`."""
        data = encode_palette(labels, classes.palette(), {_CLASSES: json.dumps(classes.names)})
        write_atomically(self.path(name), data)
        self.names.add(name)

    def load(self, name: str, classes: ClassTable) -> UInt8Array:
        """The draft's labels, (H, W) uint8. Raises InputError where the file is broken."""
        raw = read_raw_mask(self.path(name), self._pixel_limit)
        names = _names(raw.text)
        # A class that is gone could only become void: better to keep the number, the person sees "class 7".
        return _followed(raw.values, names, classes) if set(names) <= set(classes.names) else raw.values

    def drop(self, name: str) -> None:
        """Forget the draft of `name`, if there is one."""
        if name in self.names:
            remove_file(self.path(name))
            self.names.discard(name)


class ProposalStore:
    """The proposals of one folder. Writing raises SaveError."""

    def __init__(self, folder: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> None:
        self._folder = folder
        self._pixel_limit = pixel_limit
        self.names = stems_in(folder, ".png")

    def save(self, name: str, proposal: Proposal) -> None:
        """Keep the proposal of `name`, in place of an older one."""
        text = {_CLASSES: json.dumps(proposal.class_names), _ROUND: json.dumps(proposal.round_id)}
        write_atomically(self._folder / f"{name}.png", encode_grey_pair(proposal.labels, proposal.confidence, text))
        self.names.add(name)

    def load(self, name: str, classes: ClassTable) -> Proposal | None:
        """The proposal of `name`, or None where there is none or its file is broken: a new one is quickly made."""
        if name not in self.names:
            return None
        try:
            labels, confidence, text = read_grey_pair(self._folder / f"{name}.png", self._pixel_limit)
        except InputError:
            return None
        names = _names(text)
        try:
            round_id = json.loads(text.get(_ROUND, "null"))
        except json.JSONDecodeError:
            round_id = None
        return Proposal(_followed(labels, names, classes), confidence, round_id, tuple(names))

    def drop(self, name: str) -> None:
        """Forget the proposal of `name`, if there is one."""
        if name in self.names:
            remove_file(self._folder / f"{name}.png")
            self.names.discard(name)

    def drop_all(self) -> None:
        """Forget all proposals."""
        for name in list(self.names):
            self.drop(name)


def _names(text: dict[str, str]) -> list[str]:
    try:
        names = json.loads(text.get(_CLASSES, "[]"))
    except json.JSONDecodeError:
        return []
    return [str(name) for name in names] if isinstance(names, list) else []


def _followed(labels: UInt8Array, names: Sequence[str], classes: ClassTable) -> UInt8Array:
    """`labels`, made for `names`, in the indices of `classes`; a class that is gone becomes void."""
    if tuple(names) == classes.names[: len(names)]:
        return labels
    table = np.full(256, VOID, dtype=np.uint8)
    for index, name in enumerate(names):
        found = classes.index_of(name)
        table[index] = VOID if found is None else found
    return table[labels]
