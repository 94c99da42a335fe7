"""Shows what there is of an image that is still being read: its thumbnail at once, then a small picture of it."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QImage

from segstudio.services.open_image import Preview
from segstudio.services.session import Session
from segstudio.services.translation import tr
from segstudio.window_parts import WindowParts

_MAGNIFIED = 64
"""A thumbnail stands for an image of an unknown size, so many times its own: the view fits it all the same."""


class PreviewFlow(QObject):
    """From the wish to see an image that is not in memory to its coming."""

    def __init__(self, parts: WindowParts, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._parts = parts
        session.waiting.connect(self._on_waiting)
        session.previewed.connect(self._on_previewed)
        session.stranded.connect(self._on_stranded)

    @Slot(str)
    def _on_waiting(self, name: str) -> None:
        parts = self._parts
        thumbnail = parts.filmstrip.model.thumbnail(name)
        if thumbnail is None:
            parts.canvas.set_document(None, None)
        else:
            size = thumbnail.size() * _MAGNIFIED
            parts.canvas.set_preview(thumbnail.toImage(), size.width(), size.height())
        parts.void_bar.hide()
        parts.filmstrip.set_current(name)
        parts.status.set_image(name)
        parts.status.set_state(tr("opening…"))

    @Slot(object)
    def _on_previewed(self, preview: Preview) -> None:
        height, width, _ = preview.pixels.shape
        picture = QImage(preview.pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
        self._parts.canvas.set_preview(picture, *preview.size, preview.orientation)

    @Slot()
    def _on_stranded(self) -> None:
        """What stood for an image that was to come goes: none does."""
        self._parts.canvas.set_document(None, None)
        self._parts.status.set_image("")
        self._parts.status.set_state("")
