"""What is added to the scores for a balance, by hand; and the shares it is made from."""

from __future__ import annotations

import numpy as np
import pytest

from segstudio.core.resources import resource_root
from segstudio_training.balance import balance_offsets, pixel_shares
from segstudio_training.checkpoint import load_checkpoint


def test_shares_count_labelled_pixels_only() -> None:
    first = np.array([[0, 0, 0, 255], [0, 1, 1, 255]], np.uint8)
    second = np.array([[0, 0, 255, 255]], np.uint8)
    assert pixel_shares([first, second], 3) == pytest.approx((6 / 8, 2 / 8, 0.0))
    assert pixel_shares([], 2) == (0.0, 0.0)


def test_offsets_by_hand() -> None:
    # log(0.81), log(0.09), log(0.01) lie evenly apart, log 9 from one to the next: the middle one stays.
    shares = (0.81, 0.09, 0.01)
    assert balance_offsets(shares, 1.0) == pytest.approx([-np.log(9), 0.0, np.log(9)], abs=1e-6)
    assert balance_offsets(shares, -0.5) == pytest.approx([np.log(9) / 2, 0.0, -np.log(9) / 2], abs=1e-6)


def test_at_one_true_probabilities_become_even() -> None:
    shares = np.array([0.7, 0.2, 0.1])
    adjusted = np.exp(np.log(shares) + balance_offsets(shares.tolist(), 1.0))
    assert adjusted / adjusted.sum() == pytest.approx([1 / 3] * 3)


def test_classes_that_never_occurred_are_left_alone() -> None:
    assert balance_offsets((0.9, 0.0, 0.1), 1.0)[1] == 0
    assert (balance_offsets((0.0, 0.0), 1.0) == 0).all()


def test_the_starter_can_be_steered_before_any_round() -> None:
    starter = load_checkpoint(resource_root() / "starter.safetensors")
    assert len(starter.class_shares) == len(starter.classes)
    assert sum(starter.class_shares) == pytest.approx(1, abs=1e-3)
    assert starter.class_shares[starter.classes.names.index("power line")] == min(starter.class_shares)
