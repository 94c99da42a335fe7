"""Rounds with more time, or on quicker machines, look closer; one that goes on does not change its size for little."""

from __future__ import annotations

import pytest
import torch

from segstudio_training import working_size
from segstudio_training.working_size import DEFAULT_SIDE, SIDES, suited_side

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.fixture(autouse=True)
def _two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working_size, "usable_cores", lambda: 2)
    monkeypatch.setattr(working_size, "computes_bfloat16", lambda device: True)


def test_more_time_lets_a_round_look_closer() -> None:
    sides = [suited_side(seconds, 4, CPU, 16) for seconds in (1, 30, 60, 240, 1800, 10**6)]
    assert sides == sorted(sides) and len(set(sides)) >= 4
    assert sides[0] == SIDES[0] and sides[-1] == SIDES[-1]


def test_half_as_large_again_wants_much_more_time() -> None:
    """Tried on CamVid: 740 steps are too few for 320 pixels, 2,000 are enough for 384."""
    assert [suited_side(seconds, 4, CPU, 16) for seconds in (60, 240, 1800)] == [256, 256, 384]


def test_a_wider_network_a_slower_machine_and_larger_batches_look_less_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = suited_side(60, 4, CPU, 16)
    assert suited_side(60, 4, CPU, 64) < usual < suited_side(60, 4, GPU, 16)
    assert suited_side(60, 16, CPU, 16) < usual
    monkeypatch.setattr(working_size, "computes_bfloat16", lambda device: False)
    assert suited_side(60, 4, CPU, 16) < usual


def test_without_a_budget_there_is_a_usual_size() -> None:
    assert suited_side(None, 4, CPU, 16) == DEFAULT_SIDE
    assert suited_side(None, 4, CPU, 16, parent_side=192) == 192


def test_a_network_keeps_its_size_where_another_is_hardly_better() -> None:
    side = suited_side(60, 4, CPU, 16)
    assert suited_side(60, 4, CPU, 16, parent_side=round(side / 1.3)) == round(side / 1.3)
    assert suited_side(60, 4, CPU, 16, parent_side=side // 2) == side
