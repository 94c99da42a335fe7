"""The part of the canvas that is looked at: what is shown and where. It knows neither tools nor pointer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from segstudio.canvas.hover_info import HoverInfo
from segstudio.canvas.pointer_mark import draw_mark, mark_rect
from segstudio.canvas.pyramid import level_for
from segstudio.canvas.scene import Scene
from segstudio.canvas.view_transform import ViewTransform
from segstudio.core.class_table import ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import EMPTY_BOX, Box
from segstudio.core.label_map import Labels
from segstudio.core.tone import Tone
from segstudio.services.theme import Role, color

_REFINED_PIXELS = 150_000
"""So many overlay pixels are coloured between two turns of the event loop: some two milliseconds' work."""

_MOST_PARTS = 24
"""What is exposed is drawn in so many parts at most: each costs a little beyond its pixels."""


def _parts(exposed: QRegion) -> list[QRect]:
    """Rectangles that hold `exposed`: one, unless that would be much more. Two strips across the view are little."""
    around = exposed.boundingRect()
    parts = list(cast(Iterable[QRect], exposed))
    area = sum(part.width() * part.height() for part in parts)
    is_sparse = around.width() * around.height() > 2 * area
    return parts if is_sparse and len(parts) <= _MOST_PARTS else [around]


class ImageViewport(QWidget):
    """Shows one image with its overlay, zoomed and panned.

    Signals:
        zoom_changed(float): device pixels per image pixel.
        moved(): another part of the image may be shown, or at another size.
        labels_changed(Box): what is seen within the box, the document's labels or proposed ones, may be another.
        looks_changed(): the colours, the opacity, the tone, the outlines, or whether the overlay is shown.

    Attributes:
        dirty_rects: the view rectangles (QRect) that the last change of the document repainted.
    """

    zoom_changed = Signal(float)
    moved = Signal()
    labels_changed = Signal(object)
    looks_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 120)
        self.dirty_rects: list[QRect] = []
        self._scene = Scene()
        self._transform = ViewTransform()
        self._is_fitting = True
        self._is_overlay_visible = True
        self._is_overlay_hidden_for_now = False
        self._mark: QPointF | None = None
        self._refining = QTimer(self)
        self._refining.setSingleShot(True)
        self._refining.timeout.connect(self._refine)

    @property
    def document(self) -> Document | None:
        """What is being painted."""
        return self._scene.document

    @property
    def scene(self) -> Scene:
        """What is shown; to look at."""
        return self._scene

    @property
    def pixels_recoloured(self) -> int:
        """How many overlay pixels were coloured since the canvas was made, halved sizes included."""
        return self._scene.pixels_recoloured

    def set_document(
        self,
        image: npt.NDArray[np.uint8] | None,
        document: Document | None,
        orientation: int = 1,
        reduced: Sequence[npt.NDArray[np.uint8]] = (),
    ) -> None:
        """Show `image`, (height, width, 3) uint8 RGB, with `document` over it.

        `orientation` is the EXIF orientation, 1 to 8, that turns both upright. The view fits unless this document is
        shown already, the same way up. Proposal, comparison and acceptance have to be set again. `reduced` are the
        image's `halvings`, as many as are made already.

        Raises:
            ValueError: image and label map differ in size.
        """
        is_same = document is not None and document is self.document and orientation == self._transform.orientation
        if self.document is not None:
            self.document.changed.disconnect(self._on_changed)
        self._scene.set_document(image, document, reduced)
        if document is not None:
            document.changed.connect(self._on_changed)
        if self._scene.size is not None:
            self._transform.set_image(*self._scene.size, orientation)
            if not is_same:
                self._is_fitting = True
                self._transform.fit()
        self._view_changed()

    def set_image(self, image: npt.NDArray[np.uint8], reduced: Sequence[npt.NDArray[np.uint8]] = ()) -> None:
        """Show `image`, (height, width, 3) uint8 RGB, under the same document; all else stays as it is.

        `reduced` are the image's `halvings`, as many as are made already.

        Raises:
            ValueError: it has another size than what is shown.
        """
        self._scene.set_image(image, reduced)
        self._view_changed()

    def set_preview(self, picture: QImage, width: int, height: int, orientation: int = 1) -> None:
        """Show `picture` in place of an image of width × height pixels that is still to come; nothing can be painted.

        `orientation` is the EXIF orientation, 1 to 8, that turns it upright. The view fits.
        """
        self.set_document(None, None)
        self._scene.set_preview(picture, (width, height))
        self._transform.set_image(width, height, orientation)
        self.fit()

    def set_proposal(self, labels: Labels | None, confidence: Labels | None) -> None:
        """Show `labels` (height, width) where the document is void; `confidence` (same size) is told by `hovered`.

        Raises:
            ValueError: they have another size than the document.
        """
        if labels is not self._scene.proposal or confidence is not self._scene.confidence:
            self._scene.set_proposal(labels, confidence)
            self._view_changed()
            if self.document is not None:
                self.labels_changed.emit(self.document.label_map.box)

    def set_blink(self, index: int | None, is_lit: bool = True) -> None:
        """Show the pixels of class `index` in its plain colour (`is_lit`) or without any; None: as ever.

        Only where the class is in sight is anything repainted.
        """
        box = self._blink_box()
        self._scene.set_blink(index, is_lit)
        box = box.union(self._blink_box())
        if not box.is_empty:
            self.update(self._transform.view_rect(box.expanded(1 << level_for(self.zoom))).intersected(self.rect()))

    def set_compared(self, labels: Labels | None) -> None:
        """Show only where what is seen differs from `labels` (height, width); None: all that is seen.

        Raises:
            ValueError: they have another size than the document.
        """
        if labels is not self._scene.compared:
            self._scene.set_compared(labels)
            self.update()

    def set_classes(self, classes: ClassTable) -> None:
        """Use the colours and the visibility of this table."""
        self._scene.set_classes(classes)
        self._view_changed()
        self.looks_changed.emit()

    def set_overlay_opacity(self, opacity: float) -> None:
        """0 (image only) to 1 (labels only)."""
        self._scene.opacity = min(max(opacity, 0.0), 1.0)
        self._looks_changed()

    def set_tone(self, tone: Tone) -> None:
        """How bright the image is shown; it stays what it is."""
        self._scene.tone_table = None if tone.is_plain else tone.table()
        self._looks_changed()

    def set_outline(self, outline: bool) -> None:
        """Show only the borders of the regions."""
        self._scene.set_outline(outline)
        self._looks_changed()

    def set_overlay_visible(self, visible: bool) -> None:
        """Show the overlay or not, apart from the key that hides it for a moment."""
        self._is_overlay_visible = visible
        self._show_or_hide_overlay()

    def look_like(self, other: ImageViewport) -> None:
        """Take the colours, opacity, tone and outlines of `other`, and show the overlay where it does."""
        ours, theirs = self._scene, other._scene
        ours.opacity, ours.tone_table = theirs.opacity, theirs.tone_table
        ours.set_classes(theirs.classes)
        ours.set_outline(theirs.is_outline)
        self.set_overlay_visible(theirs.is_overlay_shown)
        self._looks_changed()

    def set_accepted(self, accepted: bool) -> None:
        """The label map is (not) accepted work."""
        if accepted != self._scene.is_accepted:
            self._scene.is_accepted = accepted
            self.update()

    @property
    def zoom(self) -> float:
        """Device pixels per image pixel; 1.0 is 100 %."""
        return self._transform.zoom

    @property
    def seen_box(self) -> Box:
        """The image pixels that are on the screen."""
        return self._transform.image_box(QRectF(self.rect())) if self._scene.size is not None else EMPTY_BOX

    def fit(self) -> None:
        """Show the whole image, and go on doing so when the canvas is resized, until the person zooms or pans."""
        self._is_fitting = True
        self._transform.fit()
        self._view_changed()

    def actual_size(self) -> None:
        """One image pixel on one screen pixel, about the middle of the view."""
        self._zoom_to(1.0, None)

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom by `factor`; the image point at `at` (view pixels; None: the middle) stays where it is."""
        self._zoom_to(self.zoom * factor, at)

    @property
    def orientation(self) -> int:
        """The EXIF orientation, 1 to 8, by which the image is turned upright."""
        return self._transform.orientation

    @property
    def part_in_sight(self) -> QRectF:
        """What the view shows, in image coordinates, stored frame; it may reach beyond the image."""
        return self._transform.to_image.mapRect(QRectF(self.rect()))

    @property
    def is_whole_in_sight(self) -> bool:
        """Whether the view shows all of the image."""
        return QRectF(self.rect()).adjusted(-1, -1, 1, 1).contains(self._transform.image_rect)

    @property
    def centre(self) -> tuple[float, float]:
        """The image point, stored frame, in the middle of the view."""
        return self.view_to_image(QRectF(self.rect()).center())

    def look_at(self, x: float, y: float, zoom: float | None = None) -> None:
        """Bring the image point (x, y), stored frame, to the middle of the view, at another zoom where one is given."""
        if self._scene.size is None:
            return
        self._is_fitting = False
        middle = QRectF(self.rect()).center()
        if zoom is not None:
            self._transform.set_zoom(zoom, middle)
        self._transform.pan(middle - self.image_to_view(x, y))
        self._view_changed()

    def set_mark(self, point: tuple[float, float] | None) -> None:
        """Mark an image point (x, y), stored frame, as where a pointer is elsewhere; None: none."""
        before, self._mark = self._mark_rect(), None if point is None else QPointF(*point)
        self.update(QRegion(before) + QRegion(self._mark_rect()))

    def info_at(self, point: QPointF) -> HoverInfo | None:
        """What lies at a point of the view; None off the image."""
        x, y = (int(part // 1) for part in self.view_to_image(point))
        seen = self._scene.value_at(x, y)
        if seen is None:
            return None
        confidence = self._scene.confidence
        return HoverInfo(x, y, seen[0], None if confidence is None else int(confidence[y, x]), seen[1])

    def image_to_view(self, x: float, y: float) -> QPointF:
        """Where the image point (x, y), stored frame, lies in the view."""
        return self._transform.to_view.map(QPointF(x, y))

    def view_to_image(self, point: QPointF) -> tuple[float, float]:
        """The image point, stored frame, at a point of the view."""
        mapped = self._transform.to_image.map(QPointF(point))
        return mapped.x(), mapped.y()

    def _zoom_to(self, zoom: float, at: QPointF | None) -> None:
        if self._scene.size is None:
            return
        self._is_fitting = False
        self._transform.set_zoom(zoom, QRectF(self.rect()).center() if at is None else at)
        self._view_changed()

    def _pan_by(self, delta: QPointF) -> None:
        if self._scene.size is None:
            return
        self._is_fitting = False
        self._transform.pan(delta)
        self._view_changed()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep fitting, or keep the middle in the middle."""
        self._transform.set_view(self.width(), self.height(), self.devicePixelRatioF())
        if self._is_fitting:
            self._transform.fit()
        self._view_changed()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what is exposed."""
        painter = QPainter(self)
        for rect in _parts(event.region()):
            painter.setClipRect(rect)
            painter.fillRect(rect, color(Role.CANVAS_BACKGROUND))
            self._scene.paint(painter, self._transform, rect, self.rect(), self.devicePixelRatioF())
            self._paint_upon(painter, rect)
        painter.setClipping(False)
        self._paint_above(painter)
        if self._mark is not None:
            draw_mark(painter, self._transform.to_view.map(self._mark))
        painter.end()
        self._refine_later()

    def changeEvent(self, event: QEvent) -> None:
        """The theme's colours may be other ones."""
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange):
            self.update()
        super().changeEvent(event)

    def _on_changed(self, box: Box) -> None:
        """Pixels within `box` changed: colour and repaint these."""
        self._scene.recolour(box)
        # Beyond the box lie a neighbour's border in outline mode and, in a reduced view, the smoothed edge.
        reach = 1 if self.zoom >= 1 else 1 + math.ceil(2 / self.zoom)
        self.dirty_rects = [self._transform.view_rect(box.expanded(reach)).intersected(self.rect())]
        self.update(self.dirty_rects[0])
        self.labels_changed.emit(box)

    def _refine_later(self) -> None:
        """Go on to the exact colours when nothing else is to be done."""
        if self._scene.is_rough and self._is_at_leisure() and not self._refining.isActive():
            self._refining.start(0)

    def _is_at_leisure(self) -> bool:
        """Whether nothing goes on that must not wait; for subclasses."""
        return True

    def _refine(self) -> None:
        if not self._is_at_leisure():
            return
        box = self._scene.refine(_REFINED_PIXELS)
        if not box.is_empty:
            self.update(self._transform.view_rect(box).intersected(self.rect()))
        self._refine_later()

    def _show_or_hide_overlay(self) -> None:
        shown = self._is_overlay_visible and not self._is_overlay_hidden_for_now
        if shown != self._scene.is_overlay_shown:
            self._scene.is_overlay_shown = shown
            self._looks_changed()

    def _blink_box(self) -> Box:
        if self._scene.size is None or not self.isVisible():
            return EMPTY_BOX
        return self._scene.blink_box(self._transform.image_box(QRectF(self.rect())), self.zoom)

    def _mark_rect(self) -> QRect:
        if self._mark is None:
            return QRect()
        return mark_rect(self._transform.to_view.map(self._mark))

    def _looks_changed(self) -> None:
        self.looks_changed.emit()
        self.update()

    def _paint_upon(self, painter: QPainter, exposed: QRect) -> None:
        """Draw upon the image what shows in `exposed` (view pixels), a part of what is painted; for subclasses."""

    def _paint_above(self, painter: QPainter) -> None:
        """Draw over the image; for subclasses."""

    def _view_changed(self) -> None:
        """Something else, or the same elsewhere, is shown: repaint all of it."""
        self.zoom_changed.emit(self.zoom)
        self.moved.emit()
        self.update()
