"""The held-out images of a round: how many of them are scored, before it, on the way and at its end.

Only scores: what follows from that is the gate's to say. No state is chosen by what it scores on the way, for the same
images judge the round, and the best of several states on them would look better than it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from segstudio_training.budget import EVALUATIONS, ON_THE_WAY_SHARE
from segstudio_training.checkpoint import Checkpoint
from segstudio_training.data.teaching_set import LabelSource
from segstudio_training.evaluate import ImageScores, evaluate, evenly_spaced, score_images
from segstudio_training.gate import LEAST_HELD_OUT
from segstudio_training.plan import SAFE
from segstudio_training.predictor import Predictor

QUICK_IMAGES = 8
"""Held-out images that a scoring on the way looks at, at most."""
SCORING_SHARE = 0.08
"""Share of the time budget that the final scoring may take; beyond it, fewer held-out images are scored."""
QUICK_SHARE = ON_THE_WAY_SHARE / 2
"""The same for the scorings on the way together; as much again is left for settling what they score."""


class RoundScores:
    """Scores checkpoints of one round on its held-out images; without any, nothing is `scored`.

    Args:
        source: the folder.
        names: the held-out images.
        device: a name of `DEVICES`.
        cancel: asked while scoring; `Cancelled` is raised where it says so.
    """

    def __init__(self, source: LabelSource, names: list[str], device: str, cancel: Callable[[], bool]) -> None:
        self.names = names
        self.scored: list[str] = []
        """The images of the first and the final scoring; set by `afford`."""
        self.quick: list[str] = []
        """Those of them that are scored on the way; set by `afford`."""
        self.quick_seconds = 0.0
        """What scoring `quick` takes; set by `afford`."""
        self._source = source
        self._device = device
        self._cancel = cancel

    def afford(self, checkpoint: Checkpoint, max_seconds: float | None) -> float:
        """Choose as many images as `max_seconds` allows, evenly spread.

        Fewer than `LEAST_HELD_OUT` say nothing, so that many are scored in any case.

        Returns:
            Seconds to reserve for the final scoring.
        """
        if not self.names:
            return 0.0
        predictor = self._predictor(checkpoint)
        first = self.names[:1]
        evaluate(predictor, self._source, first, boundary=False, cancel=self._cancel)  # memory is laid out
        quick = _seconds(lambda: evaluate(predictor, self._source, first, boundary=False, cancel=self._cancel))
        whole = _seconds(lambda: evaluate(predictor, self._source, first, cancel=self._cancel))
        self.scored = evenly_spaced(self.names, _affordable(SCORING_SHARE, max_seconds, whole, len(self.names)))
        at_once = QUICK_SHARE / (EVALUATIONS - 1)
        self.quick = evenly_spaced(self.scored, _affordable(at_once, max_seconds, quick, QUICK_IMAGES))
        self.quick_seconds = quick * len(self.quick)
        return whole * len(self.scored)

    def of(self, checkpoint: Checkpoint) -> ImageScores:
        """The scores of `checkpoint` on the images `scored`, one by one and over all."""
        return score_images(self._predictor(checkpoint), self._source, self.scored, cancel=self._cancel)

    def on_the_way(self, checkpoint: Checkpoint) -> dict[str, Any]:
        """The scores of `checkpoint` on the images `quick`, without the boundary."""
        predictor = self._predictor(checkpoint)
        scores = evaluate(predictor, self._source, self.quick, boundary=False, cancel=self._cancel)
        scores.pop("boundary_f1")
        return scores

    def _predictor(self, checkpoint: Checkpoint) -> Predictor:
        return Predictor(checkpoint, self._device, SAFE)


def _affordable(share: float, max_seconds: float | None, each: float, most: int) -> int:
    """How many images of `each` seconds `share` of the budget holds: at most `most`, at least `LEAST_HELD_OUT`."""
    if max_seconds is None:
        return most
    return min(most, max(LEAST_HELD_OUT, int(share * max_seconds / max(each, 1e-6))))


def _seconds(work: Callable[[], object]) -> float:
    """What `work` takes."""
    began = time.monotonic()
    work()
    return time.monotonic() - began
