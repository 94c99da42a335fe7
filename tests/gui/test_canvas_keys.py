"""The canvas's own keys, whichever they are: held ones end with their release, and drawing keys mean what is drawn."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_keys import CANVAS_KEYS, CanvasKeys
from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import Hand, document, labels, ready_canvas

Key, Modifier = Qt.Key, Qt.KeyboardModifier
NONE, SHIFT = Modifier.NoModifier, Modifier.ShiftModifier
DEFAULTS = {row.id: (row.default,) for row in CANVAS_KEYS}


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    return ready_canvas(qtbot, document(fill=2))


@pytest.fixture
def hand(canvas: CanvasView) -> Hand:
    return Hand(canvas)


def send(
    canvas: CanvasView, kind: QEvent.Type, key: Qt.Key, modifiers: Modifier, code: int, repeat: bool = False
) -> bool:
    """A key event of the place `code` of the keyboard; returns whether the canvas took it."""
    event = QKeyEvent(kind, key, modifiers, code, 0, 0, "", repeat)
    event.ignore()
    QApplication.sendEvent(canvas, event)
    return event.isAccepted()


def erases(canvas: CanvasView, hand: Hand, x: int) -> bool:
    hand.stroke((x, 30))
    return bool(labels(canvas)[30, x] == 0)


def test_another_key_erases_and_the_old_one_does_not(canvas: CanvasView, hand: Hand) -> None:
    canvas.set_keys(CanvasKeys({**DEFAULTS, "hold.erase": ("Y", "F5")}))
    for x, (key, does) in zip((10, 30, 50), ((Key.Key_Y, True), (Key.Key_X, False), (Key.Key_F5, True)), strict=True):
        QTest.keyPress(canvas, key)
        assert erases(canvas, hand, x) is does
        QTest.keyRelease(canvas, key)
    assert not erases(canvas, hand, 70)


def test_other_keys_let_go_of_what_is_held(canvas: CanvasView, hand: Hand) -> None:
    QTest.keyPress(canvas, Key.Key_X)
    canvas.set_keys(CanvasKeys({**DEFAULTS, "hold.erase": ("Y",)}))
    assert not erases(canvas, hand, 30)


def test_shift_with_a_held_key_holds_it_unless_that_is_another_commands(canvas: CanvasView, hand: Hand) -> None:
    assert send(canvas, QEvent.Type.ShortcutOverride, Key.Key_X, SHIFT, 53)
    canvas.set_keys(CanvasKeys(others=("Shift+X",)))
    assert not send(canvas, QEvent.Type.ShortcutOverride, Key.Key_X, SHIFT, 53)
    assert send(canvas, QEvent.Type.ShortcutOverride, Key.Key_X, NONE, 53)


def test_a_held_key_repeats_nothing_when_shift_joins_it(canvas: CanvasView, hand: Hand) -> None:
    canvas.set_keys(CanvasKeys(others=("Shift+X",)))
    send(canvas, QEvent.Type.KeyPress, Key.Key_X, NONE, 53)
    assert send(canvas, QEvent.Type.ShortcutOverride, Key.Key_X, SHIFT, 53, repeat=True)
    assert erases(canvas, hand, 30)
    send(canvas, QEvent.Type.KeyRelease, Key.Key_X, SHIFT, 53)
    assert not erases(canvas, hand, 60)


def test_a_sign_that_needs_shift_is_let_go_of_though_shift_came_up_first(canvas: CanvasView, hand: Hand) -> None:
    canvas.set_keys(CanvasKeys({**DEFAULTS, "hold.erase": ("?",)}))
    send(canvas, QEvent.Type.KeyPress, Key.Key_Question, SHIFT, 61)
    assert erases(canvas, hand, 30)
    send(canvas, QEvent.Type.KeyRelease, Key.Key_Slash, NONE, 61)
    assert not erases(canvas, hand, 60)


def begin_polygon(canvas: CanvasView, hand: Hand) -> None:
    canvas.set_tool(TOOLS["polygon"].factory())
    for point in ((10, 10), (40, 10), (40, 40), (10, 40)):
        hand.stroke(point)


def test_other_keys_finish_and_shorten_a_polygon(canvas: CanvasView, hand: Hand) -> None:
    canvas.set_keys(CanvasKeys({**DEFAULTS, "drawing.finish": ("Space",), "drawing.step_back": ("Del",)}, undo=("U",)))
    begin_polygon(canvas, hand)
    for key in (Key.Key_Return, Key.Key_Backspace, Key.Key_Z):
        QTest.keyClick(canvas, key)
    QTest.keyClick(canvas, Key.Key_U)
    QTest.keyClick(canvas, Key.Key_Space)
    assert labels(canvas)[20, 30] == 1 and labels(canvas)[36, 14] == 2, "a triangle: one corner was taken back"


def test_the_drawing_keys_mean_nothing_where_nothing_is_drawn(canvas: CanvasView) -> None:
    for key in (Key.Key_Return, Key.Key_Backspace, Key.Key_Z, Key.Key_Escape):
        assert not send(canvas, QEvent.Type.ShortcutOverride, key, NONE, 0)


def test_escape_gives_up_whatever_the_keys_are(canvas: CanvasView, hand: Hand) -> None:
    canvas.set_keys(CanvasKeys(dict.fromkeys(DEFAULTS, ())))
    begin_polygon(canvas, hand)
    QTest.keyClick(canvas, Key.Key_Escape)
    QTest.keyClick(canvas, Key.Key_Return)
    assert (labels(canvas) == 2).all() and VOID != 2
