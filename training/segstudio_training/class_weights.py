"""How much each class weighs in the loss, by the share of the accepted pixels that it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID
from segstudio.core.errors import InputError, marked

Frequencies = npt.NDArray[np.float64]
DEFAULT_RULE = "sqrt_median_frequency"
MOST_OVER_LEAST = 10.0
"""The cap: no class weighs more than so many times the lightest one."""
BETA = 0.999
"""β of the effective number: what a class shows beyond about 1 / (1 - β) = 1,000 samples is taken to be repetition."""
IMAGE_SAMPLES = 20_000
"""So many samples are counted in an image: its pixels at about 160×120."""


def class_frequencies(label_maps: Iterable[npt.NDArray[np.uint8]], num_classes: int) -> Frequencies:
    """(C,) frequency of each class: its pixels over the labelled pixels of the images that contain it.

    Source: Eigen & Fergus, "Predicting Depth, Surface Normals and Semantic Labels with a Common Multi-Scale
    Convolutional Architecture", ICCV 2015, section 6.3. Void counts neither above nor below the line; an absent class
    has frequency 0.
    """
    pixels = np.zeros(num_classes, dtype=np.float64)
    of_images = np.zeros(num_classes, dtype=np.float64)
    for labels in label_maps:
        counts = np.bincount(labels.ravel(), minlength=VOID + 1)[:num_classes].astype(np.float64)
        pixels += counts
        of_images += np.where(counts > 0, counts.sum(), 0.0)
    return np.divide(pixels, of_images, out=np.zeros(num_classes), where=of_images > 0)


def _none(frequencies: Frequencies) -> Frequencies:
    return np.where(frequencies > 0, 1.0, 0.0)


def _median_frequency(frequencies: Frequencies) -> Frequencies:
    present = frequencies > 0
    median = float(np.median(frequencies[present])) if present.any() else 0.0
    return np.divide(median, frequencies, out=np.zeros_like(frequencies), where=present)


def _sqrt_median_frequency(frequencies: Frequencies) -> Frequencies:
    return np.sqrt(_median_frequency(frequencies))


def _effective_number(frequencies: Frequencies) -> Frequencies:
    """Weights ``(1 - β) / (1 - β^n)``, of mean 1 over the classes present.

    Source: Cui et al., "Class-Balanced Loss Based on Effective Number of Samples", CVPR 2019, equations 2 to 4.

    There n counts labelled images. Here it counts pixels, because in scenes nearly every class is in nearly every
    image, and counting images would weigh all alike: the class's pixels in an average image that contains it, were the
    image `IMAGE_SAMPLES` large. Not all pixels of all images, because these repeat each other: every class has far more
    than 1 / (1 - β) of them, which would again weigh all alike. So the weights depend neither on the size nor on the
    number of images. Classes above 10 % of the pixels weigh nearly the same, those far below 5 % inversely to their
    share.
    """
    present = frequencies > 0
    effective = -np.expm1(frequencies * IMAGE_SAMPLES * np.log(BETA))
    weights = np.divide(1 - BETA, effective, out=np.zeros_like(frequencies), where=present)
    return weights / weights[present].mean() if present.any() else weights


def score_offsets(weights: Frequencies, share: float) -> Frequencies:
    """(C,) what to take from the class scores to forget `share` of the weights at prediction; below 0: to heed them.

    A loss weighted by w teaches probabilities proportional to w·p: rare classes are learnt well and claimed too often.
    Taking ``share · log w`` from the scores moves back towards p, after training and at no cost (Menon et al.,
    "Long-tail Learning via Logit Adjustment", ICLR 2021, turned round). Classes of weight 0 are left as they are.
    """
    return share * np.log(np.where(weights > 0, weights, 1.0))


RULES: dict[str, Callable[[Frequencies], Frequencies]] = {
    "none": _none,
    "median_frequency": _median_frequency,
    "sqrt_median_frequency": _sqrt_median_frequency,
    "effective_number": _effective_number,
}


def class_weights(rule: str, frequencies: Frequencies, cap: float = MOST_OVER_LEAST) -> Frequencies:
    """(C,) weights by `rule`; absent classes weigh 0, and none weighs more than `cap` times the lightest.

    Raises:
        InputError: there is no such rule.
    """
    if rule not in RULES:
        raise InputError(
            marked('There is no class weight rule called "{name}". Choose one of: {known}.'),
            name=rule,
            known=", ".join(RULES),
        )
    weights = RULES[rule](frequencies)
    present = weights > 0
    if present.any():
        weights = np.minimum(weights, cap * weights[present].min())
    return weights
