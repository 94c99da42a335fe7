"""Differences only: where the current mask is another than the proposal or a mask of the folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.canvas.overlay_layer import strongest_halved
from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.class_table import VOID
from segstudio.project.project import Project
from segstudio.services.other_masks import OtherMask
from segstudio.services.settings import DIFFERENCE_FROM
from segstudio.widgets.words import whole_number
from tests.gui.canvas_hand import CLASSES, Hand, document, grabbed
from tests.gui.window_person import PATIENT, Person, mask_of, use_tiny_model
from tests.small_folders import HEIGHT, WIDTH, voc_folder

Key = Qt.Key


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    """A black image of 120 × 90 pixels, each 3 × 3 pixels of the screen, under class 1."""
    made = CanvasView()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.set_document(np.zeros((90, 120, 3), np.uint8), document(fill=1))
    made.set_overlay_opacity(1)
    made.set_class_index(2)
    with qtbot.waitExposed(made):
        made.show()
    made.look_at(60, 45, 3)
    return made


def pixels(canvas: CanvasView) -> np.ndarray:
    """(90, 120, 3): the middle of every image pixel as it is on the screen."""
    first = canvas.image_to_view(0.5, 0.5).toPoint()
    return grabbed(canvas)[first.y() :: 3, first.x() :: 3][:90, :120]


def is_class(shown: np.ndarray, index: int) -> np.ndarray:
    return np.asarray((np.abs(shown.astype(int) - CLASSES[index].color) <= 2).all(axis=2))


def test_what_differs_has_its_colour_and_all_else_is_dimmed(canvas: CanvasView) -> None:
    other = np.full((90, 120), 1, np.uint8)
    other[20:40, 30:50] = 2
    canvas.set_compared(other)
    shown = pixels(canvas)
    np.testing.assert_array_equal(is_class(shown, 1), other == 2)
    rest = shown[other == 1]
    assert (rest == rest[0]).all() and (rest[0] != CLASSES[1].color).any()
    canvas.set_compared(None)
    assert is_class(pixels(canvas), 1).all()


def test_from_afar_a_line_goes_round_what_differs(canvas: CanvasView) -> None:
    other = np.full((90, 120), 1, np.uint8)
    other[20:40, 30:50] = 2
    canvas.look_at(60, 45, 1)
    canvas.set_compared(other)
    corner = canvas.image_to_view(0, 0).toPoint()
    shown = grabbed(canvas)[corner.y() : corner.y() + 90, corner.x() : corner.x() + 120]
    inside = np.zeros((90, 120), bool)
    inside[21:39, 31:49] = True
    np.testing.assert_array_equal(is_class(shown, 1), inside)
    assert is_dark_on_light(shown[20, 40], shown[10, 10])


def is_dark_on_light(line: np.ndarray, ground: np.ndarray) -> bool:
    """The light theme's line on its dimmed image."""
    return int(line.max()) + 40 < int(ground.min())


def test_it_follows_a_stroke_its_undoing_and_one_that_is_taken_back(canvas: CanvasView) -> None:
    assert canvas.document is not None
    canvas.set_compared(canvas.document.label_map.array.copy())
    hand, plain = Hand(canvas), pixels(canvas)
    assert not is_class(plain, 1).any()
    hand.press(30, 30)
    hand.move(60, 30)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    np.testing.assert_array_equal(is_class(pixels(canvas), 2), canvas.document.label_map.array == 2)
    QApplication.sendEvent(canvas, QKeyEvent(QEvent.Type.KeyPress, Key.Key_Escape, Qt.KeyboardModifier.NoModifier))
    np.testing.assert_array_equal(pixels(canvas), plain)
    hand.stroke((30, 30), (60, 30))
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    np.testing.assert_array_equal(is_class(pixels(canvas), 2), canvas.document.label_map.array == 2)
    canvas.document.undo()
    np.testing.assert_array_equal(pixels(canvas), plain)


