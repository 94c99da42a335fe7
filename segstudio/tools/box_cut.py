"""What is the thing within a box, and what is around it: GrabCut on a reduced picture, its border then refined.

Owns no label map: it is given copies and returns pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]

MOST_PIXELS = 120_000
"""Pixels that are looked at: larger surroundings are reduced to so many."""
SURROUNDINGS = 0.15
"""Of the box's longer side: so much around it is looked at as well, to learn what is not the thing."""
MIDDLE = 0.6
"""Of the box's sides: the ellipse in the middle that is taken for the thing where no label says more.

Without it a thing whose colours occur around the box as well is given up: GrabCut then finds a quarter of CamVid's.
"""
ITERATIONS = 2
SEED = 1
"""OpenCV chooses the first clusters at random: with one seed, one box always gives the same."""
KNOWN_SHARE = 0.1
"""From this share of the box on, its present labels are an earlier answer to be refined; below, a hint."""
CORE = 2
"""Reduced pixels from its border on in which an earlier answer stands; nearer to it, the border may move."""
FLAT = 2.0
"""Grey levels that pixels differ by where there is anything to be told apart."""
LEAST_SHARE = 0.05
"""Pieces smaller than this share of the largest one are specks."""
_GUIDE_RADIUS, _GUIDE_EPSILON = 2, 1e-3
"""Of the guided filter: in reduced pixels, and in squares of grey levels from 0 to 1."""
_STRIP = 256
"""Rows."""


@dataclass(frozen=True, eq=False)
class BoxCut:
    """A box and what is known of it.

    Attributes:
        image: (height, width, 3) uint8 RGB, the whole image, which never changes.
        box: the box in image pixels, within the image and not empty.
        present: (box height, box width) uint8: the labels that its pixels have.
        wanted: the label whose pixels are of the thing already; None where present labels say nothing of it.
        locked: labels whose pixels are surely not of it, unless there are no others.
    """

    image: Pixels
    box: Box
    present: Labels
    wanted: int | None = None
    locked: tuple[int, ...] = ()

    def cut(self) -> Mask:
        """(box height, box width) bool: the pixels of the thing; none where nothing is found."""
        import cv2  # here, so that the window need not wait for it

        height, width = self.image.shape[:2]
        margin = max(8, round(SURROUNDINGS * max(self.box.width, self.box.height)))
        wide = self.box.expanded(margin).intersection(Box.of_size(width, height))
        crop = np.ascontiguousarray(self.image[wide.slices])
        scale = min(1.0, math.sqrt(MOST_PIXELS / wide.area))
        size = max(1, round(wide.width * scale)), max(1, round(wide.height * scale))
        small = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA) if scale < 1 else crop, np.uint8)
        inner = self.box.translated(-wide.x0, -wide.y0)
        start = self._beginning(wide, inner, size)
        sure = start == cv2.GC_FGD
        found = _grab(small, start) if small.reshape(-1, 3).std(axis=0).max() >= FLAT else sure
        has_label = self.wanted is not None and bool((self.present == self.wanted).any())
        if not has_label and not (found & ~sure).any():
            return np.zeros(self.present.shape, bool)
        found = _without_specks(found) | sure
        if scale < 1:
            found = _refined(crop, small, found)
        return found[inner.slices]

    def _beginning(self, wide: Box, inner: Box, size: tuple[int, int]) -> Pixels:
        """OpenCV's four values for each reduced pixel, (h, w) uint8."""
        import cv2  # as above

        across, down = size[0] / wide.width, size[1] / wide.height
        x0, y0 = min(round(inner.x0 * across), size[0] - 1), min(round(inner.y0 * down), size[1] - 1)
        x1, y1 = max(x0 + 1, round(inner.x1 * across)), max(y0 + 1, round(inner.y1 * down))
        start = np.full((size[1], size[0]), cv2.GC_BGD, np.uint8)
        inside = start[y0:y1, x0:x1]
        height, width = inside.shape
        present = cv2.resize(self.present, (width, height), interpolation=cv2.INTER_NEAREST)
        fixed = np.isin(present, self.locked)
        fixed &= not fixed.all()  # where all is locked, that tells no thing from what is around it
        known = np.zeros(inside.shape, bool) if self.wanted is None else (present == self.wanted) & ~fixed
        if not known.any():
            y, x = np.ogrid[:height, :width]
            from_middle = np.hypot((2 * x + 1) / width - 1, (2 * y + 1) / height - 1)
            inside[:] = np.where(from_middle > 1, cv2.GC_PR_BGD, cv2.GC_PR_FGD)
            inside[from_middle <= MIDDLE] = cv2.GC_FGD
        elif known.mean() < KNOWN_SHARE:
            inside[:] = np.where(known, cv2.GC_FGD, cv2.GC_PR_FGD)
        else:
            depth = cv2.distanceTransform(known.astype(np.uint8), cv2.DIST_L2, 3)  # what the box cuts off has no border
            inside[:] = np.where(known, cv2.GC_PR_FGD, cv2.GC_PR_BGD)
            inside[depth > CORE] = cv2.GC_FGD
        inside[fixed] = cv2.GC_BGD
        if not (start == cv2.GC_BGD).any():  # the box is the whole image: its rim stands for what is around
            rim = np.ones(start.shape, bool)
            rim[1:-1, 1:-1] = False
            start[rim & (start != cv2.GC_FGD)] = cv2.GC_BGD
        return start


