"""A stopped round is gone on with as it began, or refused in a sentence: other settings, damage, hostile files."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from segstudio.core.errors import CheckpointError, InputError
from segstudio_training import round_preparation
from segstudio_training.checkpoint import load_checkpoint
from segstudio_training.class_weights import DEFAULT_RULE
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Job
from segstudio_training.training_state import load_training_state
from tests.unit.training.conftest import QUICK

MakeJob = Callable[..., Job]
Content = dict[str, Any]


def never() -> bool:
    return False


def stopped(job: Job) -> Job:
    """`job`, stopped after three steps and asked to go on."""
    fine_tune(replace(job, stop_after=3), lambda _: None, never)
    return replace(job, resume=job.state_path)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"start": None}, "--from old.safetensors"),
        ({"loss": "focal"}, "--loss cross_entropy"),
        ({"class_weights": "none"}, f"--class-weights {DEFAULT_RULE}"),
        ({"freeze_batch_norm": True}, "no --freeze-batch-norm"),
        (
            {"recipe": replace(QUICK, batch_size=1, continued_rate=0.5)},
            f"batch_size 2, continued_rate {QUICK.continued_rate}",
        ),
        ({"recipe": replace(QUICK, working_side=32)}, "working_side 48"),
        ({"recipe": replace(QUICK, augmentation=replace(QUICK.augmentation, gamma=0.9))}, "another augmentation"),
    ],
)
def test_other_settings_than_those_of_the_stopped_round_are_refused(
    make_job: MakeJob, checkpoint_path: Path, changes: dict[str, Any], named: str
) -> None:
    job = stopped(make_job(start=checkpoint_path))
    before = job.out.read_bytes()
    with pytest.raises(InputError, match=named):
        fine_tune(replace(job, **changes), lambda _: None, never)
    assert job.out.read_bytes() == before and job.state_path.exists()


def test_the_size_stays_that_of_the_stopped_round(
    make_job: MakeJob, checkpoint_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_preparation, "suited_side", lambda *_: 40)
    job = stopped(make_job(start=checkpoint_path, recipe=replace(QUICK, working_side=None)))
    monkeypatch.setattr(round_preparation, "suited_side", lambda *_: 24)
    fine_tune(job, lambda _: None, never)
    done = load_checkpoint(job.out)
    assert (done.working_side, done.working_scale) == (40, pytest.approx(40 / 48))
    assert done.parent == checkpoint_path.name


def _smaller(content: Content, key: str) -> Content:
    weights = dict(content[key])
    name = next(iter(weights))
    return {**content, key: {**weights, name: weights[name][:1]}}


def _other_momenta(content: Content) -> Content:
    momenta = [momentum[:, :1] for momentum in content["optimizer"]["momenta"]]
    return {**content, "optimizer": {**content["optimizer"], "momenta": momenta}}


@pytest.mark.parametrize(
    "damaged",
    [
        lambda _: torch.zeros(3),
        lambda content: [content],
        lambda content: {key: value for key, value in content.items() if key != "random"},
        lambda content: {**content, "more": 1},
        lambda content: {**content, "normalisation": {"mean": [float("inf")] * 3, "std": [1] * 3}},
        lambda content: {**content, "step": "3"},
        lambda content: {**content, "step": -3},
        lambda content: {**content, "progress": float("nan")},
        lambda content: {**content, "seed": 2**70},
        lambda content: {**content, "settings": None},
        lambda content: {**content, "network": [1]},
        lambda content: {**content, "random": torch.zeros(3)},
        lambda content: {**content, "optimizer": {}},
        lambda content: _smaller(content, "network"),
        lambda content: _smaller(content, "average"),
        _other_momenta,
    ],
)
def test_a_damaged_state_is_told_in_a_sentence(make_job: MakeJob, damaged: Callable[[Content], object]) -> None:
    job = stopped(make_job())
    torch.save(damaged(torch.load(job.state_path, weights_only=True)), job.state_path)
    with pytest.raises(CheckpointError, match="cannot be gone on with"):
        fine_tune(job, lambda _: None, never)


def test_flipped_bytes_are_told_in_a_sentence(make_job: MakeJob) -> None:
    path = stopped(make_job()).state_path
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for place in random.integers(0, min(len(whole), 6000), 200):
        flipped = bytearray(whole)
        flipped[place] = random.integers(0, 256)
        path.write_bytes(flipped)
        with contextlib.suppress(CheckpointError):
            load_training_state(path)
