"""A shown proposal and the first strokes on it: what is seen, what the status says and what Enter accepts agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt

from segstudio.core.class_table import VOID
from segstudio.project.project import Project, Status
from tests.gui.window_person import Person, mask_of
from tests.small_folders import HEIGHT, WIDTH, voc_folder

Key = Qt.Key

CLASSES = ["sky", "sun", "pole"]
"""No background: the eraser makes pixels void."""


@pytest.fixture
def proposed(person: Person, tmp_path: Path) -> Path:
    """A folder of three images, open, each with a proposal of class 2."""
    folder = voc_folder(tmp_path / "data", images=3)
    (folder / "class_names.txt").write_text("\n".join(CLASSES) + "\n", encoding="utf-8")
    project = Project.open(folder)
    for name in project.names:
        project.save_proposal(name, np.full((HEIGHT, WIDTH), 2, np.uint8), np.full((HEIGHT, WIDTH), 200, np.uint8), "r")
    project.close()
    person.open(folder)
    person.parts.brush.size_spin.setValue(8)
    return folder


def assert_untouched(person: Person) -> None:
    """The open image shows its proposal, as before anybody touched it."""
    session, actions = person.window.session, person.window.actions_table
    assert (person.labels == VOID).all() and person.shows_proposal
    assert session.status(person.name) is Status.PROPOSED
    assert person.parts.status.state.text() == "proposal, not accepted"
    assert not actions["undo"].isEnabled() and not actions["redo"].isEnabled()


def test_a_press_beside_the_image_leaves_the_proposal(person: Person, proposed: Path) -> None:
    person.hand.stroke((-20, -20), (-30, 5))
    assert_untouched(person)


def test_a_stroke_that_comes_in_from_beside_keeps_the_proposal_around_it(person: Person, proposed: Path) -> None:
    person.key(Key.Key_1, person.parts.canvas)
    person.hand.press(-20, 20)
    assert person.shows_proposal
    person.hand.move(20, 20)
    assert not person.shows_proposal
    person.hand.release(20, 20)
    assert person.labels[20, 10] == 0 and person.labels[40, 40] == 2
    assert person.window.session.status(person.name) is Status.DRAFT


@pytest.mark.parametrize("tool", ["brush", "void_brush"])
def test_a_stroke_given_up_leaves_the_proposal(person: Person, proposed: Path, tool: str) -> None:
    person.trigger(f"tool.{tool}")
    person.hand.press(10, 10)
    person.hand.move(40, 10)
    assert not person.shows_proposal and person.labels[40, 40] == 2
    person.key(Key.Key_Escape, person.parts.canvas)
    person.hand.release(40, 10)
    assert_untouched(person)


def test_a_stroke_that_changes_nothing_leaves_the_proposal(person: Person, proposed: Path) -> None:
    person.paint(Key.Key_3, (10, 10), (40, 10))
    assert_untouched(person)


def test_a_stroke_given_up_keeps_what_can_be_redone(person: Person, proposed: Path) -> None:
    person.paint(Key.Key_1, (10, 10), (40, 10))
    painted = person.labels.copy()
    person.trigger("undo")
    person.trigger("undo")
    person.hand.press(10, 30)
    person.key(Key.Key_Escape, person.parts.canvas)
    person.trigger("redo")
    person.trigger("redo")
    np.testing.assert_array_equal(person.labels, painted)


def test_the_journal_knows_both_edits_of_a_first_stroke(person: Person, proposed: Path) -> None:
    person.paint(Key.Key_1, (10, 10), (40, 10))
    painted = person.labels.copy()
    person.window.session.close_project()
    person.open(proposed)
    np.testing.assert_array_equal(person.labels, painted)
    person.trigger("undo")
    assert (person.labels == 2).all()
    person.trigger("undo")
    assert (person.labels == VOID).all() and person.shows_proposal


def test_what_is_erased_is_seen_to_be_erased_while_it_is(person: Person, proposed: Path) -> None:
    person.trigger("tool.void_brush")
    person.hand.press(10, 10)
    person.hand.move(40, 10)
    assert person.parts.canvas._scene.value_at(30, 10) == (VOID, False)
    person.hand.release(40, 10)
    assert person.parts.canvas._scene.value_at(30, 10) == (VOID, False)
    assert not person.shows_proposal


@pytest.mark.parametrize("tool", ["eraser", "void_brush"])
def test_where_everything_is_erased_the_proposal_shows_again_and_enter_accepts_what_is_seen(
    person: Person, proposed: Path, tool: str
) -> None:
    person.trigger(f"tool.{tool}")
    person.parts.brush.size_spin.setValue(30)
    name = person.name
    for y in (10, 30, 45):
        person.hand.stroke((0, y), (WIDTH, y))
        assert person.shows_proposal == (person.window.session.shown_proposal is not None)
    assert (person.labels == VOID).all() and person.shows_proposal
    assert person.parts.status.state.text() == "proposal, not accepted"
    assert person.parts.canvas._scene.value_at(30, 10) == (2, True)
    person.accept()
    assert (mask_of(proposed, name) == 2).all()


def test_a_closed_image_takes_an_unfinished_stroke_and_its_proposal_with_it(person: Person, proposed: Path) -> None:
    opened = person.window.session.current
    assert opened is not None
    person.hand.press(10, 10)
    person.parts.canvas.set_document(None, None)
    assert opened.is_blank and not opened.document.can_undo


def test_a_proposal_that_comes_in_the_middle_of_a_stroke_shows_once_it_is_given_up(
    person: Person, proposed: Path
) -> None:
    session = person.window.session
    person.key(Key.Key_1, person.parts.canvas)
    person.hand.press(10, 10)
    shown = session.current.proposal if session.current is not None else None
    assert shown is not None
    session.take_proposal(person.name, shown)
    assert not person.shows_proposal and person.labels[10, 10] == 0
    person.key(Key.Key_Escape, person.parts.canvas)
    assert_untouched(person)


def test_a_proposal_for_an_image_that_was_replaced_by_a_smaller_one_is_forgotten(
    person: Person, proposed: Path
) -> None:
    person.window.session.close_project()
    for name in ("s00", "s02"):
        Image.fromarray(np.zeros((20, 30, 3), np.uint8)).save(proposed / "JPEGImages" / f"{name}.png")
    person.open(proposed)
    assert person.name == "s00" and person.labels.shape == (20, 30) and not person.shows_proposal
    person.choose_in_filmstrip("s01")
    assert person.shows_proposal
    person.choose_in_filmstrip("s02")
    assert person.labels.shape == (20, 30) and not person.shows_proposal
