"""The canvas widget: turns the pointer's and the keyboard's events into the tool's, panning and zooming.

The document is written by the tools, drawn by `Scene`, and placed by `ViewTransform`.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDropEvent,
    QEnterEvent,
    QEventPoint,
    QFocusEvent,
    QHideEvent,
    QInputDevice,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPointingDevice,
    QTabletEvent,
    QTouchEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from segstudio.canvas.canvas_keys import CanvasKeys
from segstudio.canvas.gesture_viewport import LEFT, NO_BUTTON, GestureViewport
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
from segstudio.canvas.touch import DoubleTap, TwoFingers
from segstudio.services.translation import tr
from segstudio.tools import Modifiers, Phase, ToolOutcome


class CanvasView(GestureViewport):
    """Shows one image with its overlay and lets a tool paint on it.

    Signals:
        files_dropped(list[Path]): files or folders were dropped.
    """

    files_dropped = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAcceptDrops(True)
        self.setAccessibleName(tr("Image"))
        self.setAccessibleDescription(tr("The image and its overlay. Paint on it with the chosen tool."))
        self._keys = CanvasKeys()
        self._pressure_sizes = False
        self._is_pen_down = False
        self._double_tap = DoubleTap()
        self._fingers = TwoFingers()

    def set_keys(self, keys: CanvasKeys) -> None:
        """Take `keys` from now on; what is held is let go."""
        self._keys = keys
        self._holds.clear()
        self._on_holds_changed()

    def set_pressure_sizes(self, sizes: bool) -> None:
        """Whether how hard a stylus is pressed scales the brush."""
        self._pressure_sizes = sizes

    def _stop_everything(self) -> None:
        """Releases may never arrive: the stroke is taken back and every held key let go.

        What is drawn click by click waits for the next one: twenty corners are not lost to a look at another window.
        """
        if not self._tool.is_stepwise:
            self.cancel_stroke()
        self._cancel_adjustment()
        self._pan_from = None
        self._is_pen_down = False
        self._holds.clear()
        self._on_holds_changed()

    # Qt's events

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a stroke, a pan or an adjustment."""
        if self._is_of_the_pen(event):
            return
        self._track(event)
        self._press(event.button(), event.buttons(), event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Finish what is drawn click by click; else it is a press like any other."""
        is_drawing = event.button() is LEFT and Hold.PAN not in self._holds
        if self._is_of_the_pen(event):
            return
        if not (self._tool.is_stepwise and is_drawing):
            self.mousePressEvent(event)
        elif self._tool.is_busy:  # else its first click has closed what was drawn, and it is no beginning
            self._track(event)
            self._send(Phase.CONFIRM, event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with the gesture, or show what a press would do."""
        if self._is_of_the_pen(event):
            return
        self._track(event)
        self._move(event.buttons(), event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the gesture."""
        if self._is_of_the_pen(event):
            return
        self._track(event)
        self._release(event.button(), event.position())

    def _is_of_the_pen(self, event: QMouseEvent) -> bool:
        """Whether the event only repeats what `tabletEvent` is told."""
        return self._is_pen_down or event.pointingDevice().type() is QInputDevice.DeviceType.Stylus

    def tabletEvent(self, event: QTabletEvent) -> None:
        """As a mouse, but that how hard it is pressed may size the brush, and that its other end erases."""
        self._track(event)
        self._is_eraser_end = event.pointerType() is QPointingDevice.PointerType.Eraser
        if self._pressure_sizes and event.buttons() & LEFT:
            self._pressure = event.pressure()
        match event.type():
            case QEvent.Type.TabletPress:
                self._is_pen_down = True
                self.setFocus(Qt.FocusReason.MouseFocusReason)
                self._tap(event.button(), event.buttons(), event.position(), event.timestamp())
            case QEvent.Type.TabletMove:
                self._move(event.buttons(), event.position())
            case QEvent.Type.TabletRelease:
                self._release(event.button(), event.position())
                self._is_pen_down = event.buttons() != NO_BUTTON
        event.accept()  # else Qt makes a mouse event of it

    def _tap(self, button: Qt.MouseButton, buttons: Qt.MouseButton, position: QPointF, milliseconds: int) -> None:
        """A press of a pen or a finger; the second of two finishes what is drawn click by click."""
        is_second = button is LEFT and self._double_tap.tap(position, milliseconds)
        if is_second and self._tool.is_stepwise and self._tool.is_busy and not self._is_panning:
            self._send(Phase.CONFIRM, position)
        else:
            self._press(button, buttons, position)

    def _on_touch(self, event: QTouchEvent) -> None:
        """One finger paints; a second one takes that back, and both move and zoom the image under them."""
        event.accept()
        if event.type() is QEvent.Type.TouchCancel:
            self.cancel_stroke()
        is_over = event.type() in (QEvent.Type.TouchEnd, QEvent.Type.TouchCancel)
        down = [point.position() for point in event.points() if point.state() is not QEventPoint.State.Released]
        if not self._fingers.are_down and len(down) >= 2 and not self.step_back():
            self.cancel_stroke()
        pinch = self._fingers.move(down)
        if pinch is not None:
            self._pan_by(pinch.delta)
            self.zoom_by(pinch.factor, pinch.at)
        elif not self._fingers.are_down and event.points():
            first = event.points()[0].position()
            self._set_pointer(first)
            if event.type() is QEvent.Type.TouchBegin:
                self.setFocus(Qt.FocusReason.MouseFocusReason)
                self._tap(LEFT, LEFT, first, event.timestamp())
            elif is_over:
                self._release(LEFT, first)
            else:
                self._move(LEFT, first)
        if is_over:
            self._fingers.lift()
        if is_over or self._fingers.are_down:
            self._set_pointer(None)
            self._show_outline(ToolOutcome())
            self._emit_hover()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The key asks for the menu here, a right click at its release: until then it may become a drag."""
        if event.reason() is not QContextMenuEvent.Reason.Mouse:
            self._ask_for_menu(QPointF(event.pos()))
        event.accept()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer, pan with two fingers, or size the brush with Ctrl."""
        use = wheel_use(event)
        if self._is_drawing and event.phase() is Qt.ScrollPhase.ScrollMomentum:
            use = WheelUse.NONE  # the image would glide away under the brush
        match use:
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

    def _track(self, event: QMouseEvent | QTabletEvent) -> None:
        self._pressure, self._is_eraser_end = 1.0, False
        if self._adjustment is None:  # else the brush stays where the press was
            self._set_pointer(event.position())
        self._modifiers = modifiers_of(event.modifiers())

    def event(self, event: QEvent) -> bool:
        """Pinch zooms; held keys and Escape in a stroke come here before they become shortcuts."""
        if isinstance(event, QTouchEvent) and event.pointingDevice().type() is QInputDevice.DeviceType.TouchScreen:
            self._on_touch(event)
            return True
        if isinstance(event, QNativeGestureEvent):
            if self._take_native_gesture(event):
                return True
        elif (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and (self._is_escape(event) or self._keys.phase_of(event, self._tool) or self._hold_of(event))
        ):
            event.accept()
            return True
        return super().event(event)

    def _take_native_gesture(self, event: QNativeGestureEvent) -> bool:
        """A pinch on a touchpad zooms at the fingers; a double tap with two goes to 100 % there, and back to all."""
        match event.gestureType():
            case Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_by(1 + event.value(), event.position())
            case Qt.NativeGestureType.SmartZoomNativeGesture:
                if self._is_fitting:
                    self._zoom_to(1.0, event.position())
                else:
                    self.fit()
            case _:
                return False
        return True

    def _is_escape(self, event: QKeyEvent) -> bool:
        """Whether the key takes an adjustment back."""
        return event.key() == Qt.Key.Key_Escape and self._is_adjusting

    def _hold_of(self, event: QKeyEvent) -> Hold | None:
        """What the key of `event` holds; one that is held goes on where a modifier joins it."""
        held = self._keys.hold_released(event) if event.isAutoRepeat() else None
        return held if held is not None and held in self._holds else self._keys.hold_of(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Held keys; Escape takes the stroke back; Shift aims a straight line."""
        hold, phase = self._hold_of(event), self._keys.phase_of(event, self._tool)
        if self._is_escape(event):
            self._cancel_adjustment()
        elif phase is not None:
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
        self._is_pen_down = False  # where its release was missed
        self._set_pointer(None)
        if not self._is_waiting:
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
