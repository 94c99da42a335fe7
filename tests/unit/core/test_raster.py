"""The brush against a brute-force oracle: a pixel is painted where its centre lies in the swept shape."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from segstudio.core.geometry import Box
from segstudio.core.raster import BrushShape, Polygon, footprint, round_capsule, snapped, square_sweep, sweep

SIDE = 64
WHOLE = Box.of_size(SIDE, SIDE)
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE] + 0.5

eighths = st.integers(8 * 12, 8 * 52).map(lambda n: n / 8)
points = st.tuples(eighths, eighths)


def segment_distance(start, end) -> np.ndarray:
    (ax, ay), (bx, by) = start, end
    length_squared = (bx - ax) ** 2 + (by - ay) ** 2
    along = ((COLUMNS - ax) * (bx - ax) + (ROWS - ay) * (by - ay)) / (length_squared or 1.0)
    t = np.clip(along, 0, 1)
    return np.hypot(COLUMNS - ax - t * (bx - ax), ROWS - ay - t * (by - ay))


def under_the_ends(*ends) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    for x, y in ends:
        mask[int(y), int(x)] = True
    return mask


@settings(max_examples=300, deadline=None)
@given(start=points, end=points, diameter=st.integers(1, 20))
def test_a_round_stroke_paints_every_pixel_within_its_radius(start, end, diameter) -> None:
    painted = round_capsule(start, end, diameter).mask(WHOLE)
    distance = segment_distance(start, end)
    sure = np.abs(distance - diameter / 2) > 1e-9  # on the very edge, rounding may decide either way
    expected = (distance <= diameter / 2) | under_the_ends(start, end)
    np.testing.assert_array_equal(painted[sure], expected[sure])


@settings(max_examples=300, deadline=None)
@given(start=points, end=points, size=st.integers(1, 20))
def test_a_square_stroke_paints_what_the_square_passes_over(start, end, size) -> None:
    painted = square_sweep(start, end, size).mask(WHOLE)
    expected = under_the_ends(start, end)
    # A centre is passed over where some t in [0, 1] puts it in the square: two intervals of t that must meet.
    low, high = np.zeros((SIDE, SIDE)), np.ones((SIDE, SIDE))
    for at, a, b in ((COLUMNS, start[0], end[0]), (ROWS, start[1], end[1])):
        if a == b:
            outside = np.abs(at - a) > size / 2
            low[outside] = 2.0
        else:
            first, last = np.sort([(at - size / 2 - a) / (b - a), (at + size / 2 - a) / (b - a)], axis=0)
            low, high = np.maximum(low, first), np.minimum(high, last)
    surely_in = (high - low > 1e-9) | expected
    surely_out = (high - low < -1e-9) & ~expected
    edge_free = surely_in & ~_on_the_edge(start, end, size)
    assert painted[edge_free].all()
    assert not painted[surely_out].any()


@settings(max_examples=300, deadline=None)
@given(start=points, end=points, first=st.integers(1, 20), last=st.integers(1, 20), shape=st.sampled_from(BrushShape))
def test_a_brush_that_grows_on_its_way_paints_what_any_of_its_sizes_covers(start, end, first, last, shape) -> None:
    painted = sweep(start, end, first, shape, last).mask(WHOLE)
    # How far each centre lies within the brush, best of all the way: it changes by less than a step's between two.
    steps = np.linspace(0, 1, 400)
    depth = np.full((SIDE, SIDE), -np.inf)
    for t in steps:
        x, y = start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])
        away = np.stack([COLUMNS - x, ROWS - y])
        distance = np.hypot(*away) if shape is BrushShape.ROUND else np.abs(away).max(axis=0)
        depth = np.maximum(depth, (first + t * (last - first)) / 2 - distance)
    step = (np.hypot(end[0] - start[0], end[1] - start[1]) + abs(last - first) / 2) / 400
    ends = under_the_ends(start, end)
    assert painted[(depth > 1e-9) | ends].all()
    assert not painted[(depth < -step - 1e-9) & ~ends].any()


@given(start=points, end=points, size=st.integers(1, 20), shape=st.sampled_from(BrushShape))
def test_a_brush_that_ends_as_large_as_it_began_is_any_brush(start, end, size, shape) -> None:
    plain, grown = sweep(start, end, size, shape), sweep(start, end, size, shape, size)
    np.testing.assert_array_equal(plain.mask(WHOLE), grown.mask(WHOLE))


def _on_the_edge(start, end, size) -> np.ndarray:
    """Centres exactly on a horizontal or vertical side of the first or last square."""
    edge = np.zeros((SIDE, SIDE), bool)
    for x, y in (start, end):
        edge |= np.isclose(np.abs(COLUMNS - x), size / 2) | np.isclose(np.abs(ROWS - y), size / 2)
    return edge


@pytest.mark.parametrize("shape", list(BrushShape))
@pytest.mark.parametrize("size", [1, 2, 3, 4, 9, 10])
def test_a_snapped_brush_is_as_wide_as_it_says(shape: BrushShape, size: int) -> None:
    for point in ((20.0, 20.0), (20.3, 20.9), (20.5, 20.5), (20.99, 20.01)):
        box = footprint(snapped(point, size), size, shape).box
        assert (box.width, box.height) == (size, size)


def test_a_snapped_square_brush_paints_size_squared_pixels() -> None:
    for size in (1, 2, 5, 8):
        assert footprint(snapped((20.4, 21.7), size), size, BrushShape.SQUARE).area == size * size


@pytest.mark.parametrize("shape", list(BrushShape))
def test_runs_outside_the_picture_are_cut(shape: BrushShape) -> None:
    spans = footprint((0.5, 0.5), 9, shape)
    assert spans.clipped(WHOLE).box.intersection(WHOLE) == spans.clipped(WHOLE).box
    assert spans.mask(Box(30, 30, 40, 40)).sum() == 0


def test_mask_and_area_agree() -> None:
    spans = round_capsule((20, 20), (40, 33), 7)
    assert spans.mask(WHOLE).sum() == spans.area
    assert spans.mask(spans.box).sum() == spans.area


def winding(path: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often the closed path goes around each pixel's centre, by the edges that cross the line to its left.

    And the pixels whose centre lies on an edge, which may count either way.
    """
    found, ties = np.zeros((SIDE, SIDE), int), np.zeros((SIDE, SIDE), bool)
    for (ax, ay), (bx, by) in zip(path, np.roll(path, -1, axis=0), strict=True):
        side = (bx - ax) * (ROWS - ay) - (COLUMNS - ax) * (by - ay)
        up, down = (ay <= ROWS) & (by > ROWS), (by <= ROWS) & (ay > ROWS)
        found += (up & (side < 0)).astype(int) - (down & (side > 0)).astype(int)
        ties |= (up | down) & (np.abs(side) < 1e-6)
    return found, ties


# A sixteenth beside the eighths: no pixel's centre lies in a line with an edge's end.
corners = st.tuples(*[st.integers(-80, 8 * 80).map(lambda n: n / 8 + 1 / 16)] * 2)


@settings(max_examples=150, deadline=None)
@given(st.lists(corners, min_size=1, max_size=12), st.integers(0, SIDE), st.integers(0, SIDE))
def test_a_polygon_holds_the_pixels_that_its_path_winds_around(path, x, y) -> None:
    polygon = Polygon(np.array(path))
    mask = polygon.mask(WHOLE)
    expected, ties = winding(polygon.points)
    np.testing.assert_array_equal(mask | ties, (expected != 0) | ties)
    outside = np.ones((SIDE, SIDE), bool)
    outside[polygon.box.intersection(WHOLE).slices] = False
    assert not mask[outside].any()
    part = Box(min(x, 40), min(y, 50), SIDE, SIDE)
    np.testing.assert_array_equal(polygon.mask(part), mask[part.slices])
