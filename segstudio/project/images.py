"""Reading image files into 8-bit RGB, whole or small, and turning them by their EXIF orientation.

Owns decoding. It knows nothing of masks or folders. Pixels are returned in the file's *stored* frame; `upright` and
`stored` turn arrays between that frame and the one a person sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PIL import Image

from segstudio.formats.deep_png import is_deep_png, read_deep_png
from segstudio.formats.large_jpeg import is_large_jpeg, read_large_jpeg, read_reduced
from segstudio.formats.picture_file import DECODE_ERRORS, DEFAULT_PIXEL_LIMIT, open_picture
from segstudio.formats.tiff_file import is_tiff, read_tiff_values, tiff_facts
from segstudio.project.channels import has_choice

UInt8Array = npt.NDArray[np.uint8]
Kind = TypeVar("Kind", bound=np.generic)

_EXIF_ORIENTATION = 0x0112


class Scaling(Enum):
    """How images of more than 8 bits become 8-bit ones."""

    PERCENTILE = "percentile"
    """The darkest and brightest 0.5 % of the values are cut off, what lies between fills 0 to 255."""
    FIXED = "fixed"
    """The full range of the type fills 0 to 255 (floats: 0 to 1), so that images stay comparable."""


@dataclass(frozen=True)
class ImageHeader:
    """What a file's header says: size in pixels of the stored frame, and the EXIF orientation (1 to 8)."""

    height: int
    width: int
    orientation: int


