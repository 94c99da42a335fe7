"""In the middle of a stroke: zoom, pan, held keys, another class. It goes on as it was begun."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import LEFT, MIDDLE, NO_BUTTON, Hand, document, labels, ready_canvas
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Press, Move, Release = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease
WAY = ((30.3, 30.6), (50.7, 35.2), (80.4, 60.3), (60.6, 70.8))
DRAGGED = ["brush", "eraser", "void_brush", "lasso", "rectangle", "ellipse"]


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    return ready_canvas(qtbot, document(fill=2))


@pytest.fixture
def hand(canvas: CanvasView) -> Hand:
    return Hand(canvas)


def undisturbed(canvas: CanvasView, tool_id: str) -> np.ndarray:
    """What the way paints where nothing comes in between; it is undone."""
    canvas.set_tool(TOOLS[tool_id].factory())
    Hand(canvas).stroke(*WAY)
    painted = labels(canvas).copy()
    assert canvas.document is not None and (painted != 2).any()
    canvas.document.undo()
    canvas.set_tool(TOOLS[tool_id].factory())
    return painted


def zoom_by_wheel(canvas: CanvasView, hand: Hand) -> None:
    hand.wheel(canvas.image_to_view(*WAY[1]), 360)


def zoom_out_by_wheel(canvas: CanvasView, hand: Hand) -> None:
    hand.wheel(canvas.image_to_view(*WAY[1]), -240)


def zoom_by_keys(canvas: CanvasView, hand: Hand) -> None:
    canvas.zoom_by(1.25)
    canvas.zoom_by(1.25)


def zoom_to_actual_size(canvas: CanvasView, hand: Hand) -> None:
    canvas.actual_size()


def try_to_fit(canvas: CanvasView, hand: Hand) -> None:
    canvas.fit()


@pytest.mark.parametrize("tool_id", DRAGGED)
@pytest.mark.parametrize("zoom", [zoom_by_wheel, zoom_out_by_wheel, zoom_by_keys, zoom_to_actual_size, try_to_fit])
def test_zooming_in_a_stroke_changes_no_pixel_of_it(canvas, hand, tool_id, zoom) -> None:
    canvas.zoom_by(1.5, canvas.image_to_view(*WAY[0]))
    expected = undisturbed(canvas, tool_id)
    hand.press(*WAY[0])
    hand.move(*WAY[1])
    here = canvas.image_to_view(*WAY[1])
    zoom(canvas, hand)
    assert (canvas.image_to_view(*WAY[1]) - here).manhattanLength() < 2, "the brush is where it was on the image"
    if tool_id != "lasso":  # of which every place is a corner, and a mouse's is no finer than the screen
        hand.mouse(Move, here)
    hand.move(*WAY[2])
    hand.move(*WAY[3])
    hand.release(*WAY[3])
    np.testing.assert_array_equal(labels(canvas), expected)


def test_zooming_in_a_drag_of_the_wand_changes_nothing_that_it_takes(canvas, hand) -> None:
    ramp = np.repeat(np.arange(120, dtype=np.uint8)[None, :, None] * 2, 90, axis=0).repeat(3, axis=2)
    canvas.set_document(np.ascontiguousarray(ramp), document(fill=2))
    expected = undisturbed(canvas, "wand")
    assert 0 < np.count_nonzero(expected == 1) < expected.size
    hand.press(*WAY[0])
    hand.move(*WAY[1])
    zoom_by_wheel(canvas, hand)
    hand.move(*WAY[2])
    hand.move(*WAY[3])
    hand.release(*WAY[3])
    np.testing.assert_array_equal(labels(canvas), expected)


@pytest.mark.parametrize("way", ["middle", "space"])
@pytest.mark.parametrize("tool_id", ["brush", "lasso"])
def test_panning_in_a_stroke_moves_the_image_and_the_stroke_goes_on(canvas, hand, tool_id, way) -> None:
    expected = undisturbed(canvas, tool_id)
    hand.press(*WAY[0])
    hand.move(*WAY[1])
    here, both = canvas.image_to_view(*WAY[1]), LEFT | MIDDLE
    corner = canvas.image_to_view(0, 0)
    if way == "middle":
        hand.mouse(Press, here, MIDDLE)
    else:
        QTest.keyPress(canvas, Qt.Key.Key_Space)
    hand.mouse(Move, here + QPointF(-40, 10), both if way == "middle" else LEFT)
    hand.mouse(Move, here + QPointF(-60, 30), both if way == "middle" else LEFT)
    assert (canvas.image_to_view(0, 0) - corner).toPoint() == QPoint(-60, 30)
    if way == "middle":
        hand.mouse(Release, here + QPointF(-60, 30), MIDDLE)
    else:
        QTest.keyRelease(canvas, Qt.Key.Key_Space)
    hand.move(*WAY[2])
    hand.move(*WAY[3])
    hand.release(*WAY[3])
    np.testing.assert_array_equal(labels(canvas), expected)
    assert canvas.document.can_undo


def test_letting_the_stroke_go_while_one_pans_ends_it_there(canvas, hand) -> None:
    hand.press(*WAY[0])
    hand.move(*WAY[1])
    here = canvas.image_to_view(*WAY[1])
    hand.mouse(Press, here, MIDDLE)
    hand.mouse(Move, here + QPointF(20, 0), LEFT | MIDDLE)
    hand.mouse(Release, here + QPointF(20, 0), LEFT)
    assert canvas.document.can_undo and not canvas.document.is_editing
    painted = labels(canvas).copy()
    hand.mouse(Move, here + QPointF(50, 0), MIDDLE)
    hand.mouse(Release, here + QPointF(50, 0), MIDDLE)
    hand.mouse(Move, here + QPointF(90, 0), NO_BUTTON)
    np.testing.assert_array_equal(labels(canvas), painted)


def test_escape_while_one_pans_takes_the_stroke_back_and_undo_does_nothing(canvas, hand) -> None:
    hand.press(*WAY[0])
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    hand.move(*WAY[1])
    assert canvas.document.undo() is None
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    hand.move(*WAY[2])
    hand.release(*WAY[2])
    assert (labels(canvas) == 2).all() and not canvas.document.can_undo


def test_a_glide_that_goes_on_after_two_fingers_let_go_does_not_move_what_is_painted(canvas, hand) -> None:
    hand.press(*WAY[0])
    before = canvas.image_to_view(0, 0)
    for phase, moves in ((Qt.ScrollPhase.ScrollMomentum, False), (Qt.ScrollPhase.ScrollUpdate, True)):
        place = canvas.image_to_view(*WAY[0])
        event = QWheelEvent(
            place,
            QPointF(canvas.mapToGlobal(place.toPoint())),
            QPoint(5, 5),
            QPoint(10, 10),
            LEFT,
            Qt.KeyboardModifier.NoModifier,
            phase,
            False,
        )
        QApplication.sendEvent(canvas, event)
        assert (canvas.image_to_view(0, 0) != before) == moves


@pytest.mark.parametrize("tool_id", [*DRAGGED, "wand"])
@pytest.mark.parametrize("begins_held", [False, True])
def test_x_in_a_stroke_is_for_the_next_one(canvas, hand, tool_id, begins_held) -> None:
    canvas.set_document(np.zeros((90, 120, 3), np.uint8), document(fill=2))
    if begins_held:
        QTest.keyPress(canvas, Qt.Key.Key_X)
    expected = undisturbed(canvas, tool_id)
    hand.press(*WAY[0])
    hand.move(*WAY[1])
    if begins_held:
        QTest.keyRelease(canvas, Qt.Key.Key_X)
    else:
        QTest.keyPress(canvas, Qt.Key.Key_X)
    hand.move(*WAY[2])
    hand.move(*WAY[3])
    hand.release(*WAY[3])
    np.testing.assert_array_equal(labels(canvas), expected)
    canvas.document.undo()
    hand.stroke(*WAY)
    is_other = (labels(canvas) != expected).any()
    assert is_other == (tool_id != "eraser"), "an eraser erases with X too"


@pytest.mark.parametrize("tool_id", [*DRAGGED, "wand"])
def test_another_class_in_a_stroke_is_for_the_next_one(canvas, hand, tool_id) -> None:
    canvas.set_document(np.zeros((90, 120, 3), np.uint8), document(fill=2))
    expected = undisturbed(canvas, tool_id)
    hand.press(*WAY[0])
    hand.move(*WAY[1])
    canvas.set_class_index(0)
    hand.move(*WAY[2])
    hand.move(*WAY[3])
    hand.release(*WAY[3])
    np.testing.assert_array_equal(labels(canvas), expected)


@pytest.mark.parametrize("key", [Qt.Key.Key_Period, Qt.Key.Key_Comma, Qt.Key.Key_1])
def test_the_keys_for_classes_in_a_stroke_keep_its_class(person: Person, tmp_path: Path, key: Qt.Key) -> None:
    person.open(voc_folder(tmp_path / "data"))
    canvas = person.parts.canvas
    person.key(Qt.Key.Key_2, canvas)
    person.hand.press(10, 10)
    person.key(key, canvas)
    assert person.parts.classes.current() != 1
    person.hand.move(40, 10)
    person.hand.release(40, 10)
    assert set(np.unique(person.labels)) == {1, VOID} and person.labels[10, 30] == 1
    person.hand.stroke((10, 40), (40, 40))
    assert person.labels[40, 30] == person.parts.classes.current()


def test_a_class_chosen_in_a_stroke_of_the_void_brush_loses_none_of_it(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    canvas = person.parts.canvas
    person.paint_all(Qt.Key.Key_1)
    person.key(Qt.Key.Key_V, canvas)
    person.parts.brush.size_spin.setValue(4)
    person.hand.press(10, 10)
    person.hand.move(30, 10)
    person.key(Qt.Key.Key_2, canvas)
    person.hand.move(50, 10)
    person.hand.release(50, 10)
    assert person.labels[10, 20] == VOID and person.labels[10, 45] == 0
    person.hand.stroke((10, 30), (30, 30))
    assert person.labels[30, 20] == 1
