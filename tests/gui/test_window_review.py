"""Accepting all proposals unreviewed, and reviewing them, as a person does it in the window."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from segstudio.project.project import Status
from segstudio.services.settings import UNREVIEWED_TEACH
from segstudio.widgets.bulk_accept_dialog import BulkAcceptDialog
from segstudio.widgets.settings_dialog import SettingsDialog
from segstudio.widgets.status_mark import Mark
from tests.gui.window_person import PATIENT, Person, mask_of, use_tiny_model
from tests.small_folders import voc_folder

Key = Qt.Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data", images=6)


@pytest.fixture
def proposed(person: Person, folder: Path) -> Path:
    """The folder, open, with a proposal for every image."""
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    person.trigger("propose_all")
    person.wait(lambda: all(person.window.session.status(f"s0{n}") is Status.PROPOSED for n in range(6)))
    return folder


def accept_all(person: Person) -> None:
    person.trigger("accept_all")
    dialog = person.dialog(BulkAcceptDialog)
    assert isinstance(dialog, BulkAcceptDialog)
    assert dialog.accept_button.text() == "Accept 5 unreviewed"
    with person.qtbot.waitSignal(person.window.review_flow.ended, timeout=PATIENT):
        person.answer(dialog)


def test_saying_no_writes_nothing(person: Person, proposed: Path) -> None:
    person.trigger("accept_all")
    dialog = person.dialog(BulkAcceptDialog)
    assert isinstance(dialog, BulkAcceptDialog)
    person.click(dialog.cancel_button)
    assert not list((proposed / "SegmentationClass").glob("*.png"))


def test_without_proposals_it_says_so(person: Person, folder: Path) -> None:
    assert not person.window.actions_table["accept_all"].isEnabled()
    person.open(folder)
    person.trigger("accept_all")
    assert "no proposals" in person.window.notifier.history[-1].text


def test_all_proposals_are_accepted_unreviewed_and_one_is_reviewed(person: Person, proposed: Path) -> None:
    accept_all(person)
    parts, session = person.parts, person.window.session
    assert not parts.status.busy.isVisible() and person.said == []
    assert parts.filmstrip.model.count(Mark.UNREVIEWED) == 5
    assert parts.filmstrip.counts.text() == "0 accepted of 6, 5 unreviewed"
    parts.filmstrip.status_filter.setCurrentText("Unreviewed")
    assert parts.filmstrip.model.shown_names() == [f"s0{n}" for n in range(1, 6)]
    assert not (proposed / "ImageSets").exists()
    person.settle()
    assert not parts.model.fine_tune_button.isEnabled()  # the network must not teach itself
    person.choose_in_filmstrip("s02")
    before = mask_of(proposed, "s02")
    np.testing.assert_array_equal(person.labels, before)
    assert not person.shows_proposal and parts.status.state.text() == "accepted unreviewed"
    person.paint(Key.Key_2, (10, 10), (50, 10))
    person.accept()
    assert session.status("s02") is Status.ACCEPTED
    assert (mask_of(proposed, "s02") != before).any()
    assert (proposed / "ImageSets" / "Segmentation" / "train.txt").read_text().split() == ["s02"]
    person.wait(parts.model.fine_tune_button.isEnabled)
    assert "1 accepted image" in parts.model.reason.text()


def test_the_settings_let_them_teach(person: Person, proposed: Path) -> None:
    accept_all(person)
    person.trigger("settings")
    dialog = person.dialog(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    assert not dialog.unreviewed_box.isChecked()
    dialog.unreviewed_box.setChecked(True)
    person.answer(dialog)
    assert person.window.settings.get(UNREVIEWED_TEACH)
    person.wait(person.parts.model.fine_tune_button.isEnabled)
    assert person.window.session.tally.teaching == 5
