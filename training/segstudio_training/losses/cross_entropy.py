"""Cross-entropy weighted by class."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from segstudio.core.class_table import VOID


class WeightedCrossEntropy(nn.Module):
    """Mean over the labelled pixels of ``-w[label] · log softmax(scores)[label]``, divided by the mean weight.

    That is torch's weighted cross-entropy, but a batch without a labelled pixel of any weight costs 0 and not NaN.

    Args:
        class_weights: (C,) float, at least 0; a class of weight 0 neither costs nor teaches.
    """

    class_weights: Tensor

    def __init__(self, class_weights: Tensor) -> None:
        super().__init__()
        self.register_buffer("class_weights", class_weights.to(torch.float32))

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Scalar loss of (N, C, H, W) float `scores` against (N, H, W) int64 `labels`; 255 is ignored."""
        cost = functional.cross_entropy(
            scores.float(), labels, weight=self.class_weights, ignore_index=VOID, reduction="sum"
        )
        return cost / label_weight(labels, self.class_weights).clamp_min(1e-6)


def label_weight(labels: Tensor, class_weights: Tensor) -> Tensor:
    """Scalar sum over (N, H, W) int64 `labels` of their (C,) `class_weights`; 255 weighs nothing."""
    # Counted by class: void has no place in the table of weights.
    counts = torch.bincount(labels.flatten(), minlength=VOID + 1)[: len(class_weights)]
    return (counts * class_weights).sum()
