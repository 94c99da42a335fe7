"""Connects the minimap with its action, its setting, and the tools that it makes room for."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.services.session import Session
from segstudio.services.settings import MINIMAP, Settings
from segstudio.window_parts import WindowParts


class MinimapFlow(QObject):
    """Whether the minimap is wanted, which is kept."""

    def __init__(
        self, parts: WindowParts, actions: Actions, session: Session, settings: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._minimap = parts.minimap
        self._settings = settings
        action = actions["minimap"]
        action.toggled.connect(self._on_toggled)
        action.setChecked(settings.get(MINIMAP))
        parts.canvas.stroke_started.connect(lambda: self._minimap.set_tool_at_work(True))
        parts.canvas.stroke_finished.connect(lambda: self._minimap.set_tool_at_work(False))
        session.image_opened.connect(self._minimap.go_home)

    @Slot(bool)
    def _on_toggled(self, wanted: bool) -> None:
        self._minimap.set_wanted(wanted)
        self._settings.set(MINIMAP, wanted)
