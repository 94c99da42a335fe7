"""Which image comes at which place of the stream of crops, and what a crop is aimed at.

A place is the number of a crop, counted from the first step on. Everything follows from seed and place alone, so that
a thread may work ahead and a stopped round goes on as if it had not been stopped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segstudio_training.class_weights import Frequencies, class_weights
from segstudio_training.data.teaching_set import ClassPlaces

MOST_DRAWN = 20.0
"""A rare class is aimed at at most so many times as often as the most frequent one."""
PASS, VARIATION, AIM, POOLED_PASS = 1, 2, 3, 4
"""What a stream of random numbers is for, beside the seed."""


@dataclass(frozen=True)
class Turn:
    """One crop to be cut.

    Attributes:
        image: position in the teaching set.
        around: (row, column) at working size that the crop shall hold near its middle; None for anywhere.
    """

    image: int
    around: tuple[int, int] | None = None


@dataclass(frozen=True)
class Turns:
    """The order of images.

    With the defaults every image comes once before any comes again, in an order drawn anew for each pass.

    Attributes:
        images: size of the teaching set.
        seed: of the round.
        fresh: positions of the images that the network has not learnt from before.
        fresh_share: share (0 to 1) of the crops that are cut from `fresh` images, evenly spread over the places: few
            new images are not drowned by many old ones, and old ones are replayed beside them. Fresh and old each have
            passes of their own then. 0, or nothing fresh, or nothing else: all images have common passes.
        rare: where rare classes are, to aim crops at; None aims at nothing.
        rare_share: share (0 to 1) of the crops that are aimed. The image whose turn it was is passed over for the one
            that shows the class.
    """

    images: int
    seed: int
    fresh: Sequence[int] = ()
    fresh_share: float = 0.0
    rare: RareClasses | None = None
    rare_share: float = 0.0

    def at(self, place: int) -> Turn:
        """What comes at `place`."""
        if self.rare is not None and self.rare_share > 0:
            random = np.random.default_rng((self.seed, AIM, place))
            if random.random() < self.rare_share:
                return self.rare.drawn(random)
        return Turn(self._in_turn(place))

    def _in_turn(self, place: int) -> int:
        fresh = sorted(set(self.fresh))
        if not self.fresh_share or not fresh or len(fresh) == self.images:
            one_pass, position = divmod(place, self.images)
            return int(np.random.default_rng((self.seed, PASS, one_pass)).permutation(self.images)[position])
        before = math.floor(place * self.fresh_share)
        is_fresh = math.floor((place + 1) * self.fresh_share) > before
        pool = fresh if is_fresh else sorted(set(range(self.images)).difference(fresh))
        one_pass, position = divmod(before if is_fresh else place - before, len(pool))
        order = np.random.default_rng((self.seed, POOLED_PASS, int(is_fresh), one_pass)).permutation(len(pool))
        return pool[int(order[position])]


class RareClasses:
    """Draws a class, the rarer the likelier, then an image that shows it, then a pixel of it.

    A class is drawn with probability inverse to its frequency, with a cap at `MOST_DRAWN` times the most frequent
    class's, so that a class of a few stray pixels does not take all crops.

    Args:
        places: per position of the teaching set, pixels of each class in it (`TeachingSet.class_places`).
        frequencies: (C,) as `class_frequencies` gives them; a class of frequency 0 is never drawn.
    """

    def __init__(self, places: Mapping[int, ClassPlaces], frequencies: Frequencies) -> None:
        self._places = places
        likelihoods = class_weights("median_frequency", frequencies, MOST_DRAWN)
        holders = [
            [image for image, of_image in places.items() if index in of_image] for index in range(len(likelihoods))
        ]
        self._holders = {index: images for index, images in enumerate(holders) if images and likelihoods[index] > 0}
        self._classes = list(self._holders)
        drawn = likelihoods[self._classes]
        self._likelihoods: npt.NDArray[np.float64] = drawn / drawn.sum()

    def drawn(self, random: np.random.Generator) -> Turn:
        """An image and a pixel in it."""
        index = int(random.choice(self._classes, p=self._likelihoods))
        holders = self._holders[index]
        image = holders[int(random.integers(len(holders)))]
        pixels = self._places[image][index]
        row, column = pixels[int(random.integers(len(pixels)))]
        return Turn(image, (int(row), int(column)))
