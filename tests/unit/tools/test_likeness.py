"""What looks alike: the same whatever window it is looked for in, and no further than an edge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.geometry import Box
from segstudio.tools import likeness
from segstudio.tools.likeness import AlikeAnywhere, ReducedImage, alike_around, color_at, edges, near, smoothed


def patches(seed: int, height: int = 90, width: int = 120) -> np.ndarray:
    """Patches of few colours, with noise, and blurred borders."""
    random = np.random.default_rng(seed)
    grey = random.choice(np.array([60, 80, 130]), (-(-height // 15), -(-width // 15), 3))
    image = grey.repeat(15, axis=0).repeat(15, axis=1)[:height, :width].astype(np.float64)
    blurred = (image + np.roll(image, 1, 0) + np.roll(image, 1, 1) + np.roll(image, 2, 1)) / 4
    return np.clip(blurred + random.integers(-3, 4, image.shape), 0, 255).astype(np.uint8)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 99), x=st.integers(0, 119), y=st.integers(0, 89), tolerance=st.integers(0, 80))
def test_what_hangs_together_is_the_same_however_small_the_first_window(
    seed: int, x: int, y: int, tolerance: int
) -> None:
    image = patches(seed)
    whole = Box.of_size(120, 90)
    expected = ReducedImage(image, whole, 1).around(x, y, color_at(image, x, y), tolerance)
    assert expected is not None
    before, likeness._FIRST_WINDOW = likeness._FIRST_WINDOW, 8
    try:
        found = alike_around(image, x, y, tolerance)
    finally:
        likeness._FIRST_WINDOW = before
    mask = np.zeros((90, 120), bool)
    mask[expected.box.slices] = expected.inside
    np.testing.assert_array_equal(found.mask(whole), mask)
    assert found.mask(Box(x, y, x + 1, y + 1)).all()


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 99), tolerance=st.integers(0, 80), data=st.data())
def test_what_looks_alike_anywhere_is_the_same_whatever_box_it_is_asked_for(
    seed: int, tolerance: int, data: st.DataObject
) -> None:
    image = patches(seed)
    alike = AlikeAnywhere(image, color_at(image, 20, 20), tolerance)
    whole = alike.mask(alike.box)
    x0, y0 = data.draw(st.integers(0, 119)), data.draw(st.integers(0, 89))
    box = Box(x0, y0, data.draw(st.integers(x0 + 1, 120)), data.draw(st.integers(y0 + 1, 90)))
    np.testing.assert_array_equal(alike.mask(box), whole[box.slices])


def test_near_is_within_the_tolerance_in_every_channel_and_at_the_ends_of_the_scale() -> None:
    smooth = np.array([[[0, 5, 250], [10, 5, 250], [11, 5, 250], [0, 5, 255], [0, 16, 250]]], np.uint8)
    np.testing.assert_array_equal(near(smooth, smooth[0, 0], 10), [[1, 1, 0, 1, 0]])


def test_an_edge_is_what_changes_by_more_than_the_tolerance_within_three_pixels() -> None:
    """A wall that grows brighter by 30 over 60 pixels, and then by 30 within three."""
    grey = np.concatenate([np.linspace(60, 90, 60), [100, 110], np.full(58, 120)])
    image = np.broadcast_to(grey[None, :, None], (40, 120, 3)).astype(np.uint8)
    assert edges(smoothed(image, Box.of_size(120, 40)))[20, [30, 61]].tolist() == pytest.approx([1, 20], abs=1)
    gentle = alike_around(image, 59, 20, 18).mask(Box.of_size(120, 40))
    assert gentle[20, 30] and not gentle[20, 80]
    over = alike_around(image, 70, 20, 40).mask(Box.of_size(120, 40))
    assert over[20, 50], "the tolerance is larger than the edge"
    image = np.where(np.arange(120)[None, :, None] < 61, 60, 88).astype(np.uint8).repeat(40, axis=0).repeat(3, axis=2)
    assert not alike_around(image, 20, 20, 27).mask(Box.of_size(120, 40))[20, 80]
    assert alike_around(image, 20, 20, 28).mask(Box.of_size(120, 40))[20, 80]


def test_a_slope_that_leads_by_and_by_into_another_colour_is_followed_to_the_tolerance_only() -> None:
    image = np.broadcast_to(np.arange(200, dtype=np.uint8)[None, :, None], (30, 200, 3))
    found = alike_around(np.ascontiguousarray(image), 100, 15, 20).mask(Box.of_size(200, 30))[15]
    assert np.flatnonzero(found).tolist() == list(range(80, 121))


def test_a_place_out_of_sight_shows_nothing() -> None:
    image = patches(1)
    assert ReducedImage(image, Box(10, 10, 60, 60), 2).around(5, 20, color_at(image, 5, 20), 20) is None
