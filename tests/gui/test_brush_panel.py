"""The brush and the overlay: what the panel shows, and what it tells when it is used."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from segstudio.core.raster import BrushShape
from segstudio.widgets.brush_panel import BrushPanel
from tests.gui.panel_stage import LEFT, light_theme, shown  # noqa: F401 - one is a fixture


@pytest.fixture
def brush(qtbot: QtBot) -> BrushPanel:
    panel = BrushPanel()
    shown(qtbot, panel)
    return panel


def test_dragging_the_size_slider_sizes_the_brush(brush: BrushPanel, qtbot: QtBot) -> None:
    brush.set_size(1)
    told: list[int] = []
    brush.size_changed.connect(told.append)
    slider = brush.size_slider
    start = QPoint(8, slider.height() // 2)
    qtbot.mousePress(slider, LEFT, pos=start)
    for x in range(8, slider.width() + 20, 6):
        qtbot.mouseMove(slider, QPoint(x, start.y()))
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.width() + 20, start.y()))
    assert told[-1] == 500
    assert told == sorted(set(told))
    assert brush.size_spin.value() == 500


def test_every_brush_size_survives_being_set(brush: BrushPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(brush.size_changed):
        for size in (1, 2, 3, 24, 77, 499, 500):
            brush.set_size(size)
            assert brush.size_px() == size


def test_typing_a_size_moves_the_slider(brush: BrushPanel, qtbot: QtBot) -> None:
    brush.set_size(10)
    before = brush.size_slider.value()
    with qtbot.waitSignal(brush.size_changed) as told:
        brush.size_spin.selectAll()
        qtbot.keyClicks(brush.size_spin, "200")
        qtbot.keyClick(brush.size_spin, Qt.Key.Key_Return)
    assert told.args == [200]
    assert brush.size_slider.value() > before


def test_brush_shape_opacity_outline_and_specks(brush: BrushPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(brush.shape_changed) as told:
        qtbot.mouseClick(brush.square_button, LEFT)
    assert told.args == [BrushShape.SQUARE]
    assert not brush.round_button.isChecked()
    with qtbot.waitSignal(brush.opacity_changed) as told:
        qtbot.keyClick(brush.opacity_slider, Qt.Key.Key_PageUp)
    assert told.args == [pytest.approx(0.6)]
    with qtbot.waitSignal(brush.outline_changed) as told:
        qtbot.mouseClick(brush.outline_button, LEFT)
    assert told.args == [True]


def test_showing_brush_values_tells_nobody(brush: BrushPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(brush.shape_changed), qtbot.assertNotEmitted(brush.outline_changed):
        brush.set_shape(BrushShape.SQUARE)
        brush.set_outline(True)
    with qtbot.assertNotEmitted(brush.opacity_changed):
        brush.set_opacity(0.25)
    assert brush.opacity_value.text() == "25 %"
