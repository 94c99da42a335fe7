"""2×2 max pooling that remembers where each maximum was, and the unpooling that puts values back there.

The same values and places as `max_pool2d(return_indices=True)` and `max_unpool2d` of torch, for any type that can be
compared, without gradients: three comparisons a window are kept in place of a 64-bit index, and every step runs along
the channels, which lie side by side in memory.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Switches:
    """Where the maxima of one pooling were.

    Attributes:
        upper: (N, h, w, C) bool: the maximum is in the upper row of its window.
        upper_left: (N, h, w, C) bool: the greater of the upper row is its left one.
        lower_left: (N, h, w, C) bool: the greater of the lower row is its left one.
        height, width: of what was pooled, in pixels; an odd last row or column belongs to no window.
    """

    upper: Tensor
    upper_left: Tensor
    lower_left: Tensor
    height: int
    width: int


def pooled(features: Tensor) -> tuple[Tensor, Switches]:
    """The maxima of each 2×2 window of (N, C, H, W) `features` as (N, C, H // 2, W // 2), and where they were.

    The first of equal ones counts, row by row, as in torch.
    """
    pixels = features.permute(0, 2, 3, 1)
    height, width = features.shape[2:]
    rows, columns = height // 2 * 2, width // 2 * 2
    (a, b), (c, d) = ((pixels[:, row:rows:2, 0:columns:2], pixels[:, row:rows:2, 1:columns:2]) for row in range(2))
    upper, lower = torch.maximum(a, b), torch.maximum(c, d)
    switches = Switches(upper >= lower, a >= b, c >= d, height, width)
    return torch.maximum(upper, lower).permute(0, 3, 1, 2), switches


def unpooled(features: Tensor, switches: Switches) -> Tensor:
    """(N, C, h, w) `features` at the places of the maxima in (N, C, H, W), channels last; all else is 0."""
    values = features.permute(0, 2, 3, 1)
    batch, rows, columns, channels = values.shape
    size = (batch, switches.height, switches.width, channels)
    covered = switches.height == 2 * rows and switches.width == 2 * columns
    full = (torch.empty if covered else torch.zeros)(size, dtype=features.dtype, device=features.device)
    upper = values * switches.upper
    for row, (half, left) in enumerate(((upper, switches.upper_left), (values - upper, switches.lower_left))):
        target = full[:, row : 2 * rows : 2]
        kept = half * left
        target[:, :, 0 : 2 * columns : 2] = kept
        torch.sub(half, kept, out=target[:, :, 1 : 2 * columns : 2])
    return full.permute(0, 3, 1, 2)
