"""Focal loss, weighted by class."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from segstudio.core.class_table import VOID

GAMMA = 2.0
"""The exponent that Lin et al. found best: a pixel that is 90 % sure counts a hundredth of what it would."""


class FocalLoss(nn.Module):
    """Mean over the labelled pixels of ``-w[label] · (1 - p)^γ · log p``, divided by the mean weight.

    p is the probability given to the label. Pixels that are right already count less, so the many easy ones do not
    drown the few hard ones. With γ = 0 it is the weighted cross-entropy.

    Source: Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 5, with softmax for the sigmoid
    and the class weights for α.

    Args:
        class_weights: (C,) float, at least 0; a class of weight 0 neither costs nor teaches.
        gamma: γ, at least 0.
    """

    class_weights: Tensor

    def __init__(self, class_weights: Tensor, gamma: float = GAMMA) -> None:
        super().__init__()
        self.register_buffer("class_weights", class_weights.to(torch.float32))
        self.gamma = gamma

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Scalar loss of (N, C, H, W) float `scores` against (N, H, W) int64 `labels`; 255 is ignored."""
        # log p of the label, 0 where void.
        surprise = functional.cross_entropy(scores.float(), labels, ignore_index=VOID, reduction="none")
        # Rounding may leave a surprise just below 0, and a negative base has no power.
        doubt = (-torch.expm1(-surprise)).clamp_min(0) ** self.gamma
        weights = self.class_weights[labels.masked_fill(labels == VOID, 0)] * (labels != VOID)
        return (weights * doubt * surprise).sum() / weights.sum().clamp_min(1e-6)
