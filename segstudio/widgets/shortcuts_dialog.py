"""All keys and gestures in one list that is searched by typing, and where the keys can be changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from segstudio.services.key_map import KeyMap
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, set_icon
from segstudio.services.translation import tr
from segstudio.widgets.controls import explain, label, push_button, set_look
from segstudio.widgets.key_editor import KeyEditor
from segstudio.widgets.shortcut_rows import ShortcutRow, ShortcutRows

_PAGE = 10


class ShortcutsDialog(QDialog):
    """Typing goes to the search, the arrows walk through the list, Enter changes the chosen key, Esc closes.

    Args:
        keys: what is shown and changed.
        rows_of: makes the rows anew after every change.
    """

    changed = Signal()
    """Some command has other keys now."""
    import_clicked = Signal()
    export_clicked = Signal()

    def __init__(
        self, keys: KeyMap, rows_of: Callable[[], Sequence[ShortcutRow]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._keys = keys
        self._rows_of = rows_of
        self.setWindowTitle(tr("Keys and gestures"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search by what it does or by its key, such as ctrl+z…"))
        self.search.setClearButtonEnabled(True)
        found = self.search.addAction(self.windowIcon(), QLineEdit.ActionPosition.LeadingPosition)
        set_icon(found, "search", Role.TEXT_MUTED)
        explain(self.search, tr("Search keys"), tr("By what it does, by its group or by its key."))
        self.rows = ShortcutRows()
        self.nothing = label("", Look.MUTED)
        self.nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.nothing.hide()
        self.editor = KeyEditor(keys)
        self.message = label("", Look.MUTED, wrap=True)
        self._lay_out()
        self._connect()
        self.refresh()
        self.search.setFocus()

    def refresh(self) -> None:
        """Show the keys as they are now."""
        self.rows.set_rows(self._rows_of())
        self.editor.show_row(self.rows.current())
        self.reset_all_button.setEnabled(bool(self._keys.changed))

    def say(self, sentence: str, look: Look = Look.MUTED) -> None:
        """Tell in the dialog what came of something."""
        self.message.setText(sentence)
        set_look(self.message, look)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """While the letters go to the search, the arrows and Enter are the list's."""
        if not isinstance(event, QKeyEvent) or event.type() is not QEvent.Type.KeyPress:
            return False
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _PAGE, Qt.Key.Key_PageUp: -_PAGE}
        key = Qt.Key(event.key())
        if key in steps:
            self.rows.step(steps[key])
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right) and not self.search.text():
            self.rows.step_across()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.editor.change()
        else:
            return False
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """What is typed goes to the search from everywhere."""
        if event.text().isprintable() and event.text().strip():
            self.search.setFocus()
            self.search.insert(event.text())
        else:
            super().keyPressEvent(event)

    # -- inside

    def _lay_out(self) -> None:
        self.import_button = push_button(tr("Import…"), tr("Takes the keys from a file; yours are replaced."))
        self.export_button = push_button(tr("Export…"), tr("Writes all keys into a file that people can read."))
        self.reset_all_button = push_button(tr("Reset all"), tr("Every command back to its own keys."), look=Look.QUIET)
        self.close_button = push_button(tr("Close"), tr("What was changed is kept."), shortcut="Esc")
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        for button in (self.import_button, self.export_button, self.reset_all_button):
            buttons.addWidget(button)
        buttons.addWidget(self.message, 1)
        buttons.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID + GRID // 2)
        column.addWidget(self.search)
        column.addWidget(self.nothing, 1)
        column.addWidget(self.rows, 1)
        column.addWidget(self.editor)
        column.addLayout(buttons)
        room = self.screen().availableSize() - QSize(4 * GRID, 8 * GRID)
        self.resize(QSize(124 * GRID, 96 * GRID).boundedTo(room))

    def _connect(self) -> None:
        self.search.installEventFilter(self)
        self.search.textChanged.connect(self._on_search)
        self.rows.chosen.connect(self.editor.show_row)
        self.rows.activated.connect(lambda _row: self.editor.change())
        self.editor.changed.connect(self._on_changed)
        self.editor.done.connect(self.search.setFocus)
        self.import_button.clicked.connect(self.import_clicked)
        self.export_button.clicked.connect(self.export_clicked)
        self.reset_all_button.clicked.connect(self._on_reset_all)
        self.close_button.clicked.connect(self.accept)

    @Slot(str)
    def _on_search(self, query: str) -> None:
        found = self.rows.search(query)
        self.nothing.setText(tr("No key and no gesture is called “{query}”.", query=query.strip()))
        self.nothing.setVisible(not found)
        self.rows.setVisible(bool(found))

    @Slot()
    def _on_changed(self) -> None:
        self.say("")
        self.refresh()
        self.changed.emit()

    @Slot()
    def _on_reset_all(self) -> None:
        count = len(self._keys.changed)
        question = (
            tr("One command has keys of your own. Give it back its own ones?")
            if count == 1
            else tr("{count} commands have keys of your own. Give them back their own ones?", count=count)
        )
        self.editor.ask(question, tr("Reset all"), self._keys.reset_all)
