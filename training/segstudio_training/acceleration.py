"""What makes training steps quick where the hardware has it: mixed precision, and on CUDA a compiled network.

Decided from what a device says of itself; without a GPU nothing here changes a number.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from segstudio_training.device import computes_bfloat16

_log = logging.getLogger(__name__)

COMPILE_AFTER = 20
"""Steps after which the pace is known and a long round on CUDA is compiled."""
COMPILE_PAYS_SECONDS = 300.0
"""Compiling takes a minute or so; a round that has less time left than this goes on without."""


@dataclass(frozen=True)
class Precision:
    """The type that steps are computed in; weights, loss and optimizer are float32 in any case.

    Attributes:
        dtype: float32, bfloat16 or float16.
    """

    dtype: torch.dtype = torch.float32

    def autocast(self, device: torch.device) -> torch.autocast:
        """The context in which the network is called."""
        mixed = self.dtype is not torch.float32
        return torch.autocast(device.type, self.dtype if mixed else torch.bfloat16, enabled=mixed)

    def scaler(self, device: torch.device) -> torch.amp.GradScaler:
        """Keeps small gradients of float16 from becoming zero; does nothing for the other types."""
        return torch.amp.GradScaler(device.type, enabled=self.dtype is torch.float16)


FULL = Precision()


def step_precision(device: torch.device) -> Precision:
    """bfloat16 where `device` is quick with it, float16 on an older CUDA GPU, else float32 (Apple's GPUs too)."""
    if computes_bfloat16(device):
        return Precision(torch.bfloat16)
    return Precision(torch.float16 if device.type == "cuda" else torch.float32)


def compiled(network: nn.Module, images: Tensor, backend: str | Callable[..., object] = "inductor") -> nn.Module:
    """`network` compiled, and tried forwards and backwards on `images`; `network` itself where that fails.

    Gradients are cleared afterwards; batch norms have seen `images` once more.
    """
    quick: nn.Module = torch.compile(network, backend=backend)  # type: ignore[assignment]  # of a module it is one
    try:
        quick(images).float().mean().backward()
    except RuntimeError as error:  # all that torch's compiler raises
        lines = str(error).strip().splitlines()
        _log.warning("the network is not compiled: %s", lines[0] if lines else type(error).__name__)
        quick = network
    network.zero_grad(set_to_none=True)
    return quick
