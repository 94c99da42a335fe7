"""A stylus: real tablet events on the canvas. Pressure sizes the brush where wanted, the other end erases."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QInputDevice, QMouseEvent, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID
from segstudio.services.settings import PRESSURE_SIZES
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import LEFT, NO_BUTTON, NONE, RIGHT, Hand, document, labels, picture
from tests.gui.panel_stage import LEFT as CLICK
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Press, Move, Release = QEvent.Type.TabletPress, QEvent.Type.TabletMove, QEvent.Type.TabletRelease
TIP, ERASER = (
    QPointingDevice(
        name,
        number,
        QInputDevice.DeviceType.Stylus,
        kind,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure | QInputDevice.Capability.Hover,
        1,
        2,
    )
    for number, (name, kind) in enumerate(
        (("tip", QPointingDevice.PointerType.Pen), ("eraser", QPointingDevice.PointerType.Eraser)), start=900
    )
)


class Pen:
    """Holds a stylus over one canvas."""

    def __init__(self, canvas: CanvasView, device: QPointingDevice = TIP) -> None:
        self.canvas, self.device = canvas, device

    def send(self, kind: QEvent.Type, x: float, y: float, pressure: float, button=LEFT) -> bool:  # type: ignore[no-untyped-def]
        """One event at (x, y) of the image, in place where it is a mouse's too; whether it was accepted."""
        view = self.canvas.image_to_view(x, y)
        is_down = kind is Press or (kind is Move and pressure > 0)
        event = QTabletEvent(
            kind,
            self.device,
            view,
            QPointF(self.canvas.mapToGlobal(view.toPoint())),
            pressure,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            NONE,
            NO_BUTTON if kind is Move else button,
            button if is_down else NO_BUTTON,
        )
        QApplication.sendEvent(self.canvas, event)
        return event.isAccepted()

    def hover(self, x: float, y: float) -> None:
        assert self.send(Move, x, y, 0.0)

    def stroke(self, *points: tuple[float, float, float]) -> None:
        """Through (x, y, pressure)."""
        assert self.send(Press, *points[0])
        for point in points[1:]:
            assert self.send(Move, *point)
        assert self.send(Release, points[-1][0], points[-1][1], 0.0)


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_document(picture(), document())
    view.set_class_index(1)
    view.set_brush_size(20)
    with qtbot.waitExposed(view):
        view.show()
    view.activateWindow()
    view.setFocus()
    return view


def widths(canvas: CanvasView, *columns: int) -> list[int]:
    return [int(np.count_nonzero(labels(canvas)[:, column] == 1)) for column in columns]


def test_pressure_scales_the_brush_and_a_light_touch_keeps_a_fifth(canvas: CanvasView) -> None:
    canvas.set_pressure_sizes(True)
    Pen(canvas).stroke((20, 45, 0.01), (40, 45, 0.01), (100, 45, 1.0))
    thin, _, thick = widths(canvas, 30, 70, 100)
    assert (thin, thick) == (4, 20)
    grown = widths(canvas, *range(45, 100))
    assert grown == sorted(grown), "it grows evenly"


def test_lifting_the_stylus_leaves_no_thin_end(canvas: CanvasView) -> None:
    canvas.set_pressure_sizes(True)
    pen = Pen(canvas)
    pen.send(Press, 30, 45, 0.5)
    pen.send(Move, 60, 45, 1.0)
    before = labels(canvas).copy()
    pen.send(Release, 60, 45, 0.0)
    np.testing.assert_array_equal(labels(canvas), before)


def test_pressing_harder_where_it_stands_paints_more(canvas: CanvasView) -> None:
    canvas.set_pressure_sizes(True)
    Pen(canvas).stroke((60, 45, 0.1), (60, 45, 1.0), (60, 45, 0.3))
    assert widths(canvas, 60) == [20]


@pytest.mark.parametrize("follows", [False, True])
def test_pressure_means_nothing_where_it_is_not_wanted_and_to_a_mouse(canvas: CanvasView, follows: bool) -> None:
    canvas.set_pressure_sizes(follows)
    if follows:
        Pen(canvas).hover(20, 45)
        Hand(canvas).stroke((30, 45), (90, 45))
    else:
        Pen(canvas).stroke((30, 45, 0.1), (90, 45, 0.4))
    assert widths(canvas, 60) == [20]


def test_a_straight_line_has_the_whole_size(canvas: CanvasView) -> None:
    canvas.set_pressure_sizes(True)
    Pen(canvas).stroke((20, 20, 0.2))
    assert canvas.document is not None
    event = QTabletEvent(
        Press, TIP, canvas.image_to_view(90, 20), QPointF(), 0.2, 0, 0, 0, 0, 0,
        Qt.KeyboardModifier.ShiftModifier, LEFT, LEFT,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)
    Pen(canvas).send(Release, 90, 20, 0.0)
    assert widths(canvas, 60) == [20]


