"""How far two checkpoints differ on the same images, with an interval that says how much of it may be chance.

Owns the resampling. Both checkpoints are scored on one list of images; groups of neighbouring images are drawn with
replacement, the same ones for both (a paired cluster bootstrap), and what the scores differ by is taken anew for each
draw. Images of one group rise and fall together, so they are drawn together. Source: Efron, Tibshirani, "An
Introduction to the Bootstrap", 1993, chapters 8 and 13; Davison, Hinkley, "Bootstrap Methods and their Application",
1997, section 3.8, for drawing groups.

With few groups the plain percentile interval is too narrow; the percentiles are moved outwards as Student's t asks
for ("expanded percentile interval": Hesterberg, "What Teachers Should Know About the Bootstrap", The American
Statistician 69, 2015). An interval always holds the difference that was measured.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from segstudio_training.metrics import tallied_iou

Tallies = npt.NDArray[np.int64]

LEVEL = 0.9
"""The share of such intervals that hold the true difference. Of the classes' intervals: the share of comparisons in
which all of them do (Bonferroni), for of many classes one seems to have fallen nearly every time."""
RESAMPLES = 4000

_BLOCK_VALUES = 4_000_000
"""Resamples are made in blocks of so many numbers, to bound the memory."""


@dataclass(frozen=True)
class Difference:
    """New minus old, as a fraction: what was measured, and between what it may lie."""

    low: float
    measured: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """What two checkpoints differ by.

    Attributes:
        miou: of the mean IoU.
        per_class: of the IoU of each class that the truth has, by its index.
        groups: how many groups of neighbouring images there are.
        groups_with: in how many of them the truth has the class, by its index.
    """

    miou: Difference
    per_class: dict[int, Difference]
    groups: int
    groups_with: dict[int, int]


def compare(old: Tallies, new: Tallies, groups: Sequence[int], names: Sequence[str]) -> Comparison:
    """What `new` differs by from `old`, both (N, 3, C) as `Scores.tallies` over the same images, at least one.

    Args:
        old, new: one tally an image.
        groups: the group of each image, 0 to G - 1.
        names: the images; they alone seed the draws, so that the same images always give the same draws.
    """
    if old.shape != new.shape or len(groups) != len(old):
        raise ValueError(f"tallies of {old.shape} and {new.shape} for {len(groups)} images are not of the same images")
    both = np.stack([_by_group(old, groups), _by_group(new, groups)], axis=1)  # (G, 2, 3, C)
    count = len(both)
    measured = _differences(both.sum(axis=0)[None])[0]  # (1 + C,): of the mean, then of each class
    drawn = _drawn(both, _seed(names))
    groups_with = (both[:, 0, 1] > 0).sum(axis=0)
    present = [index for index in range(old.shape[2]) if groups_with[index]]
    each = 1 - (1 - LEVEL) / max(1, len(present))
    return Comparison(
        miou=_interval(measured[0], drawn[:, 0], count, LEVEL),
        per_class={
            index: _interval(measured[1 + index], drawn[:, 1 + index], groups_with[index], each) for index in present
        },
        groups=count,
        groups_with={index: int(groups_with[index]) for index in present},
    )


def _by_group(tallies: Tallies, groups: Sequence[int]) -> Tallies:
    summed = np.zeros((max(groups) + 1, *tallies.shape[1:]), dtype=np.int64)
    np.add.at(summed, np.asarray(groups), tallies)
    return summed


def _drawn(both: Tallies, seed: int) -> npt.NDArray[np.float64]:
    """(RESAMPLES, 1 + C) differences of as many draws of groups."""
    count = len(both)
    times = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    flat = both.reshape(count, -1).astype(np.float64)  # counts of pixels stay exact, and floats multiply faster
    rows = max(1, _BLOCK_VALUES // flat.shape[1])
    blocks = [times[start : start + rows] @ flat for start in range(0, RESAMPLES, rows)]
    return np.concatenate([_differences(block.reshape(-1, *both.shape[1:])) for block in blocks])


def _differences(both: npt.NDArray[np.number]) -> npt.NDArray[np.float64]:
    """(R, 1 + C) of tallies (R, 2, 3, C): what the mean IoU and each class's IoU differ by, NaN for absent classes."""
    iou = tallied_iou(both)
    by_class = iou[:, 1] - iou[:, 0]
    # Old and new have the same truth, so the same classes are absent from both.
    present = ~np.isnan(by_class)
    mean = np.where(present, by_class, 0.0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    return np.concatenate([mean[:, None], by_class], axis=1)


def _interval(measured: float, drawn: npt.NDArray[np.float64], groups: int, level: float) -> Difference:
    values = drawn[~np.isnan(drawn)]
    tail = _tail(groups, level)
    low, high = np.quantile(values, [tail, 1 - tail]) if values.size else (measured, measured)
    return Difference(min(float(low), float(measured)), float(measured), max(float(high), float(measured)))


def _tail(groups: int, level: float) -> float:
    """The share of the draws to leave out at either end, for `groups` groups."""
    if groups < 2:
        return 0.0
    normal = NormalDist()
    return normal.cdf(-math.sqrt(groups / (groups - 1)) * _student(normal.inv_cdf(0.5 + level / 2), groups - 1))


def _student(z: float, freedom: int) -> float:
    """The quantile of Student's t that belongs to the normal quantile `z`: Abramowitz, Stegun, formula 26.7.5."""
    return (
        z
        + (z**3 + z) / (4 * freedom)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * freedom**3)
    )


def _seed(names: Sequence[str]) -> int:
    digest = hashlib.sha256("\n".join(sorted(names)).encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")
