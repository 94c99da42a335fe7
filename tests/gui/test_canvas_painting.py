"""Strokes on the canvas: press, move and release on the widget, and look at the label map."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.raster import BrushShape
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import LEFT, MIDDLE, Hand, document, grabbed, labels, picture, ready_canvas

SHIFT, ALT, CTRL = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.fixture
def canvas(qtbot) -> CanvasView:  # type: ignore[no-untyped-def]
    return ready_canvas(qtbot, document())


@pytest.fixture
def hand(canvas: CanvasView) -> Hand:
    return Hand(canvas)


def test_a_stroke_is_one_edit_that_undo_takes_back(canvas, hand, qtbot) -> None:
    with qtbot.waitSignals([canvas.stroke_started, canvas.edit_made, canvas.stroke_finished]):
        hand.stroke((20, 20), (60, 30), (90, 70))
    assert (labels(canvas) == 1).any()
    canvas.document.undo()
    assert (labels(canvas) == VOID).all()
    assert not canvas.document.can_undo


@pytest.mark.parametrize("shape", BrushShape)
@pytest.mark.parametrize("size", [1, 2, 9])
def test_a_fast_stroke_has_no_gaps(canvas, hand, shape, size) -> None:
    canvas.set_brush_shape(shape)
    canvas.set_brush_size(size)
    hand.stroke((5, 5), (110, 12), (8, 80), (112, 60), (60, 3))
    count, _ = cv2.connectedComponents((labels(canvas) == 1).astype(np.uint8), connectivity=8)
    assert count == 2  # the stroke and the rest
    for x, y in ((5, 5), (110, 12), (8, 80), (112, 60), (60, 3)):
        assert labels(canvas)[y - 1 : y + 1, x - 1 : x + 1].min() == 1


def test_shift_click_draws_a_straight_line_from_the_last_end(canvas, hand) -> None:
    canvas.set_brush_size(1)
    hand.stroke((10.5, 40.5))
    hand.stroke((100.5, 40.5), modifiers=SHIFT)
    expected = np.zeros((90, 120), dtype=bool)
    expected[40, 10:101] = True
    np.testing.assert_array_equal(labels(canvas) == 1, expected)


@pytest.mark.parametrize(("names", "painted"), [(["background", "road"], 0), (["sky", "road"], VOID)])
def test_the_eraser_paints_background_where_there_is_one(canvas, hand, names, painted) -> None:
    canvas.set_document(picture(), document(classes=ClassTable.from_names(names), fill=1))
    canvas.set_tool(TOOLS["eraser"].factory())
    hand.stroke((30, 30), (60, 30))
    assert labels(canvas)[30, 45] == painted
    assert labels(canvas)[60, 45] == 1


def test_holding_x_erases_and_letting_go_paints_again(canvas, hand) -> None:
    canvas.set_document(picture(), document(fill=2))
    QTest.keyPress(canvas, Qt.Key.Key_X)
    hand.stroke((30, 30))
    QTest.keyRelease(canvas, Qt.Key.Key_X)
    hand.stroke((80, 30))
    assert labels(canvas)[30, 30] == 0
    assert labels(canvas)[30, 80] == 1


def test_x_switches_where_holds_are_toggles(canvas, hand) -> None:
    canvas.set_holds_as_toggles(True)
    QTest.keyClick(canvas, Qt.Key.Key_X)
    hand.stroke((30, 30))
    QTest.keyClick(canvas, Qt.Key.Key_X)
    hand.stroke((80, 30))
    assert labels(canvas)[30, 30] == 0
    assert labels(canvas)[30, 80] == 1


def test_a_toggled_x_ends_where_holds_are_no_toggles_any_more(canvas, hand) -> None:
    canvas.set_holds_as_toggles(True)
    QTest.keyClick(canvas, Qt.Key.Key_X)
    canvas.set_holds_as_toggles(True)
    hand.stroke((30, 30))
    assert labels(canvas)[30, 30] == 0, "the settings were confirmed as they are"
    canvas.set_holds_as_toggles(False)
    hand.stroke((80, 30))
    assert labels(canvas)[30, 80] == 1


def test_a_stroke_can_be_finished_from_elsewhere_as_by_a_release(canvas, hand, qtbot) -> None:
    hand.press(20, 20)
    hand.move(60, 20)
    with qtbot.waitSignals([canvas.edit_made, canvas.stroke_finished]):
        canvas.finish_stroke()
    assert labels(canvas)[20, 40] == 1 and not canvas.document.is_editing
    hand.move(60, 60)
    hand.release(60, 60)
    assert labels(canvas)[50, 60] == VOID


def test_the_void_brush_makes_pixels_void(canvas, hand) -> None:
    canvas.set_document(picture(), document(fill=1))
    canvas.set_tool(TOOLS["void_brush"].factory())
    hand.stroke((30, 30))
    assert labels(canvas)[30, 30] == VOID


@pytest.mark.parametrize(("tool_id", "modifiers"), [("pick", Qt.KeyboardModifier.NoModifier), ("brush", ALT)])
def test_a_class_is_picked_from_the_image(canvas, hand, qtbot, tool_id, modifiers) -> None:
    canvas.set_document(picture(), document(fill=2))
    canvas.set_tool(TOOLS[tool_id].factory())
    with qtbot.waitSignal(canvas.class_picked) as picked:
        hand.stroke((30, 30), modifiers=modifiers)
    assert picked.args == [2]
    assert (labels(canvas) == 2).all()


def test_escape_takes_the_stroke_back_and_the_rest_of_the_drag_paints_nothing(canvas, hand, qtbot) -> None:
    hand.press(20, 20)
    hand.move(90, 60)
    assert (labels(canvas) == 1).any()
    with qtbot.waitSignal(canvas.stroke_finished), qtbot.assertNotEmitted(canvas.edit_made):
        QTest.keyClick(canvas, Qt.Key.Key_Escape)
        hand.move(20, 80)
        hand.release(20, 80)
    assert (labels(canvas) == VOID).all()
    assert not canvas.document.can_undo


def test_losing_the_focus_takes_the_stroke_back_and_lets_the_keys_go(qtbot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(400, 340)
    column = QVBoxLayout(window)
    elsewhere, canvas = QLineEdit(), CanvasView()
    column.addWidget(elsewhere)
    column.addWidget(canvas, 1)
    canvas.set_document(picture(), document())
    canvas.set_class_index(1)
    with qtbot.waitExposed(window):
        window.show()
    window.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    hand = Hand(canvas)
    QTest.keyPress(canvas, Qt.Key.Key_X)
    hand.press(20, 20)
    hand.move(90, 60)
    assert (labels(canvas) == 0).any(), "X erases to background"
    elsewhere.setFocus()
    assert (labels(canvas) == VOID).all()
    hand.release(90, 60)
    canvas.setFocus()
    hand.stroke((30, 30))
    assert labels(canvas)[30, 30] == 1, "X was let go"


def test_another_document_takes_the_stroke_back(canvas, hand) -> None:
    first = canvas.document
    hand.press(20, 20)
    hand.move(90, 60)
    canvas.set_document(picture(), document())
    assert (first.label_map.array == VOID).all() and not first.is_editing
    hand.release(90, 60)
    assert (labels(canvas) == VOID).all()


def test_undo_in_the_middle_of_a_stroke_does_nothing(canvas, hand) -> None:
    hand.stroke((20, 20))
    hand.press(60, 60)
    assert canvas.document.undo() is None
    hand.release(80, 60)
    assert labels(canvas)[20, 20] == 1 and labels(canvas)[60, 70] == 1


@pytest.mark.parametrize("size", [1, 2, 5, 12])
@pytest.mark.parametrize("shape", BrushShape)
def test_the_cursor_outlines_the_very_pixels_that_a_click_paints(canvas, hand, size, shape) -> None:
    canvas.set_brush_size(size)
    canvas.set_brush_shape(shape)
    for x, y in ((40.3, 30.8), (1.2, 0.4), (119.4, 60.5)):
        hand.hover(x, y)
        polygon = canvas.cursor_polygon
        inside = np.array(
            [
                [polygon.containsPoint(QPointF(i + 0.5, j + 0.5), Qt.FillRule.OddEvenFill) for i in range(120)]
                for j in range(90)
            ]
        )
        hand.stroke((x, y))
        np.testing.assert_array_equal(labels(canvas) == 1, inside)
        canvas.document.undo()


def test_the_cursor_shows_on_black_and_on_white(canvas, hand) -> None:
    for shade in (0, 255):
        canvas.set_document(np.full((90, 120, 3), shade, dtype=np.uint8), document())
        canvas.set_brush_size(30)
        hand.hover(60, 45)
        assert np.abs(grabbed(canvas).astype(int)[60:240, 60:340] - shade).max() > 200


def test_ctrl_wheel_sizes_the_brush(canvas, hand, qtbot) -> None:
    middle = QPointF(200, 150)
    zoom = canvas.zoom
    with qtbot.waitSignal(canvas.brush_size_changed) as larger:
        hand.wheel(middle, 120, modifiers=CTRL)
    with qtbot.waitSignal(canvas.brush_size_changed) as smaller:
        hand.wheel(middle, -120, modifiers=CTRL)
    assert larger.args[0] > 5 >= smaller.args[0]
    assert canvas.zoom == zoom
    canvas.set_brush_size(1)
    with qtbot.assertNotEmitted(canvas.brush_size_changed):
        hand.wheel(middle, -120, modifiers=CTRL)


@pytest.mark.parametrize("way", ["space", "middle"])
def test_panning_moves_the_image_and_paints_nothing(canvas, hand, way) -> None:
    button = LEFT if way == "space" else MIDDLE
    if way == "space":
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    before = canvas.image_to_view(0, 0)
    start = canvas.image_to_view(30, 30)
    hand.press(30, 30, button)
    hand.mouse(QEvent.Type.MouseMove, start + QPointF(25, -10), button)
    hand.mouse(QEvent.Type.MouseButtonRelease, start + QPointF(25, -10), button)
    assert (canvas.image_to_view(0, 0) - before).toPoint() == QPoint(25, -10)
    assert (labels(canvas) == VOID).all()
    if way == "space":
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
        hand.stroke((30, 30))
        assert labels(canvas)[30, 30] == 1


def test_a_stroke_may_leave_the_image_and_come_back(canvas, hand) -> None:
    hand.stroke((60, 45), (60, -20), (30, -20), (30, 45))
    assert labels(canvas)[0, 60] == 1 and labels(canvas)[0, 30] == 1
    assert labels(canvas)[0, 45] == VOID


def test_painting_follows_the_image_however_it_is_turned(canvas, hand) -> None:
    for orientation in range(1, 9):
        canvas.set_document(picture(), document(), orientation)
        hand.stroke((100.5, 20.5))
        painted = np.argwhere(labels(canvas) == 1)
        np.testing.assert_array_equal(painted.mean(axis=0), [20, 100])
