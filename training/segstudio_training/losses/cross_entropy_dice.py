"""Weighted cross-entropy plus soft Dice."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from segstudio.core.class_table import VOID
from segstudio_training.losses.cross_entropy import WeightedCrossEntropy, label_weight

SMOOTH = 1.0
"""Pixels added above and below the line, so that a class of very few pixels does not swing from 0 to 1."""

Total = Callable[[Tensor], Tensor]
"""What a tensor adds up to over the processes that share a batch; its gradient goes back to all of them."""


def _alone(value: Tensor) -> Tensor:
    return value


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
        return self.shared(scores, labels, torch.ones((), device=scores.device), _alone)

    def shared(self, scores: Tensor, labels: Tensor, share: Tensor, total: Total) -> Tensor:
        """The loss where the batch is shared among processes: the mean over them is that of the whole batch.

        Args:
            scores, labels: this process's share of the batch.
            share: scalar, what the cross-entropy is to be multiplied by.
            total: adds up over the processes.
        """
        # Normalised once for both terms. A cross-entropy of logarithms of probabilities is that of the scores.
        logarithms = scores.float().log_softmax(dim=1)
        weights = self.cross_entropy.class_weights
        cost = functional.nll_loss(logarithms, labels, weights, ignore_index=VOID, reduction="sum")
        cost = cost / label_weight(labels, weights).clamp_min(1e-6)
        return cost * share + _dice_cost(logarithms.exp(), labels, weights, SMOOTH, total)


def soft_dice(scores: Tensor, labels: Tensor, class_weights: Tensor, smooth: float = SMOOTH) -> Tensor:
    """Scalar, 0 to 1: the mean of ``1 - Dice`` over the classes present, see `CrossEntropyDice`."""
    return _dice_cost(scores.float().softmax(dim=1), labels, class_weights, smooth, _alone)


def _dice_cost(probabilities: Tensor, labels: Tensor, class_weights: Tensor, smooth: float, total: Total) -> Tensor:
    # Void looks up class 0 and is struck out, which needs no selection of pixels and so no wait for a GPU.
    own = labels.masked_fill(labels == VOID, 0)
    teaches = ((labels != VOID) & (class_weights > 0)[own]).to(probabilities.dtype)
    hits = (probabilities.gather(1, own[:, None])[:, 0] * teaches).flatten()
    common = torch.zeros_like(class_weights).index_add(0, own.flatten(), hits)
    truth = torch.zeros_like(class_weights).index_add(0, own.flatten(), teaches.flatten())
    # No matrix product, which autocast would take in half precision.
    claimed = (probabilities * teaches[:, None]).sum(dim=(0, 2, 3))
    common, claimed, truth = total(torch.stack([common, claimed, truth]))
    costs = 1 - (2 * common + smooth) / (claimed + truth + smooth)
    present = truth > 0
    return torch.where(present, costs, torch.zeros_like(costs)).sum() / present.sum().clamp_min(1)
