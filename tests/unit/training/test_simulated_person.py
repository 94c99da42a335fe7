"""The simulated person's model, against numbers worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from segstudio.core.class_table import VOID
from segstudio_training.simulated_person import RADII, SimulatedPerson, brush_radii, stroke_seconds


def scene(height: int, width: int, fill: int = 0) -> np.ndarray:
    return np.full((height, width), fill, np.uint8)


def brute_force_radii(truth: np.ndarray) -> np.ndarray:
    """By the words: the largest r of which some disc around a centre in the image holds the pixel and fits."""
    height, width = truth.shape
    rows, columns = np.indices(truth.shape)
    found = np.zeros_like(truth)
    for value in np.unique(truth[truth != VOID]):
        allowed = (truth == value) | (truth == VOID)
        for radius in reversed(RADII):
            for y in range(height):
                for x in range(width):
                    disc = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
                    if allowed[disc].all():
                        found[disc & (truth == value)] = radius
        found[(truth == value) & (found == 0)] = 1
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_radius_is_that_of_the_morphological_opening(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = scene(22, 26)
    for value in (1, 2, 1, VOID):
        y, x = random.integers(0, 16, 2)
        truth[y : y + random.integers(1, 14), x : x + random.integers(1, 14)] = value
    assert np.array_equal(brush_radii(truth), brute_force_radii(truth))


def test_one_stroke_of_a_square() -> None:
    # A disc of 4 spans 9 pixels: in a square of 9 it has one place. Beside it stays what smaller discs reach:
    # the disc of 4 has 49 pixels, so 32 are left in four corners of 8 pixels, each under 12 and let be.
    truth = scene(40, 40)
    truth[10:19, 10:19] = 1
    shown = scene(40, 40)
    done = SimulatedPerson(truth).correct(shown)
    assert done.strokes == 1
    assert done.seconds == pytest.approx(0.2 + 0.2 + 49 / (2 * 4) / 400)
    assert (done.labels == 1).sum() == 49
    assert (done.labels[14, 10:19] == 1).all() and done.labels[10, 10] == 0
    assert not shown.any()


def test_a_thin_line_is_painted_with_the_smallest_brush() -> None:
    # Three pixels wide: discs of 1 run along its middle and reach all but the four corners of its ends.
    truth = scene(20, 60)
    truth[8:11, 5:55] = 2
    assert set(np.unique(brush_radii(truth)[truth == 2])) == {1}
    done = SimulatedPerson(truth).correct(scene(20, 60))
    # What is too thin for any disc, the corners, is the smallest brush's too: one part of 150 pixels.
    assert (done.strokes, done.seconds) == (1, pytest.approx(0.4 + 150 / 2 / 400))
    assert np.array_equal(done.labels, truth)


def test_a_line_of_one_pixel_is_not_forgotten() -> None:
    truth = scene(20, 60)
    truth[8, 5:55] = 2
    done = SimulatedPerson(truth).correct(scene(20, 60))
    assert (done.strokes, done.seconds) == (1, pytest.approx(0.4 + 50 / 2 / 400))


@pytest.mark.parametrize(("gap", "strokes"), [(8, 1), (9, 2)])
def test_parts_within_half_a_radius_are_one_stroke(gap: int, strokes: int) -> None:
    # Everything is class 0 (radius 64 fits anywhere at the border too); the person misses two bars of it, whose
    # nearest pixels are `gap + 24` apart: within 64 / 2 for a gap of 8, beyond it for 9.
    truth = scene(200, 200)
    shown = truth.copy()
    shown[50:60, 40:50] = 1
    shown[50:60, 49 + gap + 24 : 59 + gap + 24] = 1
    assert set(np.unique(brush_radii(truth))) == {64}
    done = SimulatedPerson(truth).correct(shown)
    assert done.strokes == strokes
    assert done.seconds == pytest.approx(strokes * 0.4 + 200 / 128 / 400)
    assert np.array_equal(done.labels, truth)


def test_parts_chain() -> None:
    truth = scene(200, 200)
    shown = truth.copy()
    for column in (10, 50, 90, 130):  # 30 pixels between one and the next
        shown[80:90, column : column + 11] = 1
    assert SimulatedPerson(truth).correct(shown).strokes == 1


def test_specks_are_let_be() -> None:
    truth = scene(100, 100)
    shown = truth.copy()
    shown[10, 10:21] = 1  # 11 pixels
    shown[50, 10:22] = 1  # 12 pixels
    done = SimulatedPerson(truth).correct(shown)
    assert (done.strokes, done.seconds) == (1, pytest.approx(0.4 + 12 / 128 / 400))
    assert (done.labels[10, 10:21] == 1).all() and not done.labels[50].any()


def test_void_is_free_ground() -> None:
    # A stripe of class 1, three pixels wide, between wide void: the brush may run over the void.
    truth = scene(200, 200, VOID)
    truth[100:103] = 1
    done = SimulatedPerson(truth).paint_from_nothing()
    assert (done.strokes, done.seconds) == (1, pytest.approx(0.4 + 600 / 128 / 400))
    assert np.array_equal(done.labels, truth)
    # What a proposal claims where the truth is void is neither wrong nor touched.
    shown = scene(200, 200, 1)
    right = SimulatedPerson(truth).correct(shown)
    assert (right.strokes, right.seconds) == (0, 0.0) and np.array_equal(right.labels, shown)


def test_each_class_is_a_stroke_of_its_own() -> None:
    truth = scene(200, 200)
    truth[:, 100:] = 1
    done = SimulatedPerson(truth).paint_from_nothing()
    # Half the image each: discs of 64 reach all of it, up to the dividing line and into the image's corners.
    assert done.strokes == 2
    assert done.seconds == pytest.approx(2 * 0.4 + 2 * 20_000 / 128 / 400)


def test_nothing_to_do() -> None:
    truth = scene(30, 30, 3)
    assert SimulatedPerson(truth).correct(truth).strokes == 0
    empty = SimulatedPerson(scene(30, 30, VOID)).paint_from_nothing()
    assert (empty.strokes, empty.seconds) == (0, 0.0)


def test_a_stroke_by_hand() -> None:
    assert stroke_seconds(8000, 10) == pytest.approx(0.4 + 1.0)