@pytest.mark.parametrize("zoom", [1.0, 4.0])
def test_what_is_void_now_is_striped_in_the_colour_that_it_had(canvas: CanvasView, zoom: float) -> None:
    canvas.set_document(np.zeros((90, 120, 3), np.uint8), document())
    canvas.look_at(60, 45, zoom)
    plain = grabbed(canvas)
    other = np.full((90, 120), VOID, np.uint8)
    other[40:50, 55:65] = 1
    canvas.set_compared(other)
    shown = grabbed(canvas)
    middle = canvas.image_to_view(60, 45).toPoint()
    reach = int(4 * zoom)
    part = shown[middle.y() - reach : middle.y() + reach, middle.x() - reach : middle.x() + reach]
    assert len(np.unique(part.reshape(-1, 3), axis=0)) > 2, "stripes"
    away = canvas.image_to_view(51, 45).toPoint()
    assert len(np.unique(shown[away.y(), away.x() - 2 : away.x() + 2], axis=0)) == 1
    canvas.set_compared(None)
    np.testing.assert_array_equal(grabbed(canvas), plain)


def test_a_single_pixel_is_seen_in_a_reduced_view(canvas: CanvasView) -> None:
    canvas.set_document(np.zeros((1200, 1600, 3), np.uint8), document(1200, 1600, fill=1))
    other = np.full((1200, 1600), 1, np.uint8)
    canvas.look_at(800, 600, 1 / 8)
    canvas.set_compared(other)
    none = grabbed(canvas)
    other = other.copy()
    other[601, 803] = 2
    canvas.set_compared(other)
    assert np.abs(grabbed(canvas).astype(int) - none).max() > 40


