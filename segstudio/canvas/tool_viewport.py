"""The viewport with a tool at the pointer: gives it its events, and shows what it would do and does.

It owns the pointer, the tool and the brush. It knows no event of Qt's: what those mean is for subclasses to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QCursor, QPainter, QPolygonF, QRegion
from PySide6.QtWidgets import QWidget

from segstudio.canvas.brush_cursor import BrushCursor
from segstudio.canvas.brush_size import BrushSize, SizeUnit
from segstudio.canvas.crosshair import crosshair_region, draw_crosshair, precise_pointer
from segstudio.canvas.holds import Hold, Holds
from segstudio.canvas.hover_info import HoverInfo
from segstudio.canvas.pointer_note import PointerNote
from segstudio.canvas.segment_borders import draw_segment_borders
from segstudio.canvas.viewport import ImageViewport
from segstudio.core.document import Document
from segstudio.core.edits import Edit
from segstudio.core.geometry import Box
from segstudio.core.raster import BrushShape
from segstudio.services.translation import tr
from segstudio.tools import TOOLS, Modifiers, Phase, PointerEvent, Tool, ToolContext, ToolOutcome
from segstudio.tools.segments import Segments

_REACH = 8.0
"""View pixels that the pointer may be off and still mean a point."""


class ToolViewport(ImageViewport):
    """Shows one image with its overlay, and what a tool at the pointer does to it.

    Signals:
        edit_made(Edit): a stroke is finished and in the document's history.
        hovered(HoverInfo | None): the pixel under the pointer, or None off the image.
        told(str): what the tool has to say, translated.
        class_picked(int): a class index, or 255 for void, was picked from the image.
        stroke_started(), stroke_finished(): around every stroke, a cancelled one too.
        work_wanted(Callable[[], object]): the tool wants this done in the background; give `take_result` what it
            returns, unless the stroke is finished by then.
    """

    edit_made = Signal(object)
    hovered = Signal(object)
    told = Signal(str)
    class_picked = Signal(int)
    about_to_press = Signal()
    """A press is about to reach the tool, or a change of the image to be made: what must come before it, comes now."""
    painting_began = Signal()
    """The stroke has met the image: what was a shown proposal is part of the label map now, while the stroke lasts."""
    stroke_started = Signal()
    stroke_finished = Signal()
    work_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cursor = BrushCursor()
        self._note = PointerNote()
        self._holds = Holds()
        self._tool: Tool = TOOLS["brush"].factory()
        self._size, self._shape, self._class_index = BrushSize(), BrushShape.ROUND, 0
        self._pan_from: QPointF | None = None
        self._pointer: QPointF | None = None
        self._pressure, self._is_eraser_end = 1.0, False
        self._modifiers = Modifiers.NONE
        self._hover: HoverInfo | None = None
        self._has_crosshair = False
        self._segments: Segments | None = None
        self._is_waiting = False

    @property
    def cursor_polygon(self) -> QPolygonF:
        """The border of the pixels that a click would paint, in image coordinates; empty where there is none."""
        return self._cursor.polygon

    def set_document(
        self,
        image: npt.NDArray[np.uint8] | None,
        document: Document | None,
        orientation: int = 1,
        reduced: Sequence[npt.NDArray[np.uint8]] = (),
    ) -> None:
        """As `ImageViewport.set_document`; a stroke being made is cancelled first."""
        self.cancel_stroke()
        self._segments = None
        super().set_document(image, document, orientation, reduced)

    def set_image(self, image: npt.NDArray[np.uint8], reduced: Sequence[npt.NDArray[np.uint8]] = ()) -> None:
        """As `ImageViewport.set_image`; what is being drawn goes on over it."""
        self._segments = None
        super().set_image(image, reduced)

    def set_tool(self, tool: Tool) -> None:
        """Paint with `tool`; a stroke being made is cancelled."""
        self.cancel_stroke()
        self._tool = tool
        self._refresh_pointer()

    @property
    def brush_size(self) -> BrushSize:
        """How large the brush is, and in what."""
        return self._size

    def set_brush_size(self, size: int) -> None:
        """In pixels across, of the image or of the screen: see `set_brush_unit`."""
        self._size = replace(self._size, value=size)
        self._refresh_pointer()

    def set_brush_unit(self, unit: SizeUnit) -> None:
        """Count the brush's size in `unit` from now on; it stays as large as it is."""
        self._size = self._size.in_unit(unit, self.zoom)
        self._refresh_pointer()

    def set_brush_shape(self, shape: BrushShape) -> None:
        """Round or square."""
        self._shape = shape
        self._refresh_pointer()

    def set_class_index(self, index: int) -> None:
        """The class that the brush paints."""
        self._class_index = index
        self._refresh_pointer()

    @property
    def segments(self) -> Segments | None:
        """Those of what is on the screen, or None."""
        return self._segments

    def set_segments(self, segments: Segments | None) -> None:
        """Let the tool paint these, and draw their borders; a stroke that waits for them goes on. None: there are none.

        They must hold all that is on the screen of the image which is shown.
        """
        if segments is not self._segments:
            self._segments = segments
            self._give(Phase.READY if segments is not None else Phase.HOVER)
            self.update()

    def take_result(self, result: object) -> None:
        """Give the tool what the work that it wanted has returned."""
        self._give(Phase.READY, result)

    def set_holds_as_toggles(self, as_toggles: bool) -> None:
        """Whether held keys (but for panning's) switch at each press; what is on ends where that changes."""
        self._holds.set_as_toggles(as_toggles)
        self._on_holds_changed()

    def set_crosshair(self, shown: bool) -> None:
        """Draw lines across the view through the pointer, or none."""
        self._has_crosshair = shown
        self.update()

    def cancel_stroke(self) -> None:
        """Take back the stroke being made, if any: every pixel is as it was before the press."""
        if self._tool.is_busy:
            self._send(Phase.CANCEL, self._pointer or QPointF())

    @property
    def is_tool_waiting(self) -> bool:
        """Whether something that was drawn is still worked on, and is no edit yet."""
        return self._tool.is_busy and self._tool.is_stepwise and self._is_waiting

    def finish_stroke(self) -> None:
        """End the stroke being made, if any, where the pointer is: what is painted so far is an edit.

        What is still worked on is given up, and that is told.
        """
        gives_up = self.is_tool_waiting
        if self._tool.is_busy and self._tool.is_stepwise:
            self._send(Phase.CONFIRM, self._pointer or QPointF())
        elif self._tool.is_busy and self._pointer is not None:
            self._send(Phase.RELEASE, self._pointer)
        gives_up = gives_up or self.is_tool_waiting
        self.cancel_stroke()
        if gives_up:
            self.told.emit(tr("What the tool was still working on was given up."))

    def step_back(self) -> bool:
        """Take back the latest click of what is drawn click by click; False where nothing is."""
        if not (self._tool.is_stepwise and self._tool.is_busy):
            return False
        self._send(Phase.STEP_BACK, self._pointer or QPointF())
        return True

    def tool_context(self) -> ToolContext | None:
        """What tools work on and with now; None where there is no image."""
        return self._context(self.document) if self.document is not None else None

    def operate(self, change: Callable[[ToolContext], Edit | None]) -> None:
        """Let `change` make an edit of the image, as a stroke would; not while one is being made."""
        self.about_to_press.emit()
        context = self.tool_context()
        if context is None or self._tool.is_busy or context.document.is_editing:
            return
        self.stroke_started.emit()
        try:
            edit = change(context)
            if edit is not None:
                self.edit_made.emit(edit)
        finally:
            self.stroke_finished.emit()

    # Strokes

    def _give(self, phase: Phase, result: object = None) -> None:
        """Something has come that the tool may wait for."""
        if self._tool.is_busy:
            self._send(phase, self._pointer or QPointF(), result)
        else:
            self._refresh_pointer()

    def _send(self, phase: Phase, position: QPointF, result: object = None) -> None:
        """Give the tool one event at a view position, and tell what came of it."""
        if phase is Phase.PRESS:
            self.about_to_press.emit()
        if self.document is None:
            return
        was_busy, was_painting = self._tool.is_busy, self.document.is_editing
        x, y = self.view_to_image(position)
        event = PointerEvent(x, y, phase, self._modifiers, self._pressure)
        context = replace(self._context(self.document), result=result)
        outcome = self._tool.handle(event, context)
        self._show_outline(outcome if self._pointer is not None or outcome.is_waiting else ToolOutcome())
        if self._tool.is_busy and not was_busy:
            self.stroke_started.emit()
        if self.document.is_editing and not was_painting:
            self.painting_began.emit()
        if outcome.edit is not None:
            self.edit_made.emit(outcome.edit)
        if outcome.message:
            self.told.emit(tr(outcome.message))
        if outcome.picked_class is not None:
            self.class_picked.emit(outcome.picked_class)
        if outcome.work is not None:
            self.work_wanted.emit(outcome.work)
        if was_busy and not self._tool.is_busy:
            self.stroke_finished.emit()
            self._refine_later()

    def _context(self, document: Document) -> ToolContext:
        return ToolContext(
            document,
            class_index=self._class_index,
            size=self._size.on_image(self.zoom),
            shape=self._shape,
            erasing=Hold.ERASE in self._holds or self._is_eraser_end,
            proposal=self._scene.proposal,
            reach=_REACH * self.devicePixelRatioF() / self.zoom,
            image=self._scene.image,
            right=self._transform.right,
            visible=self._transform.image_box(QRectF(self.rect())),
            segments=self._segments,
        )

    def _on_changed(self, box: Box) -> None:
        super()._on_changed(box)
        if self._hover is not None and not self._tool.is_busy:
            self._emit_hover()

    def _view_changed(self) -> None:
        super()._view_changed()
        self._refresh_pointer()

    def _zoom_to(self, zoom: float, at: QPointF | None) -> None:
        """About the pointer while a stroke is made: it goes on from the very point of the image."""
        super()._zoom_to(zoom, self._pointer if at is None and self._is_drawing else at)

    def fit(self) -> None:
        """As `ImageViewport.fit`; not under a stroke, which would jump to another point of the image."""
        if not self._is_drawing:
            super().fit()

    # The pointer

    def _set_pointer(self, pointer: QPointF | None) -> None:
        """The pointer is there (view pixels), or nowhere."""
        before = self._crosshair_region()
        self._pointer = None if pointer is None else QPointF(pointer)
        self.update(before + self._crosshair_region())

    @property
    def _is_panning(self) -> bool:
        """Whether the pointer moves the image, or is about to."""
        return self._pan_from is not None or Hold.PAN in self._holds

    def _crosshair_region(self) -> QRegion:
        if not self._has_crosshair or self._pointer is None or self.document is None:
            return QRegion()
        return crosshair_region(self._pointer, self.rect())

    def _refresh_pointer(self) -> None:
        """The pointer stands still but what is under it, or what it would paint, may have changed."""
        if self._pointer is not None and not self._is_drawing:
            self._send(Phase.HOVER, self._pointer)
            self._emit_hover()
        elif self.document is None:
            self._show_outline(ToolOutcome())
            self._emit_hover()

    def _show_outline(self, outcome: ToolOutcome) -> None:
        before = self._cursor.rect(self._transform.to_view)
        bounds = self.document.label_map.box if self.document is not None else Box(0, 0, 0, 0)
        self._is_waiting = outcome.is_waiting
        outline = None if self._is_panning else outcome.outline
        tint = self._scene.tint_of(outcome.color_value)
        self._cursor.show(outline, tint, bounds, outcome.is_area, outcome.part, outcome.is_waiting)
        after = self._cursor.rect(self._transform.to_view)
        self.update(QRegion(before.toAlignedRect()) + QRegion(after.toAlignedRect()))
        self._show_note(outcome)
        self._choose_pointer_shape()

    def _show_note(self, outcome: ToolOutcome) -> None:
        """What the drag sets, beside the pointer."""
        text = "" if outcome.tolerance is None else tr("± {levels}", levels=outcome.tolerance)
        before = self._note.rect
        self._note.place(text, self._pointer or QPointF(), self.font(), QRectF(self.rect()))
        self.update(QRegion(before.toAlignedRect()) + QRegion(self._note.rect.toAlignedRect()))

    def _choose_pointer_shape(self) -> None:
        if self._pan_from is not None:
            shape = Qt.CursorShape.ClosedHandCursor
        elif Hold.PAN in self._holds:
            shape = Qt.CursorShape.OpenHandCursor
        elif self.document is None:
            shape = Qt.CursorShape.ArrowCursor
        elif self._is_waiting:
            shape = Qt.CursorShape.BusyCursor
        elif self._cursor.replaces_pointer(self._transform.to_view):
            shape = Qt.CursorShape.BlankCursor
        else:
            shape = Qt.CursorShape.BitmapCursor
        if self.cursor().shape() is not shape:
            is_precise = shape is Qt.CursorShape.BitmapCursor
            self.setCursor(precise_pointer(self.devicePixelRatioF()) if is_precise else QCursor(shape))

    def _emit_hover(self) -> None:
        info = self._hover_info()
        if info != self._hover:
            self._hover = info
            self.hovered.emit(info)

    def _hover_info(self) -> HoverInfo | None:
        return None if self._pointer is None else self.info_at(self._pointer)

    def _is_at_leisure(self) -> bool:
        return not self._is_drawing and self._pan_from is None

    @property
    def _is_drawing(self) -> bool:
        """Whether a button is down for the tool: not between the clicks of one that is used click by click."""
        return self._tool.is_busy and not self._tool.is_stepwise

    def _paint_upon(self, painter: QPainter, exposed: QRect) -> None:
        if self._segments is not None and Hold.HIDE_OVERLAY not in self._holds:
            draw_segment_borders(painter, self._segments, self._transform, exposed)

    def _paint_above(self, painter: QPainter) -> None:
        if self._has_crosshair and self._pointer is not None and not self._is_panning and self.document is not None:
            draw_crosshair(painter, self._pointer, self.rect(), self.devicePixelRatioF())
        self._cursor.paint(painter, self._transform.to_view)
        self._note.paint(painter)

    def _on_holds_changed(self) -> None:
        self._is_overlay_hidden_for_now = Hold.HIDE_OVERLAY in self._holds
        self._show_or_hide_overlay()
        self.update(self._crosshair_region())
        self._refresh_pointer()
        self._choose_pointer_shape()
