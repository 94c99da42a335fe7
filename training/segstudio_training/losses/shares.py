"""What the losses over whole classes have in common: class probabilities and truth, void and untaught pixels blank."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from segstudio.core.class_table import VOID


@dataclass(frozen=True)
class Shares:
    """Probabilities against truth, both (C, P) float32 over the P pixels of a batch, and (C,) bool: who is present.

    Pixels that are void or of a class of weight 0 are 0 in both, so that they neither cost nor teach. A class is
    present where the batch shows a pixel of it that teaches.
    """

    probabilities: Tensor
    truth: Tensor
    present: Tensor

    def mean_over_present(self, costs: Tensor) -> Tensor:
        """Mean of (C,) `costs` over the classes present; 0, with gradients of 0, where there is none."""
        return torch.where(self.present, costs, torch.zeros_like(costs)).sum() / self.present.sum().clamp_min(1)


def shares(scores: Tensor, labels: Tensor, class_weights: Tensor) -> Shares:
    """`Shares` of (N, C, H, W) float `scores` against (N, H, W) int64 `labels` (255 = void)."""
    classes = scores.shape[1]
    probabilities = scores.float().softmax(dim=1).movedim(1, 0).reshape(classes, -1)
    flat = labels.flatten()
    # Void looks up class 0 and is struck out, which needs no selection of pixels and so no wait for a GPU.
    own = flat.masked_fill(flat == VOID, 0)
    teaches = (flat != VOID) & (class_weights > 0)[own]
    truth = torch.zeros_like(probabilities).scatter_(0, own[None], teaches[None].to(probabilities.dtype))
    return Shares(probabilities * teaches, truth, truth.any(dim=1))
