"""A round's budget, on a clock that only the tests move: what fits into it, and when the round is scored on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from segstudio_training import budget as budgets
from segstudio_training import fine_tune as fine_tunes
from segstudio_training import round_scores
from segstudio_training.budget import ON_THE_WAY_SHARE, SETTLING_STEPS, Budget
from segstudio_training.engine import WeightAverage
from segstudio_training.evaluate import score_images
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Ending, Job
from segstudio_training.losses import LOSSES

STEP = 1.0
MakeJob = Callable[..., Job]


class Clock:
    """Stands where it is put."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock of everything that a round times."""
    clock = Clock()
    for module in (budgets, fine_tunes, round_scores):
        monkeypatch.setattr(module, "time", clock)
    return clock


def walk(budget: Budget, clock: Clock, scoring: float, stop: int = 10_000) -> list[str]:
    """The round that `budget` allows, of steps of `STEP` seconds and scorings of `scoring` seconds: what it does."""
    done: list[str] = []
    while len(done) < stop:
        progress = budget.progress()
        budget.begin(progress)
        if budget.ending(progress) is not None:
            break
        if budget.is_scoring_due(progress):
            clock.now += scoring
            budget.scored(scoring)
            done.append("scoring")
        else:
            clock.now += STEP
            budget.stepped(STEP)
            done.append("step")
    return done


def test_a_round_is_scored_between_its_quarters(clock: Clock) -> None:
    done = walk(Budget(None, 8, None, 0.0), clock, scoring=1)
    assert done == [*["step"] * 2, "scoring"] * 3 + ["step"] * 2


def test_the_same_weights_are_not_scored_twice(clock: Clock) -> None:
    done = walk(Budget(40.0, None, None, 0.0), clock, scoring=25)
    assert done[:12] == [*["step"] * 10, "scoring", "step"]
    assert done.count("scoring") == 1


def test_a_pause_is_not_part_of_the_budget(clock: Clock) -> None:
    budget = Budget(10.0, None, None, clock.now)
    assert walk(budget, clock, 0.0, stop=4).count("step") == 3
    before = budget.progress()
    clock.now += 1000.0
    budget.rested(1000.0)
    assert budget.progress() == before and budget.seconds_left() == 7.0


def test_a_slow_start_teaches_one_step_and_is_not_scored_before_it(clock: Clock) -> None:
    clock.now = 50.0
    assert walk(Budget(40.0, None, None, 0.0), clock, scoring=1) == ["step"]


def test_a_stopped_round_goes_on_with_the_scoring_that_was_due(clock: Clock) -> None:
    gone_on = Budget(None, 8, None, 0.0, step=4, first_step=4, first_progress=0.5, next_scoring=0.5)
    assert walk(gone_on, clock, scoring=1)[:2] == ["scoring", "step"]


def test_scorings_on_the_way_keep_to_their_share_of_the_time_so_far(clock: Clock) -> None:
    budget = Budget(100.0, None, None, 0.0)
    clock.now = 50.0
    allowed = ON_THE_WAY_SHARE * 50
    assert budget.affords_scoring(allowed - 0.1) and not budget.affords_scoring(allowed + 0.1)
    budget.scored(allowed - 1)
    assert budget.affords_scoring(0.9) and not budget.affords_scoring(1.1)
    assert Budget(None, 100, None, 0.0).affords_scoring(1e6)


def test_settling_counts_in_steps_and_a_first_step_says_nothing_of_the_pace(clock: Clock) -> None:
    budget = Budget(100.0, None, None, 0.0, reserved_seconds=5, settling_steps=SETTLING_STEPS)
    budget.stepped(40.0)
    assert budget.reserved() == 5
    for seconds in (2.0, 2.0, 60.0):
        budget.stepped(seconds)
    assert budget.reserved() == 5 + 2 * SETTLING_STEPS
    clock.now = 100 * ON_THE_WAY_SHARE
    assert not budget.affords_scoring(0)


class Slow(torch.nn.Module):
    """A loss that takes a step's time."""

    clock: Clock

    def __init__(self, _weights: torch.Tensor) -> None:
        super().__init__()

    def forward(self, scores: torch.Tensor, _labels: torch.Tensor) -> torch.Tensor:
        self.clock.now += STEP
        return scores.square().mean()


@pytest.fixture
def slow(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A machine on which a step takes `STEP`, settling 2 steps, and scoring an image half a second."""

    def settle(_average: WeightAverage, _batches: object) -> None:
        clock.now += 2 * STEP

    def scored(predictor: Any, source: Any, names: Any, *arguments: Any, **options: Any) -> Any:
        clock.now += 0.5 * len(names)
        return score_images(predictor, source, names, *arguments, **options)

    monkeypatch.setattr(Slow, "clock", clock, raising=False)
    monkeypatch.setitem(LOSSES, "slow", Slow)
    monkeypatch.setattr(WeightAverage, "settle", settle)
    monkeypatch.setattr(round_scores, "score_images", scored)
    monkeypatch.setattr(round_scores, "evaluate", lambda *given, **options: scored(*given, **options).result)
    return clock


def test_settling_and_the_final_scoring_are_within_the_round_s_time(make_job: MakeJob, slow: Clock) -> None:
    events: list[dict[str, Any]] = []
    result = fine_tune(make_job(max_steps=None, max_seconds=80.0, loss="slow"), events.append, lambda: False)
    assert result.ending is Ending.TIME
    assert 80 - 3 * STEP < result.seconds <= 80 + STEP
    # Four held-out images: 2 s of settling and 2 s of scoring, for which the share is there at three quarters only.
    on_the_way = [event for event in events if event["event"] == "evaluation"][:-1]
    assert len(on_the_way) == 1
    assert 65 < result.steps < 75
