"""Muon: gradient steps whose momentum is brought to equal singular values, with AdamW for what is no filter bank.

Plain gradient steps spend themselves on a few dominant directions of a layer; made orthogonal, they move all of them
alike, and a short round gets further on images like those taught (README, "Numbers"). Source: Jordan et al., "Muon: An
optimizer for hidden layers in neural networks", 2024, for matrices; a bank of filters is the matrix of its flattened
filters, as there. torch.optim.Muon takes matrices only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.9
ITERATIONS = 3
"""Newton-Schulz steps: singular values then lie between about 0.3 and 1.2, which is equal enough."""
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Jordan's quintic: the steepest at 0 that stays near 1."""
CHANGE_PER_RATE = 20.0
"""A filter bank changes by so many times the learning rate of its own length in a step, so that one number serves both:
at a rate of 3e-3, AdamW's for the rest, by 6 %."""


class Muon(torch.optim.Optimizer):
    """Muon for the filter banks of `network`, AdamW (without decay of batch norms and biases) for all else.

    A filter bank here is a convolution with a batch norm behind it: its length means nothing, so it is kept, and a step
    turns it by a share of it. (Left alone the lengths would grow without end, as such a step is not quite at right
    angles to the weights; the batch norm hides that until its statistics leave the range of float16.) The first
    convolution, which sees the image, and the classifier are left to AdamW, as Muon's authors advise; so are depthwise
    filters, which are no matrices.

    Args:
        network: what is taught; frozen parameters are passed over.
        rate: the learning rate to begin with.
        weight_decay: AdamW's; filter banks need none, as only their direction changes by a step.
    """

    def __init__(self, network: nn.Module, rate: float, weight_decay: float) -> None:
        banks = _filter_banks(network)
        known = {id(bank) for bank in banks}
        rest = [value for value in network.parameters() if value.requires_grad and id(value) not in known]
        decaying = {"params": [value for value in rest if value.ndim > 1], "weight_decay": weight_decay}
        plain = {"params": [value for value in rest if value.ndim <= 1], "weight_decay": 0.0}
        groups = [group for group in (decaying, plain) if group["params"]]
        self._adam = torch.optim.AdamW(groups, lr=rate, fused=rest[0].device.type in {"cpu", "cuda"})
        super().__init__([{"params": banks}] if banks else [{"params": []}], {"lr": rate})
        # The same dictionaries: whoever sets a rate or unscales gradients here reaches AdamW's groups too.
        self.param_groups += self._adam.param_groups

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step along the gradients that the parameters hold."""
        cost = closure() if closure is not None else None
        group = self.param_groups[0]
        by_shape: defaultdict[tuple[int, ...], list[Tensor]] = defaultdict(list)
        for bank in group["params"]:
            if bank.grad is not None:
                by_shape[tuple(bank.shape)].append(bank)
        for banks in by_shape.values():
            self._step_together(banks, group["lr"] * CHANGE_PER_RATE)
        self._adam.step()
        return cost

    def _step_together(self, banks: list[Tensor], change: float) -> None:
        """Banks of one shape at once: one product of many matrices costs less than many small ones."""
        gradients = torch.stack([_matrix(bank.grad) for bank in banks if bank.grad is not None])
        momenta = torch.stack([self._momentum(bank) for bank in banks])
        momenta.mul_(MOMENTUM).add_(gradients)
        directions = orthogonalised(gradients.add_(momenta, alpha=MOMENTUM))  # Nesterov's look ahead
        lengths = directions.flatten(1).norm(dim=1)
        for bank, momentum, direction, length in zip(banks, momenta, directions, lengths, strict=True):
            self.state[bank]["momentum"].copy_(momentum)
            before = bank.norm()
            step = change * before / length.clamp_min(1e-12)
            bank.sub_((direction * step).view(bank.shape).to(bank.dtype))
            bank.mul_(before / bank.norm().clamp_min(1e-12))

    def _momentum(self, bank: Tensor) -> Tensor:
        state = self.state[bank]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(_matrix(bank))
        momentum: Tensor = state["momentum"]
        return momentum

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to go on as if nothing had happened."""
        banks = self.param_groups[0]["params"]
        return {
            "momenta": [self.state[bank]["momentum"] for bank in banks if "momentum" in self.state[bank]],
            "adam": self._adam.state_dict(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from `state_dict`, of a network of the same layers."""
        banks = self.param_groups[0]["params"]
        for bank, momentum in zip(banks, state_dict["momenta"], strict=False):
            self.state[bank]["momentum"] = momentum.to(bank.device).clone()
        self._adam.load_state_dict(state_dict["adam"])
        self.param_groups[1:] = self._adam.param_groups  # loading has made new dictionaries


def orthogonalised(matrices: Tensor) -> Tensor:
    """(N, R, C) float `matrices` with their singular values brought near 1, by Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    tall = matrices.shape[1] > matrices.shape[2]
    found = matrices.mT if tall else matrices
    found = found / found.flatten(1).norm(dim=1).clamp_min(1e-12).view(-1, 1, 1)
    for _ in range(ITERATIONS):
        squares = found @ found.mT
        found = a * found + (b * squares + c * squares @ squares) @ found
    return found.mT if tall else found


def _matrix(values: Tensor) -> Tensor:
    """A filter bank as a matrix of float32 rows, one a filter."""
    return values.reshape(values.shape[0], -1).float()


def _filter_banks(network: nn.Module) -> list[Tensor]:
    """The weights of the convolutions that a batch norm follows (those without a bias), but for the first one."""
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    return [
        convolution.weight
        for convolution in convolutions[1:]
        if convolution.bias is None and convolution.groups == 1 and convolution.weight.requires_grad
    ]
