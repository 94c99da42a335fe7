"""The brush's size, counted on the image or on the screen: the arithmetic, the canvas, and the window's panel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from segstudio.canvas.brush_size import LARGEST_ON_IMAGE, BrushSize, SizeUnit
from segstudio.canvas.canvas_view import CanvasView
from segstudio.services.settings import BRUSH_ON_SCREEN, BRUSH_SIZE
from tests.gui.canvas_hand import Hand, document, picture
from tests.gui.panel_stage import LEFT
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

sizes = st.builds(BrushSize, st.integers(1, 500), st.sampled_from(SizeUnit))
zooms = st.floats(0.01, 64.0)


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_document(picture(), document())
    view.set_class_index(1)
    with qtbot.waitExposed(view):
        view.show()
    return view


def painted_width(canvas: CanvasView) -> int:
    """One click in the middle of the image: how many pixels across it painted, and took back again."""
    assert canvas.document is not None
    Hand(canvas).stroke((60, 45))
    width = int((canvas.document.label_map.array == 1).any(axis=0).sum())
    canvas.document.undo()
    return width


@given(sizes, zooms)
def test_a_size_is_at_least_one_pixel_of_the_image_and_what_was_asked_for_within_the_limits(
    size: BrushSize, zoom: float
) -> None:
    covered = size.on_image(zoom)
    wanted = size.value if size.unit is SizeUnit.IMAGE else size.value / zoom
    assert 1 <= covered <= LARGEST_ON_IMAGE
    if 1 <= wanted <= LARGEST_ON_IMAGE:
        assert abs(covered - wanted) <= 0.5


@given(sizes, zooms)
def test_counting_in_another_unit_changes_the_size_by_rounding_and_the_limits_alone(
    size: BrushSize, zoom: float
) -> None:
    other = next(unit for unit in SizeUnit if unit is not size.unit)
    before, after = size.on_image(zoom), size.in_unit(other, zoom)
    assert after.unit is other and 1 <= after.value <= 500
    if 1 < after.value < 500:
        assert abs(after.on_image(zoom) - before) <= max(0.5, 0.5 / zoom) + 0.5


@given(sizes, zooms, st.floats(-2000, 2000), st.integers(-20, 20))
def test_every_way_to_change_a_size_stays_within_the_limits_and_goes_the_right_way(
    size: BrushSize, zoom: float, by: float, notches: int
) -> None:
    assert 1 <= size.widened(by, zoom).value <= 500
    stepped = size.stepped(notches)
    assert 1 <= stepped.value <= 500
    assert (stepped.value - size.value) * notches >= 0
    if 1 < size.value < 500 and notches:
        assert stepped.value != size.value


def test_a_brush_sized_on_the_screen_covers_less_of_the_image_the_nearer_one_looks(canvas: CanvasView) -> None:
    canvas.actual_size()
    canvas.set_brush_unit(SizeUnit.SCREEN)
    canvas.set_brush_size(24)
    assert painted_width(canvas) == 24
    canvas.zoom_by(4, canvas.image_to_view(60, 45))
    assert painted_width(canvas) == 6
    canvas.zoom_by(16, canvas.image_to_view(60, 45))
    assert canvas.zoom == 64 and painted_width(canvas) == 1
    canvas.set_brush_unit(SizeUnit.IMAGE)
    canvas.set_brush_size(6)
    assert painted_width(canvas) == 6


def test_the_outline_keeps_its_size_on_the_screen_while_one_zooms(canvas: CanvasView) -> None:
    canvas.set_brush_unit(SizeUnit.SCREEN)
    canvas.set_brush_size(40)
    hand, place = Hand(canvas), QPointF(200, 150)
    hand.hover(*canvas.view_to_image(place))
    seen = []
    for _ in range(3):
        hand.wheel(place, 240)
        seen.append(canvas.cursor_polygon.boundingRect().width() * canvas.zoom)
    assert seen == pytest.approx([40] * 3, abs=canvas.zoom)


def test_zooming_in_the_middle_of_a_stroke_leaves_its_size_alone(canvas: CanvasView) -> None:
    canvas.actual_size()
    canvas.set_brush_unit(SizeUnit.SCREEN)
    canvas.set_brush_size(8)
    hand = Hand(canvas)
    hand.press(30, 45)
    hand.wheel(canvas.image_to_view(30, 45), 480)
    hand.move(60, 45)
    hand.release(60, 45)
    assert canvas.document is not None
    columns = np.flatnonzero((canvas.document.label_map.array == 1).any(axis=0))
    rows = np.flatnonzero((canvas.document.label_map.array == 1).any(axis=1))
    assert len(rows) == 8 and (columns[0], columns[-1]) == (26, 63)


def test_the_panel_switches_the_unit_and_says_what_the_brush_covers(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    canvas, panel, settings = person.parts.canvas, person.parts.brush, person.window.settings
    canvas.actual_size()
    canvas.zoom_by(4)
    panel.size_spin.setValue(10)
    assert panel.size_unit.text() == "of the image, 40 px on the screen"
    person.qtbot.mouseClick(panel.screen_button, LEFT)
    assert panel.size_spin.value() == 40 and panel.size_unit.text() == "on the screen, 10 px of the image"
    assert settings.get(BRUSH_ON_SCREEN) and settings.get(BRUSH_SIZE) == 40
    canvas.zoom_by(0.5)
    assert panel.size_spin.value() == 40 and panel.size_unit.text() == "on the screen, 20 px of the image"
    person.key(Qt.Key.Key_BracketLeft, canvas)
    assert panel.size_spin.value() < 40 and settings.get(BRUSH_SIZE) == panel.size_spin.value()
    person.qtbot.mouseClick(panel.screen_button, LEFT)
    assert panel.size_spin.value() == 18 and not settings.get(BRUSH_ON_SCREEN)
