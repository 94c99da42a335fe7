"""Masks in files: palette, grey and RGB PNGs, as stored values and nothing more.

Owns reading a mask file into its raw values and encoding raw values as PNG bytes. What a value *means* is
`mask_code`'s business; where files lie is the project's.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from segstudio.core.errors import InputError, marked
from segstudio.formats.picture_file import DEFAULT_PIXEL_LIMIT, open_picture

UInt8Array = npt.NDArray[np.uint8]

_ROWS_OF_PIXELS = 4_000_000


class MaskForm(Enum):
    """How a mask file stores its pixels."""

    PALETTE = "palette"
    GREY = "grey"
    RGB = "rgb"


@dataclass(frozen=True)
class RawMask:
    """A mask file as stored.

    Attributes:
        form: how the file stores its pixels.
        values: (H, W) uint8 palette or grey values, or (H, W, 3) uint8 RGB.
        palette: (N, 3) uint8 RGB rows, N ≤ 256, of a palette file; else None.
        text: the file's text entries.
    """

    form: MaskForm
    values: UInt8Array
    palette: UInt8Array | None
    text: dict[str, str]


def read_raw_mask(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> RawMask:
    """Read the mask file at `path`; transparency is ignored, one-bit files give 0 and 1.

    Raises:
        InputError: the file cannot be read, or is a 16-bit mask with values above 255.
    """
    with open_picture(path, pixel_limit) as picture:
        text = {key: str(value) for key, value in getattr(picture, "text", {}).items()}
        if picture.mode == "P":
            values = _band_values(picture)
            rows = picture.getpalette("RGB") or []
            palette = np.array(rows, dtype=np.uint8).reshape(-1, 3)
            return RawMask(MaskForm.PALETTE, values, palette, text)
        if picture.mode in ("1", "L", "LA"):
            band = picture.getchannel(0) if picture.mode == "LA" else picture
            return RawMask(MaskForm.GREY, _band_values(band), None, text)
        if picture.mode.startswith("I"):
            wide = np.asarray(picture)
        else:
            return RawMask(MaskForm.RGB, np.asarray(picture.convert("RGB")), None, text)
    if wide.min() < 0 or wide.max() > 255:
        raise InputError(
            marked("{file} holds values up to {most}, but a mask holds 0 to 255. Save it as an 8-bit mask."),
            file=path,
            most=int(wide.max()),
        )
    return RawMask(MaskForm.GREY, wide.astype(np.uint8), None, text)


def _band_values(picture: Image.Image) -> UInt8Array:
    """(H, W) uint8, writable: the values of a picture of one band, taken over some rows at a time.

    Pillow hands over a whole picture by way of two copies of it, which for a hundred megapixels are too many.
    """
    picture.load()
    values = np.empty((picture.height, picture.width), dtype=np.uint8)
    rows = max(1, _ROWS_OF_PIXELS // picture.width)
    for top in range(0, picture.height, rows):
        end = min(top + rows, picture.height)
        values[top:end] = np.asarray(picture.crop((0, top, picture.width, end)))
    return values


def mask_size(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> tuple[int, int]:
    """(height, width) of the mask at `path`, from its header alone. Raises InputError as `read_raw_mask`."""
    with open_picture(path, pixel_limit, decodes=False) as picture:
        return picture.height, picture.width


def encode_palette(values: UInt8Array, palette: UInt8Array, text: dict[str, str] | None = None) -> bytes:
    """A palette PNG of `values` (H, W) with `palette` (256, 3), and `text` entries where given."""
    picture = Image.fromarray(np.ascontiguousarray(values))
    picture.putpalette(np.ascontiguousarray(palette, dtype=np.uint8).tobytes(), rawmode="RGB")
    return _png(picture, text)


def encode_grey(values: UInt8Array) -> bytes:
    """An 8-bit grey PNG of `values` (H, W) uint8."""
    return _png(Image.fromarray(np.ascontiguousarray(values)), None)


def encode_grey_pair(first: UInt8Array, second: UInt8Array, text: dict[str, str]) -> bytes:
    """A two-channel PNG (Pillow's LA) of two (H, W) uint8 planes, with `text` entries."""
    return _png(Image.fromarray(np.dstack([first, second])), text)


def encode_rgb(pixels: UInt8Array) -> bytes:
    """An RGB PNG of `pixels` (H, W, 3) uint8."""
    return _png(Image.fromarray(np.ascontiguousarray(pixels)), None)


def read_grey_pair(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> tuple[UInt8Array, UInt8Array, dict[str, str]]:
    """The two planes and the text that `encode_grey_pair` wrote. Raises InputError where they are not there."""
    with open_picture(path, pixel_limit) as picture:
        text = {key: str(value) for key, value in getattr(picture, "text", {}).items()}
        if picture.mode != "LA":
            raise ValueError("not a two-channel picture")
        planes = np.asarray(picture)
    return np.ascontiguousarray(planes[..., 0]), np.ascontiguousarray(planes[..., 1]), text


def _png(picture: Image.Image, text: dict[str, str] | None) -> bytes:
    entries = PngInfo()
    for key, value in (text or {}).items():
        entries.add_text(key, value)
    buffer = io.BytesIO()
    # Level 4 packs label maps to within a few percent of level 9 in a third of the time.
    picture.save(buffer, format="PNG", compress_level=4, pnginfo=entries)
    return buffer.getvalue()
