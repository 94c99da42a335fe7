"""The history panel: the steps of the open image, what they look like, and the way to any of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from segstudio.core.class_table import VOID
from segstudio.core.document import Document
from segstudio.core.edits import Edit
from segstudio.core.geometry import Box
from segstudio.core.history import EditHistory
from segstudio.core.label_map import LabelMap
from segstudio.flows import steps_flow
from segstudio.services.settings import SHOW_HISTORY
from segstudio.services.step_pictures import StepLook
from segstudio.widgets.step_list import GIVEN_ROLE, KEPT_LOOKS, LOOK_ROLE, PRESENT_ROLE, SAVED_ROLE, UNDONE_ROLE
from segstudio.widgets.steps_panel import StepsPanel
from tests.gui.canvas_hand import CLASSES
from tests.gui.panel_stage import shown
from tests.gui.window_person import LEFT, Person
from tests.small_folders import voc_folder

Key = Qt.Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data")


class Historian(Person):
    """Somebody who has the history in sight."""

    def __init__(self, person: Person) -> None:
        super().__init__(person.window, person.qtbot)
        self.panel = self.parts.steps
        self.model = self.panel.model

    def names(self) -> list[str]:
        return [self.model.index(row).data() for row in range(self.model.rowCount())]

    def rows_with(self, role: int) -> list[int]:
        return [row for row in range(self.model.rowCount()) if self.model.index(row).data(role)]

    def look(self, row: int) -> StepLook:
        self.wait(lambda: self.model.index(row).data(LOOK_ROLE) is not None)
        return self.model.index(row).data(LOOK_ROLE)

    def wait_for_rows(self, rows: int) -> None:
        self.wait(lambda: self.model.rowCount() == rows)

    def click_row(self, row: int) -> None:
        index = self.model.index(row)
        self.panel.list.scrollTo(index)
        self.qtbot.mouseClick(self.panel.list.viewport(), LEFT, pos=self.panel.list.visualRect(index).center())


@pytest.fixture
def historian(person: Person, folder: Path) -> Historian:
    person.open(folder)
    made = Historian(person)
    assert not made.panel.isVisible()
    QTest.keyClick(
        person.parts.canvas, Key.Key_H, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert made.panel.isVisible()
    person.parts.canvas.fit()
    return made


def paint_three(historian: Historian) -> list[np.ndarray]:
    """Three strokes of three classes; the states from the first on."""
    states = [historian.labels.copy()]
    for key, x in ((Key.Key_1, 10), (Key.Key_2, 30), (Key.Key_3, 50)):
        historian.paint(key, (x, 10), (x, 30))
        states.append(historian.labels.copy())
    historian.wait_for_rows(4)
    return states


def test_every_step_is_a_row_and_a_click_goes_there(historian: Historian) -> None:
    states = paint_three(historian)
    assert historian.names() == ["Opened", "Brush stroke", "Brush stroke", "Brush stroke"]
    assert historian.rows_with(PRESENT_ROLE) == [3] and historian.rows_with(SAVED_ROLE) == [0]
    assert "3 steps" in historian.panel.summary.text() and " B" in historian.panel.summary.text()
    for row in (1, 3, 0, 2):
        historian.click_row(row)
        np.testing.assert_array_equal(historian.labels, states[row])
        historian.wait(lambda row=row: historian.rows_with(PRESENT_ROLE) == [row])
        assert historian.rows_with(UNDONE_ROLE) == list(range(row + 1, 4))
        assert historian.model.rowCount() == 4


def test_undo_moves_the_mark_and_a_new_stroke_drops_what_was_undone(historian: Historian) -> None:
    paint_three(historian)
    historian.trigger("undo")
    historian.trigger("undo")
    historian.wait(lambda: historian.rows_with(PRESENT_ROLE) == [1])
    historian.paint(Key.Key_2, (30, 40))
    historian.wait_for_rows(3)
    assert historian.rows_with(PRESENT_ROLE) == [2] and not historian.rows_with(UNDONE_ROLE)


def test_enter_goes_to_the_row_that_the_arrows_chose_and_accepts_nothing(historian: Historian) -> None:
    states = paint_three(historian)
    steps, name = historian.panel.list, historian.name
    steps.setFocus()
    for key in (Key.Key_Up, Key.Key_Up):
        historian.key(key, steps)
    np.testing.assert_array_equal(historian.labels, states[3])
    historian.key(Key.Key_Return, steps)
    np.testing.assert_array_equal(historian.labels, states[1])
    assert historian.name == name


def test_a_click_leaves_the_keys_with_the_canvas(historian: Historian) -> None:
    paint_three(historian)
    historian.parts.canvas.setFocus()
    historian.click_row(1)
    assert historian.parts.canvas.hasFocus()


def test_a_row_says_what_its_step_did(historian: Historian) -> None:
    states = paint_three(historian)
    for row, name in ((1, "background"), (2, "sun"), (3, "pole")):
        look = historian.look(row)
        assert look.pixels == np.count_nonzero(states[row] != states[row - 1])
        assert look.labels == (row - 1,) and historian.model.index(row).data(GIVEN_ROLE) == name
    color = np.array(historian.look(2).picture.pixelColor(24, 20).toTuple()[:3])
    expected = np.array(historian.window.session.project.classes[1].color)  # type: ignore[union-attr]
    assert np.abs(color - expected).max() < 45, "the changed place has its class's colour"


def test_what_an_undone_step_looked_like_is_still_known(historian: Historian) -> None:
    paint_three(historian)
    wanted = historian.look(2).picture
    historian.model.set_classes(historian.model.classes)  # as where colours change: all are made anew
    historian.click_row(0)
    historian.panel.list.ask()
    assert historian.look(2).picture == wanted


def test_erasing_is_told_as_void(historian: Historian) -> None:
    historian.paint_all(Key.Key_2)
    historian.window.image_flow.choose_tool("void_brush")
    historian.hand.stroke((30, 20), (32, 20))
    historian.wait_for_rows(3)
    assert historian.look(2).labels == (VOID,)
    assert historian.model.index(2).data(GIVEN_ROLE) == "void"


def test_nothing_is_gone_to_within_a_stroke(historian: Historian) -> None:
    states = paint_three(historian)
    historian.hand.press(5, 5)
    before = historian.labels.copy()
    historian.click_row(0)
    np.testing.assert_array_equal(historian.labels, before)
    historian.hand.release(5, 5)
    historian.wait_for_rows(5)
    historian.click_row(3)
    np.testing.assert_array_equal(historian.labels, states[3])


def test_a_long_way_is_gone_in_slices_and_anybody_elses_move_ends_it(
    historian: Historian, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps_flow, "_SLICE_S", 0.0)
    states = paint_three(historian)
    historian.click_row(0)
    np.testing.assert_array_equal(historian.labels, states[2], "one slice is gone at once")
    historian.wait(lambda: historian.rows_with(PRESENT_ROLE) == [0])
    np.testing.assert_array_equal(historian.labels, states[0])
    historian.click_row(3)
    historian.trigger("undo")
    historian.wait(lambda: historian.rows_with(PRESENT_ROLE) == [0])
    historian.wait(lambda: not historian.window.steps_flow._way.isActive())
    np.testing.assert_array_equal(historian.labels, states[0])


def test_a_stroke_on_a_long_way_waits_for_its_end(historian: Historian, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps_flow, "_SLICE_S", 0.0)
    states = paint_three(historian)
    historian.click_row(0)
    historian.wait(lambda: historian.rows_with(PRESENT_ROLE) == [0])
    historian.click_row(3)
    np.testing.assert_array_equal(historian.labels, states[1], "one slice is gone at once")
    historian.hand.stroke((5, 40), (15, 40))
    historian.wait_for_rows(5)
    historian.trigger("undo")
    np.testing.assert_array_equal(historian.labels, states[3])


def test_each_image_has_its_own_list(historian: Historian) -> None:
    states = paint_three(historian)
    historian.click_row(2)
    historian.choose_in_filmstrip("s01")
    historian.wait_for_rows(1)
    historian.paint(Key.Key_2, (10, 10))
    historian.wait_for_rows(2)
    historian.choose_in_filmstrip("s00")
    historian.wait_for_rows(4)
    assert historian.rows_with(PRESENT_ROLE) == [2]
    historian.wait(lambda: historian.rows_with(SAVED_ROLE) == [2])
    historian.click_row(3)
    np.testing.assert_array_equal(historian.labels, states[3])


_KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from segstudio.core.document import Document
from segstudio.core.edits import Edit
from segstudio.core.geometry import Box
from segstudio.core.history import EditHistory
from segstudio.project.project import Project
project = Project.open(Path(sys.argv[1]))
document = Document("s00", project.load_label_map("s00"), project.classes)
journal = project.journal("s00")
for number in range(5):
    with document.begin("Brush stroke") as builder:
        builder.paint_mask(Box(number * 9, 4, number * 9 + 8, 30), np.ones((26, 8), bool), number % 3)
    journal.append(builder.edit)
document.go_to(2)
journal.append_undo(3)
os._exit(9)
"""


