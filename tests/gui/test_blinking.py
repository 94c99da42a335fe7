"""One class blinks, so that it is found: slowly, alone, and never while somebody paints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QPaintEvent, QRegion
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QProxyStyle, QStyle
from pytestqt.qtbot import QtBot

from segstudio.canvas.blinking import HALF_MS, Blinking
from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID
from tests.gui.canvas_hand import CLASSES, LEFT, NONE, Hand, document, grabbed
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Key = Qt.Key
GREY = 90


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    """A grey image of 120 × 90 pixels, each 3 × 3 of the screen: class 1, with class 2 in a rectangle."""
    made = CanvasView()
    qtbot.addWidget(made)
    made.resize(400, 300)
    labels = document(fill=1)
    labels.label_map.writable(labels.label_map.box)[20:40, 30:50] = 2
    made.set_document(np.full((90, 120, 3), GREY, np.uint8), labels)
    made.set_class_index(2)
    with qtbot.waitExposed(made):
        made.show()
    made.look_at(60, 45, 3)
    return made


def pixels(canvas: CanvasView) -> np.ndarray:
    """(90, 120, 3): the middle of every image pixel as it is on the screen."""
    first = canvas.image_to_view(0.5, 0.5).toPoint()
    return grabbed(canvas)[first.y() :: 3, first.x() :: 3][:90, :120]


def labels_of(canvas: CanvasView) -> np.ndarray:
    assert canvas.document is not None
    return canvas.document.label_map.array


@pytest.mark.parametrize("is_lit", [True, False])
def test_the_class_is_in_its_plain_colour_or_in_none_and_the_rest_as_ever(canvas: CanvasView, is_lit: bool) -> None:
    before, blinks = pixels(canvas), labels_of(canvas) == 2
    canvas.set_blink(2, is_lit)
    shown = pixels(canvas)
    expected = np.array(CLASSES[2].color if is_lit else (GREY,) * 3)
    assert np.abs(shown[blinks].astype(int) - expected).max() <= 2
    np.testing.assert_array_equal(shown[~blinks], before[~blinks])
    canvas.set_blink(None)
    np.testing.assert_array_equal(pixels(canvas), before)


def test_a_hidden_class_blinks_too_and_a_hidden_overlay_does_not(canvas: CanvasView) -> None:
    canvas.set_classes(CLASSES.with_visible(2, False))
    canvas.set_blink(2)
    assert np.abs(pixels(canvas)[30, 40].astype(int) - CLASSES[2].color).max() <= 2
    QApplication.sendEvent(canvas, QKeyEvent(QEvent.Type.KeyPress, Key.Key_H, NONE))
    assert (pixels(canvas) == GREY).all()


def test_it_follows_what_is_painted_and_undone(canvas: CanvasView) -> None:
    canvas.set_blink(2)
    hand = Hand(canvas)
    hand.stroke((80, 60), (100, 60))
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    for _ in range(2):
        lit = (np.abs(pixels(canvas).astype(int) - CLASSES[2].color) <= 2).all(axis=2)
        np.testing.assert_array_equal(lit, labels_of(canvas) == 2)
        assert canvas.document is not None
        canvas.document.undo()


def test_one_pixel_is_seen_in_a_reduced_view(canvas: CanvasView) -> None:
    large = document(1200, 1600, fill=1)
    large.label_map.writable(large.label_map.box)[603, 801] = 2
    canvas.set_document(np.full((1200, 1600, 3), GREY, np.uint8), large)
    canvas.look_at(800, 600, 1 / 8)
    before = grabbed(canvas).astype(int)
    canvas.set_blink(2)
    assert np.abs(grabbed(canvas) - before).max() > 30


class Painted(QObject):
    """Collects what of a widget is painted."""

    def __init__(self, watched: CanvasView) -> None:
        super().__init__()
        self.region = QRegion()
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if isinstance(event, QPaintEvent):
            self.region += event.region()
        return False


def test_only_where_the_class_is_on_the_screen_is_anything_painted(qtbot: QtBot, canvas: CanvasView) -> None:
    canvas.set_blink(2)
    QApplication.processEvents()
    painted = Painted(canvas)
    canvas.set_blink(2, False)
    qtbot.waitUntil(lambda: not painted.region.isEmpty(), timeout=5_000)
    box = painted.region.boundingRect()
    top, bottom = canvas.image_to_view(30, 20).toPoint(), canvas.image_to_view(50, 40).toPoint()
    assert box.contains(top + QPoint(1, 1)) and box.contains(bottom - QPoint(1, 1))
    assert box.width() <= bottom.x() - top.x() + 12 and box.height() <= bottom.y() - top.y() + 12
    painted.region = QRegion()
    canvas.look_at(110, 80, 12)  # the class is out of sight
    QApplication.processEvents()
    painted.region = QRegion()
    canvas.set_blink(2, True)
    QApplication.processEvents()
    assert painted.region.isEmpty()


# -- the rhythm ----------------------------------------------------------------------------------------------


def test_it_is_slower_than_three_times_a_second() -> None:
    assert 1000 / (2 * HALF_MS) <= 3


def test_bright_and_dark_take_turns_until_it_is_stopped(qtbot: QtBot, canvas: CanvasView) -> None:
    blinking = Blinking([canvas])
    plain = pixels(canvas)
    blinking.set_class(2)
    assert blinking.is_running and blinking.is_lit
    for is_lit in (False, True, False):
        qtbot.waitUntil(lambda is_lit=is_lit: blinking.is_lit is is_lit, timeout=5_000)
    blinking.set_class(None)
    assert not blinking.is_running
    np.testing.assert_array_equal(pixels(canvas), plain)


def test_nothing_blinks_for_nobody(canvas: CanvasView) -> None:
    blinking = Blinking([canvas])
    blinking.set_class(2)
    canvas.hide()
    assert not blinking.is_running
    canvas.show()
    assert blinking.is_running
    canvas.close()
    assert not blinking.is_running


class CalmStyle(QProxyStyle):
    """A desktop that wants no motion."""

    def styleHint(self, hint, option=None, widget=None, returned=None):  # type: ignore[no-untyped-def]  # noqa: N802
        if hint == QStyle.StyleHint.SH_Widget_Animation_Duration:
            return 0
        return super().styleHint(hint, option, widget, returned)


def test_where_no_motion_is_wanted_the_class_stays_bright(canvas: CanvasView) -> None:
    style = CalmStyle()
    canvas.setStyle(style)
    blinking = Blinking([canvas])
    blinking.set_class(2)
    assert not blinking.is_running and blinking.is_lit
    assert np.abs(pixels(canvas)[30, 40].astype(int) - CLASSES[2].color).max() <= 2
    canvas.setStyle(None)  # type: ignore[arg-type]  # before it is gone


# -- in the window -------------------------------------------------------------------------------------------


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:
    root = voc_folder(tmp_path / "data", images=3, masks=2)
    person.open(root)
    person.choose_in_filmstrip("s00")
    return root


def blinking_class(person: Person) -> int | None:
    layer = person.parts.canvas.scene._blink_layer
    return None if layer is None else layer.index


def test_the_current_class_blinks_until_it_is_switched_off(person: Person, folder: Path) -> None:
    blinking = person.window.blink_flow.blinking
    person.key(Key.Key_2, person.parts.canvas)
    person.qtbot.keyClick(person.parts.canvas, Key.Key_C, Qt.KeyboardModifier.ShiftModifier)
    assert blinking.is_running and blinking_class(person) == 1
    person.key(Key.Key_3, person.parts.canvas)
    assert blinking_class(person) == 2
    person.choose_in_filmstrip("s01")
    assert blinking.is_running
    person.wait(lambda: blinking_class(person) == 2)
    person.trigger("blink_class")
    assert not blinking.is_running and blinking_class(person) is None


@pytest.mark.parametrize("ending", ["release", "escape", "focus"])
def test_nothing_blinks_while_a_stroke_is_made(person: Person, folder: Path, ending: str) -> None:
    blinking, canvas = person.window.blink_flow.blinking, person.parts.canvas
    person.key(Key.Key_2, canvas)
    person.trigger("blink_class")
    canvas.setFocus()
    person.hand.press(20, 20)
    person.hand.move(30, 20)
    assert not blinking.is_running and blinking_class(person) is None
    if ending == "release":
        person.hand.release(30, 20)
    elif ending == "escape":
        person.key(Key.Key_Escape, canvas)
    else:
        canvas.clearFocus()
    assert blinking.is_running and blinking_class(person) == 1


def click_eye(person: Person, row: int, modifiers: Qt.KeyboardModifier) -> None:
    view = person.parts.classes.list
    index = view.model().index(row, 0)
    delegate = view.itemDelegate()
    QTest.mouseClick(view.viewport(), LEFT, modifiers, delegate.columns(view.visualRect(index), index).eye.center())


def test_alt_and_a_click_on_the_eye_lets_that_class_blink(person: Person, folder: Path) -> None:
    person.key(Key.Key_1, person.parts.canvas)
    click_eye(person, 2, Qt.KeyboardModifier.AltModifier)
    assert blinking_class(person) == 2 and person.parts.classes.current() == 2
    assert person.window.actions_table["blink_class"].isChecked()
    project = person.window.session.project
    assert project is not None and project.classes[2].visible, "it is not hidden"
    click_eye(person, 2, Qt.KeyboardModifier.AltModifier)
    assert blinking_class(person) is None
    click_eye(person, 2, NONE)
    assert not project.classes[2].visible


def test_the_menu_of_a_class_lets_it_blink_and_no_more(person: Person, folder: Path) -> None:
    panel = person.parts.classes

    def choose(text: str) -> None:
        at = panel.list.visualRect(panel.model.index(2)).center()
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, panel.list.viewport().mapToGlobal(at))
        QApplication.sendEvent(panel.list.viewport(), event)
        next(action for action in panel.menu.actions() if action.text() == text).trigger()
        panel.menu.close()

    choose("Let it blink")
    assert blinking_class(person) == 2
    choose("Let it blink no more")
    assert blinking_class(person) is None


def test_a_folder_that_is_closed_ends_it_and_so_does_the_window(person: Person, folder: Path) -> None:
    blinking = person.window.blink_flow.blinking
    person.trigger("blink_class")
    assert blinking.is_running
    person.window.session.close_project()
    assert not blinking.is_running and not person.window.actions_table["blink_class"].isChecked()
    person.open(folder)
    person.trigger("blink_class")
    person.window.close()
    assert not blinking.is_running


def test_the_second_pane_blinks_with_the_first(person: Person, folder: Path) -> None:
    person.trigger("second_pane")
    person.trigger("blink_class")
    assert person.parts.second.scene._blink_layer is not None
    assert (person.labels != VOID).any()
