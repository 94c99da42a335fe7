"""One training step, the learning rate, and the running average of the weights.

Owns the arithmetic of training and nothing of folders, budgets or events (`fine_tune`'s).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from enum import Enum

import torch
from torch import Tensor, nn

from segstudio.core.errors import InputError, TrainingError, marked
from segstudio_training.acceleration import FULL, Precision
from segstudio_training.muon import Muon

WARM_UP = 0.04
"""Share of the budget over which the learning rate rises."""
LEAST_RATE = 0.02
"""The learning rate ends at this share of its peak."""
AVERAGE_POWER = 9.0
"""The average looks back over about a tenth of the steps so far, however many there will be."""
GRADIENT_NORM = 5.0
"""Longer gradients are shortened to this (Euclidean norm over all weights)."""


MOMENTUM = 0.9
"""SGD's, with Nesterov's look ahead."""


class Schedule(Enum):
    """How the learning rate goes over the budget."""

    COSINE = "cosine"
    """A linear warm-up, then a cosine down to nearly nothing."""
    CONSTANT = "constant"
    """The peak from the first step to the last, as plain loops have it."""


class Optimizer(Enum):
    """What turns gradients into steps."""

    MUON = "muon"
    """Filter banks by Muon, the rest by AdamW."""
    ADAMW = "adamw"
    SGD = "sgd"


def rate_factor(progress: float, schedule: Schedule = Schedule.COSINE) -> float:
    """Share of the peak learning rate at `progress` (0 to 1)."""
    if schedule is Schedule.CONSTANT:
        return 1.0
    if progress < WARM_UP:
        return max(0.05, progress / WARM_UP)
    along = (min(progress, 1.0) - WARM_UP) / (1 - WARM_UP)
    return LEAST_RATE + (1 - LEAST_RATE) * 0.5 * (1 + math.cos(math.pi * along))


def freeze_batch_norms(network: nn.Module) -> None:
    """Let batch norms use the statistics that they have and keep them; their scales and offsets still learn."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()


def build_optimizer(
    network: nn.Module, rate: float, weight_decay: float, kind: Optimizer = Optimizer.MUON
) -> torch.optim.Optimizer:
    """An optimizer of what is not frozen; batch norms and biases do not decay.

    SGD's decay is added to the gradient and so scaled with the learning rate, AdamW's is not: at equal effect SGD's
    `weight_decay` is some hundred times smaller.
    """
    if kind is Optimizer.MUON:
        return Muon(network, rate, weight_decay)
    parameters = [parameter for parameter in network.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    fused = parameters[0].device.type in {"cpu", "cuda"}
    if kind is Optimizer.SGD:
        return torch.optim.SGD(groups, lr=rate, momentum=MOMENTUM, nesterov=True, fused=fused)
    return torch.optim.AdamW(groups, lr=rate, fused=fused)


def freeze_stages(network: nn.Module, count: int) -> None:
    """Take the first `count` stages of `network.encoder` out of learning; call before `build_optimizer`.

    Raises:
        InputError: the network has no encoder of so many stages.
    """
    encoder = getattr(network, "encoder", None)
    stages = len(encoder) if isinstance(encoder, nn.ModuleList) else 0
    if count > stages:
        raise InputError(
            marked("{count} stages cannot be frozen: this network has {stages} encoder stages. Freeze fewer."),
            count=count,
            stages=stages,
        )
    if isinstance(encoder, nn.ModuleList):
        for stage in encoder[:count]:
            stage.requires_grad_(False)


def to_training_mode(network: nn.Module) -> None:
    """Set `network` to training, but frozen batch norms to the statistics that they have."""
    network.train()
    for norm in _norms(network):
        if _is_frozen(norm):
            norm.eval()


def train_one_step(
    network: nn.Module,
    loss: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: Tensor,
    labels: Tensor,
    rate: float,
    precision: Precision = FULL,
    scaler: torch.amp.GradScaler | None = None,
    mean: Callable[[Tensor], float] = float,
) -> float:
    """One step on one batch at learning rate `rate`; the loss before it.

    Args:
        network, loss, optimizer: what is taught, by what, and how.
        images: (N, 3, H, W) float.
        labels: (N, H, W) int64.
        rate: learning rate.
        precision: what the network is called in.
        scaler: `precision`'s, the same one for every step; None where it needs none.
        mean: takes the loss over the processes that teach together (`Ranks.mean`), so that all break down or none.

    Raises:
        TrainingError: the loss is not a number; no weight was changed.
    """
    for group in optimizer.param_groups:
        group["lr"] = rate
    with precision.autocast(images.device):
        value = loss(network(images), labels)
    cost = mean(value.detach())
    if not math.isfinite(cost):
        raise TrainingError(
            marked(
                "Training broke down: the loss is no longer a number. The earlier checkpoint is untouched; "
                "check the images for damage and fine-tune again."
            )
        )
    optimizer.zero_grad(set_to_none=True)
    scaler = scaler or torch.amp.GradScaler(images.device.type, enabled=False)
    scaler.scale(value).backward()
    scaler.unscale_(optimizer)
    nn.utils.clip_grad_norm_(network.parameters(), GRADIENT_NORM)
    scaler.step(optimizer)
    scaler.update()
    return cost


class WeightAverage:
    """A running average of a network's weights and batch-norm statistics, weighted towards the latest steps.

    After t steps it looks back over about ``t / (AVERAGE_POWER + 1)`` of them, so that it fits a round of 50 steps as
    well as one of 50,000 (polynomial-decay averaging: Shamir & Zhang, "Stochastic Gradient Descent for Non-smooth
    Optimization", ICML 2013).
    """

    def __init__(self, network: nn.Module) -> None:
        self._frozen = [_is_frozen(norm) for norm in _norms(network)]
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.steps = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Take in the weights after one more step."""
        self.steps += 1
        share = (AVERAGE_POWER + 1) / (self.steps + AVERAGE_POWER)
        mine, its = _floats(self.network), _floats(network)
        torch._foreach_lerp_(mine, its, share)

    @torch.no_grad()
    def settle(self, batches: Iterable[Tensor]) -> None:
        """Measure the batch-norm statistics anew, over `batches` of images.

        Averaged weights give other activations than any of those that were averaged, so averaged statistics do not fit
        them; in a short round the difference ruins the prediction (Izmailov et al., "Averaging Weights Leads to Wider
        Optima and Better Generalization", UAI 2018, section 3.2). Dropout is off meanwhile. Frozen
        batch norms stay as they are.
        """
        norms = [norm for norm, frozen in zip(_norms(self.network), self._frozen, strict=True) if not frozen]
        momenta = [norm.momentum for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # a plain average over the batches
            norm.train()
        for images in batches:
            self.network(images)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
            norm.eval()


def _floats(network: nn.Module) -> list[Tensor]:
    tensors: Iterable[Tensor] = (*network.parameters(), *network.buffers())
    return [tensor for tensor in tensors if tensor.is_floating_point()]


def _norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def _is_frozen(norm: nn.BatchNorm2d) -> bool:
    return norm.affine and not norm.weight.requires_grad
