"""Scoring a checkpoint on labelled images at their own size."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segstudio.project.images import upright
from segstudio.project.looks import Look
from segstudio.project.samples import Samples
from segstudio_training.data.teaching_set import LabelSource, read_pair
from segstudio_training.metrics import Scores
from segstudio_training.predictor import Predictor
from segstudio_training.reading import AS_TAUGHT, Reading

Cancel = Callable[[], bool]


@dataclass(frozen=True)
class ImageScores:
    """How one checkpoint does on each of some images, and on all of them.

    Attributes:
        class_names: the classes, in the order of the tallies.
        names: the images, in the order in which they were scored.
        looks: how each of them looks.
        tallies: (N, 3, C) int64 as `Scores.tallies`.
        result: the scores over all of them, by the keys of `Scores.result`.
    """

    class_names: tuple[str, ...]
    names: tuple[str, ...]
    looks: tuple[Look, ...]
    tallies: npt.NDArray[np.int64]
    result: dict[str, Any]


def score_images(
    predictor: Predictor,
    source: LabelSource,
    names: Sequence[str],
    boundary: bool = True,
    deadline: float | None = None,
    cancel: Cancel | None = None,
    reading: Reading = AS_TAUGHT,
) -> ImageScores:
    """Score images `names` one by one.

    Args:
        predictor: what to score; its classes are those of `source` (see `follow_classes`).
        source: the folder.
        names: images with a label map.
        boundary: False leaves the boundary score at 0 and saves its time.
        deadline: `time.monotonic()` value after which no further image is begun (at least one is scored).
        cancel: asked between the network's stages; `Cancelled` is raised where it says so.
        reading: as in `Predictor.predict`.
    """
    scores = Scores(source.classes.names)
    looks: list[Look] = []
    for position, name in enumerate(names):
        if position and deadline is not None and time.monotonic() > deadline:
            break
        pair = read_pair(source, name, predictor.checkpoint.normalisation)
        looks.append(_look(source, name, pair.image))
        found = predictor.predict(pair.image, reading, cancel=cancel)
        scores.update(pair.labels, found.labels, boundary)
    scored = tuple(names[: len(looks)])
    return ImageScores(tuple(source.classes.names), scored, tuple(looks), scores.tallies(), scores.result())


def _look(source: LabelSource, name: str, image: Samples) -> Look:
    """How the image looks to a person: `image` itself where that is what the network was given."""
    if image.dtype == np.uint8 and image.shape[2] == 3:
        return Look.of(image.astype(np.uint8, copy=False))
    return Look.of(np.ascontiguousarray(upright(source.read_image(name), source.view_orientation(name))))


def evaluate(
    predictor: Predictor,
    source: LabelSource,
    names: Sequence[str],
    boundary: bool = True,
    deadline: float | None = None,
    cancel: Cancel | None = None,
    reading: Reading = AS_TAUGHT,
) -> dict[str, Any]:
    """Scores over images `names` by the keys of `Scores.result`, all fractions from 0 to 1; see `score_images`."""
    return score_images(predictor, source, names, boundary, deadline, cancel, reading).result


def evenly_spaced(names: Sequence[str], most: int) -> list[str]:
    """At most `most` of `names`, evenly spread over the list."""
    if len(names) <= most:
        return list(names)
    return [names[position * len(names) // most] for position in range(most)]
