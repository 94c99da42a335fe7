"""Where things lie in a VOC folder, and which files in it are images.

Owns names and paths only: nothing is opened here.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from segstudio.core.errors import InputError, marked
from segstudio.formats.picture_file import PICTURE_SUFFIXES

JPEG_IMAGES = "JPEGImages"
SEGMENTATION_CLASS = "SegmentationClass"
IMAGE_SETS = Path("ImageSets") / "Segmentation"
STATE_FOLDER = ".segstudio"
ORIGINALS = "originals"

SOURCE_FOLDERS = (JPEG_IMAGES, SEGMENTATION_CLASS, "SegmentationObject", "ImageSets", "Annotations", STATE_FOLDER)
"""The folders of a data set that exports must never be written into."""

_DIGITS = re.compile(r"\d+")


def natural_key(name: str) -> tuple[str, str]:
    """A sort key by which "image 9" comes before "image 10"."""
    # Numbers padded to one width compare as text, like what lies between them.
    return _DIGITS.sub(_padded, name.casefold()), name


def images_in(folder: Path) -> tuple[dict[str, str], list[str]]:
    """({stem: file name}, file names whose stem another file has already) of the images lying directly in `folder`.

    Of two files of one stem the kind that comes first in `PICTURE_SUFFIXES` counts. Hidden files are passed over.

    Raises:
        InputError: the folder cannot be read.
    """
    found: dict[str, str] = {}
    doubles: list[str] = []
    for file in file_names(folder):
        stem, suffix = _split(file)
        if suffix not in PICTURE_SUFFIXES or file.startswith("."):
            continue
        if stem in found:
            other = found[stem]
            file, double = sorted((file, other), key=_rank)
            doubles.append(double)
        found[stem] = file
    return found, sorted(doubles)


def stems_in(folder: Path, suffix: str) -> set[str]:
    """The stems of the files in `folder` that end in `suffix` (any case); hidden ones do not count.

    A folder that is not there has none. Raises InputError where it cannot be read.
    """
    if not folder.is_dir():
        return set()
    names = (_split(file) for file in file_names(folder) if not file.startswith("."))
    return {stem for stem, ending in names if ending == suffix}


def file_names(folder: Path) -> list[str]:
    """The names of what lies directly in `folder`, folders excepted. Raises InputError where it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if not entry.is_dir()]
    except OSError as error:
        raise InputError(
            marked("The folder {folder} cannot be read: {reason}. Check that it is there and may be read."),
            folder=folder,
            reason=error.strerror or type(error).__name__,
        ) from error


def _split(file: str) -> tuple[str, str]:
    """(stem, ending in lower case); quicker than `Path`, which counts with a hundred thousand files."""
    stem, dot, ending = file.rpartition(".")
    return (stem, f".{ending.lower()}") if dot else (file, "")


def _rank(file: str) -> tuple[int, str]:
    return PICTURE_SUFFIXES.index(_split(file)[1]), file


def _padded(number: re.Match[str]) -> str:
    return number[0].zfill(20)