def _grab(picture: Pixels, start: Pixels) -> Mask:
    """GrabCut (Rother, Kolmogorov & Blake 2004) from `start`; (h, w) bool like `picture`, (h, w, 3)."""
    import cv2  # as above

    is_thing = (start == cv2.GC_FGD) | (start == cv2.GC_PR_FGD)
    if not is_thing.any() or is_thing.all():
        return np.zeros(start.shape, bool)
    cv2.setRNGSeed(SEED)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(picture, start, None, *models, ITERATIONS, cv2.GC_INIT_WITH_MASK)
    return (start == cv2.GC_FGD) | (start == cv2.GC_PR_FGD)


def _refined(picture: Pixels, small: Pixels, found: Mask) -> Mask:
    """`found`, (h, w) like `small`, at the size of `picture`, its border where the image has one.

    A fast guided filter (He & Sun 2015): the mask as a linear function of grey around each place. It is worked out in
    strips, lest a large image take gigabytes.
    """
    import cv2  # as above

    guide, wanted = _grey(small), found.astype(np.float32)

    def mean(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        return np.asarray(cv2.blur(values, (2 * _GUIDE_RADIUS + 1,) * 2), np.float32)

    mean_guide, mean_wanted = mean(guide), mean(wanted)
    slope = (mean(guide * wanted) - mean_guide * mean_wanted) / (mean(guide * guide) - mean_guide**2 + _GUIDE_EPSILON)
    offset = mean(mean_wanted - slope * mean_guide)
    slope = mean(slope)
    height, width = picture.shape[:2]
    x, y = small.shape[1] / width, small.shape[0] / height
    refined = np.zeros((height, width), np.uint8)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for top in range(0, height, _STRIP):
        rows = min(_STRIP, height - top)
        way = np.array([[x, 0, x / 2 - 0.5], [0, y, (top + 0.5) * y - 0.5]])
        a, b = (
            cv2.warpAffine(values, way, (width, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
            for values in (slope, offset)
        )
        refined[top : top + rows] = a * _grey(picture[top : top + rows]) + b > 0.5
    return np.asarray(cv2.medianBlur(refined, 5), bool)


def _grey(picture: Pixels) -> npt.NDArray[np.float32]:
    import cv2  # as above

    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32) / np.float32(255)


def _without_specks(found: Mask) -> Mask:
    """Without pieces that are small beside the largest one, and without holes that small."""
    import cv2  # as above

    for wanted in (True, False):
        count, pieces, stats, _ = cv2.connectedComponentsWithStats((found == wanted).astype(np.uint8), connectivity=4)
        if count < 2 or not found.any():
            continue
        areas = stats[:, cv2.CC_STAT_AREA].astype(np.int64)
        least = LEAST_SHARE * areas[1:].max() if wanted else LEAST_SHARE * np.count_nonzero(found)
        small = areas < least
        small[0] = False
        found = np.where(small[pieces], not wanted, found)
    return found
