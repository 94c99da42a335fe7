"""The held-out images of a round: which of them are scored, and the best average on the way.

Scores and remembers; what follows from the scores is the gate's and the round's to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch

from segstudio_training.checkpoint import Checkpoint
from segstudio_training.data.teaching_set import LabelSource
from segstudio_training.evaluate import ImageScores, evaluate, evenly_spaced, score_images
from segstudio_training.gate import LEAST_HELD_OUT, NOISE
from segstudio_training.plan import SAFE
from segstudio_training.predictor import Predictor

QUICK_IMAGES = 8
"""Held-out images that a scoring on the way looks at, at most."""
SCORING_SHARE = 0.08
"""Share of the time budget that the final scoring may take; beyond it, fewer held-out images are scored."""
PATIENCE = 4
"""Scorings without gain, in the second half of the budget, after which a round stops."""


@dataclass
class Best:
    """The best average so far by mean IoU on the quick held-out images."""

    miou: float = -1.0
    state: dict[str, torch.Tensor] | None = None
    scorings_since: int = 0


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
        self.best = Best()
        self._source = source
        self._device = device
        self._cancel = cancel

    def afford(self, checkpoint: Checkpoint, max_seconds: float | None) -> float:
        """Choose as many held-out images as `max_seconds` allows to score twice, evenly spread; seconds to reserve."""
        if not self.names:
            return 0.0
        predictor = self._predictor(checkpoint)
        evaluate(predictor, self._source, self.names[:1])
        start = time.monotonic()
        evaluate(predictor, self._source, self.names[:1], cancel=self._cancel)
        each = time.monotonic() - start
        self.scored = self.names
        if max_seconds is not None:
            most = int(SCORING_SHARE * max_seconds / each)
            self.scored = evenly_spaced(self.names, max(LEAST_HELD_OUT, most))
        return each * (len(self.scored) + len(self._quick()))

    def of(self, checkpoint: Checkpoint) -> ImageScores:
        """The scores of `checkpoint` on the images `scored`, one by one and over all."""
        return score_images(self._predictor(checkpoint), self._source, self.scored, cancel=self._cancel)

    def on_the_way(self, checkpoint: Checkpoint) -> dict[str, Any]:
        """The scores of `checkpoint` on a few held-out images, without the boundary; kept if they are the best."""
        quick = self._quick()
        if not quick:
            return {}
        scores = self._quick_scores(checkpoint, quick)
        if len(quick) >= LEAST_HELD_OUT:
            if scores["miou"] > self.best.miou + NOISE:
                state = {name: value.clone() for name, value in checkpoint.state_dict.items()}
                self.best = Best(scores["miou"], state)
            else:
                self.best.scorings_since += 1
        return scores

    def is_nothing_gained(self, progress: float) -> bool:
        """Whether the scorings on the way say that the rest of the budget would be wasted."""
        return progress > 0.5 and self.best.scorings_since >= PATIENCE

    def better_of(self, last: Checkpoint) -> Checkpoint:
        """`last`, or the best one on the way where that was clearly better on enough held-out images."""
        if self.best.state is None:
            return last
        now = self._quick_scores(last, self._quick())
        return last if now["miou"] >= self.best.miou - NOISE else replace(last, state_dict=self.best.state)

    def _quick(self) -> list[str]:
        return evenly_spaced(self.scored, QUICK_IMAGES)

    def _quick_scores(self, checkpoint: Checkpoint, names: list[str]) -> dict[str, Any]:
        scores = evaluate(self._predictor(checkpoint), self._source, names, boundary=False, cancel=self._cancel)
        scores.pop("boundary_f1")
        return scores

    def _predictor(self, checkpoint: Checkpoint) -> Predictor:
        return Predictor(checkpoint, self._device, SAFE)
