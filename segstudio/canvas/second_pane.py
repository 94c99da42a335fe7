"""The pane beside the canvas: the same place of the image under another mask. Looked at, never painted on."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QEnterEvent, QHideEvent, QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from segstudio.canvas.pointer_input import WheelUse, wheel_pan, wheel_use, wheel_zoom
from segstudio.canvas.viewport import ImageViewport
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap, Labels
from segstudio.services.translation import tr

_PAN_BUTTONS = Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton


def seen_document(labels: Labels, classes: ClassTable) -> Document:
    """A document to look at, on the memory of `labels`, (height, width) uint8."""
    return Document("", LabelMap.over(labels), classes)


def nothing_painted(shape: tuple[int, int]) -> Labels:
    """Void everywhere, (height, width) uint8, in next to no memory; read-only."""
    return np.broadcast_to(np.uint8(VOID), shape)


class SecondPane(ImageViewport):
    """Dragging pans and the wheel zooms; keys stay with whoever is its focus proxy.

    Signals:
        steered(): the person moved or zoomed here.
        hovered(HoverInfo | None): the pixel under the pointer, or None off the image.
    """

    steered = Signal()
    hovered = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setAccessibleName(tr("Second pane"))
        self.setAccessibleDescription(tr("The same place of the image under another mask."))
        self._pan_from: QPointF | None = None

    def set_labels_shown(self, shown: bool) -> None:
        """Show a mask at all, or the image alone."""
        self._is_overlay_hidden_for_now = not shown
        self._show_or_hide_overlay()

    def _is_at_leisure(self) -> bool:
        return self._pan_from is None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to pan."""
        if event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton) and self._pan_from is None:
            self._pan_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on panning; tell what is under the pointer."""
        if self._pan_from is not None:
            delta, self._pan_from = event.position() - self._pan_from, event.position()
            self._pan_by(delta)
            self.steered.emit()
        self.hovered.emit(self.info_at(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Panning ends with the last button."""
        if not event.buttons() & _PAN_BUTTONS:
            self._stop_panning()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer, or pan with two fingers."""
        match wheel_use(event):
            case WheelUse.PAN:
                self._pan_by(wheel_pan(event))
            case WheelUse.ZOOM:
                self.zoom_by(wheel_zoom(event), event.position())
            case WheelUse.BRUSH_SIZE:
                return  # no brush here
        event.accept()
        self.steered.emit()
        self.hovered.emit(self.info_at(event.position()))

    def event(self, event: QEvent) -> bool:
        """Pinch zooms."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_by(1 + event.value(), event.position())
            self.steered.emit()
            return True
        return super().event(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Let the canvas have the keys, unless somebody is typing elsewhere."""
        focused = self.window().focusWidget()
        if focused is None or not focused.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is gone."""
        self._stop_panning()
        self.hovered.emit(None)
        super().leaveEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Releases may never arrive."""
        self._stop_panning()
        super().hideEvent(event)

    def _stop_panning(self) -> None:
        if self._pan_from is not None:
            self._pan_from = None
            self.setCursor(Qt.CursorShape.OpenHandCursor)
            self._refine_later()
