"""What a press, a drag and a release mean, whatever device they come from: a stroke, a pan, an adjustment, the menu.

Owns the gesture being made. It knows no event of Qt's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QCursor, QPainter
from PySide6.QtWidgets import QWidget

from segstudio.canvas.drag_adjustment import Axis, DragAdjustment
from segstudio.canvas.holds import Hold
from segstudio.canvas.tool_viewport import ToolViewport
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.tools import Phase, ToolOutcome

LEFT, MIDDLE, RIGHT, NO_BUTTON = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.NoButton,
)


class GestureViewport(ToolViewport):
    """The left button makes strokes, the middle one (or Space with the left) pans, the right one adjusts by a drag.

    A right click that goes nowhere asks for the menu.

    Signals:
        brush_size_changed(int): by a gesture or the wheel, in pixels of what the brush is sized on.
        overlay_opacity_changed(float): by a gesture, 0 to 1.
    """

    brush_size_changed = Signal(int)
    overlay_opacity_changed = Signal(float)
    menu_wanted = Signal(QPoint, int, int)
    """The person asks what can be done at a pixel of the image: the place on the screen, and the pixel's x and y."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pan_button = NO_BUTTON
        """What ends the pan when it is let go; none: the key."""
        self._adjustment: DragAdjustment | None = None

    def set_document(
        self,
        image: npt.NDArray[np.uint8] | None,
        document: Document | None,
        orientation: int = 1,
        reduced: Sequence[npt.NDArray[np.uint8]] = (),
    ) -> None:
        """As `ToolViewport.set_document`; an adjustment being made is taken back first."""
        self._cancel_adjustment()
        super().set_document(image, document, orientation, reduced)

    # Press, move, release

    def _press(self, button: Qt.MouseButton, buttons: Qt.MouseButton, position: QPointF) -> None:
        """`button` went down at `position` (view pixels); with it `buttons` are down."""
        if self._pan_from is not None or self._adjustment is not None:
            return
        if button is MIDDLE or (button is LEFT and Hold.PAN in self._holds and not self._is_drawing):
            self._begin_pan(button, position)
        elif self._is_drawing or buttons != button:
            return
        elif button is LEFT:
            self._send(Phase.PRESS, position)
        elif button is RIGHT and self.document is not None and not self._tool.is_busy:
            self._adjustment = DragAdjustment(position, self._size, self._scene.opacity)

    def _move(self, buttons: Qt.MouseButton, position: QPointF) -> None:
        """The pointer is at `position`, with `buttons` down."""
        if self._adjustment is not None:
            self._adjust(self._adjustment, position)
        elif self._pan_from is not None:
            delta, self._pan_from = position - self._pan_from, QPointF(position)
            self._pan_by(delta)
        else:
            self._send(Phase.MOVE if buttons & LEFT else Phase.HOVER, position)
            self._emit_hover()

    def _release(self, button: Qt.MouseButton, position: QPointF) -> None:
        """`button` came up at `position`."""
        if button is RIGHT and self._adjustment is not None:
            self._end_adjustment(self._adjustment, position)
        elif self._pan_from is not None and button is self._pan_button:
            self._end_pan()
        elif button is LEFT:
            self._send(Phase.RELEASE, position)
            self._emit_hover()

    # Panning

    def _begin_pan(self, button: Qt.MouseButton, position: QPointF) -> None:
        """From now on the image goes with the pointer; a stroke being made waits, and goes on from where it is."""
        self._pan_from, self._pan_button = QPointF(position), button
        self._show_outline(ToolOutcome())

    def _end_pan(self) -> None:
        self._pan_from = None
        self._refine_later()
        self._refresh_pointer()
        self._choose_pointer_shape()

    def _on_holds_changed(self) -> None:
        if self._is_drawing and self._pointer is not None:  # else the left button begins the pan, and ends it
            is_held = Hold.PAN in self._holds
            if is_held and self._pan_from is None:
                self._begin_pan(NO_BUTTON, self._pointer)
            elif not is_held and self._pan_from is not None and self._pan_button is NO_BUTTON:
                self._end_pan()
        super()._on_holds_changed()

    # Adjusting

    @property
    def _is_adjusting(self) -> bool:
        """Whether a drag changes a value: a press that has gone nowhere does not."""
        return self._adjustment is not None and self._adjustment.axis is not None

    def _adjust(self, drag: DragAdjustment, position: QPointF) -> None:
        before = self._note_rect()
        drag.move(position, self.zoom, self.devicePixelRatioF())
        self._take(drag)
        self._choose_pointer_shape()
        self.update(before)
        self.update(self._note_rect())

    def _take(self, drag: DragAdjustment) -> None:
        """Let the values of `drag` hold, where they are others."""
        if drag.size != self._size:
            self.set_brush_size(drag.size.value)
            self.brush_size_changed.emit(drag.size.value)
        if drag.opacity != self._scene.opacity:
            self.set_overlay_opacity(drag.opacity)
            self.overlay_opacity_changed.emit(drag.opacity)

    def _end_adjustment(self, drag: DragAdjustment, position: QPointF) -> None:
        self.update(self._note_rect())
        self._adjustment = None
        if drag.axis is None:
            self._ask_for_menu(position)
        self._set_pointer(position)
        self._refresh_pointer()
        self._choose_pointer_shape()

    def _cancel_adjustment(self) -> None:
        """Take back what the drag has changed; the rest of it, and its release, do nothing."""
        if self._adjustment is not None:
            self.update(self._note_rect())
            drag, self._adjustment = self._adjustment, None
            drag.size, drag.opacity = drag.first_size, drag.first_opacity
            self._take(drag)
            self._choose_pointer_shape()

    def _note_rect(self) -> QRect:
        if self._adjustment is None:
            return QRect()
        start = self._adjustment.start
        around = self._cursor.rect(self._transform.to_view) or QRectF(start, start)
        return self._adjustment.note_rect(around, self.rect(), self.fontMetrics(), self.zoom)

    def _choose_pointer_shape(self) -> None:
        if self._adjustment is None or self._adjustment.axis is None:
            super()._choose_pointer_shape()
        else:
            is_size = self._adjustment.axis is Axis.SIZE
            self.setCursor(QCursor(Qt.CursorShape.SizeHorCursor if is_size else Qt.CursorShape.SizeVerCursor))

    def _paint_above(self, painter: QPainter) -> None:
        super()._paint_above(painter)
        if self._adjustment is not None and self._is_adjusting:
            self._adjustment.paint_note(painter, self._note_rect(), self.zoom)

    # The menu

    def _ask_for_menu(self, position: QPointF) -> None:
        """Ask for the menu of the pixel at `position`, where there is one and nothing is being drawn."""
        x, y = (int(part // 1) for part in self.view_to_image(position))
        bounds = self.document.label_map.box if self.document is not None else Box(0, 0, 0, 0)
        if not self._tool.is_busy and bounds.x0 <= x < bounds.x1 and bounds.y0 <= y < bounds.y1:
            self.menu_wanted.emit(self.mapToGlobal(position.toPoint()), x, y)
