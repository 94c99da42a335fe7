"""Weighted cross-entropy plus soft Dice."""

from __future__ import annotations

from torch import Tensor, nn

from segstudio_training.losses.cross_entropy import WeightedCrossEntropy
from segstudio_training.losses.shares import shares

SMOOTH = 1.0
"""Pixels added above and below the line, so that a class of very few pixels does not swing from 0 to 1."""


class CrossEntropyDice(nn.Module):
    """Weighted cross-entropy plus the mean, over the classes present in the batch, of ``1 - Dice``.

    A class's Dice is ``(2 Σ p·y + s) / (Σ p + Σ y + s)`` over the labelled pixels of the whole batch, with p its
    probability, y 1 where it is the label, and s = `SMOOTH`. Every class present counts alike there, however few its
    pixels, so the class weights go into the cross-entropy only; a class of weight 0 counts in neither.

    Source: Milletari et al., "V-Net", 3DV 2016, equation 1, with plain sums below the line as in Sudre et al.,
    "Generalised Dice Overlap as a Deep Learning Loss Function", DLMIA 2017.

    Args:
        class_weights: (C,) float, at least 0.
    """

    def __init__(self, class_weights: Tensor) -> None:
        super().__init__()
        self.cross_entropy = WeightedCrossEntropy(class_weights)

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Scalar loss of (N, C, H, W) float `scores` against (N, H, W) int64 `labels`; 255 is ignored."""
        return self.cross_entropy(scores, labels) + soft_dice(scores, labels, self.cross_entropy.class_weights)


def soft_dice(scores: Tensor, labels: Tensor, class_weights: Tensor, smooth: float = SMOOTH) -> Tensor:
    """Scalar, 0 to 1: the mean of ``1 - Dice`` over the classes present, see `CrossEntropyDice`."""
    batch = shares(scores, labels, class_weights)
    common = (batch.probabilities * batch.truth).sum(dim=1)
    both = batch.probabilities.sum(dim=1) + batch.truth.sum(dim=1)
    return batch.mean_over_present(1 - (2 * common + smooth) / (both + smooth))
