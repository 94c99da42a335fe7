"""Muon: directions of equal singular values, steps in proportion to the weights, a state that can be gone on from."""

from __future__ import annotations

import torch
from torch import nn

from segstudio_training.muon import CHANGE_PER_RATE, Muon, orthogonalised
from segstudio_training.networks import build_network


def net(seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build_network("segnet", 3, {"width": 4}).train()


def one_step(network: nn.Module, optimizer: torch.optim.Optimizer, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    images = torch.rand(2, 3, 32, 32, generator=generator)
    labels = torch.randint(0, 3, (2, 32, 32), generator=generator)
    optimizer.zero_grad()
    nn.functional.cross_entropy(network(images), labels).backward()
    optimizer.step()


def test_singular_values_come_close_to_one_and_directions_stay() -> None:
    generator = torch.Generator().manual_seed(1)
    left = torch.linalg.qr(torch.randn(6, 6, generator=generator))[0]
    right = torch.linalg.qr(torch.randn(20, 6, generator=generator))[0]
    matrix = left @ torch.diag(torch.tensor([9.0, 6.0, 4.0, 3.0, 2.0, 1.5])) @ right.T
    for given in (matrix, matrix.T):
        found = orthogonalised(given[None])[0]
        values = torch.linalg.svdvals(found)
        assert values.min() > 0.3 and values.max() < 1.3
        basis = left.T @ (found if found.shape == matrix.shape else found.T) @ right
        assert (basis - torch.diag(basis.diagonal())).abs().max() < 1e-4
    assert torch.equal(orthogonalised(torch.zeros(1, 3, 4)), torch.zeros(1, 3, 4))


def test_a_step_changes_a_filter_bank_by_a_share_of_its_length_and_leaves_the_rest_to_adamw() -> None:
    network = net()
    optimizer = Muon(network, 1e-3, 0.01)
    before = {name: value.detach().clone() for name, value in network.named_parameters()}
    one_step(network, optimizer, 0)
    for name, value in network.named_parameters():
        change = (value.detach() - before[name]).norm() / before[name].norm().clamp_min(1e-9)
        first_or_last = name in {"encoder.0.0.weight", "classifier.weight"}
        if value.ndim == 4 and not first_or_last:
            assert torch.isclose(change, torch.tensor(1e-3 * CHANGE_PER_RATE), rtol=1e-2), name
            assert torch.isclose(value.detach().norm(), before[name].norm(), rtol=1e-5), name
        elif first_or_last:
            # AdamW's first step moves each weight by the rate.
            assert (value.detach() - before[name]).abs().max() < 1.1e-3, name


def test_every_rate_can_be_set_through_the_groups() -> None:
    network = net()
    optimizer = Muon(network, 1e-3, 0.01)
    before = [value.detach().clone() for value in network.parameters()]
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    one_step(network, optimizer, 0)
    assert all(torch.equal(now, then) for now, then in zip(network.parameters(), before, strict=True))


def test_going_on_from_a_state_is_as_if_nothing_had_happened() -> None:
    straight, stopped = net(), net()
    first = Muon(straight, 1e-2, 0.01)
    for seed in range(4):
        one_step(straight, first, seed)
    half = Muon(stopped, 1e-2, 0.01)
    for seed in range(2):
        one_step(stopped, half, seed)
    rest = Muon(stopped, 1e-2, 0.01)
    rest.load_state_dict(half.state_dict())
    for group in rest.param_groups:
        group["lr"] = 1e-2
    for seed in range(2, 4):
        one_step(stopped, rest, seed)
    assert all(torch.equal(a, b) for a, b in zip(straight.parameters(), stopped.parameters(), strict=True))


def test_frozen_filter_banks_stay() -> None:
    network = net()
    frozen = network.encoder[1].requires_grad_(False)  # type: ignore[index,operator]
    before = frozen[0].weight.clone()
    one_step(network, Muon(network, 1e-2, 0.01), 0)
    assert torch.equal(frozen[0].weight, before)


def test_the_lengths_of_filter_banks_never_grow() -> None:
    network = net()
    banks = [module.weight for module in network.modules() if isinstance(module, nn.Conv2d) and module.bias is None]
    before = [bank.detach().norm() for bank in banks]
    optimizer = Muon(network, 5e-3, 0.01)
    for seed in range(30):
        one_step(network, optimizer, seed)
    assert all(torch.isclose(bank.norm(), then, rtol=1e-4) for bank, then in zip(banks[1:], before[1:], strict=True))


def test_layers_without_a_batch_norm_are_left_to_adamw() -> None:
    network = build_network("lraspp", 3, {})
    optimizer = Muon(network, 1e-3, 0.01)
    banks = {id(bank) for bank in optimizer.param_groups[0]["params"]}
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    assert banks and all(id(c.weight) not in banks for c in convolutions if c.bias is not None or c.groups > 1)
    assert len({id(p) for group in optimizer.param_groups for p in group["params"]}) == len(list(network.parameters()))
