"""Draws the scenes that the sample folder shows and the starter checkpoint is trained on, with their truth.

Owns the class table of the scenes and the VOC folder on disk; `scenes_layout` draws a single scene. The same command
writes the same folder again:

    python -m segstudio_training.scenes --out DIR --count N --seed S [--style summer|autumn] [--size WxH]
                                        [--truth-share F] [--heldout-share F]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from segstudio.core.class_table import ClassTable
from segstudio_training.scenes_layout import DEFAULT_SIZE, draw_scene
from segstudio_training.scenes_style import STYLES, StyleName

__all__ = ["CLASSES", "DEFAULT_SIZE", "draw_scene", "main", "write_folder"]

CLASSES = ClassTable.from_names(
    ["sky", "grass", "tree", "rock", "water", "path", "hut", "power line"],
    [
        (86, 180, 233),
        (154, 205, 90),
        (0, 120, 80),
        (150, 140, 150),
        (0, 90, 180),
        (240, 200, 120),
        (213, 94, 0),
        (230, 60, 150),
    ],
)
"""Grass is the large class, the power line the rare and thin one."""


JPEG_QUALITY = 88


def write_folder(
    out: Path,
    count: int,
    seed: int,
    truth_share: float = 1.0,
    heldout_share: float = 0.2,
    style: StyleName = StyleName.SUMMER,
    size: tuple[int, int] = DEFAULT_SIZE,
    name: str = "valley",
) -> list[str]:
    """Write `count` scenes of the seeds from `seed` on as a VOC folder; returns the image names in order.

    Evenly spread over the folder, `truth_share` of the images get their mask; of these, `heldout_share` are named in
    `val.txt` and the others in `train.txt`. `size` is (width, height) in pixels.
    """
    images, masks = out / "JPEGImages", out / "SegmentationClass"
    lists = out / "ImageSets" / "Segmentation"
    for folder in (images, masks, lists):
        folder.mkdir(parents=True, exist_ok=True)
    digits = max(2, len(str(count)))
    names = [f"{name}_{number:0{digits}d}" for number in range(1, count + 1)]
    taught = _spread(names, truth_share)
    held_out = _spread(taught, heldout_share)
    for offset, stem in enumerate(names):
        image, labels = draw_scene(seed + offset, size, STYLES[style])
        Image.fromarray(image).save(images / f"{stem}.jpg", quality=JPEG_QUALITY, optimize=True)
        if stem in taught:
            write_mask(masks / f"{stem}.png", labels)
    _write_lines(out / "labelmap.txt", ["# label:color_rgb:parts:actions", *_label_rows()])
    _write_lines(lists / "train.txt", [stem for stem in taught if stem not in held_out])
    _write_lines(lists / "val.txt", held_out)
    _write_lines(lists / "trainval.txt", taught)
    return names


def _spread(names: Sequence[str], share: float) -> list[str]:
    """`share` of `names`, evenly spread, the last of each stretch."""
    marks = [int((index + 1) * share + 1e-9) for index in range(len(names))]
    return [name for name, mark, last in zip(names, marks, [0, *marks], strict=False) if mark > last]


def write_mask(path: Path, labels: npt.NDArray[np.uint8]) -> None:
    """Write (H, W) uint8 class indices as a palette PNG with the colours of `CLASSES`."""
    picture = Image.fromarray(labels)
    picture.putpalette(CLASSES.palette().tobytes())
    picture.save(path, optimize=True)


def _label_rows() -> list[str]:
    return [f"{info.name}:{','.join(map(str, info.color))}::" for info in CLASSES]


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) >= 32 and int(height) >= 32):
        raise argparse.ArgumentTypeError(f'"{text}" is not a size. Write it as 320x240, at least 32x32.')
    return int(width), int(height)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f'"{text}" is not a share. Give a number from 0 to 1.')
    return share


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m segstudio_training.scenes", description="Draw a VOC folder.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    parser.add_argument("--count", type=int, required=True, help="number of scenes")
    parser.add_argument("--seed", type=int, required=True, help="seed of the first scene; the others follow")
    parser.add_argument("--truth-share", type=_share, default=1.0, help="share of the images that get a mask")
    parser.add_argument("--heldout-share", type=_share, default=0.2, help="share of the masks named in val.txt")
    parser.add_argument("--style", type=StyleName, default=StyleName.SUMMER, help="summer or autumn")
    parser.add_argument("--size", type=_size, default=DEFAULT_SIZE, metavar="WxH")
    parser.add_argument("--name", default="valley", help="what the image names begin with")
    chosen = parser.parse_args(arguments)
    names = write_folder(
        chosen.out,
        chosen.count,
        chosen.seed,
        chosen.truth_share,
        chosen.heldout_share,
        chosen.style,
        chosen.size,
        chosen.name,
    )
    sys.stdout.write(f"{len(names)} images written to {chosen.out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
