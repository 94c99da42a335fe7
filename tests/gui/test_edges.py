"""The scissors and the smart brush on the canvas: what is shown, and what becomes of a gesture that is disturbed."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from pytestqt.qtbot import QtBot

from segstudio.canvas.brush_cursor import border_lines
from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box
from segstudio.core.raster import MaskRegion
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import Hand, document, grabbed, labels
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

SHIFT = Qt.KeyboardModifier.ShiftModifier
QUARTERS = ((90.0, 45.0), (60.0, 75.0), (30.0, 45.0), (60.0, 15.0))


def disc() -> np.ndarray:
    """(90, 120) bool."""
    rows, columns = np.mgrid[:90, :120]
    return np.hypot(columns + 0.5 - 60, rows + 0.5 - 45) <= 30


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_document(np.where(disc(), 150, 90)[..., None].repeat(3, axis=2).astype(np.uint8), document())
    view.set_class_index(1)
    view.set_brush_size(30)
    with qtbot.waitExposed(view):
        view.show()
    view.activateWindow()
    view.setFocus()
    return view


def overlap(found: np.ndarray) -> float:
    return np.count_nonzero(found & disc()) / np.count_nonzero(found | disc())


def test_scissors_cut_a_disc_out_and_enter_fills_it(canvas: CanvasView, qtbot: QtBot) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS["scissors"].factory())
    for point in QUARTERS:
        hand.stroke(point)
    assert (labels(canvas) == VOID).all() and not canvas.cursor_polygon.isEmpty()
    with qtbot.waitSignals([canvas.edit_made, canvas.stroke_finished]):
        qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert overlap(labels(canvas) == 1) > 0.95 and canvas.cursor_polygon.isEmpty()


def test_shift_shows_a_straight_line_while_it_is_held_and_the_pointer_stands_still(
    canvas: CanvasView, qtbot: QtBot
) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS["scissors"].factory())
    hand.stroke(QUARTERS[0])
    hand.hover(*QUARTERS[1])
    bent = canvas.cursor_polygon.size()
    qtbot.keyPress(canvas, Qt.Key.Key_Shift)
    assert canvas.cursor_polygon.size() == 2 < bent
    qtbot.keyRelease(canvas, Qt.Key.Key_Shift)
    assert canvas.cursor_polygon.size() == bent


def test_zooming_panning_and_a_look_elsewhere_keep_what_is_cut(canvas: CanvasView, qtbot: QtBot) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS["scissors"].factory())
    hand.stroke(QUARTERS[0])
    hand.wheel(canvas.image_to_view(60, 45), angle=120)
    hand.stroke(QUARTERS[1])
    canvas.clearFocus()
    canvas.setFocus()
    hand.stroke((100.0, 80.0))
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    hand.wheel(canvas.image_to_view(60, 45), angle=-480)
    for point in QUARTERS[2:]:
        hand.stroke(point)
    assert canvas.document is not None and canvas.document.undo() is None
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert overlap(labels(canvas) == 1) > 0.93


@pytest.mark.parametrize("how", ["escape", "another image"])
def test_scissors_are_given_up_without_a_trace(canvas: CanvasView, qtbot: QtBot, how: str) -> None:
    hand, first = Hand(canvas), canvas.document
    tool = TOOLS["scissors"].factory()
    canvas.set_tool(tool)
    for point in QUARTERS[:3]:
        hand.stroke(point)
    if how == "escape":
        qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    else:
        canvas.set_document(np.zeros((90, 120, 3), np.uint8), document())
    assert not tool.is_busy and canvas.cursor_polygon.isEmpty()
    assert first is not None and not first.can_undo and (first.label_map.array == VOID).all()


def test_the_smart_brush_stops_at_the_disc_and_shows_where_before(canvas: CanvasView) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS["smart_brush"].factory())
    away = grabbed(canvas)
    hand.hover(60, 22)
    seen = (grabbed(canvas) != away).any(axis=2)
    assert canvas.cursor().shape() is not Qt.CursorShape.BlankCursor, "the outline does not say where the pointer is"
    within, beyond = (canvas.image_to_view(60, y).toPoint() for y in (25, 8))
    assert seen[within.y(), within.x() + 6] and not seen[beyond.y(), beyond.x()]
    hand.stroke((60, 22))
    painted = labels(canvas) == 1
    assert painted[20:34, 60].all() and not (painted & ~cv2.dilate(disc().astype(np.uint8), np.ones((3, 3))) > 0).any()


def test_a_fast_stroke_of_it_has_no_gaps_and_escape_or_a_lost_focus_takes_it_back(
    canvas: CanvasView, qtbot: QtBot
) -> None:
    hand = Hand(canvas)
    canvas.set_brush_size(10)
    canvas.set_tool(TOOLS["smart_brush"].factory())
    for end in ("escape", "focus", "release"):
        hand.press(38, 45)
        hand.move(82, 50)
        assert cv2.connectedComponents((labels(canvas) == 1).astype(np.uint8), connectivity=4)[0] == 2
        if end == "escape":
            qtbot.keyClick(canvas, Qt.Key.Key_Escape)
        elif end == "focus":
            canvas.clearFocus()
            canvas.setFocus()
        hand.release(82, 50)
        assert (labels(canvas) == 1).any() == (end == "release")
    assert canvas.document is not None and canvas.document.undo() is not None and (labels(canvas) == VOID).all()


def test_both_are_reached_by_their_keys_and_paint_the_chosen_class(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    person.key(Qt.Key.Key_3, person.parts.canvas)
    person.key(Qt.Key.Key_M, person.parts.canvas)
    for point in ((10, 10), (30, 10), (30, 30), (10, 30)):
        person.hand.stroke(point, modifiers=SHIFT)
    person.hand.hover(20, 20, modifiers=SHIFT)
    person.window.parts.canvas.finish_stroke()
    assert np.count_nonzero(person.labels == 2) == 400
    person.key(Qt.Key.Key_J, person.parts.canvas)
    person.hand.stroke((50, 30))
    assert person.labels[30, 50] == 2


def test_the_border_of_pixels_runs_between_those_that_are_and_are_not_among_them() -> None:
    inside = np.random.default_rng(2).random((7, 9)) < 0.5
    lines = border_lines(MaskRegion(Box(3, 5, 12, 12), inside))
    padded = np.pad(inside, 1)
    assert sum(line.length() for line in lines) == sum((np.diff(padded, axis=axis) != 0).sum() for axis in (0, 1))
    for line in lines:
        middle, is_across = line.pointAt(0.5 / line.length()), line.dy() == 0
        beside = QPointF(0, 0.5) if is_across else QPointF(0.5, 0)
        sides = [padded[int(p.y()) - 5 + 1, int(p.x()) - 3 + 1] for p in (middle - beside, middle + beside)]
        assert sides[0] != sides[1]
