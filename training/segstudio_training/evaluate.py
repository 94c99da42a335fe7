"""Scoring a checkpoint on labelled images at their own size."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from segstudio_training.data.teaching_set import LabelSource, read_pair
from segstudio_training.metrics import Scores
from segstudio_training.predictor import Predictor

Cancel = Callable[[], bool]


def evaluate(
    predictor: Predictor,
    source: LabelSource,
    names: Sequence[str],
    boundary: bool = True,
    deadline: float | None = None,
    cancel: Cancel | None = None,
    balance: float = 0.0,
) -> dict[str, Any]:
    """Scores over images `names` by the keys of `Scores.result`, all fractions from 0 to 1.

    Args:
        predictor: what to score; its classes are those of `source` (see `follow_classes`).
        source: the folder.
        names: images with a label map.
        boundary: False leaves the boundary score at 0 and saves its time.
        deadline: `time.monotonic()` value after which no further image is begun (at least one is scored).
        cancel: asked between the network's stages; `Cancelled` is raised where it says so.
        balance: as in `Predictor.predict`.
    """
    scores = Scores(source.classes.names)
    for position, name in enumerate(names):
        if position and deadline is not None and time.monotonic() > deadline:
            break
        pair = read_pair(source, name)
        scores.update(pair.labels, predictor.predict(pair.image, cancel=cancel, balance=balance).labels, boundary)
    return scores.result()


def evenly_spaced(names: Sequence[str], most: int) -> list[str]:
    """At most `most` of `names`, evenly spread over the list."""
    if len(names) <= most:
        return list(names)
    return [names[position * len(names) // most] for position in range(most)]
