"""Drafts that teach: of each the pixels that a person touched, the rest void.

Owns the label maps of the drafts of one round, as they were when it began, until they are accepted. They are kept in
memory, compressed: mostly void, a map takes some kilobytes, and the person goes on painting meanwhile.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import InputError
from segstudio.project.samples import Samples
from segstudio_training.data.teaching_set import LabelSource, Pixels

if TYPE_CHECKING:
    from segstudio.project.project import Project


class SourceWithDrafts:
    """A `LabelSource` whose drafts have the label maps that `touched_maps` gave; all else is `source`'s."""

    def __init__(self, source: LabelSource, maps: dict[str, Pixels]) -> None:
        self._source = source
        self._maps = {name: (labels.shape, zlib.compress(labels.tobytes())) for name, labels in maps.items()}

    @property
    def root(self) -> Path:
        """The folder."""
        return self._source.root

    @property
    def classes(self) -> ClassTable:
        """Its class table."""
        return self._source.classes

    @property
    def drafts(self) -> list[str]:
        """The names of the drafts that teach."""
        return list(self._maps)

    def accept(self, name: str) -> None:
        """From now on the label map of `name` is the accepted one, where it was a draft's before."""
        self._maps.pop(name, None)

    def image_path(self, name: str) -> Path:
        """Where image `name` lies."""
        return self._source.image_path(name)

    def read_image(self, name: str) -> Pixels:
        """(H, W, 3) uint8 RGB in the mask's frame."""
        return self._source.read_image(name)

    def read_samples(self, name: str) -> Samples:
        """(H, W, C) all channels in the mask's frame."""
        return self._source.read_samples(name)

    def mask_path(self, name: str) -> Path:
        """Where the accepted label map of `name` lies, if it has one."""
        return self._source.mask_path(name)

    def view_orientation(self, name: str) -> int:
        """The EXIF orientation, 1 to 8, that turns this frame upright."""
        return self._source.view_orientation(name)

    def read_label_map(self, name: str) -> Pixels:
        """(H, W) uint8: of a draft what was touched, else the accepted label map."""
        kept = self._maps.get(name)
        if kept is None:
            return self._source.read_label_map(name)
        shape, data = kept
        return np.frombuffer(zlib.decompress(data), np.uint8).reshape(shape)


def touched_maps(project: Project, names: Sequence[str]) -> dict[str, Pixels]:
    """The touched pixels' label maps of those drafts `names` where there are any.

    A draft that cannot be read is passed over: opening its image tells why.
    """
    maps = {}
    for name in names:
        with contextlib.suppress(InputError):
            labels = project.touched_labels(name)
            if (labels != VOID).any():
                maps[name] = labels
    return maps
