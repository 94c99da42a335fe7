"""Joint augmentation of an image and its label map: scale, rotation, crop, flip, colour, blur and noise.

The random numbers are drawn from a generator of our own, because torchvision's transform classes draw from torch's
global one, which a thread that works ahead would share with the network's dropout: two runs of one seed would differ.
The operations are torchvision v2's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torchvision import tv_tensors
from torchvision.transforms.v2 import InterpolationMode, functional

from segstudio.core.class_table import VOID
from segstudio.core.errors import InputError, marked
from segstudio.project.samples import Samples
from segstudio_training.data.inputs import by_fours
from segstudio_training.data.teaching_set import Pixels, Sample
from segstudio_training.normalisation import LIMIT, REACH

CROP_DRAWS = 4
"""Where a crop is all void, so many others are tried; then one is cut around a labelled pixel."""
MOST_OFF_CENTRE = 0.25
"""What a crop is aimed at lies at most this share of its side away from its middle."""

BLUR_SIDE = 5
"""Pixels of the blur's kernel: enough for standard deviations up to 1."""


@dataclass(frozen=True)
class Augmentation:
    """How far images are varied. What is 0 is not done.

    Attributes:
        scale: least and greatest magnification of a crop against the working size. What is left free around an image
            made smaller than the crop is void.
        aspect: greatest stretch of one side against the other, as a factor.
        brightness, contrast, saturation: greatest deviation of each factor from 1.
        gamma: greatest deviation of the exponent from 1.
        flip: probability of mirroring left and right.
        rotation: greatest turn to either side, in degrees; corners that come from outside the crop are void.
        channel_gain: greatest deviation of each colour channel's factor from 1, as another light has it.
        hue: greatest turn of the hues, as a share (0 to 0.5) of the colour circle; greys stay.
        blur: greatest standard deviation of a Gaussian blur, in pixels.
        noise: greatest standard deviation of Gaussian noise, in grey levels of 255.
    """

    scale: tuple[float, float] = (1.0, 1.2)
    aspect: float = 1.05
    brightness: float = 0.1
    contrast: float = 0.1
    saturation: float = 0.1
    gamma: float = 0.05
    flip: float = 0.5
    rotation: float = 0.0
    channel_gain: float = 0.0
    hue: float = 0.0
    blur: float = 0.0
    noise: float = 0.0


AUGMENTATIONS: dict[str, Augmentation] = {
    "none": Augmentation(
        scale=(1.0, 1.0), aspect=1.0, brightness=0.0, contrast=0.0, saturation=0.0, gamma=0.0, flip=0.0
    ),
    "light": Augmentation(scale=(1.0, 1.0), aspect=1.0, brightness=0.05, contrast=0.05, saturation=0.05, gamma=0.0),
    "standard": Augmentation(),
    "strong": Augmentation(
        scale=(0.5, 1.5),
        aspect=1.25,
        brightness=0.4,
        contrast=0.4,
        saturation=0.5,
        gamma=0.3,
        rotation=5.0,
        channel_gain=0.1,
        hue=0.03,
        blur=0.7,
        noise=6.0,
    ),
}
"""From the crop as it is to what many steps on few images need. A crop is still a part of the image in all of them."""


def augmentation_called(name: str) -> Augmentation:
    """The row of `AUGMENTATIONS` called `name`.

    Raises:
        InputError: there is none of that name.
    """
    if name not in AUGMENTATIONS:
        raise InputError(
            marked('There is no augmentation called "{name}". Choose one of: {known}.'),
            name=name,
            known=", ".join(AUGMENTATIONS),
        )
    return AUGMENTATIONS[name]


