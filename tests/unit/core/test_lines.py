"""Lines: which pixels lie under them, and how they are prolonged."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segstudio.core.lines import Line

points = st.lists(st.tuples(st.floats(-30, 30), st.floats(-30, 30)), min_size=1, max_size=6)


def line(*way: tuple[float, float]) -> Line:
    return Line(np.array(way, dtype=np.float64))


@given(points)
def test_each_pixel_touches_the_next_and_every_point_lies_on_one(way: list[tuple[float, float]]) -> None:
    pixels = line(*way).pixels()
    steps = np.abs(np.diff(pixels, axis=0)).max(axis=1)
    assert (steps == 1).all()
    under = set(map(tuple, pixels.tolist()))
    assert all((int(x // 1), int(y // 1)) in under for x, y in way)


@given(st.tuples(st.integers(-20, 20), st.integers(-20, 20)), st.tuples(st.integers(-20, 20), st.integers(-20, 20)))
def test_a_straight_line_keeps_within_half_a_pixel_of_itself(start: tuple[int, int], end: tuple[int, int]) -> None:
    pixels = line((start[0] + 0.5, start[1] + 0.5), (end[0] + 0.5, end[1] + 0.5)).pixels()
    way = np.array(end) - start
    off = np.abs((pixels - start)[:, 0] * way[1] - (pixels - start)[:, 1] * way[0]) / max(np.abs(way).max(), 1)
    assert (off <= 0.5).all()
    assert len(pixels) == np.abs(way).max() + 1


def test_it_is_prolonged_in_the_direction_of_its_ends() -> None:
    longer = line((10, 10), (10.2, 10), (20, 10), (20, 30)).prolonged(5).points
    assert longer[0] == pytest.approx((5, 10)) and longer[-1] == pytest.approx((20, 35))
    np.testing.assert_array_equal(longer[1:-1], [(10, 10), (10.2, 10), (20, 10), (20, 30)])
    short = line((10, 10), (11, 10)).prolonged(5).points
    assert short[0] == pytest.approx((5, 10)) and short[-1] == pytest.approx((16, 10))


def test_a_mere_point_stays_where_it_is() -> None:
    assert set(map(tuple, line((3.5, 4.5)).prolonged(9).pixels().tolist())) == {(3, 4)}
    assert set(map(tuple, line((3.5, 4.5), (3.5, 4.5)).prolonged(9).pixels().tolist())) == {(3, 4)}
