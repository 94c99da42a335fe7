"""Joint augmentation of an image and its label map: scale, crop, flip, colour.

The random numbers are drawn from a generator of our own, because torchvision's transform classes draw from torch's
global one, which a thread that works ahead would share with the network's dropout: two runs of one seed would differ.
The operations are torchvision v2's and tell image from mask by their tv_tensor class.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torchvision import tv_tensors
from torchvision.transforms.v2 import functional

from segstudio.core.class_table import VOID
from segstudio_training.data.teaching_set import Sample

CROP_DRAWS = 4
"""Where a crop is all void, so many others are tried."""
MOST_OFF_CENTRE = 0.25
"""What a crop is aimed at lies at most this share of its side away from its middle."""


@dataclass(frozen=True)
class Augmentation:
    """How far images are varied.

    Attributes:
        scale: least and greatest magnification of a crop against the working size.
        aspect: greatest stretch of one side against the other, as a factor.
        brightness, contrast, saturation: greatest deviation of each factor from 1.
        gamma: greatest deviation of the exponent from 1.
        flip: probability of mirroring left and right.
    """

    scale: tuple[float, float] = (0.6, 1.1)
    aspect: float = 1.15
    brightness: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.3
    gamma: float = 0.2
    flip: float = 0.5


def augmented(
    sample: Sample,
    crop: tuple[int, int],
    random: np.random.Generator,
    how: Augmentation,
    around: tuple[int, int] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """One varied crop: (3, h, w) uint8 image and (h, w) uint8 labels, (h, w) = `crop`.

    Where `around` (row, column) is given, the crop holds that pixel near its middle, as far as the image allows.
    """
    top, left, height, width = _crop_box(sample, crop, random, how, around)
    # Cut before wrapping: the resize then touches the crop only.
    image = tv_tensors.Image(torch.from_numpy(sample.image[top : top + height, left : left + width]).permute(2, 0, 1))
    labels = tv_tensors.Mask(torch.from_numpy(sample.labels[top : top + height, left : left + width])[None])
    image = functional.resize(image, list(crop), antialias=True)
    labels = functional.resize(labels, list(crop))
    if random.random() < how.flip:
        image, labels = functional.horizontal_flip(image), functional.horizontal_flip(labels)
    image = functional.adjust_brightness(image, 1 + how.brightness * random.uniform(-1, 1))
    image = functional.adjust_contrast(image, 1 + how.contrast * random.uniform(-1, 1))
    image = functional.adjust_saturation(image, 1 + how.saturation * random.uniform(-1, 1))
    image = functional.adjust_gamma(image, 1 + how.gamma * random.uniform(-1, 1))
    return image.as_subclass(torch.Tensor), labels.as_subclass(torch.Tensor)[0]


def _crop_box(
    sample: Sample,
    crop: tuple[int, int],
    random: np.random.Generator,
    how: Augmentation,
    around: tuple[int, int] | None,
) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a box inside the image, with labelled pixels where a few draws find any."""
    rows, columns = sample.labels.shape
    box = (0, 0, rows, columns)
    for _ in range(CROP_DRAWS):
        zoom = math.exp(random.uniform(math.log(how.scale[0]), math.log(how.scale[1])))
        stretch = math.sqrt(math.exp(random.uniform(-1, 1) * math.log(how.aspect)))
        height, width = crop[0] / zoom * stretch, crop[1] / zoom / stretch
        # A box larger than the image shrinks as a whole, which keeps its shape.
        shrink = min(1.0, rows / height, columns / width)
        tall, wide = max(1, int(height * shrink)), max(1, int(width * shrink))
        if around is None:
            top, left = int(random.integers(rows - tall + 1)), int(random.integers(columns - wide + 1))
        else:
            top = _start_around(around[0], tall, rows, random)
            left = _start_around(around[1], wide, columns, random)
        box = (top, left, tall, wide)
        if (sample.labels[top : top + tall, left : left + wide] != VOID).any():
            break
    return box


def _start_around(middle: int, side: int, length: int, random: np.random.Generator) -> int:
    """Where a crop of `side` pixels begins so that `middle` lies in its middle half, or as near as `length` allows."""
    start = middle - side // 2 + round(random.uniform(-MOST_OFF_CENTRE, MOST_OFF_CENTRE) * side)
    return min(max(start, 0), length - side)
