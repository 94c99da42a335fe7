"""Keys: what a tooltip promises is what the key does, and Ctrl+F finds an image by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QStatusTipEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenuBar,
    QScrollBar,
    QToolButton,
    QWidget,
)

from segstudio.actions import commands
from segstudio.project.project import Status
from segstudio.services.key_map import Command, clashes
from segstudio.services.key_text import sequences, shown
from segstudio.widgets.shortcuts_dialog import ShortcutsDialog
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Key = Qt.Key

NO_ACTIONS = {"Esc"}
"""Keys of a dialog."""


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:
    made = voc_folder(tmp_path / "data", images=6)
    person.open(made)
    return made


def test_no_two_rows_have_the_same_key() -> None:
    assert clashes(commands()) == []


@pytest.mark.parametrize("command", commands(), ids=lambda command: command.id)
def test_no_hint_names_a_key_that_could_be_changed(command: Command) -> None:
    """A hint has a field for a key, such as ``{key[propose]}``; Ctrl, Shift and Alt of a gesture stay as they are."""
    assert not re.search(r"\b(Enter|Return|Backspace|Space|Delete|[Hh]old [A-Z]|[Pp]ress [A-Z])\b", command.hint)


def test_every_key_that_a_tooltip_names_is_a_commands(person: Person, folder: Path) -> None:
    table = person.window.actions_table
    known = {shown(key) for command in table.keys.commands for key in table.keys.keys(command)} | NO_ACTIONS
    promised = 0
    for widget in person.window.findChildren(QWidget):
        found = re.match(r"(.+) \((.+)\)$", widget.toolTip().split("\n")[0])
        if found is not None and type(widget).__module__.startswith(("segstudio", "PySide6")):
            assert set(found[2].removeprefix("hold ").split()) <= known, widget.toolTip()
            promised += 1
    assert promised > 20


def test_every_button_says_what_it_does_and_why_and_names_its_key(person: Person, folder: Path) -> None:
    table, seen = person.window.actions_table, 0
    of_text = {action.text(): action for action in table.by_id.values()}
    for button in person.window.findChildren(QAbstractButton):
        if not button.isVisibleTo(person.window) or type(button.parent()) in (QLineEdit, QScrollBar, QMenuBar):
            continue
        name, _, why = button.toolTip().partition("\n")
        assert name and why, f"{button.text() or button.accessibleName() or button} says too little: {name!r}"
        action = button.defaultAction() if isinstance(button, QToolButton) else of_text.get(button.text())
        if action is not None and not action.shortcut().isEmpty():
            assert f"({shown(table.keys.keys(action.objectName())[0])})" in name, name
            seen += 1
    assert seen > 15


def test_every_other_control_says_what_it_is_and_why(person: Person, folder: Path) -> None:
    kinds = (QComboBox, QAbstractSlider, QAbstractSpinBox, QLineEdit)
    controls = [it for kind in kinds for it in person.window.findChildren(kind) if not isinstance(it, QScrollBar)]
    own = [it for it in controls if not isinstance(it.parent(), kinds) and it.isVisibleTo(person.window)]
    assert len(own) > 5
    for control in own:
        name, _, why = control.toolTip().partition("\n")
        assert name and why, f"{control} of {type(control.parent()).__name__} says too little: {name!r}"


def test_every_action_says_its_keys_and_why(person: Person) -> None:
    table = person.window.actions_table
    for name, action in table.by_id.items():
        keys, (head, _, why) = table.keys.keys(name), action.toolTip().partition("\n")
        assert why, name
        assert head.endswith(f"({shown(keys[0])})") if keys else "(" not in head, head
        assert {QKeySequence(it) for key in keys for it in sequences(key)} == set(action.shortcuts())


def test_a_changed_key_acts_and_the_old_one_does_not(person: Person, folder: Path) -> None:
    keys, canvas = person.window.actions_table.keys, person.parts.canvas
    keys.put("tool.eraser", "F6", instead_of="E")
    keys.put("class.1", "F2", instead_of="2")
    person.window.shortcut_flow._on_changed()
    person.key(Key.Key_E, canvas)
    assert not person.window.actions_table["tool.eraser"].isChecked()
    person.key(Key.Key_F6, canvas)
    assert person.window.actions_table["tool.eraser"].isChecked()
    person.key(Key.Key_F2, canvas)
    assert person.parts.classes.current() == 1
    assert person.parts.classes.model.told(1).startswith(f"{person.window.session.project.classes[1].name} (key F2)")


def test_a_question_mark_opens_the_list_of_keys(person: Person, folder: Path) -> None:
    person.key(Key.Key_Question, person.parts.canvas)
    person.dialog(ShortcutsDialog).close()


def test_the_keypads_enter_accepts_as_return_does(person: Person, folder: Path) -> None:
    name = person.name
    person.paint_all(Key.Key_1)
    QTest.keyClick(person.parts.canvas, Key.Key_Enter, Qt.KeyboardModifier.KeypadModifier)
    person.wait(lambda: person.window.session.status(name) is Status.ACCEPTED)
    person.settle()


def test_ctrl_f_leads_to_the_search_and_what_stood_there_is_replaced(person: Person, folder: Path) -> None:
    search = person.parts.filmstrip.search
    search.setText("s05")
    QTest.keyClick(person.parts.canvas, Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    person.wait(search.hasFocus)
    QTest.keyClicks(search, "s03")
    assert search.text() == "s03"
    assert person.parts.filmstrip.model.rowCount() == 1


def test_without_a_folder_there_is_nothing_to_find(person: Person) -> None:
    assert not person.window.actions_table["find_image"].isEnabled()


def test_with_a_folder_there_is(person: Person, folder: Path) -> None:
    action = person.window.actions_table["find_image"]
    assert action.isEnabled()
    person.window.session.close_project()
    assert not action.isEnabled()


def test_a_hint_of_the_toolbar_leaves_the_status_strip_in_sight(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    button = person.window.toolbar.widgetForAction(person.window.actions_table["undo"])
    person.qtbot.mouseMove(button)
    QApplication.sendEvent(button, QStatusTipEvent("Take back the last step"))
    assert person.parts.status.isVisible() and not person.window.statusBar().currentMessage()
