"""Which pixels of a label map a person touched, read off the edits that its journal holds.

An edit keeps the pixels that it changed, and its name says whose doing it was. So a pixel counts as touched where the
edit that changed it last, of those that are not undone, was the person's: a stroke, a fill, a clearing. Where it was a
proposal's, or where no edit changed it, the pixel counts as unread. Merging or swapping classes says nothing of single
pixels, so they count as they did before. What cannot be known: a stroke over pixels that had its very class already, as
a proposal may, changes nothing and leaves no trace, so those count as unread.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from segstudio.core.edits import CLASSES_CHANGED, PROPOSED, Edit


def touched_pixels(edits: Iterable[Edit], shape: tuple[int, int]) -> npt.NDArray[np.bool_]:
    """(H, W) bool of the pixels that the person touched, after `edits` (those not undone, the oldest first).

    Raises:
        EditFormatError: an edit is damaged.
    """
    touched = np.zeros(shape, dtype=np.bool_)
    for edit in edits:
        if edit.shape == shape and edit.name not in CLASSES_CHANGED:
            for patch in edit.patches:
                touched[patch.box.slices][patch.pixels() != 0] = edit.name not in PROPOSED
    return touched
