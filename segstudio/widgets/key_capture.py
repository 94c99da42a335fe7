"""A place that waits for one press of a key, whatever the key means elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLabel, QWidget

from segstudio.services.key_text import MODIFIER_KEYS, pressed
from segstudio.services.translation import tr


class KeyCapture(QLabel):
    """Takes every key while it has the focus; Esc, or the focus going elsewhere, ends it."""

    pressed = Signal(str)
    """The key, as `key_text` spells it."""
    nameless = Signal()
    """A key was pressed that has no name on this keyboard, such as an accent that waits for its letter."""
    given_up = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)
        self.setAccessibleName(tr("New key"))

    def event(self, event: QEvent) -> bool:
        """Nothing is a shortcut here, and Tab goes nowhere."""
        if isinstance(event, QKeyEvent):
            if event.type() is QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() is QEvent.Type.KeyPress:
                self.keyPressEvent(event)
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tell which key it is."""
        event.accept()
        if event.isAutoRepeat() or Qt.Key(event.key()) in MODIFIER_KEYS:
            return
        key = pressed(event)
        if key == "Esc":
            self.given_up.emit()
        elif key is None:
            self.nameless.emit()
        else:
            self.pressed.emit(key)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Whoever looks elsewhere wants no key any more."""
        super().focusOutEvent(event)
        self.given_up.emit()
