"""Glimpses against whole copies of every state: what a history's steps looked like."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings

from segstudio.core.class_table import ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.glimpses import Glimpse, Grid, changed_cells, changed_pixels, look_back
from segstudio.core.label_map import TILE, LabelMap

HEIGHT, WIDTH = TILE + 40, TILE + 90
WHOLE = Box.of_size(WIDTH, HEIGHT)


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
    return Box(x0, y0, draw(st.integers(x0 + 1, WIDTH)), draw(st.integers(y0 + 1, HEIGHT)))


def painted(strokes: list[tuple[Box, int, int]]) -> tuple[Document, list[np.ndarray]]:
    """A document after the strokes that changed something, and a copy of every state from the first on."""
    document = Document("image", LabelMap(HEIGHT, WIDTH), ClassTable.from_names(["a", "b", "c"]))
    states = [document.label_map.array.copy()]
    for box, value, seed in strokes:
        mask = np.random.default_rng(seed).random((box.height, box.width)) < 0.3
        with document.begin("Stroke") as builder:
            builder.paint_mask(box, mask, value)
        if builder.edit is not None:
            states.append(document.label_map.array.copy())
    return document, states


strokes = st.lists(st.tuples(boxes(), st.sampled_from([0, 1, 255]), st.integers(0, 5)), min_size=1, max_size=5)


@settings(max_examples=60, deadline=None)
@given(strokes=strokes, crops=st.lists(boxes(), min_size=1, max_size=3), most=st.integers(2, 90), data=st.data())
def test_a_glimpse_shows_what_any_step_left(
    strokes: list[tuple[Box, int, int]], crops: list[Box], most: int, data: st.DataObject
) -> None:
    document, states = painted(strokes)
    document.go_to(data.draw(st.integers(0, len(states) - 1), label="position"))
    edits, position = document.history.steps, document.history.position
    grids = [Grid.over(crop, WHOLE, most) for crop in crops]
    present = document.label_map.array
    glimpses = [Glimpse(number, grid, grid.of(present).copy()) for number in range(len(states)) for grid in grids]
    look_back(edits, position, glimpses)
    for glimpse in glimpses:
        np.testing.assert_array_equal(glimpse.labels, glimpse.grid.of(states[glimpse.number]))


@settings(max_examples=60, deadline=None)
@given(strokes=strokes, crop=boxes(), most=st.integers(2, 90))
def test_changed_cells_are_those_with_a_changed_pixel(
    strokes: list[tuple[Box, int, int]], crop: Box, most: int
) -> None:
    document, states = painted(strokes)
    grid = Grid.over(crop, WHOLE, most)
    rows, columns = grid.shape
    for edit, before, after in zip(document.history.steps, states, states[1:], strict=False):
        changed = before != after
        assert changed_pixels(edit) == np.count_nonzero(changed)
        inner = changed[grid.box.slices]
        padded = np.zeros((rows * grid.stride, columns * grid.stride), bool)
        padded[: inner.shape[0], : inner.shape[1]] = inner
        expected = padded.reshape(rows, grid.stride, columns, grid.stride).any(axis=(1, 3))
        np.testing.assert_array_equal(changed_cells(edit, grid), expected)


@given(crop=boxes(), most=st.integers(2, 300))
def test_a_grid_covers_its_box_with_few_cells(crop: Box, most: int) -> None:
    grid = Grid.over(crop, WHOLE, most)
    assert grid.box.union(crop) == grid.box and grid.box.intersection(WHOLE) == grid.box
    assert max(grid.shape) <= most
    assert grid.box.x0 % grid.stride == grid.box.y0 % grid.stride == 0
    assert grid.shape == grid.of(np.zeros((HEIGHT, WIDTH))).shape
    if max(crop.width, crop.height) <= most:
        assert grid == Grid(crop)
