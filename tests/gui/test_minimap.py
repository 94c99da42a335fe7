"""The minimap: the whole image in a corner while the view shows a part of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.canvas.minimap import Minimap
from segstudio.core.class_table import VOID
from segstudio.services.settings import MINIMAP
from tests.gui.canvas_hand import CLASSES, LEFT, NONE, Hand, document, grabbed, picture
from tests.gui.test_stylus import Pen
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

WIDTH, HEIGHT = 900, 600


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    made = CanvasView()
    qtbot.addWidget(made)
    made.resize(600, 450)
    made.set_document(np.zeros((HEIGHT, WIDTH, 3), np.uint8), document(HEIGHT, WIDTH))
    made.set_class_index(1)
    with qtbot.waitExposed(made):
        made.show()
    return made


@pytest.fixture
def minimap(canvas: CanvasView) -> Minimap:
    made = Minimap(canvas)
    made.set_wanted(True)
    canvas.stroke_started.connect(lambda: made.set_tool_at_work(True))
    canvas.stroke_finished.connect(lambda: made.set_tool_at_work(False))
    return made


def place_of(minimap: Minimap, x: float, y: float, width: int = WIDTH, height: int = HEIGHT) -> QPoint:
    """Where the image point (x, y) of an upright image lies in the minimap."""
    return QPointF(x * minimap.width() / width, y * minimap.height() / height).toPoint()


def move(minimap: Minimap, to: QPoint, buttons: Qt.MouseButton = LEFT) -> None:
    """Not by QTest, which would leave the screen's own pointer there for the tests that follow."""
    place, none = QPointF(to), Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, place, QPointF(minimap.mapToGlobal(to)), none, buttons, NONE)
    QApplication.sendEvent(minimap, event)


