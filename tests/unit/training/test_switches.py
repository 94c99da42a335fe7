"""Pooling with switches and unpooling: the same values in the same places as torch's with indices."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from segstudio_training.networks.switches import pooled, unpooled

SIZES = [(2, 2), (8, 12), (9, 12), (8, 13), (33, 47)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.uint8])
@pytest.mark.parametrize("levels", [2, 4, 200])
def test_values_and_places_are_those_of_torch(size: tuple[int, int], dtype: torch.dtype, levels: int) -> None:
    random = torch.Generator().manual_seed(levels)
    # Few levels: most windows hold equal values, of which the first counts.
    features = torch.randint(0, levels, (2, 5, *size), generator=random).to(dtype)
    features = features.contiguous(memory_format=torch.channels_last)
    other = torch.randint(1, 200, (2, 5, size[0] // 2, size[1] // 2), generator=random).to(dtype)
    maxima, switches = pooled(features)
    wanted, index = functional.max_pool2d(features.float(), 2, 2, return_indices=True)
    assert maxima.dtype is dtype
    assert torch.equal(maxima.float(), wanted)
    back = unpooled(other, switches)
    assert back.dtype is dtype
    assert torch.equal(back.float(), functional.max_unpool2d(other.float(), index, 2, 2, output_size=size))
    assert back.is_contiguous(memory_format=torch.channels_last)
