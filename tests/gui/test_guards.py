"""Locks, what may be painted over and accepted pixels, as a person meets them in the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from segstudio.core.class_table import VOID
from segstudio.project.project import Project, Status
from segstudio.services.notifier import Notice
from segstudio.services.settings import PROTECT_ACCEPTED, UNSURE_BELOW
from segstudio.tools import TOOLS
from segstudio.tools.region_operations import OPERATIONS, operate
from tests.gui.window_person import LEFT, Person, use_tiny_model
from tests.small_folders import HEIGHT, WIDTH, voc_folder, write_mask

Key = Qt.Key


def click_lock(person: Person, row: int) -> None:
    view = person.parts.classes.list
    index = view.model().index(row, 0)
    delegate = view.itemDelegate()
    person.qtbot.mouseClick(view.viewport(), LEFT, pos=delegate.columns(view.visualRect(index), index).lock.center())


def paint_over(person: Person, text: str) -> None:
    box = person.parts.brush.over.box
    box.setCurrentIndex(box.findText(text))
    assert box.currentText() == text


def last_notice(person: Person) -> Notice:
    return person.window.notifier.history[-1]


def test_a_locked_class_keeps_its_pixels_until_it_is_unlocked(person: Person, folder: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    person.key(Key.Key_K, person.parts.canvas)
    lock = person.window.actions_table["lock_class"]
    assert lock.isChecked()
    person.paint(Key.Key_3, (10, 10), (50, 10))
    np.testing.assert_array_equal(person.labels, painted)
    assert last_notice(person).text == "Nothing changed: sun is locked."
    assert not lock.isChecked(), "class 3 is the current one now"
    person.trigger("clear")
    np.testing.assert_array_equal(person.labels, painted)
    click_lock(person, 1)
    assert person.parts.classes.current() == 2, "a click on the lock chooses nothing"
    person.paint(Key.Key_3, (10, 10), (50, 10))
    assert (person.labels[painted == 1] == 2).all()


def test_a_lock_holds_in_the_next_image_too(person: Person, folder: Path) -> None:
    name = person.name
    click_lock(person, 1)
    person.trigger("next")
    person.wait(lambda: person.name not in ("", name))
    person.paint(Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    person.paint(Key.Key_3, (10, 10), (50, 10))
    np.testing.assert_array_equal(person.labels, painted)


def test_painting_over_void_only_leaves_what_is_there(person: Person, folder: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    paint_over(person, "void only")
    person.paint(Key.Key_3, (10, 10), (50, 10), size=16)
    assert (person.labels[painted == 1] == 1).all() and (person.labels == 2).any()
    person.trigger("fill_rest")
    assert not (person.labels == VOID).any()


def test_a_proposal_is_adopted_whatever_is_guarded(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data")
    use_tiny_model(root)
    person.open(root)
    person.wait_for_proposal()
    shown = person.window.session.shown_proposal
    assert shown is not None
    proposed = shown.labels.copy()
    paint_over(person, "background only")
    person.trigger("apply_proposal")
    np.testing.assert_array_equal(person.labels, proposed)


def test_the_notice_offers_to_lift_the_guard_that_it_names(person: Person, folder: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10))
    click_lock(person, 1)
    person.paint(Key.Key_3, (20, 10), (30, 10), size=2)
    notice = last_notice(person)
    assert (notice.text, notice.remedy_text) == ("Nothing changed: sun is locked.", "Unlock sun")
    assert notice.remedy is not None
    notice.remedy()
    notice.remedy()  # it is unlocked already
    paint_over(person, "void only")
    person.paint(Key.Key_3, (20, 10), (30, 10), size=2)
    notice = last_notice(person)
    assert notice.text == "Nothing changed: only void may be painted over." and notice.remedy is not None
    notice.remedy()
    person.paint(Key.Key_3, (20, 10), (30, 10), size=2)
    assert person.labels[10, 25] == 2


def test_a_gesture_that_would_have_changed_nothing_anyway_is_no_matter_of_guards(person: Person, folder: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10))
    click_lock(person, 1)
    person.paint(Key.Key_2, (20, 10), (30, 10), size=2)
    assert not any(notice.text.startswith("Nothing changed") for notice in person.window.notifier.history)


# -- every tool and every operation

WAYS = (((8, 8), (56, 8), (56, 40), (8, 40)), ((2, 24), (30, 25), (62, 24)), ((8, 8), (56, 40)))


@pytest.fixture
def accepted(person: Person, tmp_path: Path) -> Path:
    """Three images; s00 is open, accepted with two classes side by side, and has a proposal that is sure."""
    root = voc_folder(tmp_path / "data", images=3, masks=1)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[:, WIDTH // 2 :] = 1
    labels[10:20, 10:20] = 1
    write_mask(root, "s00", labels)
    project = Project.open(root)
    shape = (HEIGHT, WIDTH)
    project.save_proposal("s00", np.full(shape, 2, np.uint8), np.full(shape, 200, np.uint8), "r")
    project.close()
    person.open(root)
    person.choose_in_filmstrip("s00")
    return root


def guard_by(person: Person, guard: str) -> str:
    """Guard everything in one way, by hand; what the person is told then."""
    if guard == "locked":
        for row in range(3):
            click_lock(person, row)
        return " is locked."
    if guard == "protected":
        person.trigger("protect_accepted")
        return "accepted pixels are protected."
    paint_over(person, guard)
    return {
        "void only": "only void may be painted over.",
        "unsure only": "only void and unsure pixels may be painted over.",
    }[guard]


GUARDS = ("locked", "void only", "unsure only", "protected")


def draw(person: Person, tool_id: str, way: tuple[tuple[float, float], ...]) -> bool:
    """Use the tool along `way`; whether anything changed."""
    person.window.image_flow.choose_class(2)
    person.trigger(f"tool.{tool_id}")
    person.parts.brush.size_spin.setValue(12)
    if TOOLS[tool_id].uses_segments:
        person.wait(lambda: person.parts.canvas.segments is not None)
    before = person.labels.copy()
    if person.parts.canvas._tool.is_stepwise:
        for point in way:
            person.hand.stroke(point)
        person.key(Key.Key_Return, person.parts.canvas)
    else:
        person.hand.stroke(*way)
    person.wait(lambda: not person.parts.canvas._tool.is_busy)
    return not np.array_equal(person.labels, before)


@pytest.mark.parametrize("guard", GUARDS)
def test_no_tool_gets_around_a_guard_and_the_person_is_told_which(person: Person, accepted: Path, guard: str) -> None:
    works = {}
    for tool_id, spec in TOOLS.items():
        if spec.paints:
            works[tool_id] = next(way for way in WAYS if draw(person, tool_id, way))
            person.trigger("undo")
    before = person.labels.copy()
    told = guard_by(person, guard)
    for tool_id, way in works.items():
        person.window.notifier.history.clear()
        assert not draw(person, tool_id, way), tool_id
        assert last_notice(person).text.endswith(told), tool_id
    np.testing.assert_array_equal(person.labels, before)


@pytest.mark.parametrize("guard", GUARDS)
def test_no_operation_gets_around_a_guard(person: Person, accepted: Path, guard: str) -> None:
    before = person.labels.copy()
    guard_by(person, guard)
    for operation in OPERATIONS.values():
        for x, y in ((15, 15), (2, 2), (50, 20)):
            person.parts.canvas.operate(lambda context, x=x, y=y, one=operation: operate(one, context, x, y, 150))
    for action in ("clear", "replace_by_proposal", "apply_proposal"):
        person.trigger(action)
    np.testing.assert_array_equal(person.labels, before)


# -- unsure pixels


@pytest.fixture
def half_sure(person: Person, tmp_path: Path) -> Path:
    """Two images with a proposal of class 1 whose left half has a confidence of 40 %, the right half of 80 %."""
    root = voc_folder(tmp_path / "data", images=2)
    confidence = np.full((HEIGHT, WIDTH), 102, np.uint8)
    confidence[:, WIDTH // 2 :] = 204
    project = Project.open(root)
    for name in project.names:
        project.save_proposal(name, np.ones((HEIGHT, WIDTH), np.uint8), confidence, "r")
    project.close()
    person.open(root)
    return root


def assert_painted(person: Person, y: int, left: int, right: int) -> None:
    """The label of row `y` in the unsure half and in the sure one."""
    assert (person.labels[y, 10], person.labels[y, WIDTH - 10]) == (left, right)


def test_only_unsure_pixels_are_painted_over_before_and_after_the_first_stroke(person: Person, half_sure: Path) -> None:
    paint_over(person, "unsure only")
    for y, digit, value in ((10, Key.Key_3, 2), (20, Key.Key_1, 0), (10, Key.Key_1, 0)):
        person.paint(digit, (2, y), (62, y))
        assert_painted(person, y, value, 1)
    person.window.session.forget_proposals()  # another network is in use
    person.paint(Key.Key_3, (2, 30), (62, 30))
    assert_painted(person, 30, 2, 1)
    person.parts.brush.over.spin.setValue(90)
    person.paint(Key.Key_3, (2, 40), (62, 40))
    assert_painted(person, 40, 2, 2)
    assert person.window.settings.get(UNSURE_BELOW) == 90


def test_the_confidence_is_that_of_the_proposal_that_the_mask_came_from(person: Person, half_sure: Path) -> None:
    session = person.window.session
    paint_over(person, "unsure only")
    person.paint(Key.Key_3, (2, 10), (62, 10))
    old = session.current.proposal if session.current is not None else None
    assert old is not None
    sure = type(old)(old.labels, np.full_like(old.confidence, 255), "other", old.class_names)
    session.take_proposal(person.name, sure)
    person.paint(Key.Key_3, (2, 20), (62, 20))
    assert_painted(person, 20, 2, 1)
    for _ in range(3):
        person.trigger("undo")
    assert person.shows_proposal
    person.paint(Key.Key_3, (2, 20), (62, 20))
    assert (person.labels == VOID).all(), "of what is shown now the network is sure everywhere"
    assert last_notice(person).text == "Nothing changed: only void and unsure pixels may be painted over."


def test_without_a_confidence_the_choice_is_off_and_one_that_was_made_leaves_void_to_paint(
    person: Person, half_sure: Path
) -> None:
    name, box = person.name, person.parts.brush.over.box
    paint_over(person, "unsure only")
    person.trigger("next")
    person.wait(lambda: person.name not in ("", name))
    opened = person.window.session.current
    assert opened is not None
    person.window.session.forget_other_proposals(lambda _names: None)
    opened.proposal = None
    person.window.session.proposal_changed.emit()
    assert "no proposal" in box.toolTip() and box.currentText() == "unsure only"
    person.paint(Key.Key_3, (2, 10), (62, 10))
    person.paint(Key.Key_1, (2, 10), (62, 10), size=2)
    assert_painted(person, 10, 2, 2)
    person.settle()


def test_a_proposal_that_comes_makes_the_choice_possible(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data")
    person.open(root)
    box = person.parts.brush.over.box
    row = box.findText("unsure only")
    enabled = Qt.ItemFlag.ItemIsEnabled
    assert not box.model().flags(box.model().index(row, 0)) & enabled
    use = Project.open(root)
    shape = (HEIGHT, WIDTH)
    use.save_proposal(person.name, np.ones(shape, np.uint8), np.ones(shape, np.uint8), "r")
    proposal = use.load_proposal(person.name)
    use.close()
    assert proposal is not None
    person.window.session.take_proposal(person.name, proposal)
    assert box.model().flags(box.model().index(row, 0)) & enabled


# -- accepted pixels


def test_accepted_pixels_are_protected_until_that_is_switched_off_again(person: Person, accepted: Path) -> None:
    before = person.labels.copy()
    button, action = person.parts.brush.over.protect_button, person.window.actions_table["protect_accepted"]
    assert not action.isChecked() and not button.isChecked()
    person.qtbot.keyClick(person.parts.canvas, Key.Key_K, Qt.KeyboardModifier.ShiftModifier)
    assert action.isChecked() and button.isChecked() and person.window.settings.get(PROTECT_ACCEPTED)
    person.paint(Key.Key_3, (2, 30), (62, 30))
    np.testing.assert_array_equal(person.labels, before)
    person.click(button)
    assert not action.isChecked() and not person.window.settings.get(PROTECT_ACCEPTED)
    person.paint(Key.Key_3, (2, 30), (62, 30))
    assert (person.labels[30, 2:62] == 2).all()
    person.trigger("protect_accepted")
    drafted = person.labels.copy()
    person.paint(Key.Key_1, (2, 30), (62, 30))
    np.testing.assert_array_equal(person.labels, drafted)
    person.window.session.close_project()
    person.open(accepted)
    person.choose_in_filmstrip("s00")
    assert person.window.session.status("s00") is Status.DRAFT
    person.paint(Key.Key_1, (2, 30), (62, 30))
    np.testing.assert_array_equal(person.labels, drafted)


def test_void_stays_paintable_and_other_images_are_free(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=1)
    labels = np.zeros((HEIGHT, WIDTH), np.uint8)
    labels[:, WIDTH // 2 :] = VOID
    write_mask(root, "s00", labels)
    person.open(root)
    person.trigger("protect_accepted")
    person.paint(Key.Key_3, (2, 10), (62, 10))
    assert (person.labels[10, 2:62] == 2).all(), "this image is not accepted"
    person.choose_in_filmstrip("s00")
    for digit, value in ((Key.Key_3, 2), (Key.Key_2, 1)):
        person.paint(digit, (2, 10), (62, 10))
        assert_painted(person, 10, 0, value)


def test_an_image_is_protected_from_the_moment_it_is_accepted(person: Person, folder: Path) -> None:
    name = person.name
    person.trigger("protect_accepted")
    person.paint_all(Key.Key_1)
    person.accept()
    person.wait(lambda: person.name not in ("", name))
    person.trigger("previous")
    person.wait_for_image(name)
    person.paint(Key.Key_3, (2, 10), (62, 10))
    assert (person.labels == 0).all()
    assert last_notice(person).text == "Nothing changed: accepted pixels are protected."
    assert last_notice(person).remedy is not None
    last_notice(person).remedy()  # type: ignore[misc]
    person.paint(Key.Key_3, (2, 10), (62, 10))
    assert (person.labels == 2).any()


def test_what_was_painted_can_be_undone_whatever_is_protected(person: Person, accepted: Path) -> None:
    before = person.labels.copy()
    person.paint(Key.Key_3, (2, 10), (62, 10))
    person.trigger("protect_accepted")
    person.trigger("undo")
    np.testing.assert_array_equal(person.labels, before)


def test_a_mask_that_nobody_has_looked_at_is_not_protected(person: Person, half_sure: Path) -> None:
    person.window.session.close_project()
    project = Project.open(half_sure)
    project.accept_unreviewed(project.names)
    project.close()
    person.open(half_sure)
    person.trigger("protect_accepted")
    person.paint(Key.Key_3, (2, 10), (62, 10))
    assert (person.labels[10, 2:62] == 2).all()