def augmented(
    sample: Sample,
    crop: tuple[int, int],
    random: np.random.Generator,
    how: Augmentation,
    around: tuple[int, int] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """One varied crop: (C, h, w) image of the sample's type and (h, w) uint8 labels, (h, w) = `crop`.

    Where `around` (row, column) is given, the crop holds that pixel near its middle, as far as the image allows.
    """
    top, left, height, width = _crop_box(sample, crop, random, how, around)
    # Cut before wrapping: what follows then touches the crop only.
    cut, mask = _cut(sample, top, left, height, width)
    if how.rotation:
        cut, mask = _rotated(cut, mask, how.rotation * random.uniform(-1, 1))
    image = tv_tensors.Image(torch.from_numpy(cut).permute(2, 0, 1))
    labels = torch.from_numpy(mask)[None]
    image = functional.resize(image, list(crop), antialias=True)
    # Exact: plain nearest neighbours would lie up to half a pixel beside the image's, which thin things do not survive.
    labels = functional.resize_image(labels, list(crop), interpolation=InterpolationMode.NEAREST_EXACT)
    if random.random() < how.flip:
        image, labels = functional.horizontal_flip(image), functional.horizontal_flip(labels)
    image = _recoloured(image, random, how) if image.dtype == torch.uint8 else _relit(image, random, how)
    return image.as_subclass(torch.Tensor), labels[0]


def _cut(sample: Sample, top: int, left: int, height: int, width: int) -> tuple[Samples, Pixels]:
    """Image and labels within a box; what it holds from outside the image is mirrored, and void."""
    rows, columns = sample.labels.shape
    inside = _inside(top, left, height, width)
    image, labels = sample.image[inside], sample.labels[inside]
    if labels.shape == (height, width):
        return image, labels
    rim = ((max(-top, 0), max(top + height - rows, 0)), (max(-left, 0), max(left + width - columns, 0)))
    return np.pad(image, (*rim, (0, 0)), mode="reflect"), np.pad(labels, rim, constant_values=VOID)


def _inside(top: int, left: int, height: int, width: int) -> tuple[slice, slice]:
    """The part of a box that is inside the image."""
    return slice(max(top, 0), top + height), slice(max(left, 0), left + width)


def _rotated(image: Samples, labels: Pixels, degrees: float) -> tuple[Samples, Pixels]:
    """(H, W, C) `image` and (H, W) `labels` turned about their middle; what comes from outside is mirrored and void."""
    height, width = labels.shape
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1.0)
    # Mirrored and not black, so that convolutions beside the void see no edge that no image has.
    linear, mirrored = cv2.INTER_LINEAR, cv2.BORDER_REFLECT_101
    turned = by_fours(
        lambda part: cv2.warpAffine(part, turn, (width, height), flags=linear, borderMode=mirrored), image
    )
    mask = cv2.warpAffine(
        labels, turn, (width, height), flags=cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT, borderValue=VOID
    )
    return turned, mask


def _recoloured(image: torch.Tensor, random: np.random.Generator, how: Augmentation) -> torch.Tensor:
    """(3, h, w) uint8 `image` in another light, as another camera sees it."""
    image = functional.adjust_brightness(image, 1 + how.brightness * random.uniform(-1, 1))
    image = functional.adjust_contrast(image, 1 + how.contrast * random.uniform(-1, 1))
    image = functional.adjust_saturation(image, 1 + how.saturation * random.uniform(-1, 1))
    image = functional.adjust_gamma(image, 1 + how.gamma * random.uniform(-1, 1))
    if how.hue or how.channel_gain:
        image = _tinted(image, how.hue * random.uniform(-1, 1), 1 + how.channel_gain * random.uniform(-1, 1, 3))
    image = _blurred(image, random, how.blur)
    if how.noise:
        grain = how.noise * random.uniform(0, 1) * random.standard_normal(tuple(image.shape), dtype=np.float32)
        image = (image + torch.from_numpy(grain.astype(np.float32))).round_().clamp_(0, 255).to(torch.uint8)
    return image


