"""How many pixels of each label the label maps of a folder have, and what a change of two classes would change.

Counted from the files: what the index keeps of a mask are its classes' names as they were when it was accepted, and
another program may have written it since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from segstudio.core.class_change import ClassChange
from segstudio.core.label_map import label_counts
from segstudio.project.project import Project, Status
from segstudio.project.voc_folder import UInt8Array

Counts = Mapping[int, int]
"""Pixels by label; labels without any are left out."""


@dataclass(frozen=True)
class ImageCounts:
    """One image: its mask and its draft, None where there is none."""

    name: str
    mask: Counts | None
    draft: Counts | None


@dataclass(frozen=True)
class Affected:
    """What a change would change.

    Attributes:
        names: the images, those with the most pixels in what is seen of them first.
        pixels: the pixels that would change in what is seen of each, in that order.
        masks, drafts: how many of each would change.
        mask_pixels, draft_pixels: and how many pixels of them.
    """

    names: tuple[str, ...]
    pixels: tuple[int, ...]
    masks: int
    drafts: int
    mask_pixels: int
    draft_pixels: int


def counted(labels: UInt8Array) -> dict[int, int]:
    """Pixels by label of `labels`, uint8 of any shape."""
    counts = label_counts(labels)
    return {int(label): int(counts[label]) for label in np.flatnonzero(counts)}


def count_image(project: Project, name: str) -> ImageCounts | None:
    """The counts of image `name`; None where it has no label map.

    Raises:
        InputError: the image, its draft or its mask is broken.
    """
    with project.lock_of(name):
        if not project.has_labels(name):
            return None
        mask = counted(project.folder.read_label_map(name)) if project.folder.has_mask(name) else None
        is_draft = project.status(name) is Status.DRAFT
        return ImageCounts(name, mask, counted(project.load_label_map(name).array) if is_draft else None)


def affected(images: Iterable[ImageCounts], change: ClassChange) -> Affected:
    """What `change` would change in `images`."""
    masks = drafts = mask_pixels = draft_pixels = 0
    found: list[tuple[int, str]] = []
    for image in images:
        in_mask, in_draft = _moving(image.mask, change), _moving(image.draft, change)
        masks += in_mask > 0
        drafts += in_draft > 0
        mask_pixels += in_mask
        draft_pixels += in_draft
        if in_mask or in_draft:
            found.append((in_mask if image.draft is None else in_draft, image.name))
    found.sort(key=lambda one: -one[0])  # stable: of equal ones the first in the folder's order
    names, pixels = tuple(name for _, name in found), tuple(count for count, _ in found)
    return Affected(names, pixels, masks, drafts, mask_pixels, draft_pixels)


def _moving(counts: Counts | None, change: ClassChange) -> int:
    return sum(counts.get(label, 0) for label in change.moving) if counts else 0
