"""The right button: a drag sizes the brush or sets the overlay's opacity, a click opens the menu."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.brush_size import SizeUnit
from segstudio.canvas.canvas_view import CanvasView
from segstudio.services.settings import BRUSH_SIZE, OVERLAY_OPACITY
from tests.gui.canvas_hand import RIGHT, Hand, document, grabbed, picture
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Press, Move, Release = QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.MouseButtonRelease
START = QPointF(200, 150)


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_document(picture(), document())
    view.set_class_index(1)
    with qtbot.waitExposed(view):
        view.show()
    view.activateWindow()
    view.setFocus()
    view.actual_size()
    return view


@pytest.fixture
def hand(canvas: CanvasView) -> Hand:
    return Hand(canvas)


def drag(hand: Hand, dx: float, dy: float, release: bool = True) -> None:
    """Right drag from the middle of the view: as far as a click may go, then (dx, dy) view pixels more."""
    far = QApplication.startDragDistance()
    begun = START + (QPointF(far if dx > 0 else -far, 0) if dx else QPointF(0, far if dy > 0 else -far))
    hand.mouse(Press, START, RIGHT)
    hand.mouse(Move, begun, RIGHT)
    hand.mouse(Move, begun + QPointF(dx, dy), RIGHT)
    if release:
        hand.mouse(Release, begun + QPointF(dx, dy), RIGHT)


@pytest.mark.parametrize(("dx", "size"), [(15, 54), (-7, 10), (-200, 1), (2000, 500)])
def test_a_drag_across_sizes_the_brush_whose_edge_goes_with_the_pointer(canvas, hand, qtbot, dx, size) -> None:
    told: list[int] = []
    canvas.brush_size_changed.connect(told.append)
    with qtbot.assertNotEmitted(canvas.menu_wanted), qtbot.assertNotEmitted(canvas.overlay_opacity_changed):
        drag(hand, dx, 60)
    assert canvas.brush_size.value == size and told[-1] == size
    assert not canvas.document.can_undo


def test_a_drag_sizes_by_what_is_seen_whatever_the_unit(canvas, hand) -> None:
    canvas.zoom_by(4, START)
    drag(hand, 20, 0)
    assert canvas.brush_size.value == 24 + 10
    canvas.set_brush_unit(SizeUnit.SCREEN)
    drag(hand, -20, 0)
    assert (canvas.brush_size.value, canvas.brush_size.on_image(canvas.zoom)) == (34 * 4 - 40, 24)


def test_a_drag_up_makes_the_overlay_stronger_and_leaves_the_brush_alone(canvas, hand, qtbot) -> None:
    canvas.set_overlay_opacity(0.5)
    with qtbot.assertNotEmitted(canvas.brush_size_changed), qtbot.waitSignal(canvas.overlay_opacity_changed) as told:
        drag(hand, 0, -50)
    assert told.args == [pytest.approx(0.75)]
    with qtbot.waitSignal(canvas.overlay_opacity_changed) as told:
        drag(hand, 0, 500)
    assert told.args == [0.0]


def test_the_outline_stays_where_the_press_was_with_the_size_beside_it(canvas, hand) -> None:
    hand.mouse(Move, START, Qt.MouseButton.NoButton)
    before = grabbed(canvas)
    drag(hand, 20, 0, release=False)
    middle = canvas.image_to_view(*canvas.cursor_polygon.boundingRect().center().toTuple())
    assert (middle - START).manhattanLength() < 2
    assert canvas.cursor_polygon.boundingRect().width() == 64
    changed = (grabbed(canvas) != before).any(axis=2)
    beside = changed[140:160, 200 + 32 + 8 : 200 + 32 + 60]
    assert beside.mean() > 0.5, "a note"
    end = START + QPointF(20 + QApplication.startDragDistance(), 0)
    hand.mouse(Release, end, RIGHT)
    middle = canvas.image_to_view(*canvas.cursor_polygon.boundingRect().center().toTuple())
    assert (middle - end).manhattanLength() < 2
    assert not (grabbed(canvas) != before).any(axis=2)[100:110].any()


@pytest.mark.parametrize("far", [0, 1])
def test_a_right_click_that_goes_nowhere_opens_the_menu_at_its_release(canvas, hand, qtbot, far) -> None:
    with qtbot.assertNotEmitted(canvas.menu_wanted):
        hand.mouse(Press, START, RIGHT)
        hand.mouse(Move, START + QPointF(0, far * (QApplication.startDragDistance() - 1)), RIGHT)
    with qtbot.waitSignal(canvas.menu_wanted), qtbot.assertNotEmitted(canvas.brush_size_changed):
        hand.mouse(Release, START, RIGHT)


def interruptions() -> dict[str, object]:
    def escape(canvas: CanvasView) -> None:
        QTest.keyClick(canvas, Qt.Key.Key_Escape)

    def focus(canvas: CanvasView) -> None:
        canvas.clearFocus()
        canvas.setFocus()

    def image(canvas: CanvasView) -> None:
        canvas.set_document(picture(), document())

    return {"escape": escape, "focus": focus, "image": image}


@pytest.mark.parametrize("way", interruptions())
@pytest.mark.parametrize(("dx", "dy"), [(30, 0), (0, -30)])
def test_what_interrupts_a_drag_takes_it_back(canvas, hand, qtbot, way, dx, dy) -> None:
    canvas.set_overlay_opacity(0.5)
    told: list[float] = []
    canvas.brush_size_changed.connect(told.append)
    canvas.overlay_opacity_changed.connect(told.append)
    drag(hand, dx, dy, release=False)
    interruptions()[way](canvas)  # type: ignore[operator]
    assert told[-1] == (24 if dx else 0.5)
    with qtbot.assertNotEmitted(canvas.menu_wanted):
        hand.mouse(Move, QPointF(350, 250), RIGHT)
        hand.mouse(Release, QPointF(350, 250), RIGHT)
    assert told[-1] == (24 if dx else 0.5) and canvas.brush_size.value == 24


def test_zooming_in_the_middle_of_a_drag_goes_on(canvas, hand) -> None:
    drag(hand, 10, 0, release=False)
    assert canvas.brush_size.value == 44
    hand.wheel(START, 120 * 3)
    end = START + QPointF(20 + QApplication.startDragDistance(), 0)
    hand.mouse(Move, end, RIGHT)
    assert canvas.brush_size.value == 24 + round(40 / canvas.zoom)
    hand.mouse(Release, end, RIGHT)


def test_the_right_button_does_nothing_while_a_stroke_is_made(canvas, hand, qtbot) -> None:
    hand.press(30, 30)
    with qtbot.assertNotEmitted(canvas.brush_size_changed), qtbot.assertNotEmitted(canvas.menu_wanted):
        drag(hand, 40, 0)
    hand.release(60, 30)
    assert (canvas.document.label_map.array == 1).any()


def test_the_window_remembers_what_a_drag_set_and_undo_in_it_undoes_an_edit(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    person.paint(Qt.Key.Key_2, (10, 10), (40, 10))
    person.parts.canvas.actual_size()
    drag(person.hand, 12, 0, release=False)
    person.trigger("undo")
    assert np.unique(person.labels).tolist() == [255]
    person.hand.mouse(Release, START, RIGHT)
    assert person.parts.brush.size_px() == 32 == person.window.settings.get(BRUSH_SIZE)
    drag(person.hand, 0, -20)
    assert person.window.settings.get(OVERLAY_OPACITY) == pytest.approx(0.6)
    assert person.parts.brush.opacity_value.text() == "60 %"
