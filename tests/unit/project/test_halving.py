"""Halved sizes: the means of four, as often as a screen needs."""

from __future__ import annotations

import numpy as np
import pytest

from segstudio.project import halving
from segstudio.project.halving import halved, halvings


@pytest.mark.parametrize(("height", "width"), [(4, 6), (5, 7), (1, 1)])
def test_a_halved_pixel_is_the_mean_of_four(height: int, width: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    padded = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge").astype(float)
    means = padded.reshape(-(-height // 2), 2, -(-width // 2), 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(halved(pixels), means, atol=0.51)


def test_halving_ends_where_a_screen_has_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halving, "ENOUGH_PIXELS", 1000)
    pixels = np.random.default_rng(1).integers(0, 256, (101, 150, 3), dtype=np.uint8)
    found = halvings(pixels)
    assert [level.shape[:2] for level in found] == [(51, 75), (26, 38)]
    np.testing.assert_array_equal(found[1], halved(halved(pixels)))
    assert halvings(pixels[:30, :30]) == ()
