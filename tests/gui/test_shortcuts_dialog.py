"""The list of keys: found by typing, walked through by the arrows, changed by pressing the new key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from segstudio.services.key_map import Command, Group, KeyMap, Use
from segstudio.services.key_text import shown
from segstudio.services.theme import ThemeChoice, apply_theme
from segstudio.widgets.key_editor import Face
from segstudio.widgets.shortcut_rows import ShortcutRow
from segstudio.widgets.shortcuts_dialog import ShortcutsDialog
from tests.gui.window_person import Person
from tests.small_folders import voc_folder

Key, Modifier = Qt.Key, Qt.KeyboardModifier
LEFT = Qt.MouseButton.LeftButton

COMMANDS = (
    Command("brush", Group.TOOLS, "Brush", "Paint the chosen class", ("B",)),
    Command("eraser", Group.TOOLS, "Eraser", "Paint background", ("E",)),
    Command("erase", Group.PAINTING, "Erase for a moment", "", ("X",), Use.HOLD),
    Command("undo", Group.EDIT, "Undo", "Take back the last edit", ("Ctrl+Z", "Z")),
    Command("export", Group.FILE, "Export masks", "Write files"),
)


class Sheet:
    """The dialog over five commands and one gesture."""

    def __init__(self, qtbot: QtBot) -> None:
        self.keys = KeyMap(COMMANDS)
        self.dialog = ShortcutsDialog(self.keys, self.rows)
        qtbot.addWidget(self.dialog)
        with qtbot.waitActive(self.dialog):
            self.dialog.show()
            self.dialog.activateWindow()
        self.editor = self.dialog.editor

    def rows(self) -> list[ShortcutRow]:
        found = [
            ShortcutRow(
                it.group.value,
                it.title,
                tuple(map(shown, self.keys.keys(it.id))),
                hint=it.hint,
                command=it.id,
                is_changed=self.keys.is_changed(it.id),
            )
            for it in self.keys.commands.values()
        ]
        return [*found, ShortcutRow("View", "Zoom", how="Wheel, pinch")]

    def type(self, text: str) -> list[str]:
        self.dialog.search.clear()
        QTest.keyClicks(self.focus, text)
        return self.titles

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Modifier.NoModifier) -> None:
        QTest.keyClick(self.focus, key, modifier)

    @property
    def focus(self) -> QWidget:
        focused = self.dialog.focusWidget()
        assert focused is not None
        return focused

    @property
    def titles(self) -> list[str]:
        return [row.title for row in self.dialog.rows.shown()]

    @property
    def current(self) -> str:
        row = self.dialog.rows.current()
        return row.title if row is not None else ""


@pytest.fixture
def sheet(qtbot: QtBot, qapp: QApplication) -> Sheet:
    apply_theme(qapp, ThemeChoice.LIGHT)
    return Sheet(qtbot)


# -- finding


def test_typing_searches_titles_hints_groups_keys_and_gestures(sheet: Sheet) -> None:
    assert sheet.type("brush") == ["Brush"]
    assert sheet.type("background") == ["Eraser"]
    assert sheet.type("tools") == ["Brush", "Eraser"]
    assert sheet.type("CTRL+z") == ["Undo"]
    assert sheet.type("x") == ["Erase for a moment"]
    assert sheet.type("pinch") == ["Zoom"]
    assert sheet.type("") == [*(command.title for command in COMMANDS), "Zoom"]


def test_a_search_without_a_result_says_so(sheet: Sheet) -> None:
    assert sheet.type("qqq") == []
    assert "qqq" in sheet.dialog.nothing.text() and sheet.dialog.nothing.isVisible()
    sheet.press(Key.Key_Return)
    assert sheet.editor.face is Face.KEYS
    sheet.type("undo")
    assert not sheet.dialog.nothing.isVisible()


def test_the_arrows_walk_through_the_list_and_stop_at_its_ends(sheet: Sheet) -> None:
    assert sheet.current == "Brush"
    sheet.press(Key.Key_Up)
    assert sheet.current == "Brush"
    sheet.press(Key.Key_Down)
    assert sheet.current == "Eraser"
    sheet.press(Key.Key_PageDown)
    assert sheet.current == "Zoom"
    sheet.press(Key.Key_PageUp)
    assert sheet.current == "Brush"


def test_right_and_left_go_to_the_other_column(sheet: Sheet) -> None:
    left, right = sheet.dialog.rows.columns
    assert left.currentRow() >= 0 > right.currentRow()
    sheet.press(Key.Key_Right)
    assert right.currentRow() >= 0 > left.currentRow()
    sheet.press(Key.Key_Left)
    assert sheet.current == "Brush"


def test_two_columns_share_the_rows_and_a_narrow_dialog_has_one(sheet: Sheet) -> None:
    left, right = sheet.dialog.rows.columns
    assert left.count() and right.count()
    sheet.dialog.resize(480, 700)
    QApplication.processEvents()
    assert left.count() == 5 + len(COMMANDS) + 1 and not right.isVisible()
    assert not sheet.dialog.rows.horizontalScrollBar().isVisible()


def test_typing_goes_to_the_search_from_everywhere(sheet: Sheet) -> None:
    sheet.press(Key.Key_Tab)
    assert sheet.focus is not sheet.dialog.search
    for letter in "undo":
        QTest.keyClick(sheet.focus, letter)
    assert sheet.titles == ["Undo"] and sheet.focus is sheet.dialog.search


def test_escape_closes(sheet: Sheet) -> None:
    sheet.press(Key.Key_Escape)
    assert not sheet.dialog.isVisible()


# -- changing


def test_enter_and_the_new_key_change_it(sheet: Sheet, qtbot: QtBot) -> None:
    sheet.type("brush")
    sheet.press(Key.Key_Return)
    assert sheet.editor.face is Face.WAITING
    with qtbot.waitSignal(sheet.dialog.changed):
        sheet.press(Key.Key_K, Modifier.ControlModifier)
    assert sheet.keys.keys("brush") == ("Ctrl+K",)
    assert sheet.dialog.rows.current() == ShortcutRow(
        "Tools", "Brush", ("Ctrl+K",), hint="Paint the chosen class", command="brush", is_changed=True
    )
    assert sheet.focus is sheet.dialog.search


def test_modifiers_alone_are_waited_through_and_tab_and_escape_are_refused_or_leave(sheet: Sheet) -> None:
    sheet.press(Key.Key_Return)
    sheet.press(Key.Key_Shift, Modifier.ShiftModifier)
    assert sheet.editor.face is Face.WAITING
    sheet.press(Key.Key_Tab)
    assert "Tab goes from control to control" in sheet.editor.capture.text()
    sheet.press(Key.Key_Dead_Acute)
    assert "no name" in sheet.editor.capture.text()
    sheet.press(Key.Key_Escape)
    assert sheet.editor.face is Face.KEYS and sheet.dialog.isVisible()
    assert sheet.keys.differences() == {}


def test_a_key_that_another_has_is_asked_for_first(sheet: Sheet) -> None:
    sheet.press(Key.Key_Return)
    sheet.press(Key.Key_E)
    assert sheet.editor.question.text() == "E is “Eraser”. Take it away from “Eraser”?"
    sheet.press(Key.Key_Escape)
    assert sheet.keys.differences() == {} and sheet.dialog.isVisible()
    sheet.press(Key.Key_Return)
    sheet.press(Key.Key_E)
    sheet.press(Key.Key_Return)
    assert sheet.keys.keys("brush") == ("E",) and sheet.keys.keys("eraser") == ()


def test_a_held_key_takes_no_modifier(sheet: Sheet) -> None:
    sheet.type("moment")
    sheet.press(Key.Key_Return)
    sheet.press(Key.Key_K, Modifier.ControlModifier)
    assert "cannot be held" in sheet.editor.capture.text()
    sheet.press(Key.Key_K)
    assert sheet.keys.keys("erase") == ("K",)


def test_the_marked_one_of_several_keys_is_changed_added_to_or_removed(sheet: Sheet, qtbot: QtBot) -> None:
    sheet.type("undo")
    qtbot.mouseClick(sheet.editor._chips.buttons()[1], LEFT)
    qtbot.mouseClick(sheet.editor.change_button, LEFT)
    sheet.press(Key.Key_U)
    assert sheet.keys.keys("undo") == ("Ctrl+Z", "U")
    qtbot.mouseClick(sheet.editor.add_button, LEFT)
    sheet.press(Key.Key_Backspace)
    assert sheet.keys.keys("undo") == ("Ctrl+Z", "U", "Backspace")
    qtbot.mouseClick(sheet.editor.remove_button, LEFT)
    assert sheet.keys.keys("undo") == ("U", "Backspace")


def test_reset_gives_the_defaults_back_and_asks_for_one_that_another_has(sheet: Sheet, qtbot: QtBot) -> None:
    sheet.keys.put("export", "Z", take=True)
    sheet.dialog.refresh()
    sheet.type("undo")
    qtbot.mouseClick(sheet.editor.reset_button, LEFT)
    assert sheet.editor.question.text() == "Z is “Export masks” now. Take it away from “Export masks”?"
    qtbot.mouseClick(sheet.editor.yes_button, LEFT)
    assert sheet.keys.differences() == {}
    assert not sheet.editor.reset_button.isEnabled()


def test_reset_all_asks_and_then_forgets_everything(sheet: Sheet, qtbot: QtBot) -> None:
    assert not sheet.dialog.reset_all_button.isEnabled()
    sheet.keys.put("export", "Z", take=True)
    sheet.dialog.refresh()
    qtbot.mouseClick(sheet.dialog.reset_all_button, LEFT)
    assert sheet.editor.question.text().startswith("2 commands have keys of your own")
    qtbot.mouseClick(sheet.editor.no_button, LEFT)
    assert sheet.keys.differences() == {"export": ["Z"]}
    qtbot.mouseClick(sheet.dialog.reset_all_button, LEFT)
    qtbot.mouseClick(sheet.editor.yes_button, LEFT)
    assert sheet.keys.differences() == {}


def test_looking_at_another_row_gives_up_the_waiting(sheet: Sheet, qtbot: QtBot) -> None:
    sheet.press(Key.Key_Return)
    column = sheet.dialog.rows.columns[0]
    place = column.visualItemRect(column.item(2)).center()
    qtbot.mouseClick(column.viewport(), LEFT, pos=place)
    assert sheet.current == "Eraser" and sheet.editor.face is Face.KEYS
    sheet.press(Key.Key_K)
    assert sheet.keys.differences() == {} and sheet.dialog.search.text() == "k"


def test_a_double_click_changes_and_a_click_on_a_groups_name_does_nothing(sheet: Sheet, qtbot: QtBot) -> None:
    column = sheet.dialog.rows.columns[0]
    qtbot.mouseClick(column.viewport(), LEFT, pos=column.visualItemRect(column.item(0)).center())
    assert sheet.current == "Brush"
    place: QPoint = column.visualItemRect(column.item(2)).center()
    qtbot.mouseClick(column.viewport(), LEFT, pos=place)
    qtbot.mouseDClick(column.viewport(), LEFT, pos=place)
    assert sheet.current == "Eraser" and sheet.editor.face is Face.WAITING


def test_a_gesture_has_nothing_to_change(sheet: Sheet) -> None:
    sheet.type("zoom")
    sheet.press(Key.Key_Return)
    assert sheet.editor.face is Face.KEYS and not sheet.editor.change_button.isVisible()
    assert "stays as it is" in sheet.editor.no_key.text()


# -- in the window


@pytest.fixture
def opened(person: Person) -> ShortcutsDialog:
    person.key(Key.Key_F1, person.window)
    dialog = person.dialog(ShortcutsDialog)
    assert isinstance(dialog, ShortcutsDialog)
    return dialog


def choose(
    dialog: ShortcutsDialog, title: str, key: Qt.Key, modifier: Qt.KeyboardModifier = Modifier.NoModifier
) -> None:
    """Give the command with `title` another key, by the keyboard alone."""
    dialog.search.clear()
    QTest.keyClicks(dialog.search, title)
    while dialog.rows.current() is not None and dialog.rows.current().title != title:
        QTest.keyClick(dialog.search, Key.Key_Down)
    QTest.keyClick(dialog.search, Key.Key_Return)
    QTest.keyClick(dialog.editor.capture, key, modifier)


def test_everything_that_has_a_key_is_listed(person: Person, opened: ShortcutsDialog) -> None:
    listed = {row.command for row in opened.rows.shown()}
    assert set(person.window.actions_table.by_id) <= listed
    assert {"hold.erase", "hold.pan", "drawing.finish"} <= listed
    assert any(row.how == "Right click" for row in opened.rows.shown())


def test_a_new_key_acts_is_named_and_is_there_at_the_next_start(
    person: Person, opened: ShortcutsDialog, tmp_path: Path
) -> None:
    table = person.window.actions_table
    choose(opened, "Polygon", Key.Key_F6)
    assert table["tool.polygon"].toolTip().startswith("Polygon (F6)")
    choose(opened, "Finish what is drawn", Key.Key_Space)
    assert "Space or a double click fills" in table["tool.polygon"].toolTip()
    choose(opened, "Hide the overlay for a moment", Key.Key_F7)
    assert "(hold F7)" in person.parts.brush.opacity_slider.toolTip()
    choose(opened, "Search commands", Key.Key_F8)
    assert "(F8)" in person.window.search_button.toolTip()
    opened.close()
    person.window.settings.sync()
    stored = person.window.settings._store.value("keys/chosen")
    assert json.loads(stored) == {
        "tool.polygon": ["F6"],
        "drawing.finish": ["Space"],
        "hold.hide_overlay": ["F7"],
        "palette": ["F8"],
    }


def test_an_exported_list_is_imported_again(person: Person, opened: ShortcutsDialog, tmp_path: Path) -> None:
    flow, keys = person.window.shortcut_flow, person.window.actions_table.keys
    choose(opened, "Polygon", Key.Key_F6)
    flow.export_keys(tmp_path / "keys.json", opened)
    assert opened.message.text() == "Keys written to keys.json."
    keys.reset_all()
    flow.import_keys(tmp_path / "keys.json", opened)
    assert keys.keys("tool.polygon") == ("F6",) and opened.message.text() == "Keys taken from keys.json."
    assert person.window.actions_table["tool.polygon"].toolTip().startswith("Polygon (F6)")


def test_a_file_that_makes_little_sense_is_told_in_one_sentence(
    person: Person, opened: ShortcutsDialog, tmp_path: Path
) -> None:
    flow, keys = person.window.shortcut_flow, person.window.actions_table.keys
    path = tmp_path / "keys.json"
    path.write_text("no", encoding="utf-8")
    flow.import_keys(path, opened)
    assert opened.message.text() == "keys.json is not a list of keys: it is no JSON."
    assert keys.differences() == {}
    path.write_text('{"segstudio_keys": 1, "keys": {"tool.brush": ["Blah"], "a": [], "b": []}}', encoding="utf-8")
    flow.import_keys(path, opened)
    expected = "Keys taken from keys.json, but not all make sense here: “a”, “b” and 1 more."
    assert opened.message.text() == expected
    flow.export_keys(tmp_path, opened)
    assert opened.message.text() and opened.message.property("look") == "danger"


def test_the_files_are_asked_for_without_stopping_the_program(person: Person, opened: ShortcutsDialog) -> None:
    for button in (opened.import_button, opened.export_button):
        person.click(button)
        choosers = [it for it in opened.findChildren(QWidget) if type(it).__name__ == "QFileDialog" and it.isVisible()]
        assert len(choosers) == 1
        choosers[0].close()


def test_keys_in_the_settings_that_make_no_sense_are_left_out_and_the_log_says_so(
    person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="segstudio.flows.shortcut_flow")
    flow, keys = person.window.shortcut_flow, person.window.actions_table.keys
    for stored, said in (("{", "are left out"), ('{"tool.brush": ["Blah"]}', "tool.brush: Blah")):
        person.window.settings._store.setValue("keys/chosen", stored)
        flow._take_up()
        assert said in caplog.text and keys.differences() == {}


def test_the_primary_action_names_the_key_in_use(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data", images=2))
    keys, status = person.window.actions_table.keys, person.parts.status
    person.paint(Key.Key_1, (2, 2), (10, 2))
    assert status.primary_button.toolTip().startswith("Accept (Enter)")
    keys.put("accept", "F9", instead_of="Return")
    person.window.shortcut_flow._on_changed()
    assert status.primary_button.toolTip().startswith("Accept (F9)")