def read_header(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> ImageHeader:
    """The header of the image at `path`, without decoding a pixel.

    Raises:
        InputError: the file is missing, empty, not an image, broken, or over `pixel_limit` pixels.
    """
    if is_tiff(path):
        facts = tiff_facts(path, pixel_limit)
        return ImageHeader(facts.height, facts.width, facts.orientation)
    with open_picture(path, pixel_limit, decodes=False) as picture:
        return ImageHeader(picture.height, picture.width, _orientation(picture))


def image_size(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> tuple[int, int]:
    """(height, width) of the stored frame, without decoding. Raises InputError as `read_header`."""
    header = read_header(path, pixel_limit)
    return header.height, header.width


def read_image_file(
    path: Path,
    pixel_limit: int = DEFAULT_PIXEL_LIMIT,
    scaling: Scaling = Scaling.PERCENTILE,
    channels: Sequence[int] = (),
) -> UInt8Array:
    """The image at `path` as (H, W, 3) uint8 RGB in its stored frame.

    Grey, palette, CMYK, transparent and 16-bit images are converted; transparency is dropped, not blended. Of images
    with more than three channels the first three count; which of a TIFF's numbers are channels says `tiff_file`.

    `channels`, three or one for grey, count instead where an image has a choice of them and has these; each is then
    scaled by itself, as what channels hold need not be alike.

    Raises:
        InputError: the file is missing, empty, not an image, broken, or over `pixel_limit` pixels.
    """
    if is_tiff(path):
        # tifffile knows the compressions, bit depths and channel counts of microscopy and remote sensing.
        return _read_tiff(path, pixel_limit, scaling, channels)
    if is_deep_png(path):
        return _three_channels(scaled_to_8_bit(read_deep_png(path, pixel_limit), scaling))
    with open_picture(path, pixel_limit) as picture:
        pixels = read_large_jpeg(path) if is_large_jpeg(picture) else None
        return pixels if pixels is not None else _to_rgb(picture, scaling)


def read_preview(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> UInt8Array | None:
    """A large JPEG at an eighth of its size, (h, w, 3) uint8 RGB in its stored frame, in a third of the time.

    None where reading all of it is as quick. Raises InputError as `read_image_file`.
    """
    if is_tiff(path):
        return None
    with open_picture(path, pixel_limit, decodes=False) as picture:
        return read_reduced(picture) if is_large_jpeg(picture) else None


def read_thumbnail(
    path: Path, side: int, pixel_limit: int = DEFAULT_PIXEL_LIMIT, channels: Sequence[int] = ()
) -> UInt8Array:
    """The image at `path`, at most `side` pixels wide and high, (h, w, 3) uint8 RGB in its stored frame.

    JPEGs are decoded at a reduced size. `channels` and errors as in `read_image_file`.
    """
    if is_tiff(path) or is_deep_png(path):
        return _shrunk(Image.fromarray(read_image_file(path, pixel_limit, channels=channels)), side)
    with open_picture(path, pixel_limit) as picture:
        picture.draft("RGB", (side, side))
        if picture.mode in ("RGB", "L"):
            return _shrunk(picture.convert("RGB"), side)
        return _shrunk(Image.fromarray(_to_rgb(picture, Scaling.PERCENTILE)), side)


def upright(array: npt.NDArray[Kind], orientation: int) -> npt.NDArray[Kind]:
    """A view of `array` (H, W, …) turned as EXIF `orientation` (1 to 8) says a person should see it."""
    match orientation:
        case 2:
            return array[:, ::-1]
        case 3:
            return array[::-1, ::-1]
        case 4:
            return array[::-1]
        case 5:
            return array.swapaxes(0, 1)
        case 6:
            return np.rot90(array, -1)
        case 7:
            return array[::-1, ::-1].swapaxes(0, 1)
        case 8:
            return np.rot90(array, 1)
    return array


def stored(array: npt.NDArray[Kind], orientation: int) -> npt.NDArray[Kind]:
    """The inverse of `upright`: a view of `array` as its file stores it."""
    # All but the quarter turns are their own inverse.
    return upright(array, {6: 8, 8: 6}.get(orientation, orientation))


def scaled_to_8_bit(values: npt.NDArray[np.generic], scaling: Scaling) -> UInt8Array:
    """`values` of any real type as uint8; not-a-number becomes 0. Percentiles are taken over all channels together."""
    if values.dtype == np.uint8:
        return values.astype(np.uint8, copy=False)
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * 255
    if scaling is Scaling.FIXED:
        integer = np.issubdtype(values.dtype, np.integer)
        low, high = 0.0, float(np.iinfo(values.dtype.str).max) if integer else 1.0
    else:
        # A million evenly spaced values give the percentiles of a large image closely enough.
        sample = values.ravel()[:: max(1, values.size // 1_000_000)].astype(np.float64)
        sample = sample[np.isfinite(sample)]
        low, high = (float(p) for p in np.percentile(sample, (0.5, 99.5))) if sample.size else (0.0, 1.0)
        if high <= low:
            low, high = (float(sample.min()), float(sample.max())) if sample.size else (0.0, 1.0)
    span = high - low if high > low else 1.0
    scaled = (np.nan_to_num(values.astype(np.float32), posinf=high, neginf=low) - low) * (255.0 / span)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _to_rgb(picture: Image.Image, scaling: Scaling) -> UInt8Array:
    if picture.mode == "F" or picture.mode.startswith("I"):
        return _three_channels(scaled_to_8_bit(np.asarray(picture), scaling))
    if picture.mode == "P" and "transparency" in picture.info:
        # Pillow warns where such palettes are converted straight to RGB.
        return np.asarray(picture.convert("RGBA").convert("RGB"))
    return np.asarray(picture.convert("RGB"))


def _three_channels(values: UInt8Array) -> UInt8Array:
    """(H, W) or (H, W, C) → (H, W, 3): grey repeated, a second channel kept as green, more than three cut."""
    if values.ndim == 2:
        return np.repeat(values[..., None], 3, axis=2)
    if values.shape[2] == 1:
        return np.repeat(values, 3, axis=2)
    if values.shape[2] == 2:
        return np.concatenate([values, np.zeros_like(values[..., :1])], axis=2)
    return np.ascontiguousarray(values[..., :3])


def _shrunk(picture: Image.Image, side: int) -> UInt8Array:
    picture.thumbnail((side, side), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def _orientation(picture: Image.Image) -> int:
    try:
        value = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except DECODE_ERRORS:
        # A broken EXIF block does not make the picture unreadable.
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _read_tiff(path: Path, pixel_limit: int, scaling: Scaling, channels: Sequence[int]) -> UInt8Array:
    values = read_tiff_values(path, pixel_limit)
    if values is not None:
        if channels and has_choice(values.shape[2]) and max(channels) < values.shape[2]:
            shown = [scaled_to_8_bit(values[..., channel], scaling) for channel in channels]
            return _three_channels(np.stack(shown, axis=2))
        return _three_channels(scaled_to_8_bit(values[..., :3], scaling))
    # Pillow turns TIFFs upright while loading them: turned back into the stored frame.
    with open_picture(path, pixel_limit) as picture:
        pixels = _to_rgb(picture, scaling)
    return np.ascontiguousarray(stored(pixels, tiff_facts(path, pixel_limit).orientation))
