"""The arithmetic of a step: schedules, optimizers, frozen stages."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from segstudio.core.errors import InputError
from segstudio_training.engine import (
    Optimizer,
    Schedule,
    WeightAverage,
    build_optimizer,
    freeze_stages,
    rate_factor,
    to_training_mode,
    train_one_step,
)
from segstudio_training.losses import build_loss
from segstudio_training.networks import build_network


def small() -> nn.Module:
    torch.manual_seed(0)
    return build_network("segnet", 3, {"width": 4, "dropout": 0.0})


def teach(network: nn.Module, optimizer: torch.optim.Optimizer, steps: int = 3) -> None:
    random = torch.Generator().manual_seed(1)
    for _ in range(steps):
        images = torch.randn(2, 3, 32, 32, generator=random)
        labels = torch.randint(0, 3, (2, 32, 32), generator=random)
        train_one_step(network, build_loss("cross_entropy", torch.ones(3)), optimizer, images, labels, 1e-2)


def test_a_constant_schedule_is_the_peak_throughout() -> None:
    assert {rate_factor(step / 10, Schedule.CONSTANT) for step in range(11)} == {1.0}
    assert rate_factor(0.5) == rate_factor(0.5, Schedule.COSINE) < 1


def test_sgd_is_torch_s_with_nesterov_momentum_and_no_decay_of_norms() -> None:
    ours, theirs = nn.Linear(3, 2), nn.Linear(3, 2)
    theirs.load_state_dict(ours.state_dict())
    mine = build_optimizer(ours, 0.1, 0.01, Optimizer.SGD)
    reference = torch.optim.SGD(
        [{"params": [theirs.weight], "weight_decay": 0.01}, {"params": [theirs.bias]}],
        lr=0.1,
        momentum=0.9,
        nesterov=True,
    )
    for step in range(5):
        for network, optimizer in ((ours, mine), (theirs, reference)):
            optimizer.zero_grad()
            (network(torch.full((4, 3), float(step))) ** 2).mean().backward()
            optimizer.step()
    assert torch.allclose(ours.weight, theirs.weight) and torch.allclose(ours.bias, theirs.bias)


def test_frozen_stages_keep_weights_and_statistics_and_the_rest_learns() -> None:
    network = small()
    freeze_stages(network, 2)
    to_training_mode(network)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    average = WeightAverage(network)
    teach(network, build_optimizer(network, 1e-2, 1e-2))
    average.update(network)
    average.settle([torch.randn(2, 3, 32, 32)])
    for found in (network.state_dict(), average.network.state_dict()):
        same = {name for name in before if torch.equal(before[name], found[name])}
        assert {name for name in before if name.startswith(("encoder.0.", "encoder.1."))} <= same
        learnt = [name for name in before if name.endswith(("weight", "running_mean")) and name not in same]
        assert any(name.startswith("encoder.2.") for name in learnt) and "classifier.weight" in learnt


def test_nothing_frozen_is_plain_training() -> None:
    frozen_none, plain = small(), small()
    freeze_stages(frozen_none, 0)
    to_training_mode(frozen_none)
    plain.train()
    for network in (frozen_none, plain):
        teach(network, build_optimizer(network, 1e-2, 1e-2))
    assert all(torch.equal(a, b) for a, b in zip(frozen_none.parameters(), plain.parameters(), strict=True))


def test_more_stages_than_there_are_cannot_be_frozen() -> None:
    with pytest.raises(InputError, match="has 5 encoder stages"):
        freeze_stages(small(), 6)
    with pytest.raises(InputError, match="has 0 encoder stages"):
        freeze_stages(nn.Linear(2, 2), 1)
    freeze_stages(nn.Linear(2, 2), 0)
