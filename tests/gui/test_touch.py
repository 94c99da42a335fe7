"""Fingers: on a touchpad a pinch zooms and two pan; on a touch screen one paints besides. Real events throughout."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import NO_BUTTON, NONE, Hand, document, labels, ready_canvas

TOUCHPAD = QPointingDevice(
    "touchpad",
    910,
    QInputDevice.DeviceType.TouchPad,
    QPointingDevice.PointerType.Finger,
    QInputDevice.Capability.Position | QInputDevice.Capability.PixelScroll,
    2,
    2,
)
PLACE = QPointF(220, 130)


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    return ready_canvas(qtbot, document())


@pytest.fixture(scope="module")
def screen() -> QPointingDevice:
    return QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)


def native(canvas: CanvasView, kind: Qt.NativeGestureType, value: float = 0.0) -> None:
    event = QNativeGestureEvent(kind, TOUCHPAD, 2, PLACE, PLACE, PLACE, value, QPointF())
    QApplication.sendEvent(canvas, event)


def scroll(canvas: CanvasView, dx: int, dy: int, phase: Qt.ScrollPhase, keys=NONE) -> None:  # type: ignore[no-untyped-def]
    event = QWheelEvent(
        PLACE, PLACE, QPoint(dx, dy), QPoint(dx, dy), NO_BUTTON, keys, phase, False,
        Qt.MouseEventSource.MouseEventNotSynthesized, TOUCHPAD,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)


def fingers(canvas: CanvasView, screen: QPointingDevice, **points: tuple[str, QPointF]) -> None:
    """One touch event: `a=("press", place)`, and so on."""
    sequence = QTest.touchEvent(canvas, screen, False)
    for name, (what, place) in points.items():
        getattr(sequence, what)(ord(name) - ord("a"), place.toPoint(), canvas)
    sequence.commit(True)


def test_a_pinch_on_a_touchpad_zooms_at_the_fingers(canvas: CanvasView) -> None:
    point, zoom = canvas.view_to_image(PLACE), canvas.zoom
    native(canvas, Qt.NativeGestureType.BeginNativeGesture)
    for _ in range(5):
        native(canvas, Qt.NativeGestureType.ZoomNativeGesture, 0.1)
    native(canvas, Qt.NativeGestureType.EndNativeGesture)
    assert canvas.zoom == pytest.approx(zoom * 1.1**5)
    assert canvas.view_to_image(PLACE) == pytest.approx(point, abs=1 / canvas.zoom)


def test_a_double_tap_with_two_fingers_goes_to_actual_size_there_and_back(canvas: CanvasView) -> None:
    fitting, point = canvas.zoom, canvas.view_to_image(PLACE)
    native(canvas, Qt.NativeGestureType.SmartZoomNativeGesture)
    assert canvas.zoom == 1.0 and canvas.view_to_image(PLACE) == pytest.approx(point, abs=1)
    native(canvas, Qt.NativeGestureType.SmartZoomNativeGesture)
    assert canvas.zoom == fitting


def test_two_fingers_on_a_touchpad_pan_and_glide_on(canvas: CanvasView) -> None:
    zoom, before = canvas.zoom, canvas.image_to_view(0, 0)
    for phase in (Qt.ScrollPhase.ScrollBegin, Qt.ScrollPhase.ScrollUpdate, Qt.ScrollPhase.ScrollMomentum):
        scroll(canvas, 10, -4, phase)
    assert canvas.zoom == zoom
    assert (canvas.image_to_view(0, 0) - before).toPoint() == QPoint(30, -12)


def test_ctrl_while_the_image_glides_leaves_the_brush_alone(canvas: CanvasView, qtbot: QtBot) -> None:
    held = Qt.KeyboardModifier.ControlModifier
    with qtbot.assertNotEmitted(canvas.brush_size_changed):
        scroll(canvas, 0, 40, Qt.ScrollPhase.ScrollMomentum, held)
    with qtbot.waitSignal(canvas.brush_size_changed):
        scroll(canvas, 0, 120, Qt.ScrollPhase.ScrollUpdate, held)


def test_a_pinch_in_a_stroke_changes_no_pixel_of_it(canvas: CanvasView) -> None:
    hand = Hand(canvas)
    hand.stroke((30.5, 30.5), (60.5, 50.5), (80.5, 30.5))
    expected = labels(canvas).copy()
    assert canvas.document is not None
    canvas.document.undo()
    hand.press(30.5, 30.5)
    hand.move(60.5, 50.5)
    here = canvas.image_to_view(60.5, 50.5)
    event = QNativeGestureEvent(Qt.NativeGestureType.ZoomNativeGesture, TOUCHPAD, 2, here, here, here, 0.5, QPointF())
    QApplication.sendEvent(canvas, event)
    hand.move(80.5, 30.5)
    hand.release(80.5, 30.5)
    np.testing.assert_array_equal(labels(canvas), expected)


def test_one_finger_on_the_screen_paints(canvas: CanvasView, screen: QPointingDevice) -> None:
    way = [canvas.image_to_view(x, 40.5) for x in (20.5, 50.5, 80.5)]
    fingers(canvas, screen, a=("press", way[0]))
    fingers(canvas, screen, a=("move", way[1]))
    fingers(canvas, screen, a=("move", way[2]))
    fingers(canvas, screen, a=("release", way[2]))
    assert (labels(canvas)[40, 21:80] == 1).all()
    assert canvas.document is not None and canvas.document.can_undo and not canvas.document.is_editing
    assert canvas.cursor_polygon.isEmpty(), "no finger, no outline"


def test_a_second_finger_takes_the_stroke_back_and_both_move_and_zoom(
    canvas: CanvasView, screen: QPointingDevice
) -> None:
    first, second = QPointF(150, 150), QPointF(250, 150)
    zoom = canvas.zoom
    fingers(canvas, screen, a=("press", first))
    fingers(canvas, screen, a=("move", first + QPointF(0, 1)))
    assert (labels(canvas) == 1).any()
    fingers(canvas, screen, a=("move", first), b=("press", second))
    assert (labels(canvas) == VOID).all()
    between = canvas.view_to_image((first + second) / 2)
    by = QPointF(20, 10)
    fingers(canvas, screen, a=("move", QPointF(100, 150) + by), b=("move", QPointF(300, 150) + by))
    assert canvas.zoom == pytest.approx(2 * zoom, rel=0.02)
    assert canvas.view_to_image(QPointF(200, 150) + by) == pytest.approx(between, abs=1)
    fingers(canvas, screen, a=("release", QPointF(100, 150) + by), b=("move", QPointF(300, 150) + by))
    fingers(canvas, screen, b=("move", QPointF(200, 100)))
    fingers(canvas, screen, b=("release", QPointF(200, 100)))
    assert (labels(canvas) == VOID).all() and canvas.document is not None and not canvas.document.can_undo
    here = canvas.view_to_image(QPointF(200, 150))
    fingers(canvas, screen, a=("press", QPointF(200, 150)))
    fingers(canvas, screen, a=("release", QPointF(200, 150)))
    assert labels(canvas)[int(here[1]), int(here[0])] == 1


def test_a_second_finger_takes_back_the_corner_that_the_first_has_placed_and_no_other(
    canvas: CanvasView, screen: QPointingDevice
) -> None:
    canvas.set_tool(TOOLS["polygon"].factory())
    hand = Hand(canvas)
    for point in ((20.5, 20.5), (60.5, 20.5), (60.5, 60.5), (20.5, 60.5)):
        hand.stroke(point)
    fingers(canvas, screen, a=("press", canvas.image_to_view(100, 10)))
    fingers(canvas, screen, a=("move", canvas.image_to_view(100, 10)), b=("press", QPointF(50, 250)))
    fingers(canvas, screen, a=("release", QPointF(50, 50)), b=("release", QPointF(50, 250)))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert np.count_nonzero(labels(canvas) == 1) == 1600


def test_losing_the_focus_takes_back_what_a_finger_paints(canvas: CanvasView, screen: QPointingDevice) -> None:
    fingers(canvas, screen, a=("press", QPointF(150, 150)))
    canvas.clearFocus()
    assert (labels(canvas) == VOID).all()
    fingers(canvas, screen, a=("release", QPointF(150, 150)))
    Hand(canvas).stroke((60, 45))
    assert labels(canvas)[45, 60] == 1
