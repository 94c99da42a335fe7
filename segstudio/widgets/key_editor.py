"""Changes the keys of one command: waits for the new key, and asks before it takes one away from another command."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QStackedWidget, QToolButton, QVBoxLayout, QWidget

from segstudio.core.errors import InputError
from segstudio.services.key_map import KeyMap, KeyTaken
from segstudio.services.key_text import shown
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr, tr_error
from segstudio.widgets.controls import ElidedLabel, explain, label, push_button, set_look
from segstudio.widgets.key_capture import KeyCapture
from segstudio.widgets.shortcut_rows import ShortcutRow


class Face(IntEnum):
    """What the editor shows below the name of the row; the value is its place in the stack."""

    KEYS = 0
    WAITING = 1
    """For the new key."""
    QUESTION = 2


class KeyEditor(QFrame):
    """The chosen row, its keys, and what can be done with them."""

    changed = Signal()
    """Some command has other keys now."""
    done = Signal()
    """Nothing is waited for or asked any more."""

    def __init__(self, keys: KeyMap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, Look.PANEL)
        self.setAccessibleName(tr("Keys of the chosen row"))
        self._keys = keys
        self._row: ShortcutRow | None = None
        self._instead_of: str | None = None
        self._on_yes: Callable[[], None] = lambda: None
        self.title = label("", Look.HEADING)
        self.hint = ElidedLabel("", Look.MUTED)
        self.face = Face.KEYS
        self._faces = QStackedWidget()
        for face in (self._build_keys(), self._build_capture(), self._build_question()):
            self._faces.addWidget(face)
        head = QHBoxLayout()
        head.setSpacing(2 * GRID)
        head.addWidget(self.title)
        head.addWidget(self.hint, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID + GRID // 2, GRID + GRID // 2, GRID + GRID // 2)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addWidget(self._faces)
        self.show_row(None)

    def show_row(self, row: ShortcutRow | None) -> None:
        """Show `row` with its keys; what was waited for or asked is given up."""
        self._row = row
        self.title.setText(row.title if row is not None else "")
        self.hint.setText(row.hint if row is not None else "")
        self._fill_chips(self._keys.keys(row.command) if row is not None and row.command else ())
        if self.face is not Face.KEYS:
            self._end()

    def change(self) -> None:
        """Wait for a key in the place of the marked one."""
        self._wait(self._marked())

    def add(self) -> None:
        """Wait for one more key."""
        self._wait(None)

    def ask(self, question: str, yes: str, do: Callable[[], None]) -> None:
        """Ask `question`; on the answer `yes` call `do`, after which the keys are others."""
        self.question.setText(question)
        explain(self.yes_button, yes, question)
        self.yes_button.setText(yes)
        self._on_yes = do
        self._turn(Face.QUESTION)
        self.yes_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc is no to the question."""
        if event.key() == Qt.Key.Key_Escape and self.face is Face.QUESTION:
            self._end()
        else:
            super().keyPressEvent(event)

    # -- the faces

    def _build_keys(self) -> QWidget:
        face = QWidget()
        row = _row_of(face)
        self.no_key = label("", Look.MUTED)
        self._chips = QButtonGroup(self)
        self._chip_row = QHBoxLayout()
        self._chip_row.setSpacing(GRID // 2)
        self.change_button = push_button(tr("Change…"), tr("Press another key for it."), shortcut=shown("Return"))
        self.change_button.clicked.connect(self.change)
        self.add_button = push_button(tr("Add…"), tr("One more key that does the same."))
        self.add_button.clicked.connect(self.add)
        self.remove_button = push_button(tr("Remove"), tr("Takes the marked key away."), look=Look.QUIET)
        self.remove_button.clicked.connect(self._on_remove)
        self.reset_button = push_button(tr("Reset"), tr("Back to the keys it has by default."), look=Look.QUIET)
        self.reset_button.clicked.connect(self._on_reset)
        row.addWidget(self.no_key)
        row.addLayout(self._chip_row)
        row.addStretch(1)
        for button in (self.change_button, self.add_button, self.remove_button, self.reset_button):
            row.addWidget(button)
        return face

    def _build_capture(self) -> QWidget:
        face = QWidget()
        row = _row_of(face)
        self.capture = KeyCapture()
        self.capture.pressed.connect(self._on_pressed)
        self.capture.nameless.connect(
            lambda: self._say(tr("This keyboard gives that key no name. Press another one, or Esc."), Look.DANGER)
        )
        self.capture.given_up.connect(self._on_given_up)
        leave = push_button(tr("Leave it"), tr("Changes nothing."), look=Look.QUIET, shortcut="Esc")
        leave.clicked.connect(self._end)
        row.addWidget(self.capture, 1)
        row.addWidget(leave)
        return face

    def _build_question(self) -> QWidget:
        face = QWidget()
        row = _row_of(face)
        self.question = label("", Look.WARNING)
        self.yes_button, self.no_button = push_button("", ""), push_button(tr("Leave it"), "", look=Look.QUIET)
        explain(self.no_button, tr("Leave it"), tr("Changes nothing."), "Esc")
        for button in (self.yes_button, self.no_button):
            button.setAutoDefault(True)  # Enter presses the one that has the focus
        self.yes_button.clicked.connect(self._on_yes_clicked)
        self.no_button.clicked.connect(self._end)
        row.addWidget(self.question, 1)
        row.addWidget(self.yes_button)
        row.addWidget(self.no_button)
        return face

    def _fill_chips(self, keys: tuple[str, ...]) -> None:
        for button in self._chips.buttons():
            self._chips.removeButton(button)
            self._chip_row.removeWidget(button)
            button.hide()
            button.deleteLater()
        for number, key in enumerate(keys):
            chip = QToolButton()
            chip.setText(shown(key))
            chip.setCheckable(True)
            chip.setChecked(number == 0)
            chip.setProperty("key", key)
            explain(chip, shown(key), tr("Marks the key that Change and Remove are about."))
            self._chips.addButton(chip)
            self._chip_row.addWidget(chip)
        can = self._row is not None and bool(self._row.command)
        for button in (self.change_button, self.add_button, self.remove_button, self.reset_button):
            button.setVisible(can)
        self.remove_button.setEnabled(bool(keys))
        self.reset_button.setEnabled(can and self._row is not None and self._keys.is_changed(self._row.command))
        how = self._row.how if self._row is not None else ""
        self.no_key.setText(tr("It has no key.") if can else tr("{how}. It stays as it is.", how=how) if how else "")
        self.no_key.setVisible(not keys)

    def _marked(self) -> str | None:
        chip = self._chips.checkedButton()
        return None if chip is None else str(chip.property("key"))

    # -- what a person does

    def _wait(self, instead_of: str | None) -> None:
        if self._row is None or not self._row.command:
            return
        self._instead_of = instead_of
        self._say(tr("Press the new key for “{command}”. Esc leaves it as it is.", command=self._row.title), None)
        self._turn(Face.WAITING)
        self.capture.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self, text: str, look: Look | None) -> None:
        self.capture.setText(text)
        self.capture.setAccessibleDescription(text)
        set_look(self.capture, look)

    @Slot(str)
    def _on_pressed(self, key: str) -> None:
        if self._row is None:
            return
        command, instead_of = self._row.command, self._instead_of
        try:
            self._keys.put(command, key, instead_of)
        except KeyTaken as taken:
            self.ask(
                tr("{key} is “{owner}”. Take it away from “{owner}”?", key=shown(key), owner=taken.owner.title),
                tr("Take it"),
                lambda: self._keys.put(command, key, instead_of, take=True),
            )
        except InputError as error:
            self._say(tr("{why} Press another key, or Esc.", why=tr_error(error)), Look.DANGER)
        else:
            self._tell()

    @Slot()
    def _on_remove(self) -> None:
        marked = self._marked()
        if self._row is not None and marked is not None:
            self._keys.drop(self._row.command, marked)
            self._tell()

    @Slot()
    def _on_reset(self) -> None:
        if self._row is None:
            return
        command = self._row.command
        self._keys.reset(command)
        self._tell()
        missing = self._keys.missing(command)
        owner = self._keys.owner(missing[0], self._keys.commands[command].use.scope) if missing else None
        if owner is not None:
            self.ask(
                tr("{key} is “{owner}” now. Take it away from “{owner}”?", key=shown(missing[0]), owner=owner.title),
                tr("Take it"),
                lambda: self._keys.reset(command, take=True),
            )

    @Slot()
    def _on_yes_clicked(self) -> None:
        self._on_yes()
        self._tell()

    @Slot()
    def _on_given_up(self) -> None:
        if self.face is Face.WAITING:
            self._end()

    def _tell(self) -> None:
        self.changed.emit()
        self._end()

    def _turn(self, face: Face) -> None:
        self.face = face  # first: a face that is hidden loses the focus, and must know that nobody gave up
        self._faces.setCurrentIndex(face.value)

    def _end(self) -> None:
        self._turn(Face.KEYS)
        self.done.emit()


def _row_of(face: QWidget) -> QHBoxLayout:
    row = QHBoxLayout(face)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(GRID)
    return row
