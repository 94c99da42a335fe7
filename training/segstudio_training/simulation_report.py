"""What a simulation found: image by image, over the last images, and over several orders.

Owns the figures and their names. Shares, accuracies and IoU are fractions from 0 to 1, times are the simulated person's
seconds. IoU and accuracies are those of the proposals before they were corrected; without a proposal every labelled
pixel counts as wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from segstudio_training.metrics import ConfusionMatrix
from segstudio_training.simulated_person import Correction

RARE_SHARE_OF_EVEN = 0.25
"""A class is rare where its share of the labelled pixels is under this part of an even share (one over the number of
classes that occur), in the truth of all images worked through: under 2.3 % of eleven classes, 12.5 % of two."""

FIGURES = (
    "seconds_share_of_blank",
    "strokes_share_of_blank",
    "pixel_accuracy",
    "class_accuracy",
    "miou",
    "rare_class_miou",
)
"""What is told of a group of images: seconds and strokes over those of painting from nothing, and scores."""


@dataclass(frozen=True)
class ImageReport:
    """One image: what it took from its proposal and from nothing, and how good the proposal was.

    Attributes:
        name: of the image.
        corrected, blank: the person's work on the proposal, and from nothing.
        confusion: of the proposal with the truth.
        proposed_by: number of the round whose network proposed; None before there was one.
    """

    name: str
    corrected: Correction
    blank: Correction
    confusion: ConfusionMatrix
    proposed_by: int | None

    @property
    def wrong(self) -> float:
        """Share of the labelled pixels that were wrong before correction."""
        return 1 - self.confusion.pixel_accuracy() if self.confusion.true_pixels.any() else 0.0

    def described(self, class_names: Sequence[str]) -> dict[str, Any]:
        """Under the keys of ``simulate --json``."""
        return {
            "name": self.name,
            "strokes": self.corrected.strokes,
            "seconds": self.corrected.seconds,
            "wrong": self.wrong,
            "blank_strokes": self.blank.strokes,
            "blank_seconds": self.blank.seconds,
            "proposed_by_round": self.proposed_by,
            "per_class_iou": {
                name: float(iou)
                for name, iou in zip(class_names, self.confusion.iou(), strict=True)
                if not np.isnan(iou)
            },
        }


@dataclass
class Walk:
    """One order of the images, worked through.

    Attributes:
        seed: of the order.
        class_names: the folder's.
        round_size: images between two rounds.
        images: in the order in which they came.
        rounds: one dictionary each: number, images, budget, seconds, steps, verdict, reason, taken, old and new mIoU.
    """

    seed: int
    class_names: tuple[str, ...]
    round_size: int
    images: list[ImageReport] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)

    def rare_classes(self) -> list[int]:
        """Indices of the rare classes that occur (see `RARE_SHARE_OF_EVEN`)."""
        pixels = _confusion_of(self.images).true_pixels
        limit = RARE_SHARE_OF_EVEN * pixels.sum() / max(1, np.count_nonzero(pixels))
        return np.flatnonzero((pixels > 0) & (pixels < limit)).tolist()

    def last_figures(self) -> dict[str, float | None]:
        """`FIGURES` over the last `round_size` images, before they were learnt from."""
        return self._figures(self.images[-self.round_size :])

    def proposed_figures(self) -> dict[str, float | None]:
        """`FIGURES` over all images that had a proposal, each by the network of its time; all None without one."""
        images = [image for image in self.images if image.proposed_by is not None]
        return self._figures(images) if images else dict.fromkeys(FIGURES)

    def figures_by_round(self) -> list[dict[str, float | None]]:
        """`FIGURES` of each group of `round_size` images, the first of which had no proposals."""
        starts = range(0, len(self.images), self.round_size)
        return [self._figures(self.images[start : start + self.round_size]) for start in starts]

    def described(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "seed": self.seed,
            "images": [image.described(self.class_names) for image in self.images],
            "rounds": self.rounds,
            "by_round": self.figures_by_round(),
            "proposed": self.proposed_figures(),
            "rare_classes": [self.class_names[index] for index in self.rare_classes()],
            **self.last_figures(),
        }

    def _figures(self, images: Sequence[ImageReport]) -> dict[str, float | None]:
        confusion = _confusion_of(images)
        rare = confusion.iou()[self.rare_classes()]
        rare = rare[~np.isnan(rare)]
        return {
            "seconds_share_of_blank": _share([(i.corrected.seconds, i.blank.seconds) for i in images]),
            "strokes_share_of_blank": _share([(i.corrected.strokes, i.blank.strokes) for i in images]),
            "pixel_accuracy": confusion.pixel_accuracy(),
            "class_accuracy": confusion.class_accuracy(),
            "miou": confusion.miou(),
            "rare_class_miou": float(rare.mean()) if rare.size else None,
        }


def simulation_report(walks: Sequence[Walk]) -> dict[str, Any]:
    """The keys of ``simulate --json``.

    Of one order all that it found; of several the first one's images, the mean of each of `FIGURES`, their "spread"
    (least and greatest), the same of "proposed" and its "proposed_spread", and all "orders". `FIGURES` are those of the
    last images; under "proposed" they are those of all images that had a proposal. A figure that no order has is None.
    """
    described = [walk.described() for walk in walks]
    if len(walks) == 1:
        return described[0]
    last, spread = _mean_and_spread(described)
    proposed, proposed_spread = _mean_and_spread([order["proposed"] for order in described])
    return {
        "images": described[0]["images"],
        **last,
        "spread": spread,
        "proposed": proposed,
        "proposed_spread": proposed_spread,
        "orders": described,
    }


def _mean_and_spread(
    orders: Sequence[dict[str, Any]],
) -> tuple[dict[str, float | None], dict[str, dict[str, float] | None]]:
    """Of each of `FIGURES` over the orders that have it."""
    means: dict[str, float | None] = {}
    spread: dict[str, dict[str, float] | None] = {}
    for key in FIGURES:
        values = [order[key] for order in orders if order[key] is not None]
        means[key] = float(np.mean(values)) if values else None
        spread[key] = {"min": min(values), "max": max(values)} if values else None
    return means, spread


def _confusion_of(images: Sequence[ImageReport]) -> ConfusionMatrix:
    total = ConfusionMatrix(images[0].confusion.num_classes)
    for image in images:
        total.add(image.confusion)
    return total


def _share(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Sum of the first over the sum of the second; None where there was nothing to paint."""
    blank = sum(pair[1] for pair in pairs)
    return sum(pair[0] for pair in pairs) / blank if blank else None
