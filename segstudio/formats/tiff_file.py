"""Reading TIFF files as they are: any bit depth, any number of channels, in the stored frame.

Owns the rule by which a TIFF's numbers become rows, columns and channels; turning them into something to look at is not
done here. The rule: samples of one page are channels, however they are stored. Of several pages the first counts,
unless the file says that they are channels (an axis C or S of ImageJ or OME) or that it holds one plain
three-dimensional array, of which the shorter one of the first and the last axis holds the channels: (C, H, W) and
(H, W, C) are both read. Samples that the file calls alpha are dropped.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segstudio.formats.picture_file import (
    DECODE_ERRORS,
    DEFAULT_PIXEL_LIMIT,
    broken,
    refuse_missing_or_empty,
    refuse_too_large,
)

if TYPE_CHECKING:
    import tifffile

Values = npt.NDArray[np.generic]

TIFF_SUFFIXES = (".tif", ".tiff")
_ORIENTATION = 274
_GDAL_METADATA = 42112
_ALPHA = (1, 2)  # TIFF 6.0, ExtraSamples: associated and unassociated alpha


@dataclass(frozen=True)
class TiffFacts:
    """What a TIFF says of itself.

    Attributes:
        height, width: of the stored frame, in pixels.
        orientation: EXIF orientation, 1 to 8.
        channels: how many, alpha excepted.
        dtype: of the stored numbers; None where the file does not say it in a way we know.
        is_plain: whether its numbers are grey or red, green and blue as they stand (no palette, no YCbCr).
    """

    height: int
    width: int
    orientation: int
    channels: int
    dtype: np.dtype[np.generic] | None
    is_plain: bool


def is_tiff(path: Path) -> bool:
    """Whether `path` ends like a TIFF."""
    return path.suffix.lower() in TIFF_SUFFIXES


def tiff_facts(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> TiffFacts:
    """What the TIFF at `path` says, without decoding a pixel.

    By tifffile: Pillow gives the size of a turned TIFF as if it had been turned already.

    Raises:
        InputError: missing, empty, no TIFF, broken, or over `pixel_limit` pixels.
    """
    import tifffile  # here, so that the window need not wait for it

    refuse_missing_or_empty(path)
    try:
        with tifffile.TiffFile(path) as tiff:
            facts = _facts(tiff)
    except (*DECODE_ERRORS, tifffile.TiffFileError) as error:
        raise broken(path, error) from error
    refuse_too_large(path, facts.width, facts.height, pixel_limit)
    return facts


def read_tiff_values(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> Values | None:
    """The numbers of the TIFF at `path` as (H, W, C) in the stored frame, bright is high; None where only Pillow can.

    Raises:
        InputError: as `tiff_facts`.
    """
    import tifffile

    facts = tiff_facts(path, pixel_limit)
    if not facts.is_plain:
        return None
    try:
        with tifffile.TiffFile(path) as tiff:
            axis = _channel_axis_of_pages(tiff)
            page = tiff.pages.first
            values = page.asarray() if axis is None else tiff.series[0].asarray()
            is_inverted = page.photometric == tifffile.PHOTOMETRIC.MINISWHITE
            if axis is None and values.ndim == 3:
                axis = 0 if page.axes.startswith("S") else 2
    except (*DECODE_ERRORS, tifffile.TiffFileError):
        # Compressions for which tifffile needs a plug-in (LZW, JPEG) Pillow has built in.
        return None
    values = values[..., None] if axis is None else np.moveaxis(values, axis, -1)
    if values.ndim != 3:
        raise broken(path, ValueError("neither two nor three dimensions"))
    values = values[..., : facts.channels]
    return _inverted(values) if is_inverted else values


def channel_names(path: Path, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> tuple[str, ...]:
    """One name a channel of the TIFF at `path`, empty where the file (OME, ImageJ, GDAL) tells none.

    Raises:
        InputError: as `tiff_facts`.
    """
    import tifffile

    channels = tiff_facts(path, pixel_limit).channels
    found: dict[int, str] = {}
    try:
        with tifffile.TiffFile(path) as tiff:
            if tiff.is_ome and tiff.ome_metadata:
                tags = re.findall(r"<(?:\w+:)?Channel\b[^>]*>", tiff.ome_metadata)
                names = [re.search(r'\bName="([^"]*)"', tag) for tag in tags]
                found = {place: html.unescape(name[1]) for place, name in enumerate(names) if name is not None}
            elif tiff.is_imagej:
                labels = (tiff.imagej_metadata or {}).get("Labels") or ()
                found = dict(enumerate([labels] if isinstance(labels, str) else labels))
            else:
                tag = tiff.pages.first.tags.get(_GDAL_METADATA)
                item = r'<Item name="DESCRIPTION" sample="(\d+)"[^>]*>([^<]*)<'
                found = {
                    int(place): html.unescape(name) for place, name in re.findall(item, str(tag.value) if tag else "")
                }
    except (*DECODE_ERRORS, tifffile.TiffFileError):
        found = {}  # names are a help and no more
    return tuple(str(found.get(channel, "")).strip() for channel in range(channels))


def _inverted(values: Values) -> Values:
    if values.dtype == np.bool_:
        return np.logical_not(values)
    highest = np.iinfo(values.dtype.str).max if np.issubdtype(values.dtype, np.integer) else 1
    return highest - values


def _facts(tiff: tifffile.TiffFile) -> TiffFacts:
    import tifffile

    page = tiff.pages.first
    plain = (tifffile.PHOTOMETRIC.MINISBLACK, tifffile.PHOTOMETRIC.MINISWHITE, tifffile.PHOTOMETRIC.RGB)
    height, width, channels = int(page.imagelength), int(page.imagewidth), int(page.samplesperpixel)
    axis = _channel_axis_of_pages(tiff)
    if axis is None:
        # Alpha comes last; a file with other extra samples behind it is not known to exist.
        alpha = sum(kind in _ALPHA for kind in page.extrasamples)
        channels = max(1, channels - alpha)
    else:
        shape = list(tiff.series[0].shape)
        channels = shape.pop(axis)
        height, width = shape
    tag = page.tags.get(_ORIENTATION)
    orientation = int(tag.value) if tag is not None else 1
    return TiffFacts(
        height,
        width,
        orientation if 1 <= orientation <= 8 else 1,
        channels,
        np.dtype(page.dtype) if page.dtype is not None else None,
        page.photometric in plain,
    )


def _channel_axis_of_pages(tiff: tifffile.TiffFile) -> int | None:
    """The axis of `tiff`'s first series that holds channels, where that is more than one page; else None."""
    if not (tiff.is_shaped or tiff.is_imagej or tiff.is_ome) or not tiff.series:
        return None
    series = tiff.series[0]
    axes, shape = series.axes, series.shape
    if len(shape) != 3 or shape == tiff.pages.first.shape:
        return None
    if axes == "QYX":  # one plain array, whose axes nobody named
        return 0 if shape[0] <= shape[2] else 2
    named = [axis for axis, name in enumerate(axes) if name in "CS"]
    return named[0] if len(named) == 1 and {"Y", "X"} <= set(axes) else None
