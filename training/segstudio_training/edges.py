"""Class probabilities drawn to the edges that the image has: the network sees images small, so its borders are blurred.

A fast guided filter (He, Sun, Tang, "Guided Image Filtering", IEEE TPAMI 35, 2013, equations 19 to 21, for a guide of
several channels; He, Sun, "Fast Guided Filter", arXiv 1505.00996, 2015, for coefficients found on a coarse grid and
applied on a fine one): around each place the probability of a class is taken for a linear function of the image's
channels, found by least squares. Where the image has an edge the probability gets it too; where it has none nothing is
sharpened, and what is scattered is smoothed. The filter is linear and leaves a constant as it is, so that the
probabilities still add up to 1, though some may lie a little outside 0 to 1.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Floats = npt.NDArray[np.float32]

RADIUS_SHARE = 10 / 256
"""Of the longer side: how far to either side of a place the linear function is fitted."""
COARSE_SIDE = 128
"""Pixels of the longer side on which the coefficients are found, about."""
EPSILON = 2e-3
"""What the image's variance must exceed for an edge to count; the image in the network's units, black to white about 4.
In units of black to white that is a deviation of some 1 %."""
MOST_VALUES = 4_000_000
"""Coefficients are enlarged for a few classes at a time: so many values (float32), to bound memory."""
MOST_CHANNELS = 3
"""An image of more channels guides by their mean."""


def along_edges(probabilities: Tensor, guide: Floats, longer_side: int) -> Tensor:
    """(C, H, W) float32: `probabilities` enlarged to the guide's size, with its edges.

    Args:
        probabilities: (C, h, w) float32 on the CPU.
        guide: (H, W, K) the image as the network sees it, at least as large, of the same part of the scene.
        longer_side: of the whole image, in pixels of `probabilities`, of which they may be a tile.
    """
    planes = guide.transpose(2, 0, 1)
    if len(planes) > MOST_CHANNELS:
        planes = planes.mean(axis=0, keepdims=True)
    planes = np.ascontiguousarray(planes)
    coarse = max(1, round(longer_side / COARSE_SIDE))
    height, width = (max(1, round(side / coarse)) for side in probabilities.shape[1:])
    radius = max(1, round(RADIUS_SHARE * longer_side / coarse))
    coefficients = _coefficients(_shrunk(probabilities.numpy(), height, width), _shrunk(planes, height, width), radius)
    return _applied(coefficients, torch.from_numpy(planes))


def _coefficients(probabilities: Tensor, guide: Tensor, radius: int) -> Tensor:
    """(K + 1, C, h, w): for each place a factor for each of the guide's channels, and last what is added.

    Args:
        probabilities: (C, h, w).
        guide: (K, h, w).
        radius: of the square window, in pixels.
    """
    mean_guide, mean = _mean_around(guide, radius), _mean_around(probabilities, radius)
    # (K, K, h, w) variance of the guide in the window, and (K, C, h, w) its covariance with the probabilities.
    variance = _mean_around(guide[:, None] * guide, radius).sub_(mean_guide[:, None] * mean_guide)
    variance.diagonal(dim1=0, dim2=1).add_(EPSILON)
    covariance = _mean_around(guide[:, None] * probabilities, radius).sub_(mean_guide[:, None] * mean)
    factors = _solved(variance, covariance)
    added = mean - (factors * mean_guide[:, None]).sum(dim=0)
    return _mean_around(torch.cat([factors, added[None]]), radius)


def _shrunk(planes: Floats, height: int, width: int) -> Tensor:
    """(N, h, w) of (N, H, W): each pixel the mean of those that it covers."""
    small = [cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) for plane in planes]
    return torch.from_numpy(np.stack(small))


def _mean_around(values: Tensor, radius: int) -> Tensor:
    """The mean over a square window of (..., h, w) `values`, mirrored at the borders."""
    height, width = values.shape[-2:]
    # OpenCV mirrors once: a window may not reach beyond the mirror image.
    window = 2 * min(radius, width - 1) + 1, 2 * min(radius, height - 1) + 1
    means = torch.empty_like(values)
    planes = values.reshape(-1, height, width).numpy()
    for plane, mean in zip(planes, means.view(-1, height, width).numpy(), strict=True):
        cv2.blur(plane, window, dst=mean, borderType=cv2.BORDER_REFLECT)
    return means


def _solved(matrices: Tensor, right: Tensor) -> Tensor:
    """x of ``matrices @ x = right``, (K, K, h, w) positive definite and (K, C, h, w); both are overwritten.

    Gauss's elimination over all places at once: K is at most three, and a library's solver goes place by place.
    """
    for row in range(len(right)):
        pivot = matrices[row, row].reciprocal()
        matrices[row].mul_(pivot)
        right[row].mul_(pivot)
        for other in range(len(right)):
            if other != row:
                factor = matrices[other, row].clone()
                matrices[other].addcmul_(factor, matrices[row], value=-1)
                right[other].addcmul_(factor, right[row], value=-1)
    return right


def _applied(coefficients: Tensor, guide: Tensor) -> Tensor:
    """(C, H, W): the (K + 1, C, h, w) `coefficients` enlarged to the (K, H, W) guide, and taken to it."""
    (channels, *size), classes = guide.shape, coefficients.shape[1]
    result = torch.empty(classes, *size)
    together = max(1, MOST_VALUES // ((channels + 1) * size[0] * size[1]))
    for first in range(0, classes, together):
        part = slice(first, first + together)
        large = nn.functional.interpolate(coefficients[:, part], size, mode="bilinear", align_corners=False)
        torch.addcmul(large[-1], large[0], guide[0], out=result[part])
        for factors, channel in zip(large[1:-1], guide[1:], strict=True):
            result[part].addcmul_(factors, channel)
    return result
