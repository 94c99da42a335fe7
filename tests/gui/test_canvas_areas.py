"""Areas on the canvas and in the window: draw with the mouse, and look at the label map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QRectF, Qt
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID
from segstudio.project.project import Status
from segstudio.tools import TOOLS
from tests.gui.canvas_hand import MIDDLE, Hand, document, grabbed, labels, picture
from tests.gui.window_person import Person, mask_of, use_tiny_model
from tests.small_folders import voc_folder

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
AROUND = ((20.5, 20.5), (60.5, 20.5), (60.5, 60.5), (20.5, 60.5))


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
    return view


@pytest.mark.parametrize("tool_id", ["lasso", "rectangle", "ellipse"])
def test_an_area_is_outlined_while_it_is_drawn_and_filled_at_the_release(
    canvas: CanvasView, qtbot: QtBot, tool_id: str
) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS[tool_id].factory())
    hand.hover(*AROUND[0])
    assert canvas.cursor_polygon.isEmpty() and canvas.cursor().shape() is Qt.CursorShape.BitmapCursor
    hand.press(*AROUND[0])
    for point in AROUND[1:3]:
        hand.move(*point)
    assert (labels(canvas) == VOID).all()
    seen = canvas.cursor_polygon.boundingRect()
    assert (seen.width(), seen.height()) == pytest.approx((40, 40), abs=1)
    assert canvas.cursor().shape() is Qt.CursorShape.BitmapCursor, "the pointer stays in sight"
    with qtbot.waitSignals([canvas.edit_made, canvas.stroke_finished]):
        hand.release(*AROUND[2])
    share = {"lasso": 0.5, "rectangle": 1.0, "ellipse": np.pi / 4}[tool_id]
    assert np.count_nonzero(labels(canvas) == 1) == pytest.approx(share * 40 * 40, rel=0.06)
    assert canvas.cursor_polygon.isEmpty()
    canvas.document.undo()  # type: ignore[union-attr]
    assert (labels(canvas) == VOID).all()


def test_escape_takes_the_drawing_back(canvas: CanvasView, qtbot: QtBot) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS["lasso"].factory())
    hand.press(*AROUND[0])
    hand.move(*AROUND[1])
    hand.move(*AROUND[2])
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    hand.release(*AROUND[2])
    assert (labels(canvas) == VOID).all() and canvas.cursor_polygon.isEmpty()
    assert canvas.document is not None and not canvas.document.can_undo


def test_a_polygon_waits_between_its_clicks_and_closes_at_a_double_click(canvas: CanvasView, qtbot: QtBot) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS["polygon"].factory())
    for point in AROUND[:2]:
        hand.stroke(point)
    canvas.clearFocus()
    canvas.setFocus()
    hand.wheel(canvas.image_to_view(40, 40), angle=120)
    hand.press(40, 40, MIDDLE)
    hand.move(45, 45, MIDDLE)
    hand.release(45, 45, MIDDLE)
    hand.stroke(AROUND[2])
    hand.stroke((100.5, 80.5))
    qtbot.keyClick(canvas, Qt.Key.Key_Backspace)
    hand.stroke(AROUND[3])
    assert (labels(canvas) == VOID).all() and not canvas.cursor_polygon.isEmpty()
    with qtbot.waitSignals([canvas.edit_made, canvas.stroke_finished]):
        hand.mouse(QEvent.Type.MouseButtonDblClick, canvas.image_to_view(*AROUND[3]))
    hand.release(*AROUND[3])
    # Where the mouse is, is told in whole pixels of the screen.
    assert np.count_nonzero(labels(canvas) == 1) == pytest.approx(40 * 40, rel=0.03)
    assert canvas.cursor_polygon.isEmpty()


@pytest.mark.parametrize(("key", "pixels"), [(Qt.Key.Key_Return, 1600), (Qt.Key.Key_Escape, 0)])
def test_enter_fills_a_polygon_and_escape_forgets_it(
    canvas: CanvasView, qtbot: QtBot, key: Qt.Key, pixels: int
) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS["polygon"].factory())
    for point in AROUND:
        hand.stroke(point)
    qtbot.keyClick(canvas, key)
    assert np.count_nonzero(labels(canvas) == 1) == pixels and canvas.cursor_polygon.isEmpty()


def test_leaving_the_image_keeps_the_polygon_that_was_begun(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    name = person.name
    person.key(Qt.Key.Key_3, person.parts.canvas)
    person.key(Qt.Key.Key_T, person.parts.canvas)
    for point in ((10, 10), (30, 10), (30, 30), (10, 30)):
        person.hand.stroke(point)
    person.trigger("next")
    person.wait(lambda: person.name not in ("", name))
    person.trigger("previous")
    person.wait_for_image(name)
    assert np.count_nonzero(person.labels == 2) == 400


def test_the_bucket_fills_and_control_erases(canvas: CanvasView) -> None:
    hand = Hand(canvas)
    canvas.set_tool(TOOLS["rectangle"].factory())
    hand.stroke(AROUND[0], AROUND[2])
    canvas.set_tool(TOOLS["bucket"].factory())
    canvas.set_class_index(2)
    hand.stroke((40, 40))
    assert np.count_nonzero(labels(canvas) == 2) == 41 * 41 and not (labels(canvas) == 1).any()
    hand.stroke((40, 40), modifiers=CTRL)
    assert np.count_nonzero(labels(canvas) == 0) == 41 * 41
    hand.stroke((100, 80), modifiers=SHIFT)
    assert np.count_nonzero(labels(canvas) == 2) == 90 * 120 - 41 * 41


def test_the_wand_shows_what_it_takes_and_more_as_it_is_dragged(canvas: CanvasView) -> None:
    image = np.full((90, 120, 3), 100, np.uint8)
    image[:, 60:] = 125
    shown = document()
    canvas.set_document(image, shown)
    canvas.set_tool(TOOLS["wand"].factory())
    canvas.set_class_index(1)
    hand = Hand(canvas)
    before = grabbed(canvas)
    hand.press(20, 40)
    tinted = (grabbed(canvas) != before).any(axis=2)
    at = canvas.image_to_view(30, 40).toPoint()
    beyond = canvas.image_to_view(90, 40).toPoint()
    assert tinted[at.y(), at.x()] and not tinted[beyond.y(), beyond.x()]
    hand.move(60, 40)
    assert (grabbed(canvas) != before).any(axis=2)[beyond.y(), beyond.x()]
    hand.move(20, 40)
    hand.release(20, 40)
    assert (labels(canvas)[:, :60] == 1).all() and (labels(canvas)[:, 61:] == VOID).all()


def test_the_wand_takes_what_looks_alike_everywhere_and_tells_its_tolerance_beside_the_pointer(
    canvas: CanvasView, qtbot: QtBot
) -> None:
    image = np.full((90, 120, 3), 100, np.uint8)
    image[:, 40:80] = 200
    canvas.set_document(image, document())
    canvas.set_tool(TOOLS["wand"].factory())
    hand, note = Hand(canvas), canvas._note
    hand.hover(20, 40)
    before = grabbed(canvas)
    assert note.text == ""
    hand.press(20, 40, modifiers=SHIFT)
    assert note.text == "± 12"
    place = note.rect.center().toPoint()
    around = np.s_[place.y() - 6 : place.y() + 6, place.x() - 12 : place.x() + 12]
    assert (grabbed(canvas)[around] != before[around]).any()
    hand.move(30, 40, modifiers=SHIFT)
    assert int(note.text.removeprefix("± ")) > 12
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert note.text == "" and (labels(canvas) == VOID).all()
    np.testing.assert_array_equal(grabbed(canvas)[around], before[around])
    hand.stroke((20, 40), modifiers=SHIFT)
    taken = labels(canvas) == 1
    assert note.text == "" and taken[:, :39].all() and taken[:, 81:].all() and not taken[:, 41:79].any()


def test_the_note_beside_the_pointer_stays_in_sight(canvas: CanvasView) -> None:
    canvas.set_document(np.full((90, 120, 3), 100, np.uint8), document())
    canvas.set_tool(TOOLS["wand"].factory())
    hand = Hand(canvas)
    for corner in ((0.5, 0.5), (119.5, 0.5), (119.5, 89.5), (0.5, 89.5)):
        canvas.zoom_by(4, canvas.image_to_view(*corner))
        hand.press(*corner)
        assert canvas._note.text and QRectF(canvas.rect()).contains(canvas._note.rect)
        hand.release(*corner)
        canvas.fit()


@pytest.mark.parametrize("key", "QTRCGWMJE")
def test_choosing_a_class_keeps_a_tool_that_uses_it(person: Person, tmp_path: Path, key: str) -> None:
    stays = key != "E"
    person.open(voc_folder(tmp_path / "data"))
    person.key(Qt.Key(ord(key)), person.parts.canvas)
    chosen = person.window.actions_table.tools.checkedAction()
    person.key(Qt.Key.Key_3, person.parts.canvas)
    now = person.window.actions_table.tools.checkedAction()
    assert (now is chosen) == stays
    assert now is not None and (stays or now.data() == "brush")


def test_classes_are_stepped_through_and_round_at_the_ends(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    person.key(Qt.Key.Key_2, person.parts.canvas)
    person.key(Qt.Key.Key_Q, person.parts.canvas)
    seen = []
    for key in (Qt.Key.Key_Period, Qt.Key.Key_Period, Qt.Key.Key_Comma, Qt.Key.Key_Comma):
        person.key(key, person.parts.canvas)
        seen.append(person.parts.classes.current())
    assert seen == [2, 0, 2, 1]
    person.hand.stroke((10, 10), (30, 10), (30, 30), (10, 30))
    assert np.count_nonzero(person.labels == 1) == 400, "and the lasso paints with it"


def test_a_lasso_over_a_proposal_corrects_it_as_one_gesture(person: Person, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path / "data")
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    shown = person.window.session.shown_proposal
    assert shown is not None
    proposed = shown.labels.copy()
    person.key(Qt.Key.Key_3, person.parts.canvas)
    person.key(Qt.Key.Key_Q, person.parts.canvas)
    person.hand.stroke((10, 10), (30, 10), (30, 30), (10, 30))
    expected = proposed.copy()
    expected[10:30, 10:30] = 2
    np.testing.assert_array_equal(person.labels, expected)
    assert person.window.session.shown_proposal is None
    person.trigger("undo")
    person.trigger("undo")
    assert (person.labels == VOID).all()


def begin_polygon(person: Person, *points: tuple[float, float]) -> None:
    person.key(Qt.Key.Key_3, person.parts.canvas)
    person.key(Qt.Key.Key_T, person.parts.canvas)
    for point in points:
        person.hand.stroke(point)


def test_accepting_finishes_the_polygon_first(person: Person, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path / "data")
    person.open(folder)
    name = person.name
    person.paint_all(Qt.Key.Key_1)
    begin_polygon(person, (10, 10), (30, 10), (30, 30), (10, 30))
    person.accept()
    assert np.count_nonzero(mask_of(folder, name) == 2) == 400
    assert person.window.session.status(name) is Status.ACCEPTED


@pytest.mark.parametrize("action", ["next", "accept", "undo", "clear"])
def test_nothing_comes_in_between_while_an_area_is_drawn(person: Person, tmp_path: Path, action: str) -> None:
    person.open(voc_folder(tmp_path / "data"))
    name = person.name
    person.paint_all(Qt.Key.Key_1)
    before = person.labels.copy()
    person.key(Qt.Key.Key_3, person.parts.canvas)
    person.key(Qt.Key.Key_Q, person.parts.canvas)
    person.hand.press(10, 10)
    person.hand.move(30, 10)
    person.window.actions_table[action].trigger()  # does nothing where it is disabled
    person.qtbot.wait(50)
    assert person.name == name
    np.testing.assert_array_equal(person.labels, before)
    person.hand.move(30, 30)
    person.hand.release(10, 30)
    if action == "next":
        person.wait(lambda: person.name not in ("", name))
    else:
        assert np.count_nonzero(person.labels == 2) == 400 and person.name == name


@pytest.mark.parametrize("way", ["Z", "Ctrl+Z", "menu"])
def test_undo_takes_back_a_corner_while_a_polygon_is_drawn(person: Person, tmp_path: Path, way: str) -> None:
    person.open(voc_folder(tmp_path / "data"))
    person.paint_all(Qt.Key.Key_1)
    begin_polygon(person, (10, 10), (30, 10), (30, 30), (10, 30), (60, 40))
    if way == "menu":
        person.trigger("undo")
    else:
        held = CTRL if way == "Ctrl+Z" else Qt.KeyboardModifier.NoModifier
        person.qtbot.keyClick(person.parts.canvas, Qt.Key.Key_Z, held)
    person.key(Qt.Key.Key_Return, person.parts.canvas)
    assert np.count_nonzero(person.labels == 2) == 400 and np.count_nonzero(person.labels == 0) == 64 * 48 - 400


def test_a_double_click_on_the_first_corner_closes_and_begins_nothing(canvas: CanvasView) -> None:
    hand = Hand(canvas)
    tool = TOOLS["polygon"].factory()
    canvas.set_tool(tool)
    for point in AROUND:
        hand.stroke(point)
    hand.stroke(AROUND[0])
    hand.mouse(QEvent.Type.MouseButtonDblClick, canvas.image_to_view(*AROUND[0]))
    hand.release(*AROUND[0])
    assert not tool.is_busy and np.count_nonzero(labels(canvas) == 1) == 1600
