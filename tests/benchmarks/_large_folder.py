"""A folder with one photograph of a hundred megapixels and its busy mask, for the benchmarks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from segstudio.core.class_table import ClassTable
from tests.benchmarks._stage import busy_labels, size_of

NAME = "large"
CLASSES = [f"class{number}" for number in range(11)]


def photograph(height: int, width: int) -> np.ndarray:
    """(height, width, 3) uint8 RGB: CamVid's pictures beside each other."""
    data = os.environ.get("SEGSTUDIO_TEST_DATA", "")
    if not data:
        sys.exit("Name the folder of data sets in SEGSTUDIO_TEST_DATA.")
    files = sorted(Path(data, "camvid-voc", "JPEGImages").iterdir())[:40]
    pictures = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    found = np.zeros((height, width, 3), np.uint8)
    tall, wide = pictures[0].shape[:2]
    for number, (y, x) in enumerate((y, x) for y in range(0, height, tall) for x in range(0, width, wide)):
        part = found[y : y + tall, x : x + wide]
        part[...] = pictures[number % len(pictures)][: part.shape[0], : part.shape[1]]
    return found


def write_large_folder(root: Path, megapixels: float) -> Path:
    """A VOC folder at `root` with a JPEG of so many megapixels and a palette mask."""
    height, width = size_of(megapixels)
    for folder in ("JPEGImages", "SegmentationClass"):
        (root / folder).mkdir(parents=True)
    Image.fromarray(photograph(height, width)).save(root / "JPEGImages" / f"{NAME}.jpg", quality=92)
    mask = Image.fromarray(busy_labels(height, width))
    mask.putpalette(ClassTable.from_names(CLASSES).palette().tobytes())
    mask.save(root / "SegmentationClass" / f"{NAME}.png", compress_level=1)
    (root / "class_names.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    return root
