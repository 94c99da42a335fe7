"""Images as a checkpoint's network is given them, and which way suits the images of a folder.

Owns reading and resizing of images with any number of channels. What the numbers become is `normalisation`'s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segstudio.core.errors import InputError, TrainingError, marked
from segstudio.project.samples import SampleKind, Samples, read_sample_kind
from segstudio_training.normalisation import FIXED, InputKind, Normalisation, full_range, measured

if TYPE_CHECKING:
    from segstudio_training.data.teaching_set import LabelSource

KINDS_ASKED = 400
"""So many images, evenly spread, are asked for their channels and bits."""
IMAGES_MEASURED = 64
"""The percentiles are taken over so many images, evenly spread, …"""
PIXELS_MEASURED = 20_000
"""… and over about so many pixels of each."""
MOST_TOGETHER = 4
"""OpenCV's operations take images of so many channels for certain."""


def read_input(source: LabelSource, name: str, normalisation: Normalisation) -> Samples:
    """(H, W, C) image `name` in the mask's frame, with the channels that `normalisation` speaks of.

    uint8 red, green and blue for a fixed one, the file's own type for a measured one.

    Raises:
        InputError: it cannot be read, or has fewer channels.
    """
    if not normalisation.is_measured:
        return source.read_image(name)
    return normalisation.fitted(source.read_samples(name), name)


def chosen_normalisation(source: LabelSource, names: Sequence[str], channels: Sequence[int] = ()) -> Normalisation:
    """What suits the images `names`: fixed where all have 8 bits and are grey or in colour, else measured over them.

    Where images differ in their number of channels, the network gets as many as most of them have.

    Args:
        source: the folder.
        names: the teaching images, at least one.
        channels: those that were asked for, counted from 0; empty: all. Asking for some always measures.

    Raises:
        InputError: an image cannot be read or has fewer channels, or a channel was asked for twice.
    """
    if len(set(channels)) < len(channels) or any(channel < 0 for channel in channels):
        raise InputError(marked("Name each channel once, counted from 0, as in --channels 0,3,4."))
    kinds = [read_sample_kind(source.image_path(name)) for name in _spread(names, KINDS_ASKED)]
    if not channels and all(kind.is_usual for kind in kinds):
        return FIXED
    count = len(channels) or commonest_channels(kinds)
    # Only to bring the images to the same channels; what is measured follows.
    shape = Normalisation((0.0,) * count, (1.0,) * count, InputKind.MEASURED, tuple(channels))
    parts = []
    for name in _spread(names, IMAGES_MEASURED):
        samples = shape.fitted(source.read_samples(name), name)
        flat = samples.reshape(-1, count)
        parts.append(flat[:: max(1, len(flat) // PIXELS_MEASURED)].astype(np.float32) / full_range(samples.dtype))
    return measured(np.concatenate(parts), tuple(channels))


def commonest_channels(kinds: Sequence[SampleKind]) -> int:
    """How many channels most of `kinds` have; of equally common numbers the greater."""
    counts = Counter(kind.channels for kind in kinds)
    return max(counts, key=lambda channels: (counts[channels], channels))


def kept_normalisation(start: Normalisation, channels: Sequence[int]) -> Normalisation:
    """That of the checkpoint a round starts from, which a round never changes.

    Raises:
        TrainingError: other `channels` are asked for.
    """
    if channels and tuple(channels) != start.channels:
        raise TrainingError(
            marked(
                "The checkpoint was taught on other channels than {channels}. "
                "Leave --channels out, or start without a checkpoint."
            ),
            channels=", ".join(map(str, channels)),
        )
    return start


def resized(image: Samples, size: tuple[int, int]) -> Samples:
    """(H, W, C) `image` reduced to `size` (width, height) by averaging areas."""
    return by_fours(lambda part: cv2.resize(part, size, interpolation=cv2.INTER_AREA), image)


def by_fours(operation: Callable[[Samples], Samples], image: Samples) -> Samples:
    """What OpenCV's `operation` makes of (H, W, C) `image`, whose channels it treats alike, a few at a time."""
    channels = image.shape[2]
    if channels in (3, MOST_TOGETHER):
        return operation(image)
    parts = [image[..., first : first + MOST_TOGETHER] for first in range(0, channels, MOST_TOGETHER)]
    # OpenCV drops the axis of a single channel.
    done = [operation(np.ascontiguousarray(part)) for part in parts]
    return np.concatenate([part if part.ndim == 3 else part[..., None] for part in done], axis=2)


def _spread(names: Sequence[str], most: int) -> list[str]:
    """At most `most` of `names`, evenly spread."""
    count = min(most, len(names))
    return [names[position * len(names) // count] for position in range(count)]
