"""Turning a plain folder of images into a Pascal VOC folder.

The images are hard-linked into JPEGImages, or copied where the disk knows no links, and the originals stay where
they are: VOC readers then find every image, nothing a person put there has moved, and with links no room is taken
twice.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from segstudio.formats.atomic import make_folder, save_error, sync_folder
from segstudio.project.folder_layout import IMAGE_SETS, JPEG_IMAGES, SEGMENTATION_CLASS


def become_voc_folder(folder: Path, images: Sequence[Path]) -> None:
    """Give `folder` the VOC parts, with all `images` in JPEGImages.

    JPEGImages appears with all images in it or not at all: it is filled under a temporary name.

    Raises:
        SaveError: a part could not be written; nothing is left behind.
    """
    make_folder(folder / SEGMENTATION_CLASS)
    make_folder(folder / IMAGE_SETS)
    temporary = folder / f".{JPEG_IMAGES}.segstudio-{secrets.token_hex(6)}"
    make_folder(temporary)
    try:
        for path in images:
            _link_or_copy(path, temporary / path.name)
        temporary.replace(folder / JPEG_IMAGES)
        sync_folder(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise save_error(folder / JPEG_IMAGES, error) from error


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=True)
    except OSError:
        shutil.copy2(source, target)
