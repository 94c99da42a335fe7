"""Segments: every pixel is in one, they hang together, and what is under the pointer's way is found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.geometry import Box
from segstudio.project.halving import halved
from segstudio.tools.segments import LEAST_ACROSS, LEAST_REDUCED, Segments, find_segments
from tests.unit.tools.background_hand import segments_of


def picture(height: int = 60, width: int = 80) -> np.ndarray:
    """A dark left half, a light right half, and noise."""
    grey = np.full((height, width), 60.0)
    grey[:, width // 2 :] = 180
    noisy = grey + np.random.default_rng(0).integers(-4, 5, grey.shape)
    return noisy[..., None].repeat(3, axis=2).astype(np.uint8)


def everything(segments: Segments, shape: tuple[int, int]) -> np.ndarray:
    """How many segments hold each pixel."""
    held = np.zeros(shape, int)
    for number in range(segments.count):
        held += segments.region(number).mask(Box.of_size(shape[1], shape[0]))
    return held


def test_each_pixel_is_in_one_segment_and_a_border_in_the_image_is_one_of_theirs() -> None:
    segments = segments_of(picture(), 10)
    assert (everything(segments, (60, 80)) == 1).all()
    for number in range(segments.count):
        columns = np.nonzero(segments.region(number).mask(Box.of_size(80, 60)))[1]
        assert columns.max() < 40 or columns.min() >= 40


@pytest.mark.parametrize("size", [8, 20])
def test_they_are_about_as_wide_as_asked(size: int) -> None:
    segments = segments_of(picture(120, 160), size)
    assert (120 * 160 / segments.count) ** 0.5 == pytest.approx(size, rel=0.35)


@pytest.mark.parametrize(("height", "width"), [(61, 83), (64, 80), (1, 1), (3, 200)])
@pytest.mark.parametrize("level", [0, 1, 2])
def test_those_of_a_reduced_picture_cover_the_image_itself(height: int, width: int, level: int) -> None:
    image = picture(height, width)
    pixels = image
    for _ in range(level):
        pixels = halved(pixels)
    whole = Box.of_size(pixels.shape[1], pixels.shape[0])
    segments = find_segments(pixels, whole, level, 4, Box.of_size(width, height))
    assert segments.box == Box.of_size(width, height)
    assert (everything(segments, (height, width)) == 1).all()
    if height > 60:
        least = LEAST_REDUCED * 2**level if level else LEAST_ACROSS
        assert (height * width / segments.count) ** 0.5 > 0.6 * least, "never finer than the picture can tell"


def test_part_of_a_picture_has_segments_where_it_lies() -> None:
    segments = find_segments(halved(picture()), Box(8, 4, 30, 25), 1, 12, Box.of_size(80, 60))
    assert segments.box == Box(16, 8, 60, 50)
    held = everything(segments, (60, 80))
    assert (held[8:50, 16:60] == 1).all() and held.sum() == 42 * 44
    assert segments.holds((16.0, 8.0)) and not segments.holds((15.9, 8.0)) and not segments.holds((30.0, 50.0))


points = st.tuples(st.floats(-30, 110), st.floats(-30, 90))


@settings(max_examples=80, deadline=None)
@given(start=points, end=points)
def test_along_a_way_are_the_segments_of_the_pixels_on_it(start: tuple[float, float], end: tuple[float, float]) -> None:
    """All that the way is in for a pixel's length, and none that it does not touch."""
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    share = np.linspace(0, 1, 2 + int(20 * length))
    x, y = (np.floor(a + share * (b - a)).astype(int) for a, b in zip(start, end, strict=True))
    inside = (x >= 0) & (x < 80) & (y >= 0) & (y < 60)
    met = np.bincount(SEGMENTS.labels[y[inside], x[inside]], minlength=SEGMENTS.count)
    touched = np.zeros((62, 82), bool)
    touched[np.clip(y, -1, 60) + 1, np.clip(x, -1, 80) + 1] = True
    near = cv2.dilate(touched.astype(np.uint8), np.ones((3, 3), np.uint8))[1:-1, 1:-1] > 0
    found = SEGMENTS.along(start, end)
    assert found == sorted(set(found))
    assert set(np.flatnonzero(met >= 20)) <= set(found) <= set(SEGMENTS.labels[near].tolist())


SEGMENTS = segments_of(picture(), 8)


def test_the_same_picture_has_the_same_segments() -> None:
    np.testing.assert_array_equal(segments_of(picture(), 8).labels, SEGMENTS.labels)
