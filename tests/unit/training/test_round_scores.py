"""Which held-out images a round scores, and that none of them chooses what they judge."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch

from segstudio.project.voc_folder import VocFolder
from segstudio_training import round_scores
from segstudio_training.checkpoint import load_checkpoint
from segstudio_training.fine_tune import fine_tune
from segstudio_training.gate import LEAST_HELD_OUT
from segstudio_training.job import Job
from segstudio_training.round_scores import QUICK_IMAGES, RoundScores
from tests.unit.training.conftest import tiny_checkpoint, write_voc

MakeJob = Callable[..., Job]
WHOLE, QUICK = 1.0, 0.25
"""Seconds that scoring an image takes, with and without its boundary."""


@pytest.fixture
def scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RoundScores:
    """Of twenty held-out images, on a clock that only scoring moves."""
    now = [0.0]

    def evaluate(*_: object, boundary: bool = True, cancel: object = None) -> dict[str, Any]:
        now[0] += WHOLE if boundary else QUICK
        return {}

    monkeypatch.setattr(round_scores, "evaluate", evaluate)
    monkeypatch.setattr(round_scores.time, "monotonic", lambda: now[0])
    folder = VocFolder.open(write_voc(tmp_path / "twenty", 20))
    return RoundScores(folder, list(folder.names), "cpu", lambda: False)


def test_only_the_final_scoring_is_reserved_for(scores: RoundScores) -> None:
    assert scores.afford(tiny_checkpoint(), 120.0) == 9 * WHOLE
    assert len(scores.scored) == 9
    assert len(scores.quick) == QUICK_IMAGES and set(scores.quick) <= set(scores.scored)
    assert scores.quick_seconds == QUICK_IMAGES * QUICK, "no boundary is looked for on the way"


def test_a_short_round_scores_as_few_as_say_something(scores: RoundScores) -> None:
    assert scores.afford(tiny_checkpoint(), 10.0) == LEAST_HELD_OUT * WHOLE
    assert len(scores.scored) == len(scores.quick) == LEAST_HELD_OUT


def test_without_a_time_limit_all_are_scored(scores: RoundScores) -> None:
    scores.afford(tiny_checkpoint(), None)
    assert len(scores.scored) == 20 and len(scores.quick) == QUICK_IMAGES


def test_the_images_that_judge_a_round_choose_nothing_in_it(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = count()

    def worse_and_worse(*_: object, **__: object) -> dict[str, Any]:
        return {"miou": 0.9 / (1 + next(places)), "boundary_f1": 0.0, "per_class_iou": {}}

    monkeypatch.setattr(round_scores, "evaluate", worse_and_worse)
    weights = []
    for name, changes in (("judged", {}), ("alone", {"heldout": []})):
        job = make_job(out=tmp_path / f"{name}.safetensors", max_steps=12, **changes)
        events: list[dict[str, Any]] = []
        result = fine_tune(job, events.append, lambda: False)
        assert result.steps == 12
        weights.append(load_checkpoint(result.checkpoint).state_dict)
        shown = [event["step"] for event in events if event["event"] == "evaluation"]
        assert shown == ([3, 6, 9, 12] if name == "judged" else [])
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
