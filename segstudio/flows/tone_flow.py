"""Connects brightness and contrast of the view with the panel that sets them."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.core.tone import Tone, automatic
from segstudio.services.open_image import OpenImage
from segstudio.services.session import Session
from segstudio.window_parts import WindowParts


class ToneFlow(QObject):
    """One tone for all images, or one made for each."""

    def __init__(self, parts: WindowParts, actions: Actions, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._panel = parts.tone
        self._canvas = parts.canvas
        self._session = session
        self._action = actions["tone"]
        self._action.toggled.connect(self._on_toggled)
        self._panel.closed.connect(lambda: self._action.setChecked(False))
        self._panel.tone_changed.connect(self._canvas.set_tone)
        self._panel.automatic_clicked.connect(self._suit)
        self._panel.every_toggled.connect(lambda is_on: self._suit() if is_on else None)
        session.image_opened.connect(self._on_image_opened)

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        self._panel.setVisible(shown)
        if shown:
            self._panel.place()
            self._panel.raise_()

    @Slot(object)
    def _on_image_opened(self, opened: OpenImage | None) -> None:
        if opened is not None and self._panel.every_box.isChecked():
            self._suit()

    @Slot()
    def _suit(self) -> None:
        """Take the tone that suits the open image."""
        opened = self._session.current
        if opened is not None:
            tone: Tone = automatic(opened.image)
            self._panel.set_tone(tone)
            self._canvas.set_tone(tone)
