"""The first convolution of a network, for images that do not have three channels.

Owns how weights that were taught on one number of channels are used for another.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def first_convolution(network: nn.Module) -> nn.Conv2d:
    """The convolution that takes the image."""
    return next(module for module in network.modules() if isinstance(module, nn.Conv2d))


def fitted_kernel(kernel: Tensor, channels: int) -> Tensor:
    """`kernel` (O, I, h, w) for an image of `channels`, (O, channels, h, w).

    Each channel gets the sum over the old ones divided by their new number: what the layer says of a grey picture is
    then what it said of the same picture with its grey repeated, and edges are still found in any of several channels.
    The usual way, as in timm's `adapt_input_conv`, but without favouring any of the new channels. The same number
    leaves the kernel as it is.
    """
    if kernel.shape[1] == channels:
        return kernel
    return (kernel.sum(dim=1, keepdim=True) / channels).repeat(1, channels, 1, 1)


def take_channels(encoder: nn.Module, channels: int) -> None:
    """Give `encoder` a first convolution for images of `channels`, in place, with what its own weights become."""
    convolution = first_convolution(encoder)
    convolution.in_channels = channels
    with torch.no_grad():
        convolution.weight = nn.Parameter(fitted_kernel(convolution.weight, channels).contiguous())
