"""The forms that masks are exported in, and writing them.

A new form is one function here and one row in `FORMATS`; commands, dialogs and tests read the table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import InputError, marked
from segstudio.formats.atomic import write_atomically
from segstudio.formats.mask_png import UInt8Array, encode_grey, encode_palette, encode_rgb

OVERLAY_OPACITY = 0.5
"""Share of the class colour in the overlay picture; the rest is the image."""


@dataclass(frozen=True)
class MaskFormat:
    """One export form.

    Attributes:
        name: what commands call it.
        title: a marked string for menus.
        suffix: the ending of the files.
        needs_image: whether `encode` looks at the image.
        encode: (labels (H, W) uint8, classes, image (H, W, 3) uint8 or None) → the bytes of the file.
    """

    name: str
    title: str
    suffix: str
    needs_image: bool
    encode: Callable[[UInt8Array, ClassTable, UInt8Array | None], bytes]

    def write(self, path: Path, labels: UInt8Array, classes: ClassTable, image: UInt8Array | None = None) -> None:
        """Write `labels` to `path` atomically.

        Raises:
            InputError: the form needs the image and there is none, or one of another size.
            SaveError: the file could not be written.
        """
        if self.needs_image and (image is None or image.shape[:2] != labels.shape):
            raise InputError(marked("{file} needs the image that belongs to the mask, in the same size."), file=path)
        write_atomically(path, self.encode(labels, classes, image))


def _palette(labels: UInt8Array, classes: ClassTable, image: UInt8Array | None) -> bytes:
    return encode_palette(labels, classes.palette())


def _grey(labels: UInt8Array, classes: ClassTable, image: UInt8Array | None) -> bytes:
    return encode_grey(labels)


def _rgb(labels: UInt8Array, classes: ClassTable, image: UInt8Array | None) -> bytes:
    return encode_rgb(classes.palette()[labels])


def _overlay(labels: UInt8Array, classes: ClassTable, image: UInt8Array | None) -> bytes:
    """The image blended with the class colours; where the label is void the image stays as it is."""
    assert image is not None
    # Sixteen-bit fixed point keeps large images out of floating point: four times the memory for no visible gain.
    weight = round(OVERLAY_OPACITY * 256)
    colors = classes.palette().astype(np.uint16) * weight
    blended = ((image.astype(np.uint16) * (256 - weight) + colors[labels]) >> 8).astype(np.uint8)
    return encode_rgb(np.where((labels == VOID)[..., None], image, blended))


FORMATS: dict[str, MaskFormat] = {
    row.name: row
    for row in (
        MaskFormat("palette", marked("Palette PNG (class index, coloured)"), ".png", False, _palette),
        MaskFormat("grey", marked("Grey PNG (class index)"), ".png", False, _grey),
        MaskFormat("rgb", marked("RGB PNG (class colour)"), ".png", False, _rgb),
        MaskFormat("overlay", marked("Overlay picture (image and class colours)"), ".png", True, _overlay),
    )
}
