"""The losses that `--loss` may name, in one table.

A loss is one file here and a row in `LOSSES`: a function of the per-class weights that returns a module mapping
(N, C, H, W) scores and (N, H, W) int64 labels (255 = void, ignored) to a scalar.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from segstudio.core.errors import InputError, marked
from segstudio_training.losses.cross_entropy import WeightedCrossEntropy
from segstudio_training.losses.cross_entropy_dice import CrossEntropyDice
from segstudio_training.losses.focal import FocalLoss
from segstudio_training.losses.lovasz_softmax import LovaszSoftmax

DEFAULT_LOSS = "cross_entropy_dice"
LOSSES: dict[str, Callable[[Tensor], nn.Module]] = {
    "cross_entropy": WeightedCrossEntropy,
    "focal": FocalLoss,
    "cross_entropy_dice": CrossEntropyDice,
    "lovasz_softmax": LovaszSoftmax,
}


def build_loss(name: str, class_weights: Tensor) -> nn.Module:
    """The loss called `name` for the (C,) float `class_weights`.

    Raises:
        InputError: there is none of that name.
    """
    if name not in LOSSES:
        raise InputError(
            marked('There is no loss called "{name}". Choose one of: {known}.'), name=name, known=", ".join(LOSSES)
        )
    return LOSSES[name](class_weights)
