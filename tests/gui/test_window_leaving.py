"""Leaving an image or the folder with the button still down: the stroke is kept whole, and so is what Undo knows."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from segstudio.core.class_table import VOID
from segstudio.project.project import Project, Status
from segstudio.widgets.status_mark import Mark
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Key = Qt.Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data", images=7)


def begin_second_stroke(person: Person, folder: Path) -> None:
    """One stroke is done, another one is in the middle, with the button down."""
    person.open(folder)
    person.paint(Key.Key_2, (10, 10), (50, 10))
    person.key(Key.Key_1, person.parts.canvas)
    person.hand.press(30, 2)
    person.hand.move(30, 20)


def assert_two_strokes_are_kept(folder: Path, rows: int) -> None:
    """Class 1 lies over class 2 down to `rows`, and undoing both leaves nothing."""
    project = Project.open(folder)
    label_map = project.load_label_map("s00")
    column = label_map.array[:rows, 30]
    assert (column == 0).all() and label_map.array[10, 50] == 1
    undo, redo = project.load_history("s00")
    project.close()
    assert len(undo) == 2 and not redo
    for edit in reversed(undo):
        edit.apply_to(label_map)
    assert label_map.holds_only(VOID)


def test_an_image_that_arrives_lets_the_stroke_be_finished(person: Person, folder: Path) -> None:
    begin_second_stroke(person, folder)
    session = person.window.session
    session.open_image("s06")
    shelf = session._shelf
    assert shelf is not None
    person.wait(lambda: "s06" in shelf)
    person.qtbot.wait(20)
    assert person.name == "s00"
    person.hand.move(30, 40)
    person.hand.release(30, 40)
    person.wait_for_image("s06")
    person.trigger("close")
    assert_two_strokes_are_kept(folder, 40)


def test_a_stroke_given_up_lets_the_image_in_too(person: Person, folder: Path) -> None:
    begin_second_stroke(person, folder)
    before = person.labels.copy()
    person.window.session.open_image("s01")
    assert person.name == "s00"
    person.key(Key.Key_Escape, person.parts.canvas)
    person.wait_for_image("s01")
    person.trigger("close")
    project = Project.open(folder)
    after = project.load_label_map("s00").array
    project.close()
    assert (after[2:6, 30] == VOID).all() and (before[2:6, 30] == 0).all()


@pytest.mark.parametrize("way", ["close", "another folder", "quit"])
def test_closing_keeps_the_stroke_as_far_as_it_came(person: Person, folder: Path, tmp_path: Path, way: str) -> None:
    other = voc_folder(tmp_path / "other", images=2)
    begin_second_stroke(person, folder)
    match way:
        case "close":
            person.trigger("close")
        case "another folder":
            person.open(other)
        case "quit":
            person.window.close()
    assert_two_strokes_are_kept(folder, 20)
    person.hand.release(30, 40)
    if way == "another folder":
        assert (person.labels == VOID).all()


def test_what_is_all_taken_back_is_no_draft(person: Person, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path / "accepted", images=3, masks=2)
    person.open(folder)
    session = person.window.session
    for name, before in (("s00", Status.ACCEPTED), ("s02", Status.UNLABELLED)):
        session.open_image(name)
        person.wait_for_image(name)
        assert session.status(name) is before
        person.paint(Key.Key_2, (10, 10), (50, 10))
        assert session.status(name) is Status.DRAFT
        person.trigger("undo")
        assert session.status(name) is before and person.parts.filmstrip.model.count(Mark.DRAFT) == 0
        person.trigger("redo")
        assert session.status(name) is Status.DRAFT
        person.trigger("undo")
    person.trigger("close")
    project = Project.open(folder)
    assert project.status("s00") is Status.ACCEPTED and project.status("s02") is Status.UNLABELLED
    project.close()