@pytest.mark.parametrize("shape", [(4, 6), (5, 7), (1, 1), (1, 4)])
def test_halving_keeps_what_is_opaque_wherever_it_is(shape: tuple[int, int]) -> None:
    for place in np.ndindex(shape):
        colored = np.zeros(shape, np.uint32)
        colored[place] = 0xFF102030
        found = strongest_halved(colored)
        assert found.shape == (-(-shape[0] // 2), -(-shape[1] // 2))
        assert found[place[0] // 2, place[1] // 2] == 0xFF102030 and np.count_nonzero(found) == 1


# -- in the window -------------------------------------------------------------------------------------------


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:
    root = voc_folder(tmp_path / "data", images=4, masks=3)
    person.open(root)
    person.choose_in_filmstrip("s00")
    return root


def show(person: Person, other: OtherMask) -> None:
    """Show differences only, from `other`."""
    bar = person.parts.difference
    if not bar.isVisible():
        person.trigger("difference")
    person.qtbot.keyClick(bar.box, Key.Key_Home)
    for _ in range(bar.box.findData(other)):
        person.qtbot.keyClick(bar.box, Key.Key_Down)
    assert bar.box.choice() is other


def wait_for_count(person: Person, count: int) -> None:
    expected = {0: "no pixel differs", 1: "1 px differs"}.get(count, f"{whole_number(count)} px differ (")
    person.wait(lambda: person.parts.difference.count.text().startswith(expected))


def test_the_count_follows_every_edit(person: Person, folder: Path) -> None:
    truth = mask_of(folder, "s00")
    show(person, OtherMask.SAVED)
    wait_for_count(person, 0)
    person.paint(Key.Key_3, (10, 10), (50, 10))
    differing = np.count_nonzero(person.labels != truth)
    assert differing > 1
    wait_for_count(person, differing)
    person.trigger("clear")
    wait_for_count(person, truth.size)
    person.trigger("undo")
    wait_for_count(person, differing)
    person.trigger("undo")
    wait_for_count(person, 0)


@pytest.mark.parametrize("name", ["s00", "s03"])
def test_the_saved_mask_is_read_again_where_its_classes_were_changed(person: Person, tmp_path: Path, name: str) -> None:
    """An accepted one and one that nobody has looked at yet."""
    root = voc_folder(tmp_path / "both", images=4, masks=3)
    project, proposed = Project.open(root), np.full((HEIGHT, WIDTH), 2, np.uint8)
    project.save_proposal("s03", proposed, proposed, None)
    project.accept_unreviewed(["s03"])
    project.close()
    person.open(root)
    person.choose_in_filmstrip(name)
    show(person, OtherMask.SAVED)
    wait_for_count(person, 0)
    person.paint(Key.Key_2, (1, 1), (1, 1))
    before = mask_of(root, name)
    wait_for_count(person, np.count_nonzero(person.labels != before))
    person.trigger("undo")
    wait_for_count(person, 0)
    flow = person.window.class_change_flow
    with person.qtbot.waitSignal(flow.ended, timeout=PATIENT):
        flow.changes.start(ClassChange(ChangeKind.MERGE, 2, 1), [name])
    person.settle()
    after, others = mask_of(root, name), person.window.other_masks
    assert not np.array_equal(after, before)
    person.wait(lambda: (saved := others.labels(OtherMask.SAVED)) is not None and np.array_equal(saved, after))
    wait_for_count(person, 0)


def test_it_is_counted_while_a_stroke_is_made(person: Person, folder: Path) -> None:
    show(person, OtherMask.SAVED)
    wait_for_count(person, 0)
    person.key(Key.Key_3, person.parts.canvas)
    person.hand.press(10, 10)
    person.hand.move(40, 10)
    wait_for_count(person, np.count_nonzero(person.labels != mask_of(folder, "s00")))
    person.key(Key.Key_Escape, person.parts.canvas)
    wait_for_count(person, 0)


def test_each_image_is_compared_with_its_own_and_what_is_missing_is_said(person: Person, folder: Path) -> None:
    show(person, OtherMask.TRUTH)
    wait_for_count(person, 0)
    assert person.window.settings.get(DIFFERENCE_FROM) == "truth"
    person.choose_in_filmstrip("s03")
    assert person.parts.difference.count.text() == "the folder had none"
    assert person.parts.canvas.scene.compared is None
    person.choose_in_filmstrip("s01")
    person.wait(lambda: person.parts.canvas.scene.compared is not None)
    wait_for_count(person, 0)
    person.paint(Key.Key_3, (10, 10), (50, 10))
    differing = np.count_nonzero(person.labels != mask_of(folder, "s01"))
    wait_for_count(person, differing)
    person.accept()
    person.choose_in_filmstrip("s01")
    wait_for_count(person, differing)
    show(person, OtherMask.SAVED)
    wait_for_count(person, 0)


def test_closing_the_bar_shows_the_whole_mask(person: Person, folder: Path) -> None:
    before = grabbed(person.parts.canvas)
    person.qtbot.keyClick(person.parts.canvas, Key.Key_D, Qt.KeyboardModifier.ShiftModifier)
    show(person, OtherMask.SAVED)
    wait_for_count(person, 0)
    assert (grabbed(person.parts.canvas) != before).any()
    person.click(person.parts.difference.close_button)
    assert not person.window.actions_table["difference"].isChecked()
    np.testing.assert_array_equal(grabbed(person.parts.canvas), before)


def test_a_shown_proposal_does_not_differ_from_itself_until_it_is_painted_over(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data")
    use_tiny_model(root)
    person.open(root)
    person.wait_for_proposal()
    show(person, OtherMask.PROPOSAL)
    wait_for_count(person, 0)
    shown = person.window.session.shown_proposal
    assert shown is not None
    person.paint(Key.Key_3, (10, 10), (50, 10))
    differing = np.count_nonzero(person.labels != shown.labels)
    wait_for_count(person, differing)
    person.trigger("undo")
    person.trigger("undo")
    assert person.shows_proposal
    wait_for_count(person, 0)


def test_an_image_shown_anew_is_compared_anew(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data")
    use_tiny_model(root)
    person.open(root)
    person.wait_for_proposal()
    person.paint(Key.Key_3, (10, 10), (50, 10))
    show(person, OtherMask.PROPOSAL)
    person.wait(lambda: person.parts.canvas.scene.compared is not None)
    opened = person.window.session.current
    assert opened is not None
    person.parts.canvas.set_document(None, None)
    person.window.session.image_opened.emit(opened)
    assert opened.proposal is not None and person.parts.canvas.scene.compared is opened.proposal.labels


@pytest.mark.parametrize("action", ["overlay", "outline"])
def test_the_overlays_switches_hold_for_differences_too(person: Person, folder: Path, action: str) -> None:
    person.paint(Key.Key_3, (10, 10), (50, 10))
    show(person, OtherMask.SAVED)
    person.wait(lambda: person.parts.canvas.scene.compared is not None)
    QApplication.sendEvent(person.parts.canvas, QEvent(QEvent.Type.Leave))
    before = grabbed(person.parts.canvas)
    person.trigger(action)
    assert (grabbed(person.parts.canvas) != before).any()
    person.trigger(action)
    np.testing.assert_array_equal(grabbed(person.parts.canvas), before)


def test_a_folder_that_is_closed_is_compared_with_nothing(person: Person, folder: Path) -> None:
    show(person, OtherMask.SAVED)
    wait_for_count(person, 0)
    person.window.session.close_project()
    assert person.parts.canvas.scene.compared is None
    person.open(folder)
    person.choose_in_filmstrip("s00")
    wait_for_count(person, 0)
