"""Side by side: another mask in a second pane, at the same place, looked at and never painted on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QEnterEvent, QKeyEvent
from PySide6.QtWidgets import QApplication

from segstudio.core.class_table import VOID
from segstudio.services.other_masks import OtherMask
from segstudio.services.settings import SECOND_PANE
from tests.gui.canvas_hand import Hand, grabbed
from tests.gui.window_person import Person, mask_of, use_tiny_model
from tests.small_folders import draw_scene, voc_folder

Key = Qt.Key


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:
    """Three of four images have their truth; the first of them is open."""
    root = voc_folder(tmp_path / "data", images=4, masks=3)
    person.open(root)
    person.choose_in_filmstrip("s00")
    return root


@pytest.fixture
def pane_hand(person: Person) -> Hand:
    return Hand(person.parts.second)  # type: ignore[arg-type]  # it sends events at image points, to any viewport


def show(person: Person, other: OtherMask) -> None:
    """Open the pane and take `other` from its chooser."""
    if not person.parts.second.isVisible():
        person.trigger("second_pane")
    box = person.parts.second_head.box
    person.qtbot.keyClick(box, Key.Key_Home)
    for _ in range(box.findData(other)):
        person.qtbot.keyClick(box, Key.Key_Down)
    assert box.choice() is other
    QApplication.processEvents()


def shown(person: Person) -> np.ndarray:
    """The labels that the pane shows."""
    document = person.parts.second.document
    assert document is not None
    return document.label_map.array


def places(person: Person) -> list[QPointF]:
    """Where two points of the image lie in either pane, from its middle."""
    middles = [QPointF(pane.width() / 2, pane.height() / 2) for pane in (person.parts.canvas, person.parts.second)]
    panes = (person.parts.canvas, person.parts.second)
    return [
        pane.image_to_view(x, y) - middle
        for x, y in ((3, 5), (60, 40))
        for pane, middle in zip(panes, middles, strict=True)
    ]


def are_linked(person: Person) -> bool:
    first, second, third, fourth = places(person)
    apart = [(first - second), (third - fourth)]
    return all(abs(one.x()) <= 1.5 and abs(one.y()) <= 1.5 for one in apart)


def test_the_pane_comes_with_its_key_takes_half_the_room_and_goes_again(person: Person, folder: Path) -> None:
    canvas, pane = person.parts.canvas, person.parts.second
    whole = canvas.width()
    assert not pane.isVisible()
    person.qtbot.keyClick(canvas, Key.Key_S, Qt.KeyboardModifier.ShiftModifier)
    assert pane.isVisible() and abs(pane.width() - canvas.width()) <= 2
    person.click(person.parts.second_head.close_button)
    assert not pane.isVisible()
    person.wait(lambda: canvas.width() == whole)
    assert not person.window.actions_table["second_pane"].isChecked()
    assert pane.document is None, "what is not shown is not held"


def test_the_saved_mask_stands_beside_what_is_painted(person: Person, folder: Path) -> None:
    show(person, OtherMask.SAVED)
    person.wait(lambda: not person.parts.second_head.note.isVisible())
    truth = mask_of(folder, "s00")
    before = grabbed(person.parts.second)  # type: ignore[arg-type]
    person.paint(Key.Key_3, (10, 10), (50, 10))
    np.testing.assert_array_equal(shown(person), truth)
    assert (person.labels != truth).any()
    person.parts.second.set_mark(None)
    np.testing.assert_array_equal(grabbed(person.parts.second), before)  # type: ignore[arg-type]
    person.accept()
    person.choose_in_filmstrip("s00")
    person.wait(lambda: bool((shown(person) == person.labels).all()))
    show(person, OtherMask.TRUTH)
    person.wait(lambda: bool((shown(person) == truth).all()))


def test_accepting_the_image_that_stays_open_shows_its_new_mask(person: Person, folder: Path) -> None:
    for name in ("s01", "s02", "s03"):
        person.choose_in_filmstrip(name)
        person.paint_all(Key.Key_1)
        person.window.image_flow.accept()
        person.settle()
    person.choose_in_filmstrip("s00")
    show(person, OtherMask.SAVED)
    person.wait(lambda: not person.parts.second_head.note.isVisible())
    person.paint(Key.Key_3, (10, 10), (50, 10))
    person.window.image_flow.accept()
    person.wait(lambda: bool((shown(person) == person.labels).all()))


def test_what_there_is_not_is_said(person: Person, folder: Path) -> None:
    person.choose_in_filmstrip("s03")
    note = person.parts.second_head.note
    for other, text in (
        (OtherMask.PROPOSAL, "no proposal yet"),
        (OtherMask.SAVED, "no saved mask yet"),
        (OtherMask.TRUTH, "the folder had none"),
    ):
        show(person, other)
        assert note.text() == text and note.isVisible() and (shown(person) == VOID).all()
    show(person, OtherMask.NONE)
    assert not note.isVisible()


def test_a_saved_mask_that_breaks_is_said_and_stops_nothing(person: Person, folder: Path) -> None:
    (folder / "SegmentationClass" / "s00.png").write_bytes(b"no picture")
    show(person, OtherMask.SAVED)
    person.wait(lambda: person.parts.second_head.note.text() == "it cannot be read")
    show(person, OtherMask.NONE)
    assert not person.parts.second_head.note.isVisible()


def test_the_proposal_is_shown_as_one_and_stays_when_painting_begins(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data")
    use_tiny_model(root)
    person.open(root)
    person.wait_for_proposal()
    show(person, OtherMask.PROPOSAL)
    scene = person.parts.second._scene
    proposed = person.window.session.shown_proposal
    assert proposed is not None and scene.proposal is proposed.labels
    kept = proposed.labels.copy()
    person.paint(Key.Key_3, (10, 10), (50, 10))
    assert scene.proposal is proposed.labels
    np.testing.assert_array_equal(scene.proposal, kept)


def test_the_choice_is_kept_from_image_to_image_and_from_start_to_start(person: Person, folder: Path) -> None:
    show(person, OtherMask.TRUTH)
    assert person.window.settings.get(SECOND_PANE) == "truth"
    person.choose_in_filmstrip("s01")
    person.wait(lambda: bool((shown(person) == draw_scene(1)[1]).all()))
    person.choose_in_filmstrip("s03")
    assert person.parts.second_head.note.text() == "the folder had none"


def test_zoom_and_pan_are_linked_both_ways(person: Person, folder: Path, pane_hand: Hand) -> None:
    show(person, OtherMask.SAVED)
    canvas, pane = person.parts.canvas, person.parts.second
    assert are_linked(person)
    person.hand.wheel(QPointF(100, 80), 360)
    assert are_linked(person) and pane.zoom == pytest.approx(canvas.zoom)
    person.hand.press(30, 20, Qt.MouseButton.MiddleButton)
    person.hand.move(20, 30, Qt.MouseButton.MiddleButton)
    person.hand.release(20, 30, Qt.MouseButton.MiddleButton)
    assert are_linked(person)
    pane_hand.wheel(QPointF(50, 120), 240)
    assert are_linked(person) and pane.zoom == pytest.approx(canvas.zoom)
    x, y = canvas.centre
    pane_hand.press(30, 20)
    pane_hand.move(25, 26)
    pane_hand.release(25, 26)
    assert are_linked(person) and canvas.centre == pytest.approx((x + 5, y - 6), abs=0.5)
    person.trigger("fit")
    assert are_linked(person)
    person.trigger("next")
    person.wait_for_image("s01")
    assert are_linked(person)
    person.window.resize(900, 700)
    QApplication.processEvents()
    assert are_linked(person)


def test_the_pointer_is_marked_in_the_other_pane(person: Person, folder: Path, pane_hand: Hand) -> None:
    show(person, OtherMask.SAVED)
    person.wait(lambda: not person.parts.second_head.note.isVisible())
    canvas, pane = person.parts.canvas, person.parts.second
    plain = grabbed(pane)  # type: ignore[arg-type]
    person.hand.hover(20.2, 30.7)
    marked = (grabbed(pane) != plain).any(axis=2)  # type: ignore[arg-type]
    rows, columns = np.nonzero(marked)
    at = pane.image_to_view(20.5, 30.5)
    assert abs(rows.mean() - at.y()) < 1.5 and abs(columns.mean() - at.x()) < 1.5
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    np.testing.assert_array_equal(grabbed(pane), plain)  # type: ignore[arg-type]
    plain = grabbed(canvas)
    pane_hand.hover(40.2, 10.7)
    assert (grabbed(canvas) != plain).any()
    told = ("background", "sun", "pole")[int(mask_of(folder, "s00")[10, 40])]
    assert person.parts.status.left.text().endswith(told)
    QApplication.sendEvent(pane, QEvent(QEvent.Type.Leave))
    np.testing.assert_array_equal(grabbed(canvas), plain)


def test_nothing_is_painted_in_the_second_pane(person: Person, folder: Path, pane_hand: Hand) -> None:
    show(person, OtherMask.SAVED)
    person.wait(lambda: not person.parts.second_head.note.isVisible())
    before, kept = person.labels.copy(), shown(person).copy()
    person.key(Key.Key_3, person.parts.canvas)
    pane_hand.stroke((10, 10), (40, 30))
    np.testing.assert_array_equal(person.labels, before)
    np.testing.assert_array_equal(shown(person), kept)


def test_a_stroke_repaints_nothing_of_the_second_pane_but_the_mark(person: Person, folder: Path) -> None:
    show(person, OtherMask.SAVED)
    person.wait(lambda: not person.parts.second_head.note.isVisible())
    pane = person.parts.second
    grabbed(pane)  # type: ignore[arg-type]
    before = pane.pixels_recoloured
    person.paint(Key.Key_3, (10, 10), (50, 10))
    grabbed(pane)  # type: ignore[arg-type]
    assert pane.pixels_recoloured == before


def test_a_held_key_hides_the_overlay_of_both_panes(person: Person, folder: Path) -> None:
    show(person, OtherMask.SAVED)
    person.wait(lambda: not person.parts.second_head.note.isVisible())
    canvas, pane = person.parts.canvas, person.parts.second
    canvas.setFocus()
    before = grabbed(pane)  # type: ignore[arg-type]
    no_key = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(canvas, QKeyEvent(QEvent.Type.KeyPress, Key.Key_H, no_key))
    assert (grabbed(pane) != before).any()  # type: ignore[arg-type]
    QApplication.sendEvent(canvas, QKeyEvent(QEvent.Type.KeyRelease, Key.Key_H, no_key))
    np.testing.assert_array_equal(grabbed(pane), before)  # type: ignore[arg-type]


@pytest.mark.parametrize("action", ["outline", "overlay"])
def test_the_second_pane_looks_like_the_first(person: Person, folder: Path, action: str) -> None:
    show(person, OtherMask.SAVED)
    person.wait(lambda: not person.parts.second_head.note.isVisible())
    pane = person.parts.second
    before = grabbed(pane)  # type: ignore[arg-type]
    person.trigger(action)
    assert (grabbed(pane) != before).any()  # type: ignore[arg-type]
    person.trigger(action)
    np.testing.assert_array_equal(grabbed(pane), before)  # type: ignore[arg-type]
    person.parts.classes.visibility_changed.emit(0, False)
    assert (grabbed(pane) != before).any()  # type: ignore[arg-type]


def test_a_folder_that_is_closed_leaves_the_pane_empty(person: Person, folder: Path) -> None:
    show(person, OtherMask.SAVED)
    person.window.session.close_project()
    assert person.parts.second.document is None
    person.open(folder)
    person.wait(lambda: person.parts.second.document is not None)


# -- in the middle of a gesture ------------------------------------------------------------------------------


def test_a_stroke_goes_on_where_the_pointer_is_when_the_second_pane_zooms(
    person: Person, folder: Path, pane_hand: Hand
) -> None:
    show(person, OtherMask.NONE)
    person.key(Key.Key_3, person.parts.canvas)
    person.parts.brush.size_spin.setValue(4)
    person.hand.press(20, 20)
    pane_hand.wheel(QPointF(60, 60), 240)
    person.hand.move(30, 20)
    person.hand.release(30, 20)
    assert (person.labels[20, 20:31] == 2).all()
    person.trigger("undo")
    np.testing.assert_array_equal(person.labels, mask_of(folder, "s00"))


@pytest.mark.parametrize("what", ["image", "close", "leave"])
def test_what_ends_panning_in_the_second_pane_ends_it(person: Person, folder: Path, pane_hand: Hand, what: str) -> None:
    show(person, OtherMask.NONE)
    canvas, pane = person.parts.canvas, person.parts.second
    person.hand.wheel(QPointF(100, 80), 360)
    pane_hand.press(30, 20)
    pane_hand.move(28, 20)
    if what == "image":
        person.trigger("next")
        person.wait_for_image("s01")
        pane_hand.move(20, 20)
        assert are_linked(person)
        pane_hand.release(20, 20)
    elif what == "close":
        person.trigger("second_pane")
        person.trigger("second_pane")
    else:
        QApplication.sendEvent(pane, QEvent(QEvent.Type.Leave))
    before = canvas.centre
    pane_hand.hover(40, 30)
    assert canvas.centre == before and pane.cursor().shape() is Qt.CursorShape.OpenHandCursor


def test_the_canvas_has_the_keys_while_the_pointer_is_over_the_second_pane(person: Person, folder: Path) -> None:
    show(person, OtherMask.SAVED)
    person.parts.classes.list.setFocus()
    at = QPointF(20, 20)
    QApplication.sendEvent(person.parts.second, QEnterEvent(at, at, at))
    assert person.parts.canvas.hasFocus()
    person.parts.filmstrip.search.setFocus()
    QApplication.sendEvent(person.parts.second, QEnterEvent(at, at, at))
    assert person.parts.filmstrip.search.hasFocus(), "somebody is typing"


def test_the_panes_stay_linked_where_the_image_is_turned(person: Person, tmp_path: Path, pane_hand: Hand) -> None:
    root = voc_folder(tmp_path / "turned", images=2, masks=1)
    image = Image.fromarray(draw_scene(0)[0])
    exif = Image.Exif()
    exif[0x0112] = 6
    (root / "JPEGImages" / "s00.png").unlink()
    image.save(root / "JPEGImages" / "s00.jpg", exif=exif)
    person.open(root)
    person.choose_in_filmstrip("s00")
    show(person, OtherMask.SAVED)
    person.wait(lambda: not person.parts.second_head.note.isVisible())
    assert person.parts.second.orientation == person.parts.canvas.orientation == 6
    pane_hand.wheel(QPointF(50, 120), 240)
    assert are_linked(person)
    np.testing.assert_array_equal(shown(person), draw_scene(0)[1])
