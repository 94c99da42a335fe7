"""Splitting a region with the mouse: the line, what it will cut off, and everything that may come in between."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import CLASSES, Hand, grabbed, labels
from tests.gui.window_person import Person

Key = Qt.Key
ACROSS = ((30.5, 15.5), (31.5, 30.5), (30.5, 70.5))


def slab() -> np.ndarray:
    labels = np.zeros((90, 120), np.uint8)
    labels[20:60, 20:100] = 1
    return labels


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(500, 400)
    image = np.full((90, 120, 3), 100, np.uint8)
    view.set_document(image, Document("picture", LabelMap.from_array(slab()), CLASSES))
    view.set_class_index(2)
    view.set_tool(TOOLS["split"].factory())
    with qtbot.waitExposed(view):
        view.show()
    view.activateWindow()
    view.setFocus()
    return view


def assert_cut_off(found: np.ndarray) -> None:
    expected = slab()
    for y in range(20, 60):
        row = found[y]
        assert 30 <= np.count_nonzero(row == 2) + 20 <= 33 and not (row[33:] == 2).any()
        expected[y][row == 2] = 2
    np.testing.assert_array_equal(found, expected)


def test_the_line_and_what_it_cuts_off_are_seen_while_it_is_drawn(canvas: CanvasView) -> None:
    hand = Hand(canvas)
    before = grabbed(canvas)

    def differs(x: float, y: float) -> bool:
        at = canvas.image_to_view(x, y).toPoint()
        return bool((grabbed(canvas) != before)[at.y() - 1 : at.y() + 2, at.x() - 1 : at.x() + 2].any())

    hand.press(*ACROSS[0])
    hand.move(*ACROSS[1])
    assert differs(31, 25) and not differs(25, 40), "the line alone, so far"
    assert canvas.cursor().shape() is Qt.CursorShape.BitmapCursor
    hand.move(*ACROSS[2])
    assert differs(25, 40) and not differs(60, 40)
    np.testing.assert_array_equal(labels(canvas), slab())
    hand.release(*ACROSS[2])
    assert_cut_off(labels(canvas))
    assert canvas.cursor_polygon.isEmpty()
    canvas.document.undo()  # type: ignore[union-attr]
    np.testing.assert_array_equal(labels(canvas), slab())


def test_shift_draws_it_straight(canvas: CanvasView) -> None:
    Hand(canvas).stroke(ACROSS[0], (90, 40), ACROSS[2], modifiers=Qt.KeyboardModifier.ShiftModifier)
    assert_cut_off(labels(canvas))


@pytest.mark.parametrize("how", ["escape", "focus"])
def test_what_is_given_up_changes_nothing(canvas: CanvasView, qtbot: QtBot, how: str) -> None:
    hand = Hand(canvas)
    hand.press(*ACROSS[0])
    hand.move(*ACROSS[1])
    hand.move(*ACROSS[2])
    if how == "escape":
        qtbot.keyClick(canvas, Key.Key_Escape)
    else:
        canvas.clearFocus()
    hand.release(*ACROSS[2])
    np.testing.assert_array_equal(labels(canvas), slab())
    assert canvas.cursor_polygon.isEmpty() and canvas.document is not None and not canvas.document.is_editing


def test_zooming_while_the_line_is_drawn_moves_no_point_of_it(canvas: CanvasView) -> None:
    hand = Hand(canvas)
    hand.press(*ACROSS[0])
    hand.wheel(canvas.image_to_view(30, 40), angle=240)
    hand.move(*ACROSS[1])
    hand.move(*ACROSS[2])
    hand.wheel(canvas.image_to_view(30, 40), angle=-360)
    hand.release(*ACROSS[2])
    assert_cut_off(labels(canvas))


def prepare(person: Person) -> np.ndarray:
    """A sun in the upper left of the picture, class 3 and the tool in hand."""
    person.paint_all(Key.Key_1)
    person.key(Key.Key_2, person.parts.canvas)
    person.key(Key.Key_R, person.parts.canvas)
    person.hand.stroke((10.5, 10.5), (40.5, 30.5))
    person.key(Key.Key_3, person.parts.canvas)
    person.key(Key.Key_Y, person.parts.canvas)
    return person.labels.copy()


def test_a_line_that_cuts_nothing_and_a_class_that_is_there_already_are_told(person: Person, folder: Path) -> None:
    before = prepare(person)
    history = person.window.notifier.history
    person.hand.stroke((20, 5), (20, 20))
    assert history[-1].text == (
        "Nothing changed: the line does not cut through a region. Draw it from border to border."
    )
    person.key(Key.Key_2, person.parts.canvas)
    person.hand.stroke((20, 5), (20, 40))
    assert history[-1].text.startswith("Nothing changed: what is cut off has this class already.")
    np.testing.assert_array_equal(person.labels, before)
    person.key(Key.Key_3, person.parts.canvas)
    person.hand.stroke((20, 5), (20, 40))
    assert np.count_nonzero(person.labels == 2) == pytest.approx(21 * 10, abs=21)


@pytest.mark.parametrize("action", ["next", "undo", "clear", "accept"])
def test_nothing_comes_in_between(person: Person, folder: Path, action: str) -> None:
    name, before = person.name, prepare(person)
    person.hand.press(20, 5)
    person.hand.move(20, 20)
    person.window.actions_table[action].trigger()  # does nothing where it is disabled
    person.qtbot.wait(50)
    assert person.name == name
    np.testing.assert_array_equal(person.labels, before)
    labels = person.labels
    person.hand.move(20, 40)
    person.hand.release(20, 40)
    assert (labels == 2).any()
    if action == "next":
        person.wait(lambda: person.name not in ("", name))


def test_leaving_the_folder_in_the_middle_of_a_line_leaves_no_trace(person: Person, folder: Path) -> None:
    before = prepare(person)
    opened = person.window.session.current
    assert opened is not None
    person.hand.press(20, 5)
    person.hand.move(20, 20)
    person.parts.canvas.set_document(None, None)
    assert not opened.document.is_editing and not (opened.document.label_map.array == VOID).any()
    np.testing.assert_array_equal(opened.document.label_map.array, before)
