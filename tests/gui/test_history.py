"""The round history: notes, going back, and what a round changed, in a window that stays in use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from segstudio.project.project import Project
from segstudio.project.rounds import Round, Taught, lineage
from segstudio.widgets.change_panel import ChangePanel, WorseImage
from segstudio.widgets.change_view import Side
from segstudio.widgets.round_history import NOTE_COLUMN, RoundHistoryDialog
from tests.gui.window_person import LEFT, Person
from tests.small_folders import CLASSES, tiny_checkpoint, voc_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six images, four accepted, two of these held out; two rounds, the newer one in use."""
    made = voc_folder(tmp_path / "data", images=6, masks=4, held_out=2)
    older, newer = tmp_path / "older.safetensors", tmp_path / "newer.safetensors"
    scores = {"miou": 0.5, "class_accuracy": 0.6, "pixel_accuracy": 0.7, "per_class_iou": {}}
    project = Project.open(made)
    # The same network but for the names of its classes: what the one calls background, the other calls pole.
    tiny_checkpoint(older)
    tiny_checkpoint(newer, CLASSES[::-1])
    taught = Taught("none", "cross_entropy", "", {}, {**scores, "miou": 0.45})
    project.add_round(Round("one", older, images=2, seconds=60, scores={**scores, "miou": 0.4}))
    project.add_round(Round("two", newer, parent="one", images=2, seconds=30, scores=scores, taught=taught))
    project.use_round("two")
    project.close()
    return made


@pytest.fixture
def history(person: Person, folder: Path) -> RoundHistoryDialog:
    """The history, opened from the menu over the open folder."""
    person.open(folder)
    person.wait(lambda: person.window.proposals.model is not None)
    person.trigger("history")
    dialog = person.dialog(RoundHistoryDialog)
    assert isinstance(dialog, RoundHistoryDialog)
    return dialog


def cells(dialog: RoundHistoryDialog, row: int) -> list[str]:
    return [dialog.table.item(row, column).text() for column in range(dialog.table.columnCount())]  # type: ignore[union-attr]


def test_every_round_is_listed_with_where_it_comes_from(history: RoundHistoryDialog) -> None:
    assert cells(history, 0) == [
        "Round 2 · in use", "Round 1", "0.50", "▲ 5 points", "60 %", "70 %", "2", "30 s",
        "Every pixel counts the same · Pixel by pixel", "",
    ]  # fmt: skip
    assert cells(history, 1)[:4] == ["Round 1", "–", "0.40", "–"]
    assert not history.isModal() and not history.use_button.isEnabled()


def test_a_note_is_kept_with_the_folder(person: Person, history: RoundHistoryDialog, folder: Path) -> None:
    item = history.table.item(0, NOTE_COLUMN)
    assert item is not None
    history.table.setCurrentItem(item)
    history.table.editItem(item)
    editor = history.table.findChild(QLineEdit)
    assert editor is not None
    person.qtbot.keyClicks(editor, "poles at last")
    person.qtbot.keyClick(editor, Qt.Key.Key_Return)
    project = person.window.session.project
    assert project is not None
    person.wait(lambda: project.rounds()[-1].note == "poles at last")
    assert project.rounds()[-1].taught.rule == "none"
    assert not history.table.item(0, 0).flags() & Qt.ItemFlag.ItemIsEditable  # type: ignore[union-attr]


def test_an_earlier_round_proposes_again(person: Person, history: RoundHistoryDialog) -> None:
    history.table.setCurrentCell(1, 0)
    person.click(history.use_button)
    project = person.window.session.project
    assert project is not None and project.current_round().id == "one"  # type: ignore[union-attr]
    person.wait(lambda: cells(history, 1)[0] == "Round 1 · in use")
    assert not history.compare_button.isEnabled() and "started from nothing" in history.compare_button.toolTip()


def test_what_changed_shows_both_proposals_and_counts_every_pixel(person: Person, history: RoundHistoryDialog) -> None:
    person.click(history.compare_button)
    view, counts = history.changes.view, history.changes.counts
    assert history.changes.isVisible() and "Round 1" in history.changes.headline.text()
    person.wait(lambda: counts.rowCount() > 0)
    arrays = view._arrays
    assert arrays is not None
    _, before, after = arrays
    assert person.name in view.title.text()
    lost, won = (
        sum(int(counts.item(row, column).text().strip("−+–").replace("\N{NARROW NO-BREAK SPACE}", "") or 0)  # type: ignore[union-attr]
            for row in range(counts.rowCount()))
        for column in (1, 2)
    )  # fmt: skip
    assert lost == won == np.sum(before != after) > 0
    drawn = {}
    for side in Side:
        person.click(view.buttons[side])
        drawn[side] = view.picture.grab().toImage()
    assert drawn[Side.OLD] != drawn[Side.NEW] != drawn[Side.DIFFERENCE]


def test_the_comparison_follows_the_open_image(person: Person, history: RoundHistoryDialog) -> None:
    person.click(history.compare_button)
    person.wait(lambda: person.name in history.changes.view.title.text())
    person.window.session.open_image("s05")
    person.wait(lambda: "s05" in history.changes.view.title.text())


def test_held_out_images_are_judged_in_the_background(person: Person, history: RoundHistoryDialog) -> None:
    person.click(history.compare_button)
    changes = history.changes
    person.wait(lambda: "of 2 held-out images" in changes.judging.text())
    assert not changes.progress.isVisible() and not changes.stop_button.isVisible()
    person.click(changes.close_button)
    assert not changes.isVisible()


def test_closing_the_folder_closes_the_history(person: Person, history: RoundHistoryDialog) -> None:
    person.click(history.compare_button)
    person.trigger("close")
    assert not history.isVisible() and not person.window.actions_table["history"].isEnabled()


def test_the_worst_image_comes_first_and_a_click_opens_it(qtbot: QtBot) -> None:
    panel = ChangePanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.begin("What changed")
    panel.add_judged(WorseImage("a", 0.10, 0.12), 1, 4)
    panel.add_judged(WorseImage("b", 0.30, 0.20), 2, 4)
    panel.add_judged(WorseImage("c", 0.10, 0.25), 3, 4)
    assert panel.progress.isVisible()
    panel.add_judged(None, 4, 4)
    assert panel.judging.text() == "2 of 3 held-out images got worse." and not panel.progress.isVisible()
    assert panel.worse_list.item(0).text() == "c · wrong 10.0 % → 25.0 %"
    with qtbot.waitSignal(panel.image_chosen) as told:
        place = panel.worse_list.visualItemRect(panel.worse_list.item(1)).center()
        qtbot.mouseClick(panel.worse_list.viewport(), LEFT, pos=place)
    assert told.args == ["a"]


def test_looking_can_be_stopped(qtbot: QtBot) -> None:
    panel = ChangePanel()
    qtbot.addWidget(panel)
    panel.show()
    panel.begin("What changed")
    with qtbot.waitSignal(panel.stop_clicked):
        qtbot.mouseClick(panel.stop_button, LEFT)


def test_a_line_of_rounds_goes_back_to_its_start() -> None:
    rounds = [Round("a", Path()), Round("b", Path(), parent="a"), Round("c", Path(), parent="a")]
    assert [made.id for made in lineage(rounds, "c")] == ["a", "c"]
    assert lineage(rounds, "gone") == []
