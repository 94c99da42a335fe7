"""Proposals, rounds, export and settings as a person meets them in the window."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from segstudio.core.class_table import VOID
from segstudio.core.resources import resource_root
from segstudio.project.project import Project, Status
from segstudio.services.settings import (
    BUDGET_SECONDS,
    FOLLOW_EDGES,
    HOLD_TOGGLES,
    KEEP_THIN,
    LOOK_AHEAD,
    MIN_ISLAND,
    ROUND_COMMAND,
    THEME,
    WARM_TRAINER,
)
from segstudio.services.theme import ThemeChoice
from segstudio.widgets.export_dialog import ExportDialog, Which
from segstudio.widgets.settings_dialog import SettingsDialog
from segstudio.widgets.status_mark import Mark
from segstudio_training.reading import Reading
from tests.gui.window_person import PATIENT, Person, mask_of, use_tiny_model
from tests.small_folders import HEIGHT, WIDTH, tiny_checkpoint, voc_folder

Key = Qt.Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data", images=6)


@pytest.fixture
def proposing(person: Person, folder: Path) -> Path:
    """The folder, open, with a network in use and its proposal shown."""
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    return folder


def test_while_its_proposal_is_to_come_an_image_says_so(person: Person, folder: Path) -> None:
    use_tiny_model(folder)
    button, texts = person.parts.status.primary_button, []
    person.window.proposals.advanced.connect(lambda *_: texts.append((button.text(), button.isEnabled())))
    person.open(folder)
    person.wait_for_proposal()
    assert ("Proposing…", False) in texts
    assert (button.text(), button.isEnabled()) == ("Accept", True)


def test_a_proposal_is_told_apart_from_work(person: Person, proposing: Path) -> None:
    parts = person.parts
    assert (person.labels == VOID).all()  # shown, not taken
    assert person.shows_proposal
    assert parts.status.state.text() == "proposal, not accepted"
    assert parts.status.primary_button.text() == "Accept"
    person.hand.hover(10.5, 10.5)
    assert "sure" in parts.status.left.text()


def test_the_next_images_are_proposed_ahead(person: Person, proposing: Path) -> None:
    session = person.window.session
    person.wait(lambda: [session.status(f"s0{n}") for n in range(4)] == [Status.PROPOSED] * 4)
    assert person.parts.filmstrip.model.count(Mark.PROPOSED) == 4


def test_the_first_stroke_makes_the_proposal_one_edit_and_then_paints(person: Person, proposing: Path) -> None:
    shown = person.window.session.shown_proposal
    assert shown is not None and shown.labels[10, 30] != 2
    person.paint(Key.Key_3, (10, 10), (50, 10))
    expected = shown.labels.copy()
    changed = person.labels != expected
    assert (person.labels[changed] == 2).all() and person.labels[10, 30] == 2 and not (person.labels == VOID).any()
    assert not person.shows_proposal
    person.trigger("undo")
    np.testing.assert_array_equal(person.labels, expected)
    person.trigger("undo")
    assert (person.labels == VOID).all() and person.shows_proposal
    assert not person.window.actions_table["undo"].isEnabled()


def test_accepting_a_proposal_as_it_is(person: Person, proposing: Path) -> None:
    shown = person.window.session.shown_proposal
    assert shown is not None
    person.accept()
    np.testing.assert_array_equal(mask_of(proposing, "s00"), shown.labels)
    person.wait_for_image("s01")


def test_propose_all_shows_its_progress_and_can_be_cancelled(person: Person, proposing: Path) -> None:
    busy = person.parts.status.busy
    person.trigger("propose_all")
    assert busy.isVisible()
    person.wait(lambda: not person.window.proposals.is_busy)
    assert not busy.isVisible()
    assert all(person.window.session.status(f"s0{n}") is Status.PROPOSED for n in range(6))
    person.trigger("propose_all")
    person.click(busy.cancel_button)
    assert not busy.isVisible() and not person.window.proposals.is_busy


@pytest.mark.parametrize("which", ["truncated", "other classes"])
def test_a_checkpoint_that_cannot_be_used_is_told_and_the_window_works_on(
    person: Person, folder: Path, tmp_path: Path, which: str
) -> None:
    bad = tiny_checkpoint(tmp_path / "bad.safetensors", ("cat", "dog"))
    if which == "truncated":
        bad.write_bytes(bad.read_bytes()[:-50])
    person.open(folder)
    person.paint_all(Key.Key_2)
    person.window.folder_flow.load_checkpoint(bad)
    person.wait(lambda: bool(person.said))
    assert len(person.said) == 1 and "\n" not in person.said[0]
    assert (person.labels == 1).all()
    good = tiny_checkpoint(tmp_path / "good.safetensors")
    person.window.folder_flow.load_checkpoint(good)
    person.wait(lambda: person.window.proposals.model is not None)
    person.choose_in_filmstrip("s01")
    person.wait_for_proposal()


def test_fine_tuning_needs_an_accepted_image_and_says_so(person: Person, folder: Path) -> None:
    person.open(folder)
    panel = person.parts.model
    assert not panel.fine_tune_button.isEnabled() and not person.window.actions_table["fine_tune"].isEnabled()
    assert "Accept at least one image" in panel.reason.text()
    person.paint_all(Key.Key_2)
    person.accept()
    person.wait(panel.fine_tune_button.isEnabled)
    assert panel.reason.text() == "Learns from 1 accepted image."


@pytest.mark.slow
def test_one_class_only_gives_the_trainers_sentence_and_loses_nothing(person: Person, proposing: Path) -> None:
    current = person.window.session.project.current_round()  # type: ignore[union-attr]
    person.trigger("clear")
    person.paint_all(Key.Key_2)
    person.accept()
    panel = person.parts.model
    person.wait(panel.fine_tune_button.isEnabled)
    with person.qtbot.waitSignal(person.window.round_flow.ended, timeout=PATIENT):
        person.click(panel.fine_tune_button)
        assert person.window.rounds.is_running
    assert len(person.said) == 1 and "only one class" in person.said[0]
    assert not person.window.rounds.is_running
    project = person.window.session.project
    assert project is not None and project.current_round() == current
    assert (mask_of(proposing, "s00") == 1).all()
    assert panel.fine_tune_button.isVisible() and panel.fine_tune_button.isEnabled()


@pytest.mark.slow
def test_a_round_on_one_image_is_shown_live_and_its_network_takes_over(person: Person, proposing: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10), size=20)
    person.paint(Key.Key_3, (10, 40), (50, 40), size=10)
    person.accept()
    panel = person.parts.model
    person.wait(panel.fine_tune_button.isEnabled)
    person.window.settings.set(BUDGET_SECONDS, 30)
    steps: list[int] = []
    person.window.rounds.reported.connect(
        lambda event: steps.append(event["step"]) if event["event"] == "step" else None
    )
    with person.qtbot.waitSignal(person.window.round_flow.ended, timeout=PATIENT):
        person.window.round_flow.fine_tune(5)
        person.wait(lambda: bool(steps))
        assert panel.cancel_button.isVisible() and panel.progress.isVisible()
    assert person.said == []
    project = person.window.session.project
    assert project is not None
    newest = project.current_round()
    assert newest is not None and newest.parent == "tiny" and newest.images == 1
    person.wait(lambda: (model := person.window.proposals.model) is not None and model.round_id == newest.id)
    person.wait(lambda: person.window.session.shown_proposal.round_id == newest.id)  # type: ignore[union-attr]
    person.click(panel.result.roll_back_button)
    assert project.current_round().id == "tiny"  # type: ignore[union-attr]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("how", ["killed", "cancelled"])
def test_a_round_that_does_not_end_well_costs_nothing(person: Person, proposing: Path, how: str) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10), size=20)
    person.paint(Key.Key_3, (10, 40), (50, 40), size=10)
    person.accept()
    person.wait_for_image("s01")
    person.paint(Key.Key_3, (10, 40), (50, 40), size=10)
    unsaved = person.labels.copy()
    person.wait(person.parts.model.fine_tune_button.isEnabled)
    person.click(person.parts.model.fine_tune_button)
    with person.qtbot.waitSignal(
        person.window.rounds.reported, timeout=PATIENT, check_params_cb=lambda event: event["event"] == "step"
    ):
        pass
    with person.qtbot.waitSignal(person.window.round_flow.ended, timeout=PATIENT):
        if how == "killed":
            os.kill(person.window.rounds.process_id, signal.SIGKILL)
        else:
            person.click(person.parts.model.cancel_button)
    assert len(person.said) == (how == "killed")
    project = person.window.session.project
    assert project is not None and project.current_round().id == "tiny"  # type: ignore[union-attr]
    assert not list((proposing / ".segstudio" / "checkpoints").glob("*.safetensors"))
    np.testing.assert_array_equal(person.labels, unsaved)
    assert person.parts.model.fine_tune_button.isEnabled()


@pytest.mark.slow
def test_quitting_in_the_middle_of_a_round_leaves_nothing_behind(person: Person, proposing: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10), size=20)
    person.accept()
    person.wait(person.parts.model.fine_tune_button.isEnabled)
    person.click(person.parts.model.fine_tune_button)
    person.wait(lambda: person.window.rounds.process_id > 0)
    child = person.window.rounds.process_id
    person.window.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_export_through_the_dialog(person: Person, folder: Path, tmp_path: Path) -> None:
    person.open(folder)
    person.paint_all(Key.Key_2)
    person.accept()
    person.wait_for_image("s01")
    person.paint(Key.Key_3, (10, 10), (50, 10))
    target = tmp_path / "exported"
    person.trigger("export")
    dialog = person.dialog(ExportDialog)
    assert isinstance(dialog, ExportDialog)
    assert "1 mask" in dialog.accept_button.text()
    dialog.folder_edit.setText(str(folder / "SegmentationClass"))
    assert not dialog.accept_button.isEnabled() and dialog.problem.isVisible()
    dialog.folder_edit.setText(str(target))
    dialog.format_box.setCurrentIndex(dialog.format_box.findData("rgb"))
    dialog.which_buttons[Which.ALL].click()
    with person.qtbot.waitSignal(person.window.folder_flow.export_finished, timeout=PATIENT) as finished:
        person.answer(dialog)
    assert finished.args == [[target / "s00.png", target / "s01.png"]]
    with Image.open(target / "s00.png") as picture:
        project = person.window.session.project
        assert project is not None
        assert picture.mode == "RGB" and picture.size == (WIDTH, HEIGHT)
        assert picture.getpixel((5, 5)) == tuple(project.classes[1].color)
    assert not person.parts.status.busy.isVisible()


def test_settings_are_taken_over_and_kept(person: Person, folder: Path) -> None:
    person.open(folder)
    person.trigger("settings")
    dialog = person.dialog(SettingsDialog)
    assert isinstance(dialog, SettingsDialog)
    dialog.island_spin.setValue(17)
    dialog.ahead_spin.setValue(7)
    dialog.hold_box.setChecked(True)
    assert not dialog.warm_box.isChecked()  # as the fixture wants it
    dialog.warm_box.setChecked(True)
    dialog.command_edit.setText("srun {command}")
    assert dialog.edges_box.isChecked()
    dialog.edges_box.setChecked(False)
    dialog.thin_box.setChecked(True)
    person.answer(dialog)
    get = person.window.settings.get
    assert person.window.proposals.reading == Reading(17, 0.0, keep_thin=True, follow_edges=False)
    assert not get(FOLLOW_EDGES) and get(KEEP_THIN)
    assert get(ROUND_COMMAND) == "srun {command}"
    assert (get(MIN_ISLAND), get(LOOK_AHEAD), get(HOLD_TOGGLES), get(WARM_TRAINER)) == (17, 7, True, True)
    person.key(Key.Key_X, person.parts.canvas)  # pressed and let go: it stays
    person.paint(Key.Key_2, (10, 10), (50, 10))
    assert (person.labels[10, 12:48] == 0).all()
    person.key(Key.Key_X, person.parts.canvas)


def test_the_theme_can_be_switched(person: Person, folder: Path) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    shades = {}
    for choice in (ThemeChoice.DARK, ThemeChoice.LIGHT):
        person.trigger("settings")
        dialog = person.dialog(SettingsDialog)
        assert isinstance(dialog, SettingsDialog)
        dialog.theme_box.setCurrentIndex(dialog.theme_box.findData(choice))
        person.answer(dialog)
        assert person.window.settings.get(THEME) == choice.value
        shades[choice] = app.palette().color(QPalette.ColorRole.Window).lightness()
    assert shades[ThemeChoice.DARK] < 100 < shades[ThemeChoice.LIGHT]


@pytest.mark.skipif(not (resource_root() / "starter.safetensors").is_file(), reason="the starter is not built yet")
def test_the_sample_opens_from_the_start_page_with_its_network(person: Person) -> None:
    person.click(person.parts.start.sample_card)
    person.wait_for_proposal()
    project = person.window.session.project
    assert project is not None and project.current_round() is not None
    assert (
        project.folder.root != resource_root() / "sample" and not (resource_root() / "sample" / ".segstudio").exists()
    )


def test_closing_a_folder_and_opening_another_changes_networks(person: Person, proposing: Path, tmp_path: Path) -> None:
    other = voc_folder(tmp_path / "other", images=2)
    person.open(other)
    assert person.window.proposals.model is None and not person.window.actions_table["propose"].isEnabled()
    assert not person.shows_proposal
    person.open(proposing)
    person.wait_for_proposal()
    project = Project.open(proposing)
    assert project.status("s00") is Status.PROPOSED
    project.close()
