"""Locks and what may be painted over, as a person meets them in the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from segstudio.core.class_table import VOID
from tests.gui.window_person import LEFT, Person, use_tiny_model
from tests.small_folders import voc_folder

Key = Qt.Key


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:
    root = voc_folder(tmp_path / "data")
    person.open(root)
    return root


def click_lock(person: Person, row: int) -> None:
    view = person.parts.classes.list
    index = view.model().index(row, 0)
    delegate = view.itemDelegate()
    person.qtbot.mouseClick(view.viewport(), LEFT, pos=delegate.columns(view.visualRect(index), index).lock.center())


def test_a_locked_class_keeps_its_pixels_until_it_is_unlocked(person: Person, folder: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    person.key(Key.Key_K, person.parts.canvas)
    lock = person.window.actions_table["lock_class"]
    assert lock.isChecked()
    person.paint(Key.Key_3, (10, 10), (50, 10))
    np.testing.assert_array_equal(person.labels, painted)
    told = [notice.text for notice in person.window.notifier.history]
    assert told[-1] == "Nothing changed: sun is locked, or not what may be painted over."
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
    person.wait(lambda: person.name != name)
    person.paint(Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    person.paint(Key.Key_3, (10, 10), (50, 10))
    np.testing.assert_array_equal(person.labels, painted)


def test_painting_over_void_only_leaves_what_is_there(person: Person, folder: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    person.parts.brush.over_box.setCurrentIndex(1)
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
    person.parts.brush.over_box.setCurrentIndex(2)
    person.trigger("apply_proposal")
    np.testing.assert_array_equal(person.labels, proposed)
