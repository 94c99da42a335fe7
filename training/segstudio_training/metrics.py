"""How well predicted label maps agree with the truth. Void pixels of the truth count for nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.uint8]
BOUNDARY_TOLERANCE = 0.0075
"""Share of the image's diagonal within which a boundary counts as found (the SegNet paper's, after Csurka et al.)."""
BOUNDARY_PIXELS = 1_000_000
"""Boundaries of larger maps are compared on maps reduced to about so many pixels; a photograph would take seconds."""


class ConfusionMatrix:
    """Counts of (true class, predicted class) over any number of images.

    Classes absent from the truth have no recall and no IoU worth averaging: they are left out of every mean.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes = num_classes
        self.counts = np.zeros((num_classes, num_classes), dtype=np.int64)
        self._missed = np.zeros(num_classes, dtype=np.int64)

    def update(self, truth: Labels, predicted: Labels) -> None:
        """Add one image: two uint8 label maps of one shape. A void prediction counts as wrong."""
        known = truth < self.num_classes
        true = truth[known].astype(np.int64)
        guess = predicted[known].astype(np.int64)
        inside = guess < self.num_classes
        pairs = true[inside] * self.num_classes + guess[inside]
        self.counts += np.bincount(pairs, minlength=self.num_classes**2).reshape(self.counts.shape)
        self._missed += np.bincount(true[~inside], minlength=self.num_classes)

    def add(self, other: ConfusionMatrix) -> None:
        """Add the counts of `other`, of as many classes."""
        self.counts += other.counts
        self._missed += other._missed

    def tally(self) -> npt.NDArray[np.int64]:
        """(3, C) pixels of each class: found, in the truth, predicted. All that an IoU needs, and it can be summed."""
        return np.stack([np.diag(self.counts), self.true_pixels, self.counts.sum(axis=0)])

    @property
    def true_pixels(self) -> npt.NDArray[np.int64]:
        """(C,) pixels of each class in the truth."""
        return self.counts.sum(axis=1) + self._missed

    def iou(self) -> npt.NDArray[np.float64]:
        """(C,) intersection over union, NaN for classes absent from the truth."""
        return tallied_iou(self.tally())

    def recall(self) -> npt.NDArray[np.float64]:
        """(C,) share of each class's true pixels that were found, NaN for absent classes."""
        hits = np.diag(self.counts).astype(np.float64)
        return np.where(self.true_pixels > 0, hits / np.maximum(self.true_pixels, 1), np.nan)

    def miou(self) -> float:
        """Mean IoU over the classes in the truth; 0 where there is no truth."""
        return _mean(self.iou())

    def class_accuracy(self) -> float:
        """Mean recall over the classes in the truth (the SegNet paper's class average)."""
        return _mean(self.recall())

    def pixel_accuracy(self) -> float:
        """Share of the labelled pixels that are right (the SegNet paper's global accuracy)."""
        total = int(self.true_pixels.sum())
        return float(np.trace(self.counts)) / total if total else 0.0


def tallied_iou(tally: npt.NDArray[np.number]) -> npt.NDArray[np.float64]:
    """IoU (…, C) of tallies (…, 3, C) as `ConfusionMatrix.tally` makes them; NaN for classes absent from the truth."""
    found, true, predicted = (tally[..., row, :].astype(np.float64) for row in range(3))
    return np.where(true > 0, found / np.maximum(true + predicted - found, 1), np.nan)


def _mean(values: npt.NDArray[np.float64]) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if present.size else 0.0


class Scores:
    """Everything that `evaluate` reports, gathered image by image."""

    def __init__(self, class_names: Sequence[str]) -> None:
        self.class_names = list(class_names)
        self.confusion = ConfusionMatrix(len(class_names))
        self._boundary: list[float] = []
        self._tallies: list[npt.NDArray[np.int64]] = []

    def update(self, truth: Labels, predicted: Labels, boundary: bool = True) -> None:
        """Add one image; `boundary` False leaves the slow boundary score out."""
        confusion = ConfusionMatrix(len(self.class_names))
        confusion.update(truth, predicted)
        self.confusion.add(confusion)
        self._tallies.append(confusion.tally())
        score = boundary_f1(truth, predicted, len(self.class_names)) if boundary else None
        if score is not None:
            self._boundary.append(score)

    def tallies(self) -> npt.NDArray[np.int64]:
        """(N, 3, C): the tally of each image, in the order in which they came."""
        return np.array(self._tallies, dtype=np.int64).reshape(-1, 3, len(self.class_names))

    def result(self) -> dict[str, Any]:
        """``miou, class_accuracy, pixel_accuracy, boundary_f1, per_class_iou``: fractions from 0 to 1."""
        iou = self.confusion.iou()
        return {
            "miou": self.confusion.miou(),
            "class_accuracy": self.confusion.class_accuracy(),
            "pixel_accuracy": self.confusion.pixel_accuracy(),
            "boundary_f1": float(np.mean(self._boundary)) if self._boundary else 0.0,
            "per_class_iou": {
                name: float(value) for name, value in zip(self.class_names, iou, strict=True) if not np.isnan(value)
            },
        }


def boundary_f1(truth: Labels, predicted: Labels, num_classes: int) -> float | None:
    """Boundary F1 of one image, the mean over the classes of its truth; None where the truth is all void.

    A class's boundary is where it touches another; a boundary pixel is found where the other map has one within 0.75 %
    of the diagonal. Source: Csurka, Larlus, Perronnin, "What is a good evaluation measure for semantic segmentation?",
    BMVC 2013, as the SegNet paper uses it. Pixels that are void in the truth count on neither side, and where a class
    touches them is no boundary.

    Maps of more than `BOUNDARY_PIXELS` are both reduced to that by taking the nearest pixel. The tolerance, a share of
    the diagonal, shrinks with them; what is lost is thinner than it.
    """
    truth, predicted = _reduced(truth), _reduced(predicted)
    tolerance = max(1.0, BOUNDARY_TOLERANCE * float(np.hypot(*truth.shape)))
    void = truth >= num_classes
    scores = []
    for value in np.unique(truth[~void]):
        true_edge = _edge(truth == value, void)
        guess_edge = _edge((predicted == value) & ~void, void)
        recall = _found(true_edge, guess_edge, tolerance)
        precision = _found(guess_edge, true_edge, tolerance)
        scores.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return float(np.mean(scores)) if scores else None


def _reduced(labels: Labels) -> Labels:
    """`labels` with at most about `BOUNDARY_PIXELS` pixels, every one of them a pixel of `labels`."""
    factor = math.sqrt(BOUNDARY_PIXELS / labels.size) if labels.size else 1.0
    if factor >= 1:
        return labels
    height, width = (max(1, round(factor * side)) for side in labels.shape)
    return cv2.resize(labels, (width, height), interpolation=cv2.INTER_NEAREST_EXACT).astype(np.uint8, copy=False)


def _edge(mask: npt.NDArray[np.bool_], void: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Pixels of `mask` with a 4-neighbour that is neither in it nor void; the image's border is not an edge."""
    kernel = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    inner = cv2.erode((mask | void).astype(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=1)
    return mask & (inner == 0)


def _found(edge: npt.NDArray[np.bool_], other: npt.NDArray[np.bool_], tolerance: float) -> float:
    """Share of the pixels of `edge` within `tolerance` pixels of one of `other`; 1 where both are empty."""
    if not edge.any():
        return 1.0 if not other.any() else 0.0
    if not other.any():
        return 0.0
    distance = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float((distance[edge] <= tolerance).mean())
