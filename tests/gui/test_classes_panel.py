"""The list of classes: what it shows, and what it tells when it is used."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segstudio.core.class_table import ClassTable
from segstudio.widgets.class_list import HOTKEY_ROLE, ClassDelegate
from segstudio.widgets.classes_panel import ClassesPanel
from tests.gui.panel_stage import CLASSES, LEFT, light_theme, shown  # noqa: F401 - one is a fixture


@pytest.fixture
def classes(qtbot: QtBot) -> ClassesPanel:
    panel = ClassesPanel()
    shown(qtbot, panel)
    panel.set_classes(CLASSES)
    return panel


def test_clicking_a_class_chooses_it(classes: ClassesPanel, qtbot: QtBot) -> None:
    where = classes.list.visualRect(classes.model.index(2)).center()
    with qtbot.waitSignal(classes.current_changed) as told:
        qtbot.mouseClick(classes.list.viewport(), LEFT, pos=where)
    assert told.args == [2]


def test_setting_the_current_class_tells_nobody(classes: ClassesPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(classes.current_changed):
        classes.set_current(1)
    assert classes.current() == 1


def test_clicking_an_eye_hides_that_class_and_chooses_nothing(classes: ClassesPanel, qtbot: QtBot) -> None:
    index = classes.model.index(1)
    delegate = classes.list.itemDelegate()
    assert isinstance(delegate, ClassDelegate)
    eye = delegate.columns(classes.list.visualRect(index), index).eye.center()
    with qtbot.waitSignal(classes.visibility_changed) as told, qtbot.assertNotEmitted(classes.current_changed):
        qtbot.mouseClick(classes.list.viewport(), LEFT, pos=eye)
    assert told.args == [1, False]


def test_space_shows_a_hidden_class_again(classes: ClassesPanel, qtbot: QtBot) -> None:
    classes.set_classes(CLASSES.with_visible(2, False))
    classes.set_current(2)
    with qtbot.waitSignal(classes.visibility_changed) as told:
        qtbot.keyClick(classes.list, Qt.Key.Key_Space)
    assert told.args == [2, True]


def test_recoloured_classes_keep_the_current_one(classes: ClassesPanel) -> None:
    classes.set_current(2)
    classes.set_classes(CLASSES.with_visible(0, False))
    assert classes.current() == 2


def test_without_classes_the_panel_says_what_to_do(classes: ClassesPanel, qtbot: QtBot) -> None:
    classes.set_classes(ClassTable([]))
    assert not classes.list.isVisible()
    with qtbot.waitSignal(classes.add_class_requested):
        qtbot.mouseClick(classes.empty_button, LEFT)


def test_a_row_names_the_key_that_chooses_its_class_and_draws_it_where_it_has_room(classes: ClassesPanel) -> None:
    classes.model.set_hotkeys(["1", "Ctrl+2"])
    assert [classes.model.index(row).data(HOTKEY_ROLE) for row in range(3)] == ["1", "", ""]
    told = [classes.model.told(row).split("\n")[0] for row in range(3)]
    assert told == ["background (key 1)", "leaf (key Ctrl+2)", "stem"]


def test_no_row_is_cut_off_whatever_the_height(qtbot: QtBot) -> None:
    panel = ClassesPanel()
    shown(qtbot, panel)
    panel.set_classes(ClassTable.from_names([f"class {number}" for number in range(20)]))
    row = panel.list.sizeHintForRow(0)
    assert panel.list.viewport().height() % row == 0
    for height in range(300, 300 + row, 5):
        panel.resize(300, height)
        assert panel.list.viewport().height() % row == 0
        assert panel.list.viewport().height() > panel.list.height() - row - 2 * panel.list.frameWidth() - 1
