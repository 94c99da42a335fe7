"""How an image becomes the numbers that a network sees. Kept in the checkpoint; numpy only.

Two kinds. FIXED is the image as it is shown, 8-bit red, green and blue (grey repeated, deeper images stretched), with
ImageNet's mean and deviation. MEASURED takes the file's own channels: each is a share of the full range of its type, so
that an image of 16 bits and its copy of 8 bits give the same, less an offset and over a scale that were measured once,
over the teaching images.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from segstudio.core.errors import InputError, marked
from segstudio.project.samples import Samples

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

LOW, HIGH = 1.0, 99.0
"""Percentiles of a channel's values that are measured."""
REACH = 2.0
"""These percentiles become -REACH and REACH: about what ImageNet's mean and deviation make of black and white, which
encoder weights taken over from elsewhere expect."""
LIMIT = 3 * REACH
"""What lies further out (a hot pixel, a cut-off highlight) is cut to this."""
_LUMA = np.array((0.299, 0.587, 0.114), np.float32)
"""ITU-R BT.601, as Pillow's and OpenCV's grey."""


class InputKind(Enum):
    """Which of the two ways; see the module."""

    FIXED = "fixed"
    MEASURED = "measured"


@dataclass(frozen=True)
class Normalisation:
    """``(share - mean) / std`` per channel, the share (0 to 1) being the value over the full range of its type.

    Attributes:
        mean, std: one number a channel that the network sees.
        kind: what the channels are.
        channels: the file's channels that were chosen, counted from 0, in this order; empty: those that there are.
            Of FIXED always empty.
    """

    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    kind: InputKind = InputKind.FIXED
    channels: tuple[int, ...] = ()

    @property
    def is_measured(self) -> bool:
        """Whether the file's own channels are taken."""
        return self.kind is InputKind.MEASURED

    @property
    def count(self) -> int:
        """How many channels the network sees."""
        return len(self.mean)

    def fitted(self, samples: Samples, name: str) -> Samples:
        """`samples` (H, W, C) of image `name` with the channels that the network sees; of MEASURED only.

        Chosen channels are taken. Where none were chosen, a grey image is repeated for a network of three, a colour
        image is made grey (luma) for a network of one, and of other images with more channels the first ones count.

        Raises:
            InputError: it has fewer channels.
        """
        there = samples.shape[2]
        if self.channels:
            if max(self.channels) < there:
                return np.ascontiguousarray(samples[..., list(self.channels)])
        elif there == 1 and self.count == 3:
            return np.repeat(samples, 3, axis=2)
        elif there == 3 and self.count == 1:
            grey = (samples @ _LUMA)[..., None]
            return (grey if samples.dtype == np.float32 else np.rint(grey)).astype(samples.dtype)
        elif there >= self.count:
            return np.ascontiguousarray(samples[..., : self.count])
        raise InputError(
            marked(
                'The image "{name}" has {there} channels, and the network wants {wanted}. '
                "Remove the image, or train a network on the channels that all images have."
            ),
            name=name,
            there=there,
            wanted=", ".join(map(str, self.channels)) if self.channels else self.count,
        )

    def applied(self, samples: Samples) -> npt.NDArray[np.float32]:
        """What the network sees of `samples` (H, W, C), which are `fitted`, cut to ±`LIMIT`; of MEASURED only."""
        mean, std = (np.array(values, np.float32) for values in (self.mean, self.std))
        seen = (samples.astype(np.float32) / full_range(samples.dtype) - mean) / std
        return np.clip(seen, -LIMIT, LIMIT, out=seen)


FIXED = Normalisation()


def full_range(dtype: np.dtype[np.generic]) -> np.float32:
    """What counts as 1: the highest value of an integer type; floats stand for themselves."""
    return np.float32(np.iinfo(dtype.str).max if np.issubdtype(dtype, np.integer) else 1)


def measured(values: npt.NDArray[np.float32], channels: tuple[int, ...] = ()) -> Normalisation:
    """The normalisation that suits `values` (N, C), shares of the full range; `channels` as there.

    A channel of one value only is let through unscaled.
    """
    low, high = np.percentile(values, (LOW, HIGH), axis=0)
    span = np.where(high > low, high - low, 1.0)
    mean, std = (low + high) / 2, span / (2 * REACH)
    return Normalisation(tuple(map(float, mean)), tuple(map(float, std)), InputKind.MEASURED, channels)
