"""Weighted cross-entropy plus the Lovász-softmax loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from segstudio_training.losses.cross_entropy import WeightedCrossEntropy
from segstudio_training.losses.shares import shares


class LovaszSoftmax(nn.Module):
    """Weighted cross-entropy plus the mean, over the classes present in the batch, of the Lovász-extended ``1 - IoU``.

    The second term follows a class's intersection over union smoothly, over the labelled pixels of the whole batch.
    Alone it learns slowly from nothing; the paper fine-tunes with it, here the cross-entropy beside it gives the
    direction from the first step on. Every class present counts alike there, however few its pixels, so the class
    weights go into the cross-entropy only; a class of weight 0 counts in neither.

    Source: Berman, Triki, Blaschko, "The Lovász-Softmax Loss", CVPR 2018, equations 8 to 11 and algorithm 1, with
    "classes present".

    Args:
        class_weights: (C,) float, at least 0.
    """

    def __init__(self, class_weights: Tensor) -> None:
        super().__init__()
        self.cross_entropy = WeightedCrossEntropy(class_weights)

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Scalar loss of (N, C, H, W) float `scores` against (N, H, W) int64 `labels`; 255 is ignored."""
        return self.cross_entropy(scores, labels) + lovasz(scores, labels, self.cross_entropy.class_weights)


def lovasz(scores: Tensor, labels: Tensor, class_weights: Tensor) -> Tensor:
    """Scalar, 0 to 1: the Lovász-softmax loss alone, see `LovaszSoftmax`."""
    batch = shares(scores, labels, class_weights)
    # Pixels that do not teach have an error of 0: they are sorted to the end, where they cost nothing.
    errors, order = (batch.truth - batch.probabilities).abs().sort(dim=1, descending=True)
    return batch.mean_over_present((errors * _slopes(batch.truth.gather(1, order))).sum(dim=1))


def _slopes(truth: Tensor) -> Tensor:
    """(C, P) how much each further pixel of (C, P) `truth`, worst first, adds to ``1 - IoU``: algorithm 1."""
    positives = truth.sum(dim=1, keepdim=True)
    missed = truth.cumsum(dim=1)
    claimed = (1 - truth).cumsum(dim=1)
    losses = 1 - (positives - missed) / (positives + claimed).clamp_min(1)
    return torch.diff(losses, dim=1, prepend=losses.new_zeros(len(losses), 1))
