"""Tools that wait for what is found in the background, in the window: superpixels, and things cut out of a box."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from segstudio.core.class_table import VOID
from segstudio.services.settings import BRUSH_SIZE, SEGMENT_SIZE
from segstudio.tools.segments import Segments
from tests.gui.canvas_hand import grabbed
from tests.gui.window_person import Person, mask_of, use_tiny_model
from tests.small_folders import draw_scene, voc_folder

Key = Qt.Key
GIVEN_UP = "What the tool was still working on was given up."


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:
    root = voc_folder(tmp_path / "data")
    person.open(root)
    person.key(Key.Key_2, person.parts.canvas)
    return root


def segments(person: Person) -> Segments | None:
    return person.parts.canvas.segments


def take_superpixels(person: Person, size: int = 8) -> Segments:
    """Choose the tool and a size, and wait for the segments."""
    person.trigger("tool.superpixels")
    person.parts.brush.size_spin.setValue(size)
    person.wait(lambda: segments(person) is not None)
    found = segments(person)
    assert found is not None
    return found


def under(found: Segments, *points: tuple[float, float]) -> np.ndarray:
    """(48, 64) bool: the segments at `points`."""
    held = np.zeros((48, 64), bool)
    for point in points:
        for number in found.along(point, point):
            region = found.region(number)
            held[region.box.slices] |= region.inside
    return held


def told(person: Person) -> list[str]:
    return [notice.text for notice in person.window.notifier.history]


# Superpixels


def test_a_stroke_paints_the_segments_whose_borders_are_shown(person: Person, folder: Path) -> None:
    plain = grabbed(person.parts.canvas)
    found = take_superpixels(person)
    assert (grabbed(person.parts.canvas) != plain).any(), "their borders"
    person.hand.stroke((10.5, 10.5), (10.5, 11.5))
    person.hand.stroke((40.5, 30.5))
    np.testing.assert_array_equal(person.labels == 1, under(found, (10.5, 10.5), (10.5, 11.5), (40.5, 30.5)))
    person.trigger("undo")
    person.trigger("undo")
    assert (person.labels == VOID).all()
    person.trigger("tool.brush")
    assert segments(person) is None


def test_a_click_before_they_are_there_is_not_lost(person: Person, folder: Path) -> None:
    person.hand.hover(10.5, 10.5)
    person.trigger("tool.superpixels")
    canvas = person.parts.canvas
    assert segments(person) is None and canvas.cursor().shape() is Qt.CursorShape.BusyCursor
    person.hand.stroke((10.5, 10.5))
    assert (person.labels == VOID).all()
    person.wait(lambda: bool((person.labels == 1).any()))
    found = segments(person)
    assert found is not None
    np.testing.assert_array_equal(person.labels == 1, under(found, (10.5, 10.5)))
    assert canvas.cursor().shape() is not Qt.CursorShape.BusyCursor
    person.trigger("undo")
    assert (person.labels == VOID).all()


@pytest.mark.parametrize("how", ["escape", "undo"])
def test_a_click_that_waits_can_be_taken_back(person: Person, folder: Path, how: str) -> None:
    person.trigger("tool.superpixels")
    person.hand.stroke((10.5, 10.5))
    person.key(Key.Key_Escape if how == "escape" else Key.Key_Z, person.parts.canvas)
    person.wait(lambda: segments(person) is not None)
    assert (person.labels == VOID).all() and not person.window.actions_table["undo"].isEnabled()


def test_another_image_has_segments_of_its_own(person: Person, folder: Path) -> None:
    take_superpixels(person)
    name = person.name
    person.trigger("next")
    person.wait(lambda: person.name != name)
    assert segments(person) is None
    person.wait(lambda: segments(person) is not None)
    found = segments(person)
    assert found is not None
    person.hand.stroke((20.5, 20.5))
    np.testing.assert_array_equal(person.labels == 1, under(found, (20.5, 20.5)))


def test_a_click_that_waits_is_dropped_with_its_image(person: Person, folder: Path) -> None:
    person.trigger("tool.superpixels")
    name = person.name
    person.hand.stroke((10.5, 10.5))
    person.trigger("next")
    person.wait(lambda: person.name != name and segments(person) is not None)
    assert GIVEN_UP in told(person)
    assert (person.labels == VOID).all()
    person.trigger("previous")
    person.wait_for_image(name)
    assert (person.labels == VOID).all()


def test_segments_follow_the_view(person: Person, folder: Path) -> None:
    first = take_superpixels(person)
    canvas = person.parts.canvas
    canvas.zoom_by(1.05)
    assert segments(person) is first, "they hold all that is on the screen"
    canvas.zoom_by(4, canvas.image_to_view(0, 0))
    assert segments(person) is first
    canvas.fit()
    assert segments(person) is first


def test_their_size_is_their_own_and_remembered(person: Person, folder: Path) -> None:
    spin, settings = person.parts.brush.size_spin, person.window.settings
    spin.setValue(33)
    few = take_superpixels(person, 16).count
    many = segments(person)
    spin.setValue(6)
    assert segments(person) is None
    person.wait(lambda: segments(person) is not None)
    many = segments(person)
    assert many is not None and many.count > 2 * few
    person.trigger("brush_larger")
    assert settings.get(SEGMENT_SIZE) == 7 and spin.value() == 7
    person.trigger("tool.eraser")
    assert spin.value() == 33 and settings.get(BRUSH_SIZE) == 33
    person.trigger("tool.superpixels")
    assert spin.value() == 7


@pytest.mark.parametrize("how", ["escape", "focus"])
def test_a_stroke_with_segments_is_taken_back(person: Person, folder: Path, how: str) -> None:
    take_superpixels(person)
    person.hand.press(10.5, 10.5)
    person.hand.move(40.5, 30.5)
    assert (person.labels == 1).any()
    if how == "escape":
        person.key(Key.Key_Escape, person.parts.canvas)
    else:
        person.parts.canvas.clearFocus()
    assert (person.labels == VOID).all()
    person.hand.release(40.5, 30.5)
    assert (person.labels == VOID).all()


def test_zooming_in_mid_stroke_goes_on(person: Person, folder: Path) -> None:
    found = take_superpixels(person)
    person.hand.press(10.5, 10.5)
    person.hand.wheel(person.parts.canvas.image_to_view(10.5, 10.5), angle=240)
    person.hand.move(10.5, 20.5)
    person.hand.release(10.5, 20.5)
    ways = [(10.5, 10.5 + step / 4) for step in range(41)]
    np.testing.assert_array_equal(person.labels == 1, under(found, *ways))


# Cutting out


def thing(person: Person) -> tuple[np.ndarray, tuple[float, float], tuple[float, float]]:
    """The square in the open image: where it is, and the corners of a box around it."""
    truth = draw_scene(int(person.name[1:]))[1] == 1
    y, x = np.nonzero(truth)
    return truth, (x.min() - 0.5, y.min() - 0.5), (x.max() + 1.5, y.max() + 1.5)


def cut(person: Person) -> np.ndarray:
    """Drag the box; where the square is."""
    person.trigger("tool.grabcut")
    truth, start, end = thing(person)
    person.hand.stroke(start, end)
    return truth


def share_right(person: Person, truth: np.ndarray) -> float:
    found = person.labels == 1
    return float((found & truth).sum() / (found | truth).sum())


def test_what_is_in_the_box_gets_the_class_when_it_is_found(person: Person, folder: Path) -> None:
    truth = cut(person)
    canvas = person.parts.canvas
    assert (person.labels == VOID).all() and not canvas.cursor_polygon.isEmpty()
    assert canvas.cursor().shape() is Qt.CursorShape.BusyCursor
    person.wait(lambda: bool((person.labels == 1).any()))
    assert share_right(person, truth) > 0.85
    assert canvas.cursor_polygon.isEmpty() and canvas.cursor().shape() is not Qt.CursorShape.BusyCursor
    person.trigger("undo")
    assert (person.labels == VOID).all()
    person.trigger("redo")
    assert share_right(person, truth) > 0.85


@pytest.mark.parametrize("how", ["escape", "undo", "tool"])
def test_a_box_that_is_worked_on_can_be_taken_back(person: Person, folder: Path, how: str) -> None:
    cut(person)
    canvas = person.parts.canvas
    if how == "tool":
        person.trigger("tool.brush")
    else:
        person.key(Key.Key_Escape if how == "escape" else Key.Key_Z, canvas)
    assert canvas.cursor_polygon.isEmpty() or how == "tool"
    person.window.tool_work_flow._runner.wait()
    person.trigger("tool.brush")
    person.paint(Key.Key_3, (5, 5), (10, 5))
    assert not (person.labels == 1).any() and (person.labels == 2).any()


def test_the_box_stays_while_one_looks_elsewhere(person: Person, folder: Path) -> None:
    """The pointer leaves, the focus goes, the view is moved: what was asked for comes all the same."""
    truth = cut(person)
    canvas = person.parts.canvas
    canvas.clearFocus()
    canvas.zoom_by(2)
    assert not canvas.cursor_polygon.isEmpty()
    person.wait(lambda: bool((person.labels == 1).any()))
    assert share_right(person, truth) > 0.85


def test_another_image_drops_the_box(person: Person, folder: Path) -> None:
    cut(person)
    name = person.name
    person.trigger("next")
    person.wait(lambda: person.name != name)
    assert GIVEN_UP in told(person)
    person.window.tool_work_flow._runner.wait()
    person.trigger("tool.brush")
    person.paint(Key.Key_3, (5, 5), (10, 5))
    assert not (person.labels == 1).any()
    person.trigger("previous")
    person.wait_for_image(name)
    assert (person.labels == VOID).all()


def test_accepting_waits_for_the_box(person: Person, folder: Path) -> None:
    person.paint_all(Key.Key_1)
    person.key(Key.Key_2, person.parts.canvas)
    name, truth = person.name, cut(person)
    person.trigger("accept")
    assert (
        person.name == name
        and "still at work" in told(person)[-1]
        and not (folder / "SegmentationClass" / f"{name}.png").exists()
    )
    person.wait(lambda: bool((person.labels == 1).any()))
    assert share_right(person, truth) > 0.85
    person.accept()
    assert (mask_of(folder, name)[truth] == 1).mean() > 0.85 and GIVEN_UP not in told(person)


def test_what_is_finished_is_not_said_to_be_given_up(person: Person, folder: Path) -> None:
    cut(person)
    person.wait(lambda: bool((person.labels == 1).any()))
    person.trigger("tool.polygon")
    for corner in ((5, 5), (20, 5), (20, 20)):
        person.hand.stroke(corner)
    name = person.name
    person.trigger("next")
    person.wait(lambda: person.name != name)
    assert GIVEN_UP not in told(person)


def test_two_boxes_in_a_row_are_two_edits(person: Person, folder: Path) -> None:
    truth = cut(person)
    _, start, end = thing(person)
    person.key(Key.Key_3, person.parts.canvas)
    person.hand.stroke(start, end)
    person.wait(lambda: bool((person.labels == 2).any()))
    person.trigger("undo")
    assert share_right(person, truth) > 0.85
    person.trigger("undo")
    assert (person.labels == VOID).all()


def test_a_proposal_becomes_real_with_what_is_found(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data")
    use_tiny_model(root)
    person.open(root)
    person.wait_for_proposal()
    proposed = person.window.session.shown_proposal
    assert proposed is not None
    before = proposed.labels.copy()
    person.key(Key.Key_2, person.parts.canvas)
    cut(person)
    assert person.shows_proposal
    person.wait(lambda: not person.shows_proposal)
    kept = (person.labels != 1) & (before != 1)
    np.testing.assert_array_equal(person.labels[kept], before[kept])
    person.trigger("undo")
    np.testing.assert_array_equal(person.labels, before)


def test_a_click_says_what_to_do(person: Person, folder: Path) -> None:
    person.trigger("tool.grabcut")
    person.hand.stroke((20, 20))
    assert person.window.notifier.history[-1].text == "Drag a box around the thing."
    assert (person.labels == VOID).all()


def test_closing_the_window_waits_for_nothing_that_is_worked_on(person: Person, folder: Path) -> None:
    cut(person)
    person.window.close()
    assert person.window.tool_work_flow._tasks == []
