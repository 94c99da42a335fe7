"""Comparing networks in the window: choosing, following, cancelling, and taking the winner."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.project.project import Project
from segstudio.services.network_comparison import CANDIDATES, obstacle
from segstudio.services.theme import ThemeChoice, apply_theme
from segstudio.widgets.compare_dialog import Choice, CompareDialog
from segstudio_training.compare import parse_entries
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

PATIENT = 240_000
CHOICES = [
    Choice("segnet:16", "SegNet", "", True),
    Choice("unet:16", "U-Net", "", True),
    Choice("lraspp", "L", "", False),
]


def row(entry: str, miou: float, **changes: object) -> dict[str, object]:
    scores = {"miou": miou, "class_accuracy": 0.6, "pixel_accuracy": 0.7, "boundary_f1": 0.4}
    rest = {"seconds_per_image": 0.0213, "megabytes": 3.04, "checkpoint": f"/kept/{entry}"}
    return {"event": "row", "entry": entry, **scores, **rest, **changes}


@pytest.fixture
def dialog(qtbot: QtBot, qapp: QApplication) -> CompareDialog:
    apply_theme(qapp, ThemeChoice.LIGHT)
    made = CompareDialog(CHOICES)
    qtbot.addWidget(made)
    made.show()
    return made


def cells(dialog: CompareDialog) -> list[list[str]]:
    table = dialog.table
    items = [table.topLevelItem(number) for number in range(table.topLevelItemCount())]
    return [[item.text(column) for column in range(table.columnCount())] for item in items if item is not None]


def choose(dialog: CompareDialog, qtbot: QtBot, number: int) -> None:
    """Click row `number` of the results."""
    item = dialog.table.topLevelItem(number)
    assert item is not None
    where = dialog.table.visualItemRect(item).center()
    qtbot.mouseClick(dialog.table.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_every_candidate_is_one_that_the_command_takes() -> None:
    entries = parse_entries(",".join(candidate.entry for candidate in CANDIDATES))
    assert [entry.label for entry in entries] == [candidate.entry for candidate in CANDIDATES]
    assert {entry.network for entry in entries} == {"segnet", "unet", "lraspp", "deeplabv3"}


def test_what_is_chosen_is_started_and_what_is_missing_is_told(dialog: CompareDialog, qtbot: QtBot) -> None:
    assert dialog.total.text() == "about 4 min in all" and not dialog.use_button.isEnabled()
    assert not dialog.isModal()
    with qtbot.waitSignal(dialog.start_clicked) as asked:
        qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    assert asked.args == [["segnet:16", "unet:16"], 120]
    for box in dialog.boxes.values():
        box.setChecked(False)
    assert not dialog.start_button.isEnabled() and "at least one" in dialog.problem.text()
    dialog.boxes["lraspp"].setChecked(True)
    assert dialog.start_button.isEnabled() and not dialog.problem.isVisible()
    dialog.set_obstacle("There is nothing to learn from yet.")
    assert not dialog.start_button.isEnabled() and dialog.problem.text() == "There is nothing to learn from yet."


def test_rows_come_as_they_are_finished_and_the_best_is_marked(dialog: CompareDialog, qtbot: QtBot) -> None:
    dialog.start(["segnet:16", "unet:16"], 60)
    assert cells(dialog)[0][:2] == ["SegNet", "waiting"]
    assert not dialog.boxes["lraspp"].isEnabled() and dialog.cancel_button.isEnabled()
    dialog.take_event({"event": "entry", "entry": "segnet:16", "number": 1, "of": 2})
    dialog.take_event({"event": "step", "entry": "segnet:16", "step": 7, "seconds": 30.0, "seconds_left": 30.0})
    assert cells(dialog)[0][1] == "learning, step 7"
    assert dialog.state.text() == "1 of 2, 1 min 30 s left"
    halfway = dialog.progress.value() / dialog.progress.maximum()
    assert 0.2 < halfway < 0.25
    dialog.take_event({"event": "scoring", "entry": "segnet:16", "done": 4, "of": 4})
    dialog.take_event(row("segnet:16", 0.5))
    choose(dialog, qtbot, 0)
    assert dialog.use_button.isEnabled(), "what is finished can be used at once"
    dialog.take_event({"event": "entry", "entry": "unet:16", "number": 2, "of": 2})
    assert dialog.progress.value() / dialog.progress.maximum() >= 0.5
    dialog.take_event(row("unet:16", 0.61, correction_seconds=42.0))
    assert cells(dialog) == [
        ["SegNet", "50 %", "60 %", "70 %", "40 %", "", "21 ms", "3.0 MB"],
        ["U-Net", "61 %", "60 %", "70 %", "40 %", "42 s", "21 ms", "3.0 MB"],
    ]
    widths = [dialog.table.columnWidth(column) for column in range(8)]
    assert sum(widths) <= dialog.table.viewport().width() and min(widths) > 30, "all of it is seen"
    items = [dialog.table.topLevelItem(number) for number in (0, 1)]
    assert [item.font(0).bold() for item in items if item is not None] == [False, True]
    with qtbot.waitSignal(dialog.use_clicked) as used:
        qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    assert used.args == ["/kept/segnet:16"]
    dialog.end("Done.")
    assert dialog.state.text() == "Done." and dialog.start_button.isEnabled() and not dialog.progress.isVisible()


def test_networks_that_were_not_finished_are_told_apart(dialog: CompareDialog, qtbot: QtBot) -> None:
    dialog.start(["segnet:16", "unet:16", "lraspp"], 60)
    assert dialog.table.isColumnHidden(5), "no column for what nobody has measured"
    dialog.take_event({"event": "entry", "entry": "segnet:16", "number": 1, "of": 3})
    dialog.take_event({"event": "failed", "entry": "segnet:16", "message": "The loss is no longer a number."})
    dialog.take_event({"event": "entry", "entry": "unet:16", "number": 2, "of": 3})
    dialog.end("Cancelled.")
    assert [line[1] for line in cells(dialog)] == ["failed", "not finished", "not tried"]
    first = dialog.table.topLevelItem(0)
    assert first is not None and first.toolTip(1) == "The loss is no longer a number."
    choose(dialog, qtbot, 1)
    assert not dialog.use_button.isEnabled()


def test_what_comparing_needs_is_told(tmp_path: Path) -> None:
    for masks, held_out, why in ((0, 0, "nothing to learn"), (3, 0, "no held-out image"), (5, 2, "")):
        project = Project.open(voc_folder(tmp_path / f"{masks}", images=6, masks=masks, held_out=held_out))
        try:
            said = obstacle(project)
        finally:
            project.close()
        assert why in said and bool(said) == bool(why)


def opened_dialog(person: Person, folder: Path, entries: set[str], seconds: int) -> CompareDialog:
    """The window of the comparison over `folder`, with `entries` ticked and a budget that no menu offers."""
    person.open(folder)
    person.trigger("compare")
    dialog = person.dialog(CompareDialog)
    assert isinstance(dialog, CompareDialog)
    for entry, box in dialog.boxes.items():
        box.setChecked(entry in entries)
    dialog.budget.addItem("test", seconds)
    dialog.budget.setCurrentIndex(dialog.budget.count() - 1)
    return dialog


@pytest.mark.slow
def test_networks_are_compared_and_the_winner_proposes(person: Person, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path / "data", images=7, masks=6, held_out=2)
    dialog = opened_dialog(person, folder, {"segnet:16", "lraspp"}, 3)
    flow = person.window.compare_flow
    person.click(dialog.start_button)
    assert flow.runner.is_running
    # A round beside it would take its seconds away, unlike from the networks that follow.
    assert not person.window.actions_table["fine_tune"].isEnabled()
    assert "being compared" in person.parts.model.reason.text()
    # The rest of the window works on, and the dialog may be closed and comes back with what it showed.
    dialog.close()
    with person.qtbot.waitActive(person.window):
        person.window.activateWindow()
    person.choose_in_filmstrip("s06")
    person.paint_all(Qt.Key.Key_2)
    assert (person.labels == 1).all()
    person.trigger("compare")
    assert person.dialog(CompareDialog) is dialog and dialog.cancel_button.isEnabled()
    person.wait(lambda: not flow.runner.is_running, PATIENT)
    assert person.window.actions_table["fine_tune"].isEnabled()
    assert person.said == [] and all(line[1].endswith("%") for line in cells(dialog)), cells(dialog)
    if os.environ.get("SEGSTUDIO_SCREENSHOTS"):
        dialog.grab().save(str(Path(os.environ["SEGSTUDIO_SCREENSHOTS"]) / "compare.png"))
    assert len(dialog.table.selectedItems()) == 1, "the winner is offered"
    choose(dialog, person.qtbot, 1)
    assert len(dialog.table.selectedItems()) == 1
    person.click(dialog.use_button)
    person.wait(lambda: person.window.proposals.model is not None)
    project = person.window.session.project
    current = project.current_round() if project is not None else None
    assert current is not None and current.checkpoint.name == "2-lraspp.safetensors"
    assert current.scores and 0 < current.scores["miou"] < 1, "as the comparison scored it"
    assert current.checkpoint.parent.parent == project.checkpoints_dir  # type: ignore[union-attr]
    assert {path.suffix for path in current.checkpoint.parent.iterdir()} == {".safetensors", ".png", ".json", ".csv"}


@pytest.mark.slow
def test_cancelling_and_leaving_the_folder_end_the_child(person: Person, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path / "data", images=7, masks=6, held_out=2)
    dialog = opened_dialog(person, folder, {"segnet:16"}, 600)
    flow = person.window.compare_flow
    person.click(dialog.start_button)
    person.wait(lambda: "learning" in cells(dialog)[0][1], PATIENT)
    person.click(dialog.cancel_button)
    person.wait(lambda: not flow.runner.is_running)
    assert dialog.state.text().startswith("Cancelled") and cells(dialog)[0][1] == "not finished"
    person.click(dialog.start_button)
    person.wait(lambda: flow.runner.is_running)
    person.trigger("close")
    person.wait(lambda: flow.dialog is None)
    assert not flow.runner.is_running and not person.window.actions_table["compare"].isEnabled()


def test_without_held_out_images_the_window_says_what_is_needed(person: Person, tmp_path: Path) -> None:
    dialog = opened_dialog(person, voc_folder(tmp_path / "data", images=3), {"segnet:16"}, 3)
    assert not dialog.start_button.isEnabled() and "Accept a few images" in dialog.problem.text()