def drag(minimap: Minimap, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(minimap, LEFT, NONE, start)
    move(minimap, end)
    QTest.mouseRelease(minimap, LEFT, NONE, end)


def test_it_is_there_while_a_part_is_in_sight_and_only_then(canvas: CanvasView, minimap: Minimap) -> None:
    assert not minimap.isVisible(), "the whole image fits"
    canvas.actual_size()
    assert minimap.isVisible() and canvas.rect().contains(minimap.geometry())
    assert minimap.width() / minimap.height() == pytest.approx(WIDTH / HEIGHT, abs=0.03)
    minimap.set_wanted(False)
    assert not minimap.isVisible()
    minimap.set_wanted(True)
    canvas.fit()
    assert not minimap.isVisible()
    canvas.zoom_by(3)
    canvas.set_document(None, None)
    assert not minimap.isVisible()


@pytest.mark.parametrize(("x", "y"), [(450, 300), (700, 200), (200, 450)])
def test_a_click_brings_that_place_to_the_middle(canvas: CanvasView, minimap: Minimap, x: int, y: int) -> None:
    canvas.zoom_by(4 / canvas.zoom)
    canvas.look_at(100, 100)
    zoom = canvas.zoom
    QTest.mouseClick(minimap, LEFT, NONE, place_of(minimap, x, y))
    assert canvas.centre == pytest.approx((x, y), abs=5) and canvas.zoom == zoom


def test_what_is_in_sight_is_dragged_from_where_it_was_taken(canvas: CanvasView, minimap: Minimap) -> None:
    canvas.actual_size()
    canvas.look_at(450, 300)
    drag(minimap, place_of(minimap, 550, 350), place_of(minimap, 450, 300))
    assert canvas.centre == pytest.approx((350, 250), abs=6)
    before = canvas.centre
    move(minimap, QPoint(3, 3), Qt.MouseButton.NoButton)
    assert canvas.centre == before, "let go is let go"


def test_nothing_is_painted_through_it(canvas: CanvasView, minimap: Minimap) -> None:
    canvas.actual_size()
    for button in (LEFT, Qt.MouseButton.RightButton):
        QTest.mouseClick(minimap, button, NONE, QPoint(9, 9))
    assert canvas.document is not None and canvas.document.label_map.holds_only(VOID)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_it_is_turned_as_the_view_is(canvas: CanvasView, minimap: Minimap, orientation: int) -> None:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[: HEIGHT // 2, : WIDTH // 2] = 255  # one corner of the stored frame is white
    canvas.set_document(image, document(HEIGHT, WIDTH), orientation)
    canvas.fit()
    whole = grabbed(canvas).astype(int)
    corners = [canvas.image_to_view(x, y).toPoint() for x in (200, 700) for y in (150, 450)]
    expected = [whole[at.y(), at.x(), 0] > 100 for at in corners]
    middle = canvas.image_to_view(450, 300)
    sides = [(at.x() > middle.x(), at.y() > middle.y()) for at in corners]
    canvas.zoom_by(3)
    small = grabbed(minimap).astype(int)  # type: ignore[arg-type]
    height, width = small.shape[:2]
    found = [small[height * (1 + 2 * low) // 4, width * (1 + 2 * right) // 4, 0] > 100 for right, low in sides]
    assert sum(found) == 1 and found == expected
    QTest.mouseClick(minimap, LEFT, NONE, QPoint(width // 4, height // 4))
    stored = [(225, 150), (225, 450), (675, 150), (675, 450)]
    assert canvas.centre == pytest.approx(stored[sides.index((False, False))], abs=30)


def test_a_stroke_shows_in_it_later_and_costs_what_it_changed(
    qtbot: QtBot, canvas: CanvasView, minimap: Minimap
) -> None:
    canvas.actual_size()
    canvas.look_at(450, 300)
    canvas.set_overlay_opacity(1)
    grabbed(minimap)  # type: ignore[arg-type]
    before = minimap.labels_read
    Hand(canvas).stroke((450, 300), (470, 300))
    at = place_of(minimap, 460, 300)
    qtbot.waitUntil(lambda: minimap.labels_read > before, timeout=5_000)
    assert minimap.labels_read - before < 100
    assert np.abs(grabbed(minimap)[at.y(), at.x()].astype(int) - CLASSES[1].color).max() < 60  # type: ignore[arg-type]


def test_a_large_image_is_looked_at_in_small(qtbot: QtBot, canvas: CanvasView, minimap: Minimap) -> None:
    large = document(6000, 9000, fill=1)
    canvas.set_document(np.zeros((6000, 9000, 3), np.uint8), large)
    canvas.actual_size()
    grabbed(minimap)  # type: ignore[arg-type]
    assert 0 < minimap.labels_read < 4 * 192 * 144


@pytest.mark.parametrize("action", ["hold", "opacity", "hidden"])
def test_it_looks_like_the_view(canvas: CanvasView, minimap: Minimap, action: str) -> None:
    canvas.set_document(picture(HEIGHT, WIDTH), document(HEIGHT, WIDTH, fill=1))
    canvas.actual_size()
    before = grabbed(minimap)  # type: ignore[arg-type]
    if action == "hold":
        QApplication.sendEvent(canvas, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_H, NONE))
    elif action == "opacity":
        canvas.set_overlay_opacity(0)
    else:
        canvas.set_classes(CLASSES.with_visible(1, False))
    bare = grabbed(minimap)  # type: ignore[arg-type]
    assert (bare != before).any()
    canvas.set_document(picture(HEIGHT, WIDTH), document(HEIGHT, WIDTH))
    canvas.actual_size()
    np.testing.assert_array_equal(grabbed(minimap), bare)  # type: ignore[arg-type]


def test_it_makes_room_for_a_tool_at_work_and_only_for_one(canvas: CanvasView, minimap: Minimap) -> None:
    canvas.actual_size()
    hand, home = Hand(canvas), minimap.geometry()
    beneath = canvas.view_to_image(QPointF(home.center()))
    start = canvas.view_to_image(QPointF(home.center()) - QPointF(0, 200))
    hand.hover(*beneath)
    assert minimap.geometry() == home
    hand.press(*start)
    hand.move(*beneath)
    assert not minimap.geometry().intersects(home) and canvas.rect().contains(minimap.geometry())
    hand.release(*beneath)
    assert canvas.document is not None
    x, y = (int(part) for part in beneath)
    assert canvas.document.label_map.value_at(x, y) == 1, "the stroke went on beneath it"
    minimap.go_home()
    assert minimap.geometry() == home


def test_it_makes_room_for_a_pen_too(canvas: CanvasView, minimap: Minimap) -> None:
    canvas.actual_size()
    home = minimap.geometry()
    beneath = canvas.view_to_image(QPointF(home.center()))
    start = canvas.view_to_image(QPointF(home.center()) - QPointF(0, 200))
    Pen(canvas).stroke((*start, 0.5), (*beneath, 0.5))
    assert not minimap.geometry().intersects(home)


def test_the_pointer_on_it_is_over_no_pixel(canvas: CanvasView, minimap: Minimap) -> None:
    canvas.actual_size()
    Hand(canvas).hover(450, 300)
    assert not canvas.cursor_polygon.isEmpty()
    at = QPointF(10, 10)
    QApplication.sendEvent(minimap, QEnterEvent(at, at, at))
    assert canvas.cursor_polygon.isEmpty()


def test_the_wheel_over_it_zooms_about_the_middle(canvas: CanvasView, minimap: Minimap) -> None:
    canvas.actual_size()
    canvas.look_at(450, 300)
    hand = Hand(minimap)  # type: ignore[arg-type]
    hand.wheel(QPointF(10, 10), 120)
    assert canvas.zoom == pytest.approx(1.25) and canvas.centre == pytest.approx((450, 300), abs=1)


def test_it_can_be_switched_off_which_is_kept(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    person.hand.wheel(QPointF(100, 100), 360)
    assert person.parts.minimap.isVisible()
    person.qtbot.keyClick(person.parts.canvas, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    assert not person.parts.minimap.isVisible() and person.window.settings.get(MINIMAP) is False
    person.trigger("minimap")
    assert person.parts.minimap.isVisible() and person.window.settings.get(MINIMAP) is True
