"""Superpixels and things cut out of boxes, against the truth of real images.

`SEGSTUDIO_TEST_DATA=DIR python -m tests.benchmarks.segments [--json]`, over twelve of CamVid's images of val.txt.
Superpixels of size 16 by several means: the achievable accuracy (the share of pixels that are right where each segment
gets the label most of it has), the under-segmentation error (Neubert & Protzel 2012), seconds a megapixel. Boxes: each
true car, sign, pedestrian and bicyclist of 300 pixels and more, boxed with 3 pixels to spare; the mean IoU of what is
found with the thing, beside that of the box itself, of the ellipse within it, and of GrabCut begun as OpenCV begins it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage.segmentation import felzenszwalb, slic, watershed

from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box
from segstudio.tools import box_cut
from segstudio.tools.box_cut import BoxCut
from segstudio.tools.segments import find_segments
from tests.benchmarks._report import report, wants_json

IMAGES, SIZE, SPARE, LEAST_PIXELS = 12, 16, 3, 300
THINGS = ("sign", "car", "pedestrian", "bicyclist")
NOTES = {
    "accuracy": "achievable accuracy, superpixels of 16 pixels",
    "error": "under-segmentation error",
    "s_per_mp": "seconds a megapixel",
    "count": "superpixels an image",
    "iou": "with the true thing in the box",
}

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Thing:
    """A true thing, its box, and the image (height, width, 3) and labels (height, width) that it is in."""

    image: Pixels
    labels: Pixels
    truth: Mask
    box: Box


def scenes() -> list[tuple[Pixels, Pixels]]:
    """Image and labels of some of CamVid's held-out images."""
    root = Path(os.environ["SEGSTUDIO_TEST_DATA"]) / "camvid-voc"
    names = (root / "ImageSets/Segmentation/val.txt").read_text(encoding="utf-8").split()
    found = []
    for name in names[:: max(1, len(names) // IMAGES)][:IMAGES]:
        with Image.open(next((root / "JPEGImages").glob(f"{name}.*"))) as picture:
            image = np.asarray(picture.convert("RGB"))
        with Image.open(root / "SegmentationClass" / f"{name}.png") as mask:
            found.append((image, np.asarray(mask)))
    return found


def class_indices() -> set[int]:
    """Of `THINGS`."""
    table = Path(os.environ["SEGSTUDIO_TEST_DATA"]) / "camvid-voc" / "labelmap.txt"
    rows = [row.split(":")[0] for row in table.read_text(encoding="utf-8").splitlines() if not row.startswith("#")]
    return {rows.index(thing) for thing in THINGS}


def by_watershed(image: Pixels) -> npt.NDArray[np.integer]:
    """Compact watershed (Neubert & Protzel 2014) of the gradient from a grid of seeds."""
    colours = cv2.GaussianBlur(cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), (0, 0), 1)
    gradient = np.hypot(cv2.Sobel(colours, cv2.CV_32F, 1, 0), cv2.Sobel(colours, cv2.CV_32F, 0, 1)).sum(axis=2) / 8
    seeds = np.zeros(gradient.shape, np.int32)
    chosen = seeds[SIZE // 2 :: SIZE, SIZE // 2 :: SIZE]
    chosen[:] = np.arange(1, chosen.size + 1).reshape(chosen.shape)
    return np.asarray(watershed(gradient, seeds, compactness=0.1)) - 1


def superpixel_figures(found: list[tuple[Pixels, Pixels]]) -> dict[str, float]:
    """Of the segments that the brush paints, and of what else there is."""

    def ours(image: Pixels) -> npt.NDArray[np.integer]:
        whole = Box.of_size(image.shape[1], image.shape[0])
        return find_segments(image, whole, 0, SIZE, whole).labels

    def slic_as_it_comes(image: Pixels) -> npt.NDArray[np.integer]:
        return np.asarray(slic(image, n_segments=image[..., 0].size // SIZE**2, start_label=0))

    def felzenszwalbs(image: Pixels) -> npt.NDArray[np.integer]:
        return np.asarray(felzenszwalb(image, scale=50, min_size=32))

    ours(found[0][0])  # the first call loads what it needs
    figures: dict[str, float] = {}
    means: dict[str, Callable[[Pixels], npt.NDArray[np.integer]]] = {
        "ours": ours,
        "slic": slic_as_it_comes,
        "watershed": by_watershed,
        "felzenszwalb": felzenszwalbs,
    }
    for name, divide in means.items():
        begun = time.process_time()
        divided = [divide(image) for image, _ in found]
        seconds = time.process_time() - begun
        rows = [_scores(labels, truth) for labels, (_, truth) in zip(divided, found, strict=True)]
        accuracy, error, count = np.mean(rows, axis=0).tolist()
        pixels = sum(truth.size for _, truth in found) / 1e6
        figures |= {
            f"{name}_accuracy": accuracy,
            f"{name}_error": error,
            f"{name}_count": count,
            f"{name}_s_per_mp": seconds / pixels,
        }
    return figures


def _scores(divided: npt.NDArray[np.integer], truth: Pixels) -> tuple[float, float, float]:
    """Achievable accuracy, under-segmentation error, and how many segments there are; void pixels left out."""
    known = truth != VOID
    shared = np.zeros((int(divided.max()) + 1, 256), np.int64)
    np.add.at(shared, (divided[known], truth[known]), 1)
    pixels, whole = int(known.sum()), shared.sum(axis=1, keepdims=True)
    error = np.minimum(shared, whole - shared).sum() / pixels
    return shared.max(axis=1).sum() / pixels, float(error), len(shared)


def things(found: list[tuple[Pixels, Pixels]]) -> Iterator[Thing]:
    """Each true thing that is large enough to be boxed."""
    for image, labels in found:
        whole = Box.of_size(labels.shape[1], labels.shape[0])
        for index in class_indices():
            count, pieces, stats, _ = cv2.connectedComponentsWithStats((labels == index).astype(np.uint8))
            for piece in range(1, count):
                x, y, width, height, area = (int(value) for value in stats[piece])
                if area >= LEAST_PIXELS and min(width, height) >= 12:
                    box = Box(x, y, x + width, y + height).expanded(SPARE).intersection(whole)
                    yield Thing(image, labels, pieces == piece, box)


def box_figures(found: list[Thing]) -> dict[str, float]:
    """What is found in boxes."""

    def void(thing: Thing) -> Pixels:
        return np.full((thing.box.height, thing.box.width), VOID, np.uint8)

    def ellipse(thing: Thing) -> Mask:
        y, x = np.ogrid[: thing.box.height, : thing.box.width]
        return np.hypot((2 * x + 1) / thing.box.width - 1, (2 * y + 1) / thing.box.height - 1) <= 1

    def again(thing: Thing) -> Mask:
        first = BoxCut(thing.image, thing.box, void(thing)).cut()
        return BoxCut(thing.image, thing.box, np.where(first, np.uint8(0), np.uint8(VOID)), wanted=0).cut()

    begun = time.process_time()
    ours = mean_iou(found, lambda thing: BoxCut(thing.image, thing.box, void(thing)).cut())
    seconds = time.process_time() - begun
    refined = mean_iou(found, again)
    middle, box_cut.MIDDLE = box_cut.MIDDLE, 0.0
    plain = mean_iou(found, lambda thing: BoxCut(thing.image, thing.box, void(thing)).cut())
    box_cut.MIDDLE = middle
    return {
        "box_things": len(found),
        "box_iou": ours,
        "box_again_iou": refined,
        "box_itself_iou": mean_iou(found, lambda thing: np.ones((thing.box.height, thing.box.width), bool)),
        "box_ellipse_iou": mean_iou(found, ellipse),
        "box_plain_grabcut_iou": plain,
        "box_ms": 1000 * seconds / len(found),
    }


def mean_iou(found: list[Thing], cut: Callable[[Thing], Mask]) -> float:
    """Of what `cut` finds in the boxes with the things; void pixels left out."""
    shares = []
    for thing in found:
        known = thing.labels[thing.box.slices] != VOID
        mine, truth = cut(thing) & known, thing.truth[thing.box.slices] & known
        shares.append((mine & truth).sum() / (mine | truth).sum())
    return float(np.mean(shares))


def main() -> None:
    as_json = wants_json(__doc__)
    found = scenes()
    figures = superpixel_figures(found) | box_figures(list(things(found)))
    notes = {name: next((note for end, note in NOTES.items() if name.endswith(end)), "") for name in figures}
    report("segments", figures, as_json, notes)


if __name__ == "__main__":
    main()
