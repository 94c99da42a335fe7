"""Keys: what a tooltip promises is what the key does, and Ctrl+F finds an image by its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from segstudio.actions import ACTIONS
from segstudio.services.translation import tr
from segstudio.tools import TOOLS
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Key = Qt.Key

NO_ACTIONS = {"Esc", "Enter", "[ ]", "hold H", "Space"}
"""Keys of a dialog, a held key, or a pair that two actions have."""


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:
    made = voc_folder(tmp_path / "data", images=6)
    person.open(made)
    return made


def test_every_key_that_a_tooltip_names_does_what_it_says(person: Person, folder: Path) -> None:
    keys = {tr(spec.title).replace("&", "").rstrip("…"): spec.shortcuts for spec in ACTIONS}
    keys |= {tr(tool.title): (tool.shortcut,) for tool in TOOLS.values()}
    known = {key for shortcuts in keys.values() for key in shortcuts}
    promised = 0
    for widget in person.window.findChildren(QWidget):
        found = re.match(r"(.+) \((.+)\)$", widget.toolTip().split("\n")[0])
        if found is not None and type(widget).__module__.startswith(("segstudio", "PySide6")):
            title, key = found[1], re.sub(r"\s+", " ", found[2])
            assert key in keys.get(title, known | NO_ACTIONS), widget.toolTip()
            promised += 1
    assert promised > 5


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
