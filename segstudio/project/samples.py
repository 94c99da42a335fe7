"""Reading image files for a network: all channels, at the bit depth that they have.

Beside `images`, which makes what a person looks at. Both give the stored frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from segstudio.formats.deep_png import deep_png_channels, is_deep_png, read_deep_png
from segstudio.formats.picture_file import DEFAULT_PIXEL_LIMIT, open_picture
from segstudio.formats.tiff_file import is_tiff, read_tiff_values, tiff_facts
from segstudio.project.images import read_image_file, stored

Samples: TypeAlias = npt.NDArray[np.uint8 | np.uint16 | np.float32]

_GREY_MODES = ("L", "LA", "1")
_DEEP_MODES = ("I", "F")  # the first letter of Pillow's modes of more than 8 bits


@dataclass(frozen=True)
class SampleKind:
    """What an image holds for a network: its channels (alpha excepted), and whether they have 8 bits or more."""

    channels: int
    is_8_bit: bool

    @property
    def is_usual(self) -> bool:
        """Whether it is grey or red, green and blue with 8 bits: what most images are."""
        return self.is_8_bit and self.channels in (1, 3)


def read_sample_kind(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> SampleKind:
    """What `read_samples_file` will give of `path`, without decoding a pixel. Raises InputError as it does."""
    if is_tiff(path):
        facts = tiff_facts(path, pixel_limit)
        if facts.is_plain and facts.dtype is not None:
            return SampleKind(facts.channels, facts.dtype in (np.dtype(np.uint8), np.dtype(np.bool_)))
    elif is_deep_png(path):
        return SampleKind(deep_png_channels(path), is_8_bit=False)
    with open_picture(path, pixel_limit, decodes=False) as picture:
        mode = picture.mode
    is_deep = mode.startswith(_DEEP_MODES)
    return SampleKind(1 if is_deep or mode in _GREY_MODES else 3, not is_deep)


def read_samples_file(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> Samples:
    """The image at `path` as (H, W, C) in its stored frame: uint8, uint16 or, of any other numbers, float32.

    Grey images have one channel, colour images (palettes and CMYK too, converted) three, TIFFs as many as they hold;
    alpha is dropped. In float images what is not a number is 0.

    Raises:
        InputError: the file is missing, empty, not an image, broken, or over `pixel_limit` pixels.
    """
    if is_tiff(path):
        values = read_tiff_values(path, pixel_limit)
        return _as_samples(values) if values is not None else _read_by_pillow(path, pixel_limit)
    if is_deep_png(path):
        return read_deep_png(path, pixel_limit)
    return _read_by_pillow(path, pixel_limit)


def _read_by_pillow(path: Path, pixel_limit: int) -> Samples:
    with open_picture(path, pixel_limit) as picture:
        mode = picture.mode
        values = np.asarray(picture) if mode.startswith(_DEEP_MODES) else None
    if values is None:
        pixels = read_image_file(path, pixel_limit)
        return np.ascontiguousarray(pixels[..., :1]) if mode in _GREY_MODES else pixels
    if is_tiff(path):  # Pillow turned it upright
        values = stored(values, tiff_facts(path, pixel_limit).orientation)
    return _as_samples(values[..., None])


def _as_samples(values: npt.NDArray[np.generic]) -> Samples:
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * 255
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values, dtype=np.uint8)
    if values.dtype.kind == "u" and values.dtype.itemsize == 2:
        return np.ascontiguousarray(values, dtype=np.uint16)
    numbers = np.asarray(values, dtype=np.float64)
    return np.nan_to_num(numbers, nan=0.0, posinf=0.0, neginf=0.0).astype(np.float32)