def test_after_a_killed_program_the_list_is_the_same(person: Person, folder: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(folder)], env=os.environ, check=False)
    assert killed.returncode == 9
    person.window.actions_table["steps"].setChecked(True)
    person.open(folder)
    historian = Historian(person)
    historian.wait_for_rows(6)
    assert historian.rows_with(PRESENT_ROLE) == [2] and historian.rows_with(UNDONE_ROLE) == [3, 4, 5]
    for row in range(1, 6):
        look = historian.look(row)
        assert look.pixels == 26 * 8 and look.labels == ((row - 1) % 3,)
    historian.click_row(5)
    assert [int(historian.labels[10, number * 9]) for number in range(5)] == [0, 1, 2, 0, 1]


def test_the_panel_is_there_again_after_a_restart(person: Person) -> None:
    person.window.actions_table["steps"].setChecked(True)
    assert person.window.settings.get(SHOW_HISTORY)
    assert not person.window.steps.isVisible(), "there is no history on the start page"


# -- the list alone ---------------------------------------------------------------------------------------


def scribbled(steps: int, byte_budget: int = 10**7) -> Document:
    document = Document("picture", LabelMap(200, 300), CLASSES, EditHistory(byte_budget))
    for number in range(steps):
        x, y = number * 7 % 290, number * 13 % 190
        with document.begin("Brush stroke") as builder:
            builder.replace(Box(x, y, x + 9, y + 8), np.full((8, 9), number % 2, np.uint8))
    return document


