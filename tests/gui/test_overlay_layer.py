"""The overlay's picture: thinned first where there is much of it, and exact in the end, whatever happens meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segstudio.canvas import overlay_layer, overlay_level
from segstudio.canvas.canvas_view import CanvasView
from segstudio.canvas.overlay_layer import OverlayLayer, overlay_colors
from segstudio.canvas.pyramid import reduced_box
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.geometry import Box
from tests.gui.canvas_hand import Hand, document, grabbed, picture

SIDE = 1700
WHOLE = Box.of_size(SIDE, SIDE)
COLORS = overlay_colors(ClassTable.from_names(["background", "road", "pole"]))


@pytest.fixture
def labels() -> np.ndarray:
    random = np.random.default_rng(3)
    blocks = random.choice(np.array([0, 1, 2, VOID], np.uint8), (SIDE // 5, SIDE // 5))
    return blocks.repeat(5, axis=0).repeat(5, axis=1)


def layer_of(labels: np.ndarray) -> OverlayLayer:
    return OverlayLayer(SIDE, SIDE, lambda box, step: labels[box.slices][::step, ::step], COLORS)


def exact(labels: np.ndarray, number: int, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    with monkeypatch.context() as patched:
        patched.setattr(overlay_layer, "ROUGH_FROM", 10**12)
        layer = layer_of(labels)
        layer.level(number, WHOLE)
        assert not layer.is_rough
        return layer._levels[number].at(reduced_box(WHOLE, number)).copy()


def test_a_first_look_colours_what_is_shown_and_no_more(labels: np.ndarray) -> None:
    layer = layer_of(labels)
    layer.level(2, WHOLE)
    assert layer.is_rough and layer.pixels_recoloured == (SIDE // 4) ** 2
    thinned = layer._levels[2].at(reduced_box(WHOLE, 2))
    np.testing.assert_array_equal(thinned, np.take(COLORS, labels[::4, ::4]))
    layer.level(2, WHOLE)
    assert layer.pixels_recoloured == (SIDE // 4) ** 2, "a second look costs nothing"


@pytest.mark.parametrize("number", [1, 2, 3])
def test_refining_ends_at_the_exact_picture_bit_by_bit(
    labels: np.ndarray, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = layer_of(labels)
    layer.level(number, WHOLE)
    better, steps = Box(0, 0, 0, 0), 0
    while layer.is_rough:
        before = layer.pixels_recoloured
        better = better.union(layer.refine(100_000))
        assert layer.pixels_recoloured - before < 100_000 + 2 * 256 * 256, "no step is long"
        steps += 1
    assert steps > 10 and better.intersection(WHOLE) == WHOLE
    np.testing.assert_array_equal(
        layer._levels[number].at(reduced_box(WHOLE, number)), exact(labels, number, monkeypatch)
    )
    assert layer.refine(1000).is_empty


@pytest.mark.parametrize("seed", range(5))
def test_what_is_painted_meanwhile_is_shown(labels: np.ndarray, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(seed)
    layer = layer_of(labels)
    layer.level(3, WHOLE)
    layer.level(2, WHOLE)
    for _ in range(30):
        x, y = random.integers(0, SIDE - 100, 2).tolist()
        labels[y : y + 60, x : x + 90] = random.integers(0, 3)
        layer.recolour(Box(x, y, x + 90, y + 60))
        corner = layer._levels[2].at(reduced_box(WHOLE, 2))[(y + 30) // 4, (x + 45) // 4]
        assert corner == COLORS[labels[y + 30, x + 45]], "at once, rough or not"
        layer.refine(int(random.integers(1, 150_000)))
    for number in (2, 3):
        layer.level(number, WHOLE)
        while layer.is_rough:
            layer.refine(10**6)
        np.testing.assert_array_equal(
            layer._levels[number].at(reduced_box(WHOLE, number)), exact(labels, number, monkeypatch)
        )


def test_memory_follows_what_is_looked_at(labels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay_level, "KEPT_WHOLE", 0)
    monkeypatch.setattr(overlay_level, "MARGIN", 64)
    random, layer, whole = np.random.default_rng(7), layer_of(labels), exact(labels, 0, monkeypatch)
    for _ in range(60):  # a view of 300 × 200 pixels that wanders, while labels change in and beside it
        x, y = (int(random.integers(0, SIDE - extent)) for extent in (300, 200))
        level = layer.level(0, Box(x, y, x + 300, y + 200))
        assert layer.nbytes <= 4 * (300 + 2 * 64 + 2 * 256) * (200 + 2 * 64 + 2 * 256)
        np.testing.assert_array_equal(level.at(Box(x, y, x + 300, y + 200)), whole[y : y + 200, x : x + 300])
        a, b = (int(part) for part in random.integers(0, SIDE - 120, 2))
        labels[b : b + 120, a : a + 100] = value = int(random.integers(0, 3))
        whole[b : b + 120, a : a + 100] = COLORS[value]
        layer.recolour(Box(a, b, a + 100, b + 120))


def test_a_view_that_moves_a_little_colours_what_is_new(labels: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay_level, "KEPT_WHOLE", 0)
    layer = layer_of(labels)
    layer.level(0, Box(300, 300, 500, 500))
    before = layer.pixels_recoloured
    for step in range(100):
        layer.level(0, Box(300 + 10 * step, 300, 500 + 10 * step, 500))
    assert layer.pixels_recoloured - before <= 256 * (1500 + 256) * 2, "each tile on the way once"


def test_sizes_that_were_left_are_forgotten(labels: np.ndarray) -> None:
    layer = layer_of(labels)
    for number in range(5):
        layer.level(number, WHOLE)
    assert layer.nbytes == 4 * (256**2 + 256**2), "212 and 106 pixels across, in whole tiles"


def test_other_colours_begin_anew(labels: np.ndarray) -> None:
    layer = layer_of(labels)
    layer.level(2, WHOLE)
    layer.refine(300_000)
    layer.set_colors(overlay_colors(ClassTable.from_names(["road", "pole", "background"])).copy()[::-1].copy())
    assert not layer.is_rough
    layer.level(2, WHOLE)
    while layer.is_rough:
        layer.refine(10**6)
    assert layer._levels[2].valid.all()


def test_the_canvas_goes_on_to_the_exact_picture_by_itself(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = document(900, 1200, fill=0)
    with shown.begin("stripes") as builder:
        stripes = np.zeros((900, 1200), bool)
        stripes[::3] = True
        builder.paint_mask(shown.label_map.box, stripes, 1)

    def settled(rough_from: int) -> np.ndarray:
        monkeypatch.setattr(overlay_layer, "ROUGH_FROM", rough_from)
        canvas = CanvasView()
        qtbot.addWidget(canvas)
        canvas.resize(400, 300)
        canvas.set_document(picture(900, 1200), shown)
        canvas.set_class_index(2)
        with qtbot.waitExposed(canvas):
            canvas.show()
        Hand(canvas).hover(600, 450)
        qtbot.waitUntil(lambda: not canvas._scene.is_rough and not canvas._refining.isActive())
        return grabbed(canvas)

    np.testing.assert_array_equal(settled(1000), settled(10**9))


def test_a_stroke_is_not_held_up_by_refining(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay_layer, "ROUGH_FROM", 1000)
    canvas = CanvasView()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.set_document(picture(900, 1200), document(900, 1200, fill=0))
    canvas.set_class_index(2)
    hand = Hand(canvas)
    with qtbot.waitExposed(canvas):
        canvas.show()
    assert canvas._scene.is_rough
    hand.press(600, 450)
    canvas._refining.stop()
    canvas.repaint()
    qtbot.wait(20)
    assert canvas._scene.is_rough and not canvas._refining.isActive()
    hand.move(700, 500)
    hand.release(700, 500)
    qtbot.waitUntil(lambda: not canvas._scene.is_rough)
