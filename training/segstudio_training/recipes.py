"""Named ways of teaching, in one table: what ``--recipe`` may name. "default" is what a round does by itself.

The plain ones are loops as people write them first, kept to be compared with: whole images at three quarters of their
size (crops of that area where images are larger), mirrored and no further varied, AdamW at a constant 1e-3, the last
weights, class weights uncapped and not taken back at prediction, borders as the network draws them. The tuned plain
one has what such loops get next: an average of the weights, a rate that falls by a cosine, colours varied, and crops of
45 to 100 % of the image shrunk to half its area.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from segstudio.core.errors import InputError, marked
from segstudio_training.class_weights import DEFAULT_RULE
from segstudio_training.data.augment import Augmentation
from segstudio_training.engine import Optimizer, Schedule
from segstudio_training.job import Recipe
from segstudio_training.losses import DEFAULT_LOSS
from segstudio_training.reading import Reading
from segstudio_training.rounds import AS_PROPOSED


@dataclass(frozen=True)
class Teaching:
    """A recipe with what belongs to it.

    Attributes:
        recipe: how the network is taught.
        class_weights, loss: rows of `RULES` and `LOSSES`.
        reading: how its proposals are read off where it is simulated.
    """

    recipe: Recipe = field(default_factory=Recipe)
    class_weights: str = DEFAULT_RULE
    loss: str = DEFAULT_LOSS
    reading: Reading = AS_PROPOSED


PLAIN = Recipe(
    working_scale=0.75,
    crop_pixels=360 * 270,
    batch_size=4,
    rate=1e-3,
    continued_rate=1e-3,
    most_over_least=math.inf,
    prior_returned=0.0,
    augmentation=Augmentation(scale=(1.0, 1.0), aspect=1.0, brightness=0, contrast=0, saturation=0, gamma=0),
    averaged=False,
    schedule=Schedule.CONSTANT,
    optimizer=Optimizer.ADAMW,
)

TUNED_PLAIN = replace(
    PLAIN,
    crop_pixels=256 * 192,
    augmentation=Augmentation(scale=(0.71, 1.06), aspect=1.0, brightness=0.2, contrast=0.2, saturation=0, gamma=0.2),
    averaged=True,
    schedule=Schedule.COSINE,
)

_PLAIN_READING = replace(AS_PROPOSED, follow_edges=False)

DEFAULT = "default"
RECIPES: dict[str, Teaching] = {
    DEFAULT: Teaching(),
    "plain": Teaching(PLAIN, "none", "cross_entropy", _PLAIN_READING),
    "plain_median": Teaching(PLAIN, "median_frequency", "cross_entropy", _PLAIN_READING),
    "plain_sqrt_median": Teaching(PLAIN, "sqrt_median_frequency", "cross_entropy", _PLAIN_READING),
    "plain_tuned": Teaching(TUNED_PLAIN, "sqrt_median_frequency", "cross_entropy", _PLAIN_READING),
}


def teaching_called(name: str) -> Teaching:
    """The row of `RECIPES` called `name`.

    Raises:
        InputError: there is none of that name.
    """
    if name not in RECIPES:
        raise InputError(
            marked('There is no recipe called "{name}". Choose one of: {known}.'), name=name, known=", ".join(RECIPES)
        )
    return RECIPES[name]
