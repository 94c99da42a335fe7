"""Mixed precision and compiling: what a machine without a GPU can show of them."""

from __future__ import annotations

import copy
import logging

import pytest
import torch
from torch import nn

from segstudio_training import acceleration
from segstudio_training.acceleration import Precision, compiled, step_precision
from segstudio_training.engine import train_one_step
from segstudio_training.losses import build_loss


def small_network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 2, 1))


@pytest.mark.parametrize(("name", "dtype"), [("cuda", torch.float16), ("mps", torch.float32), ("cpu", torch.float32)])
def test_without_bfloat16_only_cuda_is_mixed(name: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceleration, "computes_bfloat16", lambda _device: False)
    assert step_precision(torch.device(name)).dtype is dtype


def test_bfloat16_is_taken_where_it_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acceleration, "computes_bfloat16", lambda _device: True)
    assert step_precision(torch.device("cuda")).dtype is torch.bfloat16


def test_a_scaled_step_in_float16_is_that_of_float32_to_rounding() -> None:
    """The scale comes off before gradients are clipped; else the clipping would eat the step."""
    device = torch.device("cpu")
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    labels = (images.sum(1) > 0).long()
    loss = build_loss("cross_entropy", torch.ones(2))
    moved, costs = [], []
    for precision in (Precision(), Precision(torch.float16)):
        network = small_network()
        before = copy.deepcopy(network.state_dict())
        optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
        scaler = precision.scaler(device)
        costs.append(train_one_step(network, loss, optimizer, images, labels, 0.1, precision, scaler))
        moved.append(torch.cat([(network.state_dict()[name] - before[name]).flatten() for name in before]))
    assert costs[1] == pytest.approx(costs[0], rel=1e-2)
    assert float(moved[0].norm()) > 0.01
    assert torch.allclose(moved[1], moved[0], atol=1e-2 * float(moved[0].norm()))


def test_a_compiled_network_has_the_same_weights_and_answers() -> None:
    network, images = small_network(), torch.randn(1, 3, 8, 8)
    quick = compiled(network, images, backend="eager")
    assert quick is not network
    assert torch.equal(quick(images), network(images))
    assert all(parameter.grad is None for parameter in network.parameters())
    assert [id(p) for p in quick.parameters()] == [id(p) for p in network.parameters()]


def test_where_compiling_fails_the_network_is_used_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    def broken(*_: object) -> object:
        raise OSError("no compiler here")

    network = small_network()
    with caplog.at_level(logging.WARNING):
        assert compiled(network, torch.randn(1, 3, 8, 8), backend=broken) is network
    assert "is not compiled" in caplog.text
    torch._dynamo.reset()
