"""A simulated person who corrects label maps with a brush: what each correction costs, and what it leaves.

Owns the person's model, which is deterministic and knows no network, no folder and no round:

- The person knows the truth. They paint a class only over its true region or over void: where the truth is void
  anything may stand (free ground), and so it may beyond the image's border. The brush's centre stays inside the image.
- A pixel is wrong where the truth has a class and the label map shows another, or void. It is painted with the largest
  radius r of 64, 32, 16, 8, 4, 2, 1 pixels for which it lies in the morphological opening of that allowed region by a
  disc of r: some disc of r (the pixels within r of its centre) that holds it fits in. What is too thin for any disc is
  painted with the smallest.
- Parts are the 8-connected components of the wrong pixels of one class and one radius. Parts under 12 pixels are let
  be. The others are one stroke where they lie within r / 2 of each other (least distance of two pixels), chains too.
- A stroke costs 0.2 s to find, 0.2 s to check, and its path: area / (2 r) pixels at 400 pixels a second (the constants
  of RootPainter's simulation).
- What is let be stays as it was shown, and so does what stands where the truth is void: so it is accepted.

Painting from nothing is the same person over an all-void label map.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID

Labels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Regions = npt.NDArray[np.int32]

RADII = (64, 32, 16, 8, 4, 2, 1)
"""Pixels; the brushes that the person has, the largest first."""
LEAST_PART = 12
"""Pixels; smaller parts are let be."""
FIND_SECONDS = 0.2
CHECK_SECONDS = 0.2
PIXELS_PER_SECOND = 400.0


@dataclass(frozen=True)
class Correction:
    """What the person did: strokes, seconds, and the (H, W) uint8 label map that they left."""

    strokes: int
    seconds: float
    labels: Labels


class SimulatedPerson:
    """The person at one image.

    Args:
        truth: (H, W) uint8, void 255. What depends on it alone is worked out once, for all corrections.
    """

    def __init__(self, truth: Labels) -> None:
        self.truth = truth
        self._radii = brush_radii(truth)

    def correct(self, shown: Labels) -> Correction:
        """Correct the (H, W) uint8 label map `shown`, which is not changed."""
        wrong = wrong_pixels(shown, self.truth)
        labels = shown.copy()
        strokes, seconds = 0, 0.0
        for value in np.flatnonzero(np.bincount(self.truth[wrong], minlength=VOID)):
            of_class = wrong & (self.truth == value)
            for radius in RADII:
                areas, painted = _strokes(of_class & (self._radii == radius), radius)
                labels[painted] = value
                strokes += len(areas)
                seconds += sum(stroke_seconds(area, radius) for area in areas)
        return Correction(strokes, seconds, labels)

    def paint_from_nothing(self) -> Correction:
        """Label the image without any proposal."""
        return self.correct(np.full_like(self.truth, VOID))


def correction_seconds(shown: Labels, truth: Labels) -> float:
    """Seconds that the person takes to correct `shown`; both (H, W) uint8 of one size."""
    return SimulatedPerson(truth).correct(shown).seconds


def wrong_pixels(shown: Labels, truth: Labels) -> Mask:
    """(H, W) bool: where the truth has a class and `shown` another, or void."""
    return (truth != VOID) & (shown != truth)


def stroke_seconds(area: int, radius: int) -> float:
    """Seconds of one stroke over `area` pixels with a brush of `radius` pixels."""
    return FIND_SECONDS + CHECK_SECONDS + area / (2 * radius) / PIXELS_PER_SECOND


def brush_radii(truth: Labels) -> Labels:
    """(H, W) uint8: the radius with which each labelled pixel of `truth` is painted where it is wrong; 0 at void."""
    radii = np.zeros_like(truth)
    for value in np.flatnonzero(np.bincount(truth.reshape(-1), minlength=VOID + 1)[:VOID]):
        of_class = truth == value
        # A disc that holds a pixel of the class lies within two radii of it.
        box = _box_around(of_class, 2 * RADII[0])
        radii[box] += _radii_of_class(of_class[box], truth[box] == VOID)
    return radii


def _radii_of_class(of_class: Mask, void: Mask) -> Labels:
    """(H, W) uint8: the radius for each pixel of one class, 0 elsewhere."""
    radii = np.zeros(of_class.shape, np.uint8)
    missing = of_class.copy()
    room = _distance_to(~(of_class | void))
    for radius in RADII:
        centres = room > radius
        if centres.any():
            reached = missing & (_distance_to(centres) <= radius)
            radii[reached] = radius
            missing &= ~reached
            if not missing.any():
                return radii
    radii[missing] = RADII[-1]
    return radii


def _distance_to(mask: Mask) -> npt.NDArray[np.float32]:
    """(H, W) exact Euclidean distance in pixels to the nearest pixel of `mask`; infinite where it is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    return cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def _strokes(mask: Mask, radius: int) -> tuple[list[int], Mask]:
    """The areas in pixels of the strokes that paint `mask` with one radius, and the pixels that they paint."""
    if not mask.any():
        return [], mask
    _, regions, stats, _ = cv2.connectedComponentsWithStats(mask.view(np.uint8), connectivity=8, ltype=cv2.CV_32S)
    areas = stats[:, cv2.CC_STAT_AREA]
    is_part = areas >= LEAST_PART
    is_part[0] = False
    parts = np.flatnonzero(is_part)
    regions = np.where(is_part[regions], regions, 0).astype(np.int32)
    group_of = _grouped(regions, stats, parts, radius / 2)
    groups: dict[int, int] = {}
    for part in parts.tolist():
        groups[group_of[part]] = groups.get(group_of[part], 0) + int(areas[part])
    return list(groups.values()), regions > 0


def _grouped(regions: Regions, stats: npt.NDArray[np.int32], parts: npt.NDArray[np.intp], reach: float) -> list[int]:
    """For each number in `regions` the number that stands for all parts chained to it within `reach` pixels."""
    chief = list(range(len(stats)))

    def chief_of(part: int) -> int:
        while chief[part] != part:
            chief[part] = chief[chief[part]]
            part = chief[part]
        return part

    # Separate 8-connected parts are at least 2 pixels from each other.
    if len(parts) > 1 and reach >= 2:
        margin = math.ceil(reach)
        for part in parts.tolist():
            left, top, width, height = stats[part, : cv2.CC_STAT_AREA].tolist()
            rows = slice(max(0, top - margin), top + height + margin)
            columns = slice(max(0, left - margin), left + width + margin)
            around = regions[rows, columns]
            foreign = (around > 0) & (around != part)
            if foreign.any():
                foreign &= _distance_to(around == part) <= reach
                for other in np.unique(around[foreign]).tolist():
                    chief[chief_of(other)] = chief_of(part)
    return [chief_of(part) for part in range(len(stats))]


def _box_around(mask: Mask, margin: int) -> tuple[slice, slice]:
    """The box around the pixels of `mask` (at least one), grown by `margin` and cut to the image."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    return (
        slice(max(0, top - margin), top + height + margin),
        slice(max(0, left - margin), left + width + margin),
    )
