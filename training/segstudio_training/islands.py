"""Merging specks of a label map into what surrounds them."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID

Labels = npt.NDArray[np.uint8]
PASSES = 3
"""A speck merged into a speck is looked at again, at most so often."""


def merge_islands(labels: Labels, min_pixels: int) -> Labels:
    """`labels` (H, W) uint8 with every island below `min_pixels` given the value that most of its neighbours have.

    An island is an 8-connected region of one value; void is left alone and has no vote. Among values with equally many
    votes the smallest wins, so that the result is the same every time. The input is not changed.
    """
    if min_pixels <= 1:
        return labels
    merged = labels.copy()
    for _ in range(PASSES):
        if not _merge_once(merged, min_pixels):
            break
    return merged


def _merge_once(labels: Labels, min_pixels: int) -> bool:
    """One pass over all values, in place; True where something changed."""
    before = labels.copy()
    changed = False
    for value in np.unique(before):
        if value == VOID:
            continue
        _, regions, stats, _ = cv2.connectedComponentsWithStats((before == value).astype(np.uint8), connectivity=8)
        small = np.flatnonzero(stats[:, cv2.CC_STAT_AREA] < min_pixels)
        for region in small[small > 0]:
            changed |= _absorb(labels, before, regions, stats[region], int(region))
    return changed


def _absorb(
    labels: Labels, before: Labels, regions: npt.NDArray[np.int32], stats: npt.NDArray[np.int32], region: int
) -> bool:
    """Give one island its neighbours' most frequent value."""
    left, top, width, height, _ = (int(value) for value in stats)
    rows = slice(max(0, top - 1), top + height + 1)
    columns = slice(max(0, left - 1), left + width + 1)
    island = regions[rows, columns] == region
    rim = cv2.dilate(island.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~island
    votes = np.bincount(before[rows, columns][rim], minlength=VOID + 1)
    votes[VOID] = 0
    if not votes.any():
        return False
    labels[rows, columns][island] = int(votes.argmax())
    return True
