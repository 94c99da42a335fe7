"""Images in halved sizes, for views that are smaller than they are. Owns no file; imports nothing heavy at first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

ENOUGH_PIXELS = 1_000_000
"""A reduced view is as fine as a screen: halving further is quick enough for the thread that paints."""


def halved(pixels: Pixels) -> Pixels:
    """(⌈h/2⌉, ⌈w/2⌉, c) uint8: the means of 2 × 2 pixels of (h, w, c); an odd edge is repeated."""
    import cv2  # here, so that the window need not wait for it

    height, width = pixels.shape[:2]
    if height % 2 or width % 2:
        pixels = cv2.copyMakeBorder(pixels, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE)
    size = ((width + 1) // 2, (height + 1) // 2)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def halvings(pixels: Pixels) -> tuple[Pixels, ...]:
    """`pixels` (h, w, c) halved once, twice and so on, until `ENOUGH_PIXELS` are not exceeded."""
    found: list[Pixels] = []
    while pixels.shape[0] * pixels.shape[1] > ENOUGH_PIXELS:
        pixels = halved(pixels)
        found.append(pixels)
    return tuple(found)
