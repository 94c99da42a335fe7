"""The smart brush: of what the brush covers it takes what looks like the middle and hangs together with it.

Which pixels look like the middle is told by the ratio of two likelihoods: how common a pixel's colour is near the
middle, and how common near the rim (the histograms of Swain & Ballard, "Color indexing", IJCV 1991, with pixels
weighted by their distance from the middle as in Comaniciu, Ramesh & Meer, "Kernel-based object tracking", PAMI 2003).
What is left out comes in again unless an edge of the image parts it from the rest: shading is no border.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.raster import MaskRegion, Point, Spans
from segstudio.tools.controllers import Segment
from segstudio.tools.inks import class_ink
from segstudio.tools.stroke import StrokeTool, Widths, whole_brush
from segstudio.tools.tool import Tool, ToolContext

Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

SMALLEST = 5
"""A brush of fewer pixels across covers too few to tell anything by: it takes them all."""
WORKING_SIDE = 48
"""A brush is looked at in so many pixels across at most: the border is that coarse under a larger one."""
MOST_PIECES = 4
"""So many times one move of the pointer is looked at anew, at most; a faster one in longer pieces, without gaps."""

_BINS = 12
"""Of a colour histogram, along each axis of CIELAB."""
_NARROWEST = np.array([24, 12, 12], np.float32)
"""In grey levels of CIELAB in 8 bits, the least range that the bins are spread over: noise is not told apart."""
_CORE = 0.3
"""Standard deviation of the weights near the middle, as a share of the radius."""
_SHARE = 0.4
"""A pixel of which the middle's likelihood has so large a share looks like the middle; 0.5 is where neither wins."""
_EDGE_RATIO, _FAINTEST_EDGE = 1.2, 2.0
"""An edge is steeper, in the middle along its length, than 1.2 times what the brush covers and than two grey levels a
pixel."""
_SPECK = 0.05
"""A share of what the brush covers; what is left out and smaller comes in again."""


