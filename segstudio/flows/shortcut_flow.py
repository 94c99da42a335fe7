"""Connects the keys in use with everything that listens to them or names them, and with the list where they change."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from segstudio.actions import CLASS_KEYS, Actions, plain
from segstudio.canvas.canvas_keys import CANVAS_KEYS, CanvasKeys
from segstudio.canvas.gestures import GESTURES
from segstudio.core.errors import InputError, SegStudioError
from segstudio.services.key_file import decoded, encoded, read_key_file, write_key_file
from segstudio.services.key_map import Command, Group
from segstudio.services.key_text import shown
from segstudio.services.settings import CHOSEN_KEYS, Settings
from segstudio.services.stylesheet import Look
from segstudio.services.translation import tr, tr_error
from segstudio.widgets.controls import show_keys
from segstudio.widgets.shortcut_rows import ShortcutRow
from segstudio.widgets.shortcuts_dialog import ShortcutsDialog
from segstudio.window_parts import WindowParts

_log = logging.getLogger(__name__)


class ShortcutFlow(QObject):
    """Takes the chosen keys from the settings and puts them to use; every widget that names a key is made by then."""

    changed = Signal()
    """Some command has other keys now."""

    def __init__(self, window: QWidget, parts: WindowParts, actions: Actions, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._actions = actions
        self._keys = actions.keys
        self._settings = settings
        actions["shortcuts"].triggered.connect(self.show_list)
        self._take_up()
        self._use()

    def show_list(self) -> None:
        """Open the list of keys and gestures."""
        dialog = ShortcutsDialog(self._keys, self.rows, self._window)
        dialog.changed.connect(self._on_changed)
        dialog.import_clicked.connect(lambda: self._ask_for_import(dialog))
        dialog.export_clicked.connect(lambda: self._ask_for_export(dialog))
        dialog.open()

    def rows(self) -> list[ShortcutRow]:
        """Everything that the list shows, by groups: commands with their keys, then gestures."""
        keys, names, found = self._keys, self._actions.key_names, []
        for group in Group:
            found += [
                ShortcutRow(
                    tr(group.value),
                    self._title(command),
                    tuple(shown(key) for key in keys.keys(command.id)),
                    hint=names.fill(command.hint),
                    command=command.id,
                    is_changed=keys.is_changed(command.id),
                )
                for command in keys.commands.values()
                if command.group is group
            ]
            found += [
                ShortcutRow(tr(group.value), tr(gesture.title), how=names.fill(gesture.how))
                for gesture in GESTURES
                if gesture.group is group
            ]
        return found

    def import_keys(self, path: Path, dialog: ShortcutsDialog) -> None:
        """Take the keys from the file `path` in the place of those in use, and say what came of it."""
        try:
            left_out = self._keys.load(read_key_file(path))
        except InputError as error:
            dialog.say(tr_error(error), Look.DANGER)
            return
        self._on_changed()
        dialog.refresh()
        if left_out:
            text = tr(
                "Keys taken from {file}, but not all make sense here: {what}.", file=path.name, what=_few(left_out)
            )
            dialog.say(text, Look.WARNING)
        else:
            dialog.say(tr("Keys taken from {file}.", file=path.name))

    def export_keys(self, path: Path, dialog: ShortcutsDialog) -> None:
        """Write all keys to the file `path`, and say what came of it."""
        try:
            write_key_file(path, self._keys.all_keys())
        except SegStudioError as error:
            dialog.say(tr_error(error), Look.DANGER)
        else:
            dialog.say(tr("Keys written to {file}.", file=path.name))

    # -- inside

    def _title(self, command: Command) -> str:
        """A class is called by its name too, so that it is found by it."""
        is_class = command.id.startswith("class.")
        return plain(self._actions[command.id].text()) if is_class else command.title

    def _take_up(self) -> None:
        """What was chosen before; what makes no sense (any more) is left out, and the log says so."""
        stored = self._settings.get(CHOSEN_KEYS)
        if not stored:
            return
        try:
            left_out = self._keys.load(decoded(stored))
        except InputError as error:
            _log.info("the chosen keys are left out: %s", error)
            return
        for entry in left_out:
            _log.info("a chosen key is left out: %s", entry)

    def _on_changed(self) -> None:
        differences = self._keys.differences()
        self._settings.set(CHOSEN_KEYS, encoded(differences) if differences else "")
        self._use()
        self.changed.emit()

    def _use(self) -> None:
        """Let everything act on the keys in use, and name them."""
        keys, names = self._keys, self._actions.key_names
        self._actions.show_keys()
        window_keys = [key for name in self._actions.by_id for key in keys.keys(name)]
        own = {row.id: keys.keys(row.id) for row in CANVAS_KEYS}
        self._parts.canvas.set_keys(CanvasKeys(own, keys.keys("undo"), window_keys))
        self._parts.classes.model.set_hotkeys([names.first(f"class.{index}") for index in range(len(CLASS_KEYS))])
        show_keys(self._window, names.for_tooltip)

    def _ask_for_import(self, dialog: ShortcutsDialog) -> None:
        chooser = QFileDialog(dialog, tr("Import keys"))
        chooser.setFileMode(QFileDialog.FileMode.ExistingFile)
        chooser.setNameFilter(tr("Keys (*.json)"))
        chooser.fileSelected.connect(lambda path: self.import_keys(Path(path), dialog))
        chooser.open()

    def _ask_for_export(self, dialog: ShortcutsDialog) -> None:
        chooser = QFileDialog(dialog, tr("Export keys"))
        chooser.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        chooser.setNameFilter(tr("Keys (*.json)"))
        chooser.setDefaultSuffix("json")
        chooser.selectFile("segstudio-keys.json")
        chooser.fileSelected.connect(lambda path: self.export_keys(Path(path), dialog))
        chooser.open()


def _few(entries: list[str]) -> str:
    """The first of `entries`, and how many there are besides."""
    shown_ones = ", ".join(f"“{entry[:40]}”" for entry in entries[:2])
    return shown_ones if len(entries) <= 2 else tr("{some} and {count} more", some=shown_ones, count=len(entries) - 2)
