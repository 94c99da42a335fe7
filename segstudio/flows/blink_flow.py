"""Connects the blinking of the current class with its action, the class list, and the tools that stop it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.canvas.blinking import Blinking
from segstudio.services.session import Session
from segstudio.window_parts import WindowParts


class BlinkFlow(QObject):
    """The current class blinks until that is switched off."""

    def __init__(self, parts: WindowParts, actions: Actions, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._classes = parts.classes
        self._session = session
        self._action = actions["blink_class"]
        self.blinking = Blinking((parts.canvas, parts.second), self)
        self._action.toggled.connect(self._refresh)
        # However it became the current one: `current_changed` tells of clicks alone.
        parts.classes.list.selectionModel().currentChanged.connect(lambda *_: self._refresh())
        parts.classes.blink_toggled.connect(self._on_class_chosen)
        session.image_opened.connect(self._refresh)
        session.project_closed.connect(lambda: self._action.setChecked(False))
        parts.canvas.stroke_started.connect(lambda: self.blinking.set_tool_at_work(True))
        parts.canvas.stroke_finished.connect(lambda: self.blinking.set_tool_at_work(False))

    @Slot()
    def _refresh(self) -> None:
        current = self._classes.current()
        is_wanted = self._action.isChecked() and self._session.current is not None and current >= 0
        self._classes.blinking = current if is_wanted else -1
        self.blinking.set_class(current if is_wanted else None)

    @Slot(int)
    def _on_class_chosen(self, index: int) -> None:
        """Let this class blink, which makes it the current one; the one that blinks stops."""
        is_on = self._action.isChecked() and index == self._classes.current()
        if not is_on and index != self._classes.current():
            self._classes.list.setCurrentIndex(self._classes.model.index(index))
        self._action.setChecked(not is_on)
