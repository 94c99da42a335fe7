"""Convolutions in 8-bit integers, for prediction on processors that multiply those fastest (VNNI, AMX).

What a network's batch norms say of its activations is enough to choose the integers' ranges: no images are needed, and
a checkpoint gives the same label map on every day. Source: Nagel, van Baalen, Blankevoort, Welling, "Data-Free
Quantization Through Weight Equalization and Bias Correction", ICCV 2019: ranges of some standard deviations, and each
channel scaled to fill the range, which its ReLU lets through and the next convolution undoes.

The integers are one unit apart in every activation, 0 to 255, so that no scale is kept beside them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

DEVIATIONS = 8.0
"""Where an activation's range ends, in standard deviations of its batch norm above the mean.

Six in the source; after a long training so few cut off enough to be seen in the label maps.
"""
LEAST_SHARE = 1e-3
"""A channel that hardly ever fires counts with so much of the greatest range, so that nothing is divided by zero."""
TOP = 255
"""The greatest activation."""
MOST_CUT_OFF = 0.005
"""Where a larger share of the activations lies beyond the range, the batch norms do not tell the truth about them.

At most 0.001 on images of the kind that a network was taught on; 0.4 where statistics from batches of two misled.
"""
GREATEST_WEIGHT = 127


@dataclass(frozen=True)
class FoldedConvolution:
    """A convolution, its batch norm folded in, that takes and gives activations whose range is 0 to 255.

    Attributes:
        weight: (C_out, C_in, kh, kw) float32.
        bias: (C_out,) float32.
    """

    weight: Tensor
    bias: Tensor


@torch.no_grad()
def activation_ranges(norm: nn.BatchNorm2d) -> Tensor:
    """(C,) float32: where the output of `norm` ends for all that counts, above 0."""
    ends = norm.bias + DEVIATIONS * norm.weight.abs()
    return ends.clamp_min(max(LEAST_SHARE * float(ends.max()), 1e-6))


@torch.no_grad()
def folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d, before: Tensor | None) -> tuple[FoldedConvolution, Tensor]:
    """`convolution` and `norm` as one, and the ranges of what comes out.

    Args:
        convolution: with stride 1, one group, and no bias.
        norm: its batch norm, by its running statistics.
        before: (C_in,) the ranges of what comes in, which arrives as 0 to 255; None where that arrives as it is.
    """
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None  # they are kept by default
    ranges = activation_ranges(norm)
    per_deviation = norm.weight / (variance + norm.eps).sqrt()
    weight = convolution.weight * (per_deviation * TOP / ranges)[:, None, None, None]
    if before is not None:
        weight = weight * (before / TOP)[None, :, None, None]
    bias = (norm.bias - mean * per_deviation) * TOP / ranges
    return FoldedConvolution(weight.detach(), bias.detach()), ranges


class EightBitConvolution(nn.Module):
    """A convolution of uint8 activations with int8 weights, one scale for each output channel; sums are 32 bits wide.

    Args:
        convolution: what to compute; stride 1, padded to keep the size.
        dtype: of the result: uint8, rounded and limited to 0 to 255, or a floating type.
        rectified: whether a ReLU follows.
    """

    def __init__(
        self, convolution: FoldedConvolution, dtype: torch.dtype = torch.uint8, rectified: bool = True
    ) -> None:
        super().__init__()
        weight = convolution.weight.float()
        # Plain attributes: a network's .to(dtype) must leave them as they are.
        self._scales = (weight.abs().amax(dim=(1, 2, 3)) / GREATEST_WEIGHT).clamp_min(1e-12)
        integers = (weight / self._scales[:, None, None, None]).round_().to(torch.int8)
        self._zeros = torch.zeros(weight.shape[0], dtype=torch.int64)
        self._bias = convolution.bias.float().clone()
        self._padding = [weight.shape[2] // 2, weight.shape[3] // 2]
        self._dtype, self._activation = dtype, "relu" if rectified else "none"
        self._weight = torch.ops.onednn.qconv_prepack(
            integers, self._scales, 1.0, 0, [1, 1], self._padding, [1, 1], 1, [1, weight.shape[1], 64, 64]
        )

    def forward(self, pixels: Tensor) -> Tensor:
        """(N, C_in, H, W) uint8, channels last, to (N, C_out, H, W)."""
        return torch.ops.onednn.qconv2d_pointwise(
            pixels, 1.0, 0, self._weight, self._scales, self._zeros, self._bias, [1, 1], self._padding, [1, 1], 1,
            1.0, 0, self._dtype, self._activation, [], "",
        )  # fmt: skip


def is_cut_off(features: Tensor) -> bool:
    """Whether `to_eight_bits` would change floating activations too much, or they are not numbers."""
    within = torch.count_nonzero(features <= TOP)
    return int(within) < (1 - MOST_CUT_OFF) * features.numel()


def to_eight_bits(features: Tensor) -> Tensor:
    """Floating activations, at least 0, as uint8, rounded and limited; `features` may be used up."""
    return features.clamp_(max=TOP).round_().to(torch.uint8)


@functools.cache
def eight_bits_work() -> bool:
    """Whether this torch has the operators and they give the right numbers: they are not part of its stable interface.

    Asked with all activations and weights at their greatest, which a processor without the instructions, whose sums
    are 16 bits wide, would cut off.
    """
    size, channels = 4, 32
    convolution = FoldedConvolution(torch.full((1, channels, 3, 3), 2.0), torch.tensor([7.0]))
    pixels = torch.full((1, channels, size, size), TOP, dtype=torch.uint8).contiguous(memory_format=torch.channels_last)
    try:
        middle = EightBitConvolution(convolution, torch.float32)(pixels)[0, 0, 1, 1].item()
        mixed = EightBitConvolution(convolution, torch.bfloat16)(pixels)
        limited = EightBitConvolution(convolution)(pixels)
    except (AttributeError, RuntimeError, TypeError):
        return False
    exact = 2.0 * TOP * channels * 9 + 7
    return bool(abs(middle - exact) < 1e-3 * exact and mixed.dtype is torch.bfloat16 and (limited == TOP).all())
