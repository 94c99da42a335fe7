"""A round stopped and resumed ends, bit for bit, where one never stopped ends."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from segstudio.core.errors import Cancelled
from segstudio_training import fine_tune as fine_tunes
from segstudio_training.checkpoint import load_checkpoint
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Ending, Job

MakeJob = Callable[..., Job]
STEPS = 10


@pytest.fixture(autouse=True)
def every_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Step events for every step, not just some a second."""
    monkeypatch.setattr(fine_tunes, "EVENT_SECONDS", 0.0)


def run(job: Job, cancel_at: int | None = None) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []

    def cancel() -> bool:
        return cancel_at is not None and bool(events) and events[-1].get("step") == cancel_at

    with pytest.raises(Cancelled) if cancel_at is not None else contextlib.nullcontext():
        fine_tune(job, events.append, cancel)
    return events


def losses(events: list[dict[str, Any]]) -> list[tuple[int, float]]:
    return [(event["step"], event["loss"]) for event in events if event["event"] == "step"]


def scorings(events: list[dict[str, Any]]) -> list[tuple[int, float]]:
    return [(event["step"], event["miou"]) for event in events if event["event"] == "evaluation"]


def assert_same_weights(one: Path, other: Path) -> None:
    first, second = load_checkpoint(one), load_checkpoint(other)
    assert first.scores == second.scores
    for name, tensor in first.state_dict.items():
        assert torch.equal(tensor, second.state_dict[name]), name


@pytest.fixture
def job(make_job: MakeJob, tmp_path: Path) -> Job:
    """Ten steps with dropout, so that the generator's state counts too."""
    return make_job(out=tmp_path / "whole.safetensors", max_steps=STEPS, dropout=0.3, seed=3)


# 5 is where a scoring is due, and the last part then starts with it; at 8 all scorings are over.
@pytest.mark.parametrize("stops", [(5,), (3, 8)])
def test_stopping_for_now_changes_nothing(job: Job, tmp_path: Path, stops: tuple[int, ...]) -> None:
    whole = run(job)
    part = replace(job, out=tmp_path / "parts.safetensors")
    events: list[dict[str, Any]] = []
    for stop in stops:
        told = run(replace(part, stop_after=stop))
        assert {"event": "stopped", "step": stop, "state": str(part.state_path)} in told
        assert load_checkpoint(part.out).scores and part.state_path.exists()
        # A stop adds a scoring of what it writes; the steps must be the same.
        events += [event for event in told if event["event"] == "step"]
        part = replace(part, resume=part.state_path, seed=99)
    events += run(part)
    assert losses(events) == losses(whole) and len(losses(whole)) == STEPS
    assert scorings(events)[-1] == scorings(whole)[-1]
    assert_same_weights(job.out, part.out)
    assert not part.state_path.exists()


def test_cancelling_changes_nothing(job: Job, tmp_path: Path) -> None:
    whole = run(job)
    part = replace(job, out=tmp_path / "parts.safetensors")
    events = run(part, cancel_at=4)
    assert not part.out.exists()
    events += run(replace(part, resume=part.state_path))
    assert losses(events) == losses(whole)
    assert scorings(events) == scorings(whole)
    assert_same_weights(job.out, part.out)


def test_a_larger_limit_takes_a_stopped_round_further(job: Job) -> None:
    stopped = replace(job, stop_after=5)
    result = fine_tune(stopped, lambda _: None, lambda: False)
    assert (result.ending, result.steps) == (Ending.STOPPED, 5)
    result = fine_tune(replace(job, resume=job.state_path, max_steps=14), lambda _: None, lambda: False)
    assert (result.ending, result.steps) == (Ending.STEPS, 14)