def _relit(image: torch.Tensor, random: np.random.Generator, how: Augmentation) -> torch.Tensor:
    """(C, h, w) float32 `image` in another light, for channels that need not be colours.

    Brightness, contrast and gamma as `_recoloured`, on the range that was measured (0 to 1 from its low to its high
    percentile) and the same for all channels, with gains of each channel, blur and noise; there is no saturation and no
    hue.
    """
    seen = image / (2 * REACH) + 0.5
    seen = seen * (1 + how.brightness * random.uniform(-1, 1))
    middle = seen.mean()
    seen = (seen - middle) * (1 + how.contrast * random.uniform(-1, 1)) + middle
    exponent = 1 + how.gamma * random.uniform(-1, 1)
    # Below the low percentile there is no power to be taken.
    seen = torch.where(seen > 0, seen.clamp_min(0) ** exponent, seen)
    if how.channel_gain:
        gains = 1 + how.channel_gain * random.uniform(-1, 1, len(seen))
        seen = seen * torch.from_numpy(gains).float()[:, None, None]
    seen = _blurred(seen, random, how.blur)
    if how.noise:
        grain = how.noise / 255 * random.uniform(0, 1) * random.standard_normal(tuple(seen.shape), dtype=np.float32)
        seen = seen + torch.from_numpy(grain.astype(np.float32))
    return ((seen - 0.5) * (2 * REACH)).clamp(-LIMIT, LIMIT)


def _blurred(image: torch.Tensor, random: np.random.Generator, most: float) -> torch.Tensor:
    """`image` blurred by at most `most` pixels; 0 draws nothing."""
    if not most:
        return image
    sigma = most * random.uniform(0, 1)
    # Below a quarter of a pixel there is nothing to see.
    return functional.gaussian_blur(image, [BLUR_SIDE, BLUR_SIDE], [sigma]) if sigma > 0.25 else image


def _tinted(image: torch.Tensor, hue: float, gains: npt.NDArray[np.float64]) -> torch.Tensor:
    """(3, h, w) uint8 `image` with its hues turned by `hue` of the colour circle and its channels times `gains`.

    The turn is about the grey axis of RGB, one matrix for hue and gains together: five times as fast as by way of HSV.
    """
    cosine, sine = math.cos(2 * math.pi * hue), math.sin(2 * math.pi * hue)
    along = (1 - cosine) / 3
    aside = sine / math.sqrt(3)
    turn = np.full((3, 3), along) + cosine * np.eye(3) + aside * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    matrix = torch.from_numpy(gains[:, None] * turn).float()
    tinted = (matrix @ image.flatten(1).float()).round_().clamp_(0, 255).to(torch.uint8)
    return tinted.view(image.shape)


def _crop_box(
    sample: Sample,
    crop: tuple[int, int],
    random: np.random.Generator,
    how: Augmentation,
    around: tuple[int, int] | None,
) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a box with labelled pixels, where there are any.

    It lies inside the image in each direction in which it is not larger than the image, and holds all of it otherwise.
    """
    rows, columns = sample.labels.shape
    box = (0, 0, rows, columns)
    for draw in range(CROP_DRAWS + 1):
        if draw == CROP_DRAWS:
            # Of a draft only the pixels that were touched have labels: perhaps a single stroke.
            labelled = np.flatnonzero(sample.labels != VOID)
            if not labelled.size:
                break
            pixel = int(labelled[random.integers(labelled.size)])
            around = (pixel // columns, pixel % columns)
        zoom = math.exp(random.uniform(math.log(how.scale[0]), math.log(how.scale[1])))
        stretch = math.sqrt(math.exp(random.uniform(-1, 1) * math.log(how.aspect)))
        height, width = crop[0] / zoom * stretch, crop[1] / zoom / stretch
        tall, wide = max(1, int(height)), max(1, int(width))
        if around is None:
            top = int(random.integers(min(rows - tall, 0), max(rows - tall, 0) + 1))
            left = int(random.integers(min(columns - wide, 0), max(columns - wide, 0) + 1))
        else:
            top = _start_around(around[0], tall, rows, random)
            left = _start_around(around[1], wide, columns, random)
        box = (top, left, tall, wide)
        if (sample.labels[_inside(*box)] != VOID).any():
            break
    return box


def _start_around(middle: int, side: int, length: int, random: np.random.Generator) -> int:
    """Where a crop of `side` pixels begins so that `middle` lies in its middle half, or as near as `length` allows."""
    start = middle - side // 2 + round(random.uniform(-MOST_OFF_CENTRE, MOST_OFF_CENTRE) * side)
    return min(max(start, min(0, length - side)), max(0, length - side))
