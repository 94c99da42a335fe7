"""Which device is picked by itself, and which is refused."""

from __future__ import annotations

import pytest
import torch

from segstudio.core.errors import InputError
from segstudio_training.device import pick_device, unpools


@pytest.mark.parametrize(
    ("cuda", "mps", "does_unpool", "picked"),
    [(True, True, True, "cuda"), (False, True, True, "mps"), (False, True, False, "cpu"), (False, False, True, "cpu")],
)
def test_the_best_device_that_can_do_all_is_picked(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, does_unpool: bool, picked: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    monkeypatch.setattr("segstudio_training.device.unpools", lambda _device: does_unpool)
    assert pick_device().type == picked


def test_a_device_that_torch_has_not_learnt_to_unpool_on_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    assert unpools(torch.device("cpu"))

    def missing(*_: object) -> None:
        raise NotImplementedError("The operator 'aten::max_unpool2d' is not currently implemented")

    monkeypatch.setattr(torch.nn.functional, "max_unpool2d", missing)
    assert not unpools(torch.device("cpu"))


def test_names_that_are_no_device_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(InputError, match="auto, cpu, cuda, mps"):
        pick_device("tpu")
    with pytest.raises(InputError, match="cannot compute"):
        pick_device("cuda")