def test_the_eraser_end_erases_and_shows_so_before_it_touches(canvas: CanvasView) -> None:
    canvas.set_document(picture(), document(fill=2))
    pen, eraser = Pen(canvas), Pen(canvas, ERASER)
    context = []
    for device in (pen, eraser, pen):
        device.hover(30, 30)
        seen = canvas.tool_context()
        assert seen is not None
        context.append(seen.erasing)
    assert context == [False, True, False]
    eraser.stroke((30, 30, 0.5), (60, 30, 0.5))
    assert labels(canvas)[30, 45] == 0
    pen.stroke((30, 60, 0.5), (60, 60, 0.5))
    assert labels(canvas)[60, 45] == 1
    Hand(canvas).stroke((90, 60))
    assert labels(canvas)[60, 90] == 1


def test_mouse_events_made_of_a_pen_paint_nothing_twice(canvas: CanvasView) -> None:
    pen = Pen(canvas)

    def mouse(kind: QEvent.Type, x: float, y: float, device: QPointingDevice, held=LEFT) -> None:  # type: ignore[no-untyped-def]
        view = canvas.image_to_view(x, y)
        event = QMouseEvent(kind, view, view, view, LEFT, held, NONE, device)
        QApplication.sendEvent(canvas, event)

    core = QPointingDevice.primaryPointingDevice()
    pen.send(Press, 30, 20, 0.5)
    mouse(QEvent.Type.MouseButtonPress, 30, 70, core)
    pen.send(Move, 60, 20, 0.5)
    mouse(QEvent.Type.MouseMove, 60, 70, core)
    pen.send(Release, 60, 20, 0.0)
    mouse(QEvent.Type.MouseButtonRelease, 60, 70, TIP, NO_BUTTON)
    mouse(QEvent.Type.MouseButtonPress, 90, 70, TIP)
    mouse(QEvent.Type.MouseButtonRelease, 90, 70, TIP, NO_BUTTON)
    assert not (labels(canvas)[40:] == 1).any() and labels(canvas)[20, 45] == 1
    assert canvas.document is not None
    canvas.document.undo()
    assert not canvas.document.can_undo


@pytest.mark.parametrize("way", ["escape", "focus", "image"])
def test_what_interrupts_a_pen_takes_its_stroke_back(canvas: CanvasView, way: str) -> None:
    pen, first = Pen(canvas), canvas.document
    assert first is not None
    pen.send(Press, 30, 30, 0.5)
    pen.send(Move, 60, 30, 0.5)
    assert (first.label_map.array == 1).any()
    if way == "escape":
        QTest.keyClick(canvas, Qt.Key.Key_Escape)
    elif way == "focus":
        canvas.clearFocus()
        canvas.setFocus()
    else:
        canvas.set_document(picture(), document())
    pen.send(Move, 80, 60, 0.5)
    pen.send(Release, 80, 60, 0.0)
    assert (first.label_map.array == VOID).all() and (labels(canvas) == VOID).all()
    Hand(canvas).stroke((60, 60))
    assert labels(canvas)[60, 60] == 1, "the mouse works again"


def test_the_button_of_a_pen_opens_the_menu_and_sizes_the_brush(canvas: CanvasView, qtbot: QtBot) -> None:
    pen = Pen(canvas)
    with qtbot.waitSignal(canvas.menu_wanted):
        pen.send(Press, 30, 30, 0.0, RIGHT)
        pen.send(Release, 30, 30, 0.0, RIGHT)
    with qtbot.waitSignal(canvas.brush_size_changed), qtbot.assertNotEmitted(canvas.menu_wanted):
        pen.send(Press, 30, 30, 0.5, RIGHT)
        pen.send(Move, 50, 30, 0.5, RIGHT)
        pen.send(Move, 70, 30, 0.5, RIGHT)
        pen.send(Release, 70, 30, 0.0, RIGHT)
    assert (labels(canvas) == VOID).all()


def test_a_double_tap_closes_a_polygon(canvas: CanvasView) -> None:
    canvas.set_tool(TOOLS["polygon"].factory())
    pen = Pen(canvas)
    for x, y in ((20.5, 20.5), (60.5, 20.5), (60.5, 60.5), (20.5, 60.5), (20.5, 60.5)):
        pen.stroke((x, y, 0.5))
    assert np.count_nonzero(labels(canvas) == 1) == pytest.approx(1600, rel=0.02)


def test_the_panel_switches_pressure_and_remembers_it(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    canvas, button = person.parts.canvas, person.parts.brush.pressure_button
    assert not button.isChecked()
    person.qtbot.mouseClick(button, CLICK)
    assert person.window.settings.get(PRESSURE_SIZES)
    person.key(Qt.Key.Key_2, canvas)
    person.parts.brush.size_spin.setValue(10)
    Pen(canvas).stroke((10, 20, 0.01), (40, 20, 0.01))
    assert np.count_nonzero(person.labels[:, 25] == 1) == 2
