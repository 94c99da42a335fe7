"""The count of differing pixels, against counting them all."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segstudio.core.difference import DifferenceCount
from segstudio.core.geometry import Box
from segstudio.core.label_map import TILE

WIDTH, HEIGHT = 2 * TILE + 90, TILE + 40
MOST = 4 * TILE
boxes = st.builds(
    lambda x, y, width, height: Box(x, y, x + width, y + height),
    st.integers(-50, WIDTH),
    st.integers(-50, HEIGHT),
    st.integers(0, 400),
    st.integers(0, 200),
)


def count_of(first: np.ndarray, second: np.ndarray) -> DifferenceCount:
    height, width = first.shape
    return DifferenceCount(width, height, lambda box: first[box.slices], lambda box: second[box.slices])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(boxes, st.integers(0, 2), st.booleans(), st.integers(0, 3)), max_size=8),
    st.integers(1, 3 * TILE * TILE),
)
def test_whatever_changes_the_count_is_that_of_all_pixels(
    changes: list[tuple[Box, int, bool, int]], pixels: int
) -> None:
    first, second = (np.zeros((HEIGHT, WIDTH), np.uint8) for _ in range(2))
    count = count_of(first, second)
    for box, value, in_first, steps in changes:
        inside = box.intersection(Box.of_size(WIDTH, HEIGHT))
        (first if in_first else second)[inside.slices] = value
        count.changed(box)
        for _ in range(steps):
            count.go_on(pixels)
        assert count.total in (None, np.count_nonzero(first != second))
    while not count.go_on(pixels):
        assert count.total is None
    assert count.total == np.count_nonzero(first != second)


def test_nothing_is_known_before_it_is_counted_and_steps_are_as_long_as_asked_for() -> None:
    first, second = np.zeros((HEIGHT, WIDTH), np.uint8), np.ones((HEIGHT, WIDTH), np.uint8)
    count = count_of(first, second)
    assert count.total is None
    assert not count.go_on(1) and count.pixels_compared == TILE * TILE
    assert count.go_on(WIDTH * HEIGHT) and count.total == WIDTH * HEIGHT
    before = count.pixels_compared
    assert count.go_on(10**9) and count.pixels_compared == before


def test_a_change_costs_the_tiles_that_it_touched() -> None:
    first, second = (np.zeros((8 * TILE, 8 * TILE), np.uint8) for _ in range(2))
    count = count_of(first, second)
    while not count.go_on(10**6):
        pass
    before = count.pixels_compared
    first[TILE - 2 : TILE + 2, 5:9] = 1
    count.changed(Box(5, TILE - 2, 9, TILE + 2))
    assert count.total is None and count.go_on(10**6)
    assert count.total == 16 and count.pixels_compared - before == 2 * TILE * TILE
