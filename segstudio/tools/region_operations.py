"""Operations on a region (the pixels of one label that hang together) or on all pixels of a label.

An operation says which pixels the region holds afterwards. What it gains gets its label; what it loses gets that of the
nearest pixel outside. They know no screen; each is one row of `OPERATIONS`. OpenCV is imported when one is called: the
window need not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from segstudio.core.class_change import ClassChange
from segstudio.core.edits import Edit
from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.tools.bucket import region_around
from segstudio.tools.tool import ToolContext

Mask = npt.NDArray[np.uint8]
"""1 on the pixels of a region, 0 elsewhere."""

SMOOTH_SIDE = 7
"""Pixels of the median that smooths a border: bumps of up to half as much go."""
MARGIN = SMOOTH_SIDE // 2
"""So many pixels around a region an operation may look at, and reach."""
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)


class Scope(Enum):
    """What an operation works on."""

    REGION = auto()
    LABEL = auto()


@dataclass(frozen=True)
class RegionOperation:
    """One row of `OPERATIONS`; `title` and `hint` are marked, and the title is the edit's name.

    `change` is called with the region (with `MARGIN` around, as far as the image goes) and with the least number of
    pixels that a region is worth.
    """

    id: str
    title: str
    hint: str
    scope: Scope
    change: Callable[[Mask, int], Mask]


def fill_holes(mask: Mask, _least: int) -> Mask:
    """With all that it surrounds; what reaches the image's edge is no hole."""
    import cv2

    around = np.pad(mask, 1)
    cv2.floodFill(around, None, (0, 0), 2, flags=8)
    return (around[1:-1, 1:-1] != 2).astype(np.uint8)


def smooth(mask: Mask, _least: int) -> Mask:
    """Without bumps and dents of the border."""
    import cv2

    return np.asarray(cv2.medianBlur(mask, SMOOTH_SIDE), dtype=np.uint8)


def grow(mask: Mask, _least: int) -> Mask:
    """A pixel wider on every side."""
    import cv2

    return np.asarray(cv2.dilate(mask, _CROSS), dtype=np.uint8)


def shrink(mask: Mask, _least: int) -> Mask:
    """A pixel narrower on every side but the image's edge."""
    import cv2

    return np.asarray(cv2.erode(mask, _CROSS), dtype=np.uint8)


def keep_largest(mask: Mask, _least: int) -> Mask:
    """Of several regions the largest; of equal ones the first from the top."""
    import cv2

    count, numbers, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    if count <= 2:
        return mask
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return (numbers == largest).astype(np.uint8)


def remove_small(mask: Mask, least: int) -> Mask:
    """Without the regions of fewer than `least` pixels."""
    import cv2

    _, numbers, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
    keeps = stats[:, cv2.CC_STAT_AREA] >= least
    keeps[0] = False
    return keeps[numbers].astype(np.uint8)


_ROWS = (
    RegionOperation(
        "fill_holes", marked("Fill holes"), marked("What the region surrounds gets its class"), Scope.REGION, fill_holes
    ),
    RegionOperation(
        "smooth", marked("Smooth the border"), marked("Bumps and dents of a few pixels go"), Scope.REGION, smooth
    ),
    RegionOperation("grow", marked("Grow by a pixel"), marked("On every side"), Scope.REGION, grow),
    RegionOperation("shrink", marked("Shrink by a pixel"), marked("On every side"), Scope.REGION, shrink),
    RegionOperation(
        "smooth_all", marked("Smooth all borders"), marked("Of every region of the class"), Scope.LABEL, smooth
    ),
    RegionOperation("grow_all", marked("Grow all by a pixel"), marked("Every region of the class"), Scope.LABEL, grow),
    RegionOperation(
        "shrink_all", marked("Shrink all by a pixel"), marked("Every region of the class"), Scope.LABEL, shrink
    ),
    RegionOperation(
        "fill_all_holes",
        marked("Fill all holes"),
        marked("What any region of the class surrounds gets the class"),
        Scope.LABEL,
        fill_holes,
    ),
    RegionOperation(
        "remove_small",
        marked("Remove small regions"),
        marked("They get the class around them"),
        Scope.LABEL,
        remove_small,
    ),
    RegionOperation(
        "keep_largest",
        marked("Keep the largest region only"),
        marked("The others get the class around them"),
        Scope.LABEL,
        keep_largest,
    ),
)

OPERATIONS: dict[str, RegionOperation] = {row.id: row for row in _ROWS}
"""Every operation by its id, in the order of the menu."""


def operate(operation: RegionOperation, context: ToolContext, x: int, y: int, least: int = 0) -> Edit | None:
    """Carry out `operation` on what the person sees at pixel (x, y), which lies in the image, as one edit.

    None where nothing changes: the region is as the operation would have it, or guarded.
    """
    seen = context.seen()
    label = int(seen[y, x])
    box, region = region_around(seen, x, y) if operation.scope is Scope.REGION else _all_of(seen, label)
    reach = box.expanded(MARGIN).intersection(context.document.label_map.box)
    before: Mask = np.zeros((reach.height, reach.width), np.uint8)
    before[box.translated(-reach.x0, -reach.y0).slices] = region
    after = operation.change(before, least)
    gained, lost = (after > before), (before > after)
    if not gained.any() and not lost.any():
        return None
    values = seen[reach.slices].copy()
    if lost.any() and not before.all():
        values[lost] = nearest_outside(values, before)[lost]
    values[gained] = label
    with context.begin(operation.title) as builder:
        builder.replace(reach, values)
    return builder.edit


def relabel(context: ToolContext, x: int, y: int, value: int, name: str, scope: Scope = Scope.REGION) -> Edit | None:
    """Give the region of pixel (x, y), or all of its label, the label `value`, as an edit called `name` (marked)."""
    seen = context.seen()
    box, region = region_around(seen, x, y) if scope is Scope.REGION else _all_of(seen, int(seen[y, x]))
    with context.begin(name) as builder:
        builder.paint_mask(box, region, value)
    return builder.edit


def change_classes(context: ToolContext, change: ClassChange) -> Edit | None:
    """Merge or swap two classes in what the person sees, as one edit; guarded labels stay."""
    with context.begin(change.name) as builder:
        change.paint(builder, context.document.label_map)
    return builder.edit


def _all_of(labels: Labels, label: int) -> tuple[Box, npt.NDArray[np.bool_]]:
    """The pixels of `label`, of which there is one, and a box that holds them."""
    mask = labels == label
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return box, mask[box.slices]


def nearest_outside(labels: Labels, inside: Mask) -> Labels:
    """For each pixel the label of the nearest one where `inside` is 0 (its own where that is so)."""
    import cv2

    _, nearest = cv2.distanceTransformWithLabels(inside, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL)
    table = np.zeros(int(nearest.max()) + 1, np.uint8)
    outside = inside == 0
    table[nearest[outside]] = labels[outside]
    return table[nearest]
