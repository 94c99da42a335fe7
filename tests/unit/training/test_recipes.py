"""The named recipes: what they stand for, and that each can teach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import pytest
import torch

from segstudio.core.errors import InputError
from segstudio_training.checkpoint import load_checkpoint
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Job
from segstudio_training.recipes import RECIPES, teaching_called


def test_the_default_is_what_a_job_does_by_itself(make_job: Callable[..., Job]) -> None:
    own = {field.name: field.default for field in fields(Job)}
    default = teaching_called("default")
    assert default.recipe == Job(make_job().source, [], [], make_job().out).recipe
    assert (default.class_weights, default.loss) == (own["class_weights"], own["loss"])


def test_a_name_that_is_not_in_the_table() -> None:
    with pytest.raises(InputError, match="plain_median"):
        teaching_called("plane")


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_teaches(make_job: Callable[..., Job], name: str) -> None:
    teaching = teaching_called(name)
    job = make_job(
        recipe=replace(teaching.recipe, batch_size=2),
        class_weights=teaching.class_weights,
        loss=teaching.loss,
        max_steps=2,
    )
    result = fine_tune(job, lambda _: None, lambda: False)
    assert result.steps == 2
    assert load_checkpoint(result.checkpoint).working_scale == (0.75 if name.startswith("plain") else 1.0)


def test_the_rate_of_a_plain_loop_stays(make_job: Callable[..., Job]) -> None:
    events: list[dict[str, object]] = []
    recipe = replace(teaching_called("plain").recipe, batch_size=2)
    fine_tune(make_job(recipe=recipe, max_steps=3), events.append, lambda: False)
    rates = [event["learning_rate"] for event in events if event["event"] == "step"]
    assert rates and set(rates) == {1e-3}


def test_without_an_average_the_checkpoint_is_the_last_weights(make_job: Callable[..., Job]) -> None:
    def weights(averaged: bool, steps: int) -> torch.Tensor:
        job = make_job(max_steps=steps, recipe=replace(make_job().recipe, averaged=averaged))
        found = load_checkpoint(fine_tune(job, lambda _: None, lambda: False).checkpoint).state_dict
        return found["classifier.weight"]

    # After one step the average is of one; afterwards it lags behind.
    assert torch.equal(weights(False, 1), weights(True, 1))
    assert not torch.equal(weights(False, 4), weights(True, 4))
