"""The loop on another kind of images than streets: two classes, the rare one thin. Cracks in drawn walls, with truth.

`python -m tests.benchmarks.two_classes [--json] [--images N] [--round K] [--max-seconds S] [--recipes NAME,…]
[--out DIR]`. Draws N images of 400×300 with a fixed seed, some 2 % of whose pixels are cracks among stains, joints and
shadows that are none, and lets the simulated person work through them. Wants the machine to itself: budgets are
seconds.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from segstudio.core.class_table import ClassTable
from segstudio.project.voc_folder import VocFolder
from segstudio_training.simulate import Simulation, simulate
from segstudio_training.simulation_report import FIGURES, simulation_report
from tests.benchmarks._report import report

WIDTH, HEIGHT = 400, 300
CLASSES = ("wall", "crack")
NOTES = {
    "default_seconds_share_of_blank": "the person's seconds with proposals ÷ painting from nothing",
    "default_rare_class_miou": "the IoU of the cracks",
}

Pixels = npt.NDArray[np.uint8]


def draw_wall(random: np.random.Generator) -> tuple[Pixels, Pixels]:
    """(300, 400, 3) image and (300, 400) label map: 0 wall, 1 crack."""
    grey = random.uniform(130, 190) + sum(_clouds(random, cells, 60 / cells**0.5) for cells in (3, 12, 60))
    grey = grey + random.normal(0, 5, grey.shape)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    grey += random.uniform(-0.1, 0.1) * columns + random.uniform(-0.1, 0.1) * rows
    for _ in range(random.integers(0, 5)):  # stains
        centre = int(random.integers(WIDTH)), int(random.integers(HEIGHT))
        axes = int(random.integers(8, 50)), int(random.integers(8, 30))
        stain = cv2.ellipse(np.zeros_like(grey), centre, axes, float(random.uniform(0, 180)), 0, 360, 1.0, -1)
        grey -= random.uniform(10, 60) * cv2.GaussianBlur(stain, (0, 0), random.uniform(1, 6))
    if random.random() < 0.5:  # a joint: straight, dark or light, no crack
        start, end = (0, int(random.integers(HEIGHT))), (WIDTH, int(random.integers(HEIGHT)))
        joint = cv2.line(np.zeros_like(grey), start, end, 1.0, int(random.integers(2, 6)), cv2.LINE_AA)
        grey += random.choice([-45, 45]) * joint
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    for _ in range(random.integers(1, 4)):
        _draw_crack(labels, random)
    depth = cv2.GaussianBlur(labels.astype(np.float64), (0, 0), 0.7)
    grey -= random.uniform(45, 90) * depth
    tint = np.array([1.0, random.uniform(0.93, 1.0), random.uniform(0.8, 0.97)])
    return (grey[..., None] * tint).clip(0, 255).astype(np.uint8), labels


def _clouds(random: np.random.Generator, cells: int, strength: float) -> npt.NDArray[np.float64]:
    coarse = random.normal(0, strength / 3, (cells, cells))
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def _draw_crack(labels: Pixels, random: np.random.Generator) -> None:
    """A walk that wanders, of a width that changes, with a branch now and then."""
    walks = [(random.uniform(0, WIDTH), random.uniform(0, HEIGHT), random.uniform(0, 2 * np.pi), 60)]
    while walks:
        x, y, heading, steps = walks.pop()
        width = random.uniform(1.5, 5)
        for _ in range(steps):
            heading += random.normal(0, 0.35)
            ahead = x + 6 * np.cos(heading), y + 6 * np.sin(heading)
            width = float(np.clip(width + random.normal(0, 0.5), 1.5, 7))
            cv2.line(labels, (round(x), round(y)), (round(ahead[0]), round(ahead[1])), 1, round(width))
            x, y = ahead
            if random.random() < 0.012 and not walks:
                walks.append((x, y, heading + random.choice([-0.8, 0.8]), 25))


def draw_folder(root: Path, images: int) -> Path:
    """A VOC folder of `images` walls; the same every time."""
    for kind in ("JPEGImages", "SegmentationClass"):
        (root / kind).mkdir(parents=True, exist_ok=True)
    (root / "class_names.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    palette = ClassTable.from_names(CLASSES).palette().tobytes()
    for number in range(images):
        image, labels = draw_wall(np.random.default_rng(number))
        Image.fromarray(image).save(root / "JPEGImages" / f"wall{number:03}.jpg", quality=92)
        mask = Image.fromarray(labels)
        mask.putpalette(palette)
        mask.save(root / "SegmentationClass" / f"wall{number:03}.png")
    return root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--images", type=int, default=24)
    parser.add_argument("--round", type=int, default=8)
    parser.add_argument("--max-seconds", type=float, default=120)
    parser.add_argument("--recipes", default="default,plain,plain_sqrt_median", help="between commas")
    parser.add_argument("--out", type=Path, help="keep the drawn folder here")
    given = parser.parse_args()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        root = draw_folder(given.out or Path(temporary), given.images)
        for recipe in given.recipes.split(","):
            asked = Simulation(VocFolder.open(root), given.images, given.round, given.max_seconds, recipe=recipe)
            proposed = simulation_report([simulate(asked, 0, lambda _event: None)])["proposed"]
            found |= {f"{recipe}_{key}": proposed[key] for key in FIGURES if proposed[key] is not None}
    report("two_classes", found, given.json, NOTES)


if __name__ == "__main__":
    main()