def alike_along(image: npt.NDArray[np.uint8], segment: Segment, covered: Spans, radius: float) -> MaskRegion:
    """What of `covered` looks like what is under `segment`, and hangs together with it.

    Args:
        image: (height, width, 3) uint8 RGB.
        segment: the way of the brush's middle, image coordinates.
        covered: what the brush sweeps along it.
        radius: half the width of the brush, image pixels.
    """
    import cv2  # here, so that the window need not wait for it

    height, width = image.shape[:2]
    box = covered.box.intersection(Box.of_size(width, height))
    inside = covered.mask(box)
    if not inside.any():
        return MaskRegion(box, inside)
    # The box of a long piece grows coarser too, as long as enough of the brush is left.
    for_length = min(math.ceil(math.sqrt(box.area) / (1.5 * WORKING_SIDE)), int(2 * radius / SMALLEST))
    step = max(1, math.ceil(2 * radius / WORKING_SIDE), for_length)
    if step == 1:
        return MaskRegion(box, _alike(image[box.slices], inside, _distance(box, segment, 1), radius))
    every = max(1, step // 2)
    size = (-(-box.width // step), -(-box.height // step))
    small = cv2.resize(np.ascontiguousarray(image[box.slices][::every, ::every]), size, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(inside.view(np.uint8), size, interpolation=cv2.INTER_NEAREST).astype(bool)
    if not coarse.any():
        return MaskRegion(box, inside)
    found = _alike(small, coarse, _distance(box, segment, step), radius / step)
    fine = cv2.resize(found.astype(np.float32), (box.width, box.height), interpolation=cv2.INTER_LINEAR)
    return MaskRegion(box, inside & (fine >= 0.5))


def _distance(box: Box, segment: Segment, step: int) -> Floats:
    """From the centre of each pixel, `step` wide, to the segment, in pixels of that width."""
    (ax, ay), (bx, by) = segment
    across = (np.arange(box.x0, box.x1, step, dtype=np.float32) + step / 2 - ax)[None, :]
    down = (np.arange(box.y0, box.y1, step, dtype=np.float32) + step / 2 - ay)[:, None]
    dx, dy = bx - ax, by - ay
    along = np.clip((across * dx + down * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
    return np.asarray(np.hypot(across - along * dx, down - along * dy) / step, np.float32)


def _alike(small: npt.NDArray[np.uint8], inside: Mask, distance: Floats, radius: float) -> Mask:
    """What of `inside` looks like its middle and hangs together with it; all arguments in the same pixels."""
    import cv2  # as above

    smooth = cv2.medianBlur(np.ascontiguousarray(small), 5 if radius >= SMALLEST else 3)
    away = distance - distance[inside].min()  # of a brush that hangs over the image's side, the nearest are the middle
    middle = inside & (away <= 1)
    like = cv2.medianBlur((inside & (_likeness(smooth, inside, away / radius) > _SHARE)).astype(np.uint8), 3)
    _, parts = cv2.connectedComponents(((like > 0) & inside | middle).astype(np.uint8), connectivity=4)
    kept = np.isin(parts, np.unique(parts[middle])) & inside
    return kept | _not_parted(smooth, inside, kept)


def _likeness(smooth: npt.NDArray[np.uint8], inside: Mask, away: Floats) -> Floats:
    """(height, width), 0 to 1: the share that the middle has in the likelihood of each pixel's colour.

    Looked at twice: the first time the middle is a disc, the second time what was found to look like it.
    """
    import cv2  # as above

    colors = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).astype(np.float32)
    lowest = colors[inside].min(axis=0)
    spread = np.maximum(colors[inside].max(axis=0) - lowest, _NARROWEST)
    bins = np.clip((colors - lowest) / spread * _BINS, 0, _BINS - 1).astype(np.int64)
    bins = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
    near = np.exp(-(away**2) / (2 * _CORE**2)) * inside
    share = _share_of(near, inside - near, bins)
    near = np.maximum(share * np.exp(-(away**2) / 2), near / 2) * inside
    return _share_of(near, inside - near, bins)


def _share_of(near: Floats, far: Floats, bins: npt.NDArray[np.int64]) -> Floats:
    """The likelihood of each pixel's bin among the pixels weighted by `near`, as a share of both likelihoods."""
    import cv2  # as above

    of_near, of_far = (_histogram(weights, bins) for weights in (near, far))
    share = (of_near / np.maximum(of_near + of_far, 1e-9)).ravel()[bins]
    return np.asarray(cv2.GaussianBlur(share.astype(np.float32), (0, 0), 1.0), np.float32)


def _histogram(weights: Floats, bins: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Over the three axes of the bins: shares that sum to 1, each smoothed with its neighbours."""
    counted = np.bincount(bins.ravel(), weights.ravel(), _BINS**3).astype(np.float64)
    counts = counted.reshape((_BINS,) * 3)
    for axis in range(3):
        padded = np.pad(counts, [(1, 1) if axis == along else (0, 0) for along in range(3)], mode="edge")
        low, high = (np.take(padded, range(start, start + _BINS), axis) for start in (0, 2))
        counts = (low + 2 * counts + high) / 4
    return np.asarray(counts / max(counts.sum(), 1e-9))


def _not_parted(smooth: npt.NDArray[np.uint8], inside: Mask, kept: Mask) -> Mask:
    """What of `inside` is not kept, and is a speck or has no edge between it and what is kept."""
    import cv2  # as above

    left_out = (inside & ~kept).astype(np.uint8)
    count, parts, stats, _ = cv2.connectedComponentsWithStats(left_out, connectivity=4)
    found = np.zeros_like(inside)
    if count == 1:
        return found
    soft = cv2.GaussianBlur(smooth, (0, 0), 1.0).astype(np.float32)
    across, down = cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)
    steepness = np.sqrt((across**2 + down**2).sum(axis=2)) / 32  # of Scharr's weights: grey levels a pixel
    least = max(_FAINTEST_EDGE, _EDGE_RATIO * float(np.median(steepness[inside])))
    square = np.ones((3, 3), np.uint8)
    beside = cv2.dilate(kept.astype(np.uint8), square) > 0
    for part in range(1, count):
        inner = parts == part
        border = (inner & beside) | ((cv2.dilate(inner.astype(np.uint8), square) > 0) & kept)
        is_speck = stats[part, cv2.CC_STAT_AREA] < _SPECK * np.count_nonzero(inside)
        if is_speck or (border.any() and np.median(steepness[border]) < least):
            found |= inner
    return found


def edge_stopped_brush(segment: Segment, widths: Widths, context: ToolContext) -> Spans | MaskRegion:
    """Of what the brush sweeps, what looks like what its middle passes over and hangs together with it."""
    swept = whole_brush(segment, widths, context)
    if context.image is None or max(widths) < SMALLEST:
        return swept
    pieces = [
        alike_along(context.image, piece, whole_brush(piece, ends, context), max(ends) / 2)
        for piece, ends in _pieces(segment, widths)
    ]
    if len(pieces) == 1:
        return pieces[0]
    box = swept.box.intersection(context.document.label_map.box)
    found = np.logical_or.reduce([piece.mask(box) for piece in pieces])
    return MaskRegion(box, found & swept.mask(box))  # where pieces meet, rounding may put a pixel beside the sweep


def _pieces(segment: Segment, widths: Widths) -> list[tuple[Segment, Widths]]:
    """`segment` in pieces of half a brush each, or longer where there would be too many."""
    (ax, ay), (bx, by) = segment
    count = min(max(math.ceil(math.dist(*segment) / (max(widths) / 2)), 1), MOST_PIECES)
    shares = [number / count for number in range(count + 1)]
    places: list[Point] = [(ax + (bx - ax) * share, ay + (by - ay) * share) for share in shares]
    sizes = [round(widths[0] + (widths[1] - widths[0]) * share) for share in shares]
    return list(zip(pairwise(places), pairwise(sizes), strict=True))


def smart_brush() -> Tool:
    """A new one."""
    return StrokeTool(marked("Smart brush stroke"), class_ink, edge_stopped_brush)
