"""Aiming: the precise pointer, and the lines through it, which repaint two strips alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QImage, QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.canvas.crosshair import precise_pointer
from segstudio.services.settings import CROSSHAIR
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import NO_BUTTON, Hand, document, grabbed, picture
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Move = QEvent.Type.MouseMove


class Painted(QObject):
    """What a widget was asked to repaint."""

    def __init__(self) -> None:
        super().__init__()
        self.region = QRegion()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return False


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_document(picture(), document())
    view.set_tool(TOOLS["polygon"].factory())
    with qtbot.waitExposed(view):
        view.show()
    return view


def on_screen(canvas: CanvasView) -> np.ndarray:
    """What the window shows now, as its repaints left it: no new one is asked for."""
    QApplication.processEvents()
    image = canvas.screen().grabWindow(canvas.winId()).toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_moving_the_lines_repaints_two_strips_where_they_were_and_two_where_they_are(canvas: CanvasView) -> None:
    canvas.set_crosshair(True)
    hand = Hand(canvas)
    hand.mouse(Move, QPointF(100, 100), NO_BUTTON)
    QApplication.processEvents()
    painted = Painted()
    canvas.installEventFilter(painted)
    hand.mouse(Move, QPointF(250, 200), NO_BUTTON)
    QApplication.processEvents()
    canvas.removeEventFilter(painted)
    assert not painted.region.isEmpty()
    for x, y in ((100, 20), (20, 100), (250, 20), (20, 200)):
        assert painted.region.contains(QPointF(x, y).toPoint())
    area = sum(rect.width() * rect.height() for rect in painted.region)  # type: ignore[attr-defined]
    assert area <= 2 * 5 * (400 + 300)


@pytest.mark.parametrize("zoom", [1.0, 2.7, 17.3])
def test_parts_repainted_are_those_of_a_whole_repaint(canvas: CanvasView, zoom: float) -> None:
    assert canvas.document is not None
    canvas.set_tool(TOOLS["brush"].factory())
    hand = Hand(canvas)
    canvas.zoom_by(zoom / canvas.zoom)
    hand.stroke((20, 20), (100, 70))
    canvas.set_crosshair(True)
    for place in ((40, 40), (130, 90), (131, 91), (300, 220), (60, 260)):
        hand.mouse(Move, QPointF(*place), NO_BUTTON)
        QApplication.processEvents()
    seen = on_screen(canvas)
    canvas.update()
    np.testing.assert_array_equal(seen, on_screen(canvas))


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_the_lines_show_on_anything_and_leave_the_middle_free(canvas: CanvasView, shade: int) -> None:
    canvas.set_document(np.full((90, 120, 3), shade, np.uint8), document())
    hand = Hand(canvas)
    hand.mouse(Move, QPointF(200, 150), NO_BUTTON)
    before = grabbed(canvas).astype(int)
    canvas.set_crosshair(True)
    seen = np.abs(grabbed(canvas).astype(int) - before).max(axis=2)
    assert (seen[150, 60:180].min() > 60) or (seen[149, 60:180].min() > 60)
    assert seen[140:161, 190:211].max() == 0
    assert seen[150].max() > 60 and seen[:, 200].max() > 60


def test_the_lines_go_while_one_pans_and_when_the_pointer_leaves(canvas: CanvasView) -> None:
    canvas.setFocus()
    hand = Hand(canvas)
    hand.mouse(Move, QPointF(200, 150), NO_BUTTON)
    without = grabbed(canvas)
    canvas.set_crosshair(True)
    assert (grabbed(canvas) != without).any()
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    np.testing.assert_array_equal(on_screen(canvas), without)
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert (on_screen(canvas) != without).any()
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    np.testing.assert_array_equal(on_screen(canvas), without)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
def test_the_pointer_means_the_pixel_at_its_hot_spot_and_shows_on_black_and_on_white(ratio: float, qtbot) -> None:  # type: ignore[no-untyped-def]
    cursor = precise_pointer(ratio)
    image = cursor.pixmap().toImage()
    spot = cursor.hotSpot()
    middle = [round((part + 0.5) * ratio - 0.5) for part in (spot.x(), spot.y())]
    assert image.pixelColor(*middle).alpha() == 0, "what is aimed at is free"
    lights = [image.pixelColor(round((spot.x() + 6.5) * ratio - 0.5), middle[1]).lightness()]
    lights.append(image.pixelColor(round((spot.x() + 6.5) * ratio - 0.5), round(middle[1] + ratio)).lightness())
    assert lights[0] > 240 and lights[1] < 40


def test_a_tiny_brush_is_aimed_with_the_precise_pointer(canvas: CanvasView) -> None:
    canvas.set_tool(TOOLS["brush"].factory())
    canvas.actual_size()
    hand = Hand(canvas)
    for size, shape in ((3, Qt.CursorShape.BitmapCursor), (30, Qt.CursorShape.BlankCursor)):
        canvas.set_brush_size(size)
        hand.hover(60, 45)
        assert canvas.cursor().shape() is shape


def test_the_view_menu_shows_the_lines_and_they_are_remembered(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    canvas, action = person.parts.canvas, person.window.actions_table["crosshair"]
    person.hand.hover(30, 20)
    before = grabbed(canvas)
    person.trigger("crosshair")
    assert action.isChecked() and (grabbed(canvas) != before).any()
    assert person.window.settings.get(CROSSHAIR)
    person.trigger("crosshair")
    np.testing.assert_array_equal(grabbed(canvas), before)