def follow(panel: StepsPanel, document: Document) -> None:
    history = document.history
    saved = history.saved - history.forgotten if history.saved is not None else None
    panel.model.set_steps(history.steps, history.forgotten, history.position - history.forgotten, saved)


def looks_of(edits: list[Edit]) -> list[tuple[Edit | None, StepLook]]:
    picture = QImage(40, 40, QImage.Format.Format_RGB888)
    picture.fill(QColor("red"))
    return [(edit, StepLook(picture, 72, (1,))) for edit in edits]


def test_of_a_thousand_steps_only_those_in_view_are_looked_at(qtbot: QtBot) -> None:
    panel = StepsPanel()
    shown(qtbot, panel, 260, 500)
    asked: list[int] = []
    panel.model.looks_wanted.connect(asked.extend)
    document = scribbled(1000)
    follow(panel, document)
    panel.list.show_present()
    qtbot.waitUntil(lambda: bool(asked))
    assert set(asked) <= set(range(985, 1001)) and 1000 in asked
    asked.clear()
    panel.list.verticalScrollBar().setValue(0)
    qtbot.waitUntil(lambda: 0 in asked)
    assert max(asked) < 15


def test_the_store_of_looks_is_bounded(qtbot: QtBot) -> None:
    panel = StepsPanel()
    qtbot.addWidget(panel)
    document = scribbled(KEPT_LOOKS + 50)
    follow(panel, document)
    panel.model.set_looks(looks_of(document.history.steps))
    assert panel.model.kept_looks == KEPT_LOOKS
    asked: list[int] = []
    panel.model.looks_wanted.connect(asked.extend)
    panel.model.want(range(1, KEPT_LOOKS + 51))
    assert asked == list(range(1, 51)), "those that made room are asked for again"
    panel.model.want(range(1, KEPT_LOOKS + 51))
    assert len(asked) == 50


def test_forgotten_steps_are_told(qtbot: QtBot) -> None:
    panel = StepsPanel()
    qtbot.addWidget(panel)
    document = scribbled(30, byte_budget=1500)
    follow(panel, document)
    assert document.history.forgotten, "the budget is meant to be small"
    rows = [panel.model.index(row) for row in range(panel.model.rowCount())]
    assert rows[0].data() == "Oldest step kept"
    assert rows[0].data(GIVEN_ROLE) == f"{document.history.forgotten} older ones forgotten"
    assert len(rows) == len(document.history.steps) + 1 < 31
    before = document.history.forgotten
    with document.begin("Brush stroke") as builder:
        builder.replace(Box(0, 0, 90, 80), np.random.default_rng(1).integers(0, 3, (80, 90), np.uint8))
    follow(panel, document)
    assert document.history.forgotten > before
    assert panel.model.rowCount() == len(document.history.steps) + 1
    assert [index.data(PRESENT_ROLE) for index in map(panel.model.index, range(panel.model.rowCount()))][-1]


def test_rows_that_stay_keep_what_they_look_like(qtbot: QtBot) -> None:
    panel = StepsPanel()
    qtbot.addWidget(panel)
    document = scribbled(4)
    follow(panel, document)
    panel.model.set_looks(looks_of(document.history.steps))
    resets: list[bool] = []
    panel.model.modelReset.connect(lambda: resets.append(True))
    document.go_to(2)
    with document.begin("Fill") as builder:
        builder.replace(Box(0, 0, 9, 9), np.full((9, 9), 2, np.uint8))
    follow(panel, document)
    looks = [panel.model.index(row).data(LOOK_ROLE) for row in range(4)]
    assert not resets and [look is not None for look in looks] == [False, True, True, False]
    assert panel.model.index(3).data() == "Fill"
