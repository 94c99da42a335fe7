"""The canvas widget: turns the pointer's and the keyboard's events into the tool's, panning and zooming.

The document is written by the tools, drawn by `Scene`, and placed by `ViewTransform`.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QFocusEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from segstudio.canvas.canvas_keys import CanvasKeys
from segstudio.canvas.holds import Hold
from segstudio.canvas.pointer_input import (
    WheelUse,
    dropped_files,
    modifiers_of,
    wheel_notches,
    wheel_pan,
    wheel_use,
    wheel_zoom,
)
from segstudio.canvas.tool_viewport import ToolViewport
from segstudio.core.geometry import Box
from segstudio.services.translation import tr
from segstudio.tools import Modifiers, Phase, ToolOutcome


class CanvasView(ToolViewport):
    """Shows one image with its overlay and lets a tool paint on it.

    Signals:
        brush_size_changed(int): by Ctrl+wheel, in pixels of what the brush is sized on.
        files_dropped(list[Path]): files or folders were dropped.
    """

    brush_size_changed = Signal(int)
    files_dropped = Signal(list)
    menu_wanted = Signal(QPoint, int, int)
    """The person asks what can be done at a pixel of the image: the place on the screen, and the pixel's x and y."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAcceptDrops(True)
        self.setAccessibleName(tr("Image"))
        self.setAccessibleDescription(tr("The image and its overlay. Paint on it with the chosen tool."))
        self._keys = CanvasKeys()

    def set_keys(self, keys: CanvasKeys) -> None:
        """Take `keys` from now on; what is held is let go."""
        self._keys = keys
        self._holds.clear()
        self._on_holds_changed()

    def _stop_everything(self) -> None:
        """Releases may never arrive: the stroke is taken back and every held key let go.

        What is drawn click by click waits for the next one: twenty corners are not lost to a look at another window.
        """
        if not self._tool.is_stepwise:
            self.cancel_stroke()
        self._pan_from = None
        self._holds.clear()
        self._on_holds_changed()

    # Qt's events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke or a pan."""
        self._track(event)
        is_left = event.button() is Qt.MouseButton.LeftButton
        if self._is_drawing or self._pan_from is not None or event.buttons() != event.button():
            return
        if event.button() is Qt.MouseButton.MiddleButton or (is_left and Hold.PAN in self._holds):
            self._pan_from = event.position()
            self._show_outline(ToolOutcome())
        elif is_left:
            self._send(Phase.PRESS, event.position())
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Finish what is drawn click by click; else it is a press like any other."""
        is_drawing = event.button() is Qt.MouseButton.LeftButton and Hold.PAN not in self._holds
        if not (self._tool.is_stepwise and is_drawing):
            self.mousePressEvent(event)
        elif self._tool.is_busy:  # else its first click has closed what was drawn, and it is no beginning
            self._track(event)
            self._send(Phase.CONFIRM, event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the stroke or the pan, or show what a press would do."""
        self._track(event)
        if self._pan_from is not None:
            delta, self._pan_from = event.position() - self._pan_from, event.position()
            self._pan_by(delta)
            return
        is_down = bool(event.buttons() & Qt.MouseButton.LeftButton)
        self._send(Phase.MOVE if is_down else Phase.HOVER, event.position())
        self._emit_hover()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the stroke or the pan."""
        self._track(event)
        if self._pan_from is not None:
            if not event.buttons() & (Qt.MouseButton.LeftButton | Qt.MouseButton.MiddleButton):
                self._pan_from = None
                self._refine_later()
                self._refresh_pointer()
                self._choose_pointer_shape()
        elif event.button() is Qt.MouseButton.LeftButton:
            self._send(Phase.RELEASE, event.position())
            self._emit_hover()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu of the pixel under the pointer."""
        x, y = (int(part // 1) for part in self.view_to_image(QPointF(event.pos())))
        bounds = self.document.label_map.box if self.document is not None else Box(0, 0, 0, 0)
        if not self._tool.is_busy and bounds.x0 <= x < bounds.x1 and bounds.y0 <= y < bounds.y1:
            self.menu_wanted.emit(event.globalPos(), x, y)
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer, pan with two fingers, or size the brush with Ctrl."""
        match wheel_use(event):
            case WheelUse.BRUSH_SIZE:
                self._resize_brush(wheel_notches(event))
            case WheelUse.PAN:
                self._pan_by(wheel_pan(event))
            case WheelUse.ZOOM:
                self.zoom_by(wheel_zoom(event), event.position())
        event.accept()

    def _resize_brush(self, notches: float) -> None:
        size = self._size.stepped(notches).value
        if size != self._size.value:
            self.set_brush_size(size)
            self.brush_size_changed.emit(size)

    def _track(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        self._modifiers = modifiers_of(event.modifiers())

    def event(self, event: QEvent) -> bool:
        """Pinch zooms; held keys and Escape in a stroke come here before they become shortcuts."""
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() is Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1 + event.value(), event.position())
                return True
        elif (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and (self._keys.phase_of(event, self._tool) is not None or self._hold_of(event) is not None)
        ):
            event.accept()
            return True
        return super().event(event)

    def _hold_of(self, event: QKeyEvent) -> Hold | None:
        """What the key of `event` holds; one that is held goes on where a modifier joins it."""
        held = self._keys.hold_released(event) if event.isAutoRepeat() else None
        return held if held is not None and held in self._holds else self._keys.hold_of(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Held keys; Escape takes the stroke back; Shift aims a straight line."""
        hold, phase = self._hold_of(event), self._keys.phase_of(event, self._tool)
        if phase is not None:
            self._send(phase, self._pointer or QPointF())
        elif hold is not None:
            if not event.isAutoRepeat():
                self._holds.press(hold, event.nativeScanCode())
                self._on_holds_changed()
        elif event.key() == Qt.Key.Key_Shift:
            self._modifiers |= Modifiers.SHIFT
            self._refresh_pointer()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Held keys are let go."""
        hold = self._keys.hold_released(event) or self._holds.of_code(event.nativeScanCode())
        if event.isAutoRepeat():
            return
        if hold is not None:
            self._holds.release(hold)
            self._on_holds_changed()
        elif event.key() == Qt.Key.Key_Shift:
            self._modifiers &= ~Modifiers.SHIFT
            self._refresh_pointer()
        else:
            super().keyReleaseEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Take the keys, unless somebody is typing elsewhere."""
        focused = self.window().focusWidget()
        if focused is None or not focused.testAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled):
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer is gone: no outline, no coordinates."""
        self._pointer = None
        self._show_outline(ToolOutcome())
        self._emit_hover()
        super().leaveEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Cancel what was begun."""
        self._stop_everything()
        super().focusOutEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Cancel what was begun."""
        self._stop_everything()
        super().hideEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders are welcome."""
        if dropped_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the files on."""
        event.acceptProposedAction()
        self.files_dropped.emit(dropped_files(event.mimeData()))
