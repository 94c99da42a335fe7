"""The strokes of the tour's person: they mend what is wrong and spoil nothing."""

from __future__ import annotations

import numpy as np
import pytest

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap
from segstudio.core.raster import BrushShape, snapped, sweep
from segstudio.tour_strokes import correcting_strokes, wrong_share


def scene(seed: int) -> np.ndarray:
    """(90, 120) uint8: ground, a disc, a thin pole and a void border."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:90, :120]
    truth = np.where(rows > 40 + 5 * np.sin(columns / 9 + seed), 1, 0).astype(np.uint8)
    x, y = rng.integers(25, 95), rng.integers(25, 65)
    truth[np.hypot(rows - y, columns - x) < 15] = 2
    truth[5:80, 60:63] = 3
    truth[:, :3] = VOID
    return truth


def painted(start: np.ndarray, truth: np.ndarray) -> np.ndarray:
    document = Document("image", LabelMap.from_array(start), ClassTable.from_names(["a", "b", "c", "d"]))
    for stroke in correcting_strokes(start, truth):
        with document.begin("Stroke") as builder:
            ends = snapped(stroke.start, stroke.size), snapped(stroke.end, stroke.size)
            builder.paint_region(sweep(*ends, stroke.size, BrushShape.ROUND), stroke.value)
    return document.label_map.array


@pytest.mark.parametrize("seed", range(4))
def test_painting_from_nothing_leaves_little_void_and_nothing_wrong(seed: int) -> None:
    truth = scene(seed)
    result = painted(np.full_like(truth, VOID), truth)
    counted = truth != VOID
    assert not ((result != truth) & (result != VOID) & counted).any()
    assert ((result == VOID) & counted).mean() < 0.05


def test_a_right_label_map_needs_no_stroke() -> None:
    truth = scene(0)
    assert list(correcting_strokes(truth, truth)) == []


def test_correcting_costs_less_than_painting_from_nothing() -> None:
    truth = scene(1)
    nearly = truth.copy()
    nearly[50:60, 20:40] = 0
    few = list(correcting_strokes(nearly, truth))
    assert 0 < len(few) < len(list(correcting_strokes(np.full_like(truth, VOID), truth))) / 3
    assert wrong_share(painted(nearly, truth), truth)[0] < wrong_share(nearly, truth)[0] / 3


def test_void_in_the_truth_does_not_count() -> None:
    truth = np.array([[0, VOID], [1, 1]], np.uint8)
    assert wrong_share(np.array([[0, 0], [1, 0]], np.uint8), truth) == (1, 3)
    assert wrong_share(None, truth) == (3, 3)
