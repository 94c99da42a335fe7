"""The strokes with which the tour's person turns a label map into the truth. Pure geometry: no Qt, no painting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box
from segstudio.core.raster import BrushShape, Point, Spans, footprint, snapped, sweep

Labels = npt.NDArray[np.uint8]

RADII = (32, 16, 8, 4, 2, 1)
"""Brush radii in pixels, tried from the largest: a person takes the biggest brush that fits."""

_WORTH_IT = 6
"""A stroke that would mend fewer pixels than this is not made."""


@dataclass(frozen=True)
class Stroke:
    """One straight drag in image coordinates with class `value` and a round brush of `size` pixels."""

    value: int
    size: int
    start: Point
    end: Point


def correcting_strokes(present: Labels, truth: Labels) -> Iterator[Stroke]:
    """Strokes that turn `present` into `truth`, both (H, W) uint8; void in the truth is left as it is.

    A class is only painted where the disc of the brush lies wholly within its true region (the morphological opening
    of that region), in rows half a brush apart, and only where that mends something.
    """
    label_map = present.copy()
    counts = np.bincount(truth.reshape(-1), minlength=256)
    values = [value for value in np.argsort(-counts[:VOID], kind="stable").tolist() if counts[value]]
    for radius in RADII:
        for value in values:
            region = (truth == value) | (truth == VOID)
            if not (label_map[truth == value] != value).any():
                continue
            yield from _strokes_of(label_map, truth, value, radius, region)


def _strokes_of(
    label_map: Labels, truth: Labels, value: int, radius: int, region: npt.NDArray[np.bool_]
) -> Iterator[Stroke]:
    size = 2 * radius - 1
    disc = footprint((size / 2, size / 2), size, BrushShape.ROUND).mask(Box.of_size(size, size)).view(np.uint8)
    # Beyond the image nothing is painted wrong, so the brush may hang over the edge.
    centres = cv2.erode(region.astype(np.uint8), disc, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    for row in range(min(radius - 1, 4), centres.shape[0], max(1, radius)):
        for first, last in _runs(centres[row]):
            start, end = (first + 0.5, row + 0.5), (last + 0.5, row + 0.5)
            spans = sweep(snapped(start, size), snapped(end, size), size, BrushShape.ROUND)
            if _mend(label_map, truth, value, spans):
                yield Stroke(value, size, start, end)


def _runs(row: npt.NDArray[np.uint8]) -> list[tuple[int, int]]:
    """The (first, last) columns of each run of ones."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], row, [0]))))
    return [(int(first), int(end) - 1) for first, end in zip(edges[::2], edges[1::2], strict=True)]


def _mend(label_map: Labels, truth: Labels, value: int, spans: Spans) -> bool:
    """Paint `spans` into `label_map` where that mends enough pixels; whether it does."""
    height, width = label_map.shape
    box = spans.box.intersection(Box.of_size(width, height))
    if box.is_empty:
        return False
    mask = spans.mask(box)
    seen = label_map[box.slices]
    mended = mask & (seen != value) & (truth[box.slices] == value)
    if np.count_nonzero(mended) < _WORTH_IT:
        return False
    seen[mask] = value
    return True


def wrong_share(present: Labels | None, truth: Labels) -> tuple[int, int]:
    """(wrong pixels, counted pixels): void in the truth does not count; without a label map everything is wrong."""
    counted = truth != VOID
    total = int(np.count_nonzero(counted))
    if present is None:
        return total, total
    return int(np.count_nonzero((present != truth) & counted)), total
