"""What the canvas shows: image, overlay, proposal, and how they are drawn. Owns no pointer and no widget."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from segstudio.canvas.blink_layer import BlinkLayer
from segstudio.canvas.border_layer import BorderLayer
from segstudio.canvas.frames import (
    GRID_FROM_ZOOM,
    MaskState,
    badge_rect,
    draw_badge,
    draw_frame,
    draw_grid,
    hatch_brush,
)
from segstudio.canvas.overlay_layer import OverlayLayer, ReadLabels, mean_halved, overlay_colors, strongest_halved
from segstudio.canvas.overlay_level import Colors
from segstudio.canvas.pyramid import ImagePyramid, draw_level, level_for
from segstudio.canvas.seen_labels import SeenLabels
from segstudio.canvas.view_transform import ViewTransform
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.geometry import EMPTY_BOX, Box
from segstudio.core.label_map import Labels
from segstudio.services.theme import Role, color

DEFAULT_OPACITY = 0.5
_DIMMED = 0.65
"""How much of the image is covered where only differences are shown."""
_BORDERS_TO_ZOOM = 2.0
"""Up to this zoom a line parts what differs from the rest; above, it would hide more than it shows."""
_BORDER_OPACITY = 0.7
_PROPOSAL_LIGHTER = 0.8
"""A proposal's opacity as a share of the overlay's."""


class Scene:
    """The layers of one image, bottom to top: image, what is striped, labels, frame.

    Striped is the proposal where the labels are void. Where only differences are shown, it is what the other mask has
    where nothing is painted now.
    """

    def __init__(self) -> None:
        self.document: Document | None = None
        self.tone_table: npt.NDArray[np.uint8] | None = None
        self.image: npt.NDArray[np.uint8] | None = None
        self.proposal: Labels | None = None
        self.confidence: Labels | None = None
        self.compared: Labels | None = None
        self.opacity = DEFAULT_OPACITY
        self.is_overlay_shown = True
        self.is_accepted = False
        self.is_outline = False
        self._image: ImagePyramid | None = None
        self._preview: tuple[QImage, tuple[int, int]] | None = None
        self._classes: ClassTable | None = None
        self._colors = overlay_colors(ClassTable([]))
        self._labels_layer: OverlayLayer | None = None
        self._striped_layer: OverlayLayer | None = None
        self._border_layer: BorderLayer | None = None
        self._blink_layer: BlinkLayer | None = None
        self._recoloured_before = 0

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) of what is shown, in image pixels; None where there is nothing."""
        if self._image is not None:
            return self._image.size
        if self.document is not None:
            height, width = self.document.label_map.shape
            return width, height
        return self._preview[1] if self._preview is not None else None

    @property
    def classes(self) -> ClassTable:
        """The class table in force: the one that was set, else the document's."""
        if self._classes is not None:
            return self._classes
        return self.document.classes if self.document is not None else ClassTable([])

    @property
    def state(self) -> MaskState:
        """What the mask is."""
        if self.is_accepted:
            return MaskState.ACCEPTED
        return MaskState.DRAFT if self.proposal is None else MaskState.PROPOSAL

    @property
    def pixels_recoloured(self) -> int:
        """How many overlay pixels were coloured so far, over all images."""
        return self._recoloured_before + sum(layer.pixels_recoloured for layer in self._layers())

    def set_document(
        self,
        image: npt.NDArray[np.uint8] | None,
        document: Document | None,
        reduced: Sequence[npt.NDArray[np.uint8]] = (),
    ) -> None:
        """Show `image`, (height, width, 3) uint8 RGB, under the labels of `document`; proposal and comparison go.

        `reduced` are the image's `halvings`, as many as are made already.

        Raises:
            ValueError: image and label map differ in size.
        """
        if image is not None and document is not None and image.shape[:2] != document.label_map.shape:
            raise ValueError(f"an image of {image.shape[:2]} pixels over a label map of {document.label_map.shape}")
        self.image = image
        self._image = None if image is None else ImagePyramid(image, reduced)
        self.document = document
        self._preview = None
        self.proposal = self.confidence = self.compared = None
        self._drop_blink()
        self.is_accepted = False
        if document is not None:
            self._colors = overlay_colors(self.classes)
        self._make_layers()

    def set_image(self, image: npt.NDArray[np.uint8], reduced: Sequence[npt.NDArray[np.uint8]] = ()) -> None:
        """Show `image`, (height, width, 3) uint8 RGB, in place of the one before; all that lies over it stays.

        `reduced` are the image's `halvings`, as many as are made already.

        Raises:
            ValueError: it has another size than what is shown.
        """
        if self.size != (image.shape[1], image.shape[0]):
            raise ValueError(f"an image of {image.shape[:2]} pixels in place of one of {self.size} (width, height)")
        self.image = image
        self._image = ImagePyramid(image, reduced)

    def set_preview(self, picture: QImage, size: tuple[int, int]) -> None:
        """Show `picture` in place of an image of `size` (width, height) pixels, with nothing over it."""
        self.set_document(None, None)
        self._preview = (picture, size)

    def set_proposal(self, labels: Labels | None, confidence: Labels | None) -> None:
        """Show `labels` where the document is void; both are (height, width) uint8 or None.

        Raises:
            ValueError: they have another size than the document.
        """
        shape = self.document.label_map.shape if self.document is not None else None
        for given in (labels, confidence):
            if given is not None and given.shape != shape:
                raise ValueError(f"a proposal of {given.shape} pixels for a label map of {shape}")
        self.proposal, self.confidence = labels, confidence
        self._make_layers(keep_labels=self.compared is None)

    def set_compared(self, labels: Labels | None) -> None:
        """Show only where what is seen differs from `labels`, (height, width) uint8; None: all that is seen.

        Raises:
            ValueError: they have another size than the document.
        """
        if labels is not None and (self.document is None or labels.shape != self.document.label_map.shape):
            raise ValueError(f"labels of {labels.shape} pixels to compare with those of another size")
        self.compared = labels
        self._make_layers()

    def set_blink(self, index: int | None, is_lit: bool) -> None:
        """Show the pixels of class `index` in its plain colour (`is_lit`) or without any; None: as ever."""
        if index is None or self.document is None:
            self._drop_blink()
            return
        if self._blink_layer is None or self._blink_layer.index != index:
            self._drop_blink()
            height, width = self.document.label_map.shape
            self._blink_layer = BlinkLayer(width, height, self.labels_seen, self.classes, index)
        self._blink_layer.is_lit = is_lit

    def blink_box(self, box: Box, zoom: float) -> Box:
        """The image pixels within `box` that hold all that blinks there at `zoom`; empty where nothing does."""
        return EMPTY_BOX if self._blink_layer is None else self._blink_layer.box_in(box, level_for(zoom))

    def set_classes(self, classes: ClassTable) -> None:
        """Colours and visibility by this table from now on."""
        self._classes = classes
        self._colors = overlay_colors(classes)
        for layer in self._colored_layers():
            layer.set_colors(self._colors)
        if self._blink_layer is not None:
            self._blink_layer.set_classes(classes)

    def set_outline(self, outline: bool) -> None:
        """Only the borders of the regions, or all of them."""
        self.is_outline = outline
        for layer in self._colored_layers():
            layer.set_outline(outline)

    def recolour(self, box: Box) -> None:
        """The labels within `box` changed."""
        for layer in self._layers():
            layer.recolour(box)

    @property
    def is_rough(self) -> bool:
        """Whether some of what was looked at is shown from thinned labels, and `refine` would make it better."""
        return any(layer.is_rough for layer in self._layers())

    def refine(self, pixels: int) -> Box:
        """Colour some `pixels` more; the image pixels that look better now."""
        layer = next((layer for layer in self._layers() if layer.is_rough), None)
        return layer.refine(pixels) if layer is not None else EMPTY_BOX

    def tint_of(self, value: int) -> QColor:
        """The colour of a label for the brush cursor; transparent for void."""
        if value == VOID:
            return QColor(Qt.GlobalColor.transparent)
        return QColor.fromRgba(int(self._colors[value]) | 0xFF000000)

    def value_at(self, x: int, y: int) -> tuple[int, bool] | None:
        """The label that is seen at a pixel, and whether it is only proposed; None outside."""
        value = self.document.label_map.value_at(x, y) if self.document is not None else None
        if value is None:
            return None
        if value == VOID and self.proposal is not None:
            return int(self.proposal[y, x]), True
        return value, False

    def labels_seen(self, box: Box, step: int = 1) -> Labels:
        """Every `step`-th of the labels of `box` in both directions: the document's or, where void, the proposal's."""
        assert self.document is not None
        return SeenLabels(self.document, self.proposal).seen(box, step)

    def colors_seen(self, box: Box, step: int) -> Colors:
        """The colours, 0xAARRGGBB as uint32, of `labels_seen`."""
        return np.take(self._colors, self.labels_seen(box, step), mode="clip")

    def draw_image(self, painter: QPainter, box: Box, to_view: QTransform, zoom: float) -> None:
        """Draw the image pixels of `box`, in its tone and without labels, at `zoom` device pixels each."""
        if self._image is not None:
            self._image.draw(painter, level_for(zoom), box, to_view, zoom < 1, self.tone_table)

    def picture(self, level: int) -> npt.NDArray[np.uint8] | None:
        """The image halved `level` times, (h, w, 3) uint8 RGB, which never changes; None where there is none."""
        return self._image.pixels(level) if self._image is not None else None

    def paint(self, painter: QPainter, transform: ViewTransform, exposed: QRect, view: QRect, ratio: float) -> None:
        """Draw what `exposed`, a part of `view` (both view pixels), shows. `ratio`: device pixels per view pixel."""
        if self.size is None:
            return
        if self._preview is not None:
            self._paint_preview(painter, transform, *self._preview)
            return
        box = transform.image_box(QRectF(exposed))
        if not box.is_empty:
            painter.save()
            painter.setClipRect(transform.image_rect, Qt.ClipOperation.IntersectClip)
            self._paint_layers(painter, transform, exposed, box, ratio)
            painter.restore()
        rect = transform.image_rect
        draw_frame(painter, rect, self.state, QRectF(exposed))
        if self.is_accepted:
            draw_badge(painter, badge_rect(rect, QRectF(view)))

    @staticmethod
    def _paint_preview(painter: QPainter, transform: ViewTransform, picture: QImage, size: tuple[int, int]) -> None:
        painter.save()
        painter.setTransform(transform.to_view)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(0, 0, *size), picture)
        painter.restore()

    def _paint_layers(
        self, painter: QPainter, transform: ViewTransform, exposed: QRect, box: Box, ratio: float
    ) -> None:
        zoom = transform.zoom
        if zoom > 1 and self._striped_layer is None:
            # Mixing image and labels before magnifying them touches each image pixel once, not each screen pixel.
            mixed = QImage(box.width, box.height, QImage.Format.Format_RGB32)
            mixed.fill(color(Role.CANVAS_BACKGROUND))
            small = QPainter(mixed)
            self._paint_image_and_labels(small, QTransform.fromTranslate(-box.x0, -box.y0), zoom, box)
            small.end()
            to_view = QTransform.fromTranslate(box.x0, box.y0) * transform.to_view
            draw_level(painter, mixed, 0, Box.of_size(box.width, box.height), to_view, smooth=False)
        else:
            hatched = None
            if self._striped_layer is not None and self.is_overlay_shown:
                hatched = self._hatched(self._striped_layer, transform, exposed, box, ratio)
            self._paint_image_and_labels(painter, transform.to_view, zoom, box, exposed.topLeft(), hatched)
        if self._blink_layer is not None and self.is_overlay_shown:
            self._paint_blink(painter, self._blink_layer, transform, exposed, box, ratio)
        if zoom >= GRID_FROM_ZOOM:
            draw_grid(painter, transform, box, ratio)

    def _paint_image_and_labels(
        self,
        painter: QPainter,
        to_view: QTransform,
        zoom: float,
        box: Box,
        corner: QPoint | None = None,
        proposal: QImage | None = None,
    ) -> None:
        """Draw the image pixels of `box`; `proposal`, ready to draw, comes in between at `corner`."""
        self.draw_image(painter, box, to_view, zoom)
        if not self.is_overlay_shown:
            return
        if self.compared is not None:
            part = to_view.mapRect(QRectF(box.x0, box.y0, box.width, box.height))
            painter.fillRect(part, color(Role.CANVAS_BACKGROUND, _DIMMED))
        # Thin lines need more of the same opacity to be as visible as areas, and so do lonely differences.
        is_thin = self.is_outline or self.compared is not None
        opacity = 1 - (1 - self.opacity) ** 2 if is_thin else self.opacity
        if proposal is not None and corner is not None:
            painter.setOpacity(opacity * (1.0 if self.is_outline else _PROPOSAL_LIGHTER))
            painter.drawImage(corner, proposal)
        if self._labels_layer is not None:
            painter.setOpacity(opacity)
            _draw_overlay(painter, self._labels_layer, self._overlay_level(zoom), box, to_view, zoom < 1)
        if self._border_layer is not None and not self.is_outline and zoom <= _BORDERS_TO_ZOOM:
            self._border_layer.follow_theme()
            painter.setOpacity(_BORDER_OPACITY)
            number = level_for(zoom) + (1 if zoom < 1 else 0)
            _draw_overlay(painter, self._border_layer, number, box, to_view, zoom < 1)
        painter.setOpacity(1.0)

    def _overlay_level(self, zoom: float) -> int:
        """The size nearest to the screen's: a picture twice as fine takes four times as long and looks the same.

        The outlines are drawn at half the resolution in a reduced view, lest they become too thin to see.
        """
        if self.is_outline:
            return level_for(zoom) + (1 if zoom < 1 else 0)
        return level_for(zoom * 0.5**0.5)

    def _hatched(self, layer: OverlayLayer, transform: ViewTransform, exposed: QRect, box: Box, ratio: float) -> QImage:
        """`layer` as it shows in `exposed`, with stripes on its areas only."""
        drawn, to_device = _blank(transform, exposed, ratio)
        painter = QPainter(drawn)
        _draw_overlay(painter, layer, self._overlay_level(transform.zoom), box, to_device, transform.zoom < 1)
        if not self.is_outline:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceAtop)
            origin = to_device.map(QPointF(0, 0))
            painter.setBrushOrigin(origin.toPoint())  # whole: else the stripes of each part are mixed anew
            painter.fillRect(drawn.rect(), hatch_brush(ratio))
        painter.end()
        drawn.setDevicePixelRatio(ratio)
        return drawn

    def _paint_blink(
        self, painter: QPainter, layer: BlinkLayer, transform: ViewTransform, exposed: QRect, box: Box, ratio: float
    ) -> None:
        """Cover what blinks with its colour or, between, with the bare image."""
        zoom, number = transform.zoom, level_for(transform.zoom)
        if layer.is_lit:
            _draw_overlay(painter, layer, number, box, transform.to_view, zoom < 1)
            return
        drawn, to_device = _blank(transform, exposed, ratio)
        above = QPainter(drawn)
        _draw_overlay(above, layer, number, box, to_device, zoom < 1)
        above.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceIn)
        self.draw_image(above, box, to_device, zoom)
        above.end()
        drawn.setDevicePixelRatio(ratio)
        painter.drawImage(exposed.topLeft(), drawn)

    def _drop_blink(self) -> None:
        if self._blink_layer is not None:
            self._recoloured_before += self._blink_layer.pixels_recoloured
            self._blink_layer.invalidate()
            self._blink_layer = None

    def _make_layers(self, keep_labels: bool = False) -> None:
        """Begin the layers anew, for what is to be shown now."""
        kept = self._labels_layer if keep_labels else None
        staying = [layer for layer in (kept, self._blink_layer) if layer is not None]
        self._recoloured_before = self.pixels_recoloured - sum(layer.pixels_recoloured for layer in staying)
        for layer in self._layers():
            if layer is not kept:
                layer.invalidate()  # a refinement half done would keep it in memory
        self._labels_layer, self._striped_layer, self._border_layer = kept, None, None
        if self.document is None:
            return
        read, is_compared = SeenLabels(self.document, self.proposal, self.compared), self.compared is not None
        if kept is None:
            self._labels_layer = self._layer(read.changed if is_compared else read.own)
        if is_compared:
            self._striped_layer = self._layer(read.removed)
            height, width = self.document.label_map.shape
            self._border_layer = BorderLayer(width, height, read.differing)
        elif self.proposal is not None:
            self._striped_layer = self._layer(read.proposed)

    def _layer(self, read: ReadLabels) -> OverlayLayer:
        assert self.document is not None
        height, width = self.document.label_map.shape
        halve = mean_halved if self.compared is None else strongest_halved
        layer = OverlayLayer(width, height, read, self._colors, halve)
        layer.set_outline(self.is_outline)
        return layer

    def _colored_layers(self) -> list[OverlayLayer]:
        """Those in the colours of the classes."""
        return [layer for layer in (self._labels_layer, self._striped_layer) if layer is not None]

    def _layers(self) -> list[OverlayLayer]:
        others = [layer for layer in (self._border_layer, self._blink_layer) if layer is not None]
        return self._colored_layers() + others


def _blank(transform: ViewTransform, exposed: QRect, ratio: float) -> tuple[QImage, QTransform]:
    """A transparent picture of the device pixels of `exposed`, and the way from the image to it."""
    width, height = round(exposed.width() * ratio), round(exposed.height() * ratio)
    drawn = QImage(width, height, QImage.Format.Format_ARGB32_Premultiplied)
    drawn.fill(Qt.GlobalColor.transparent)
    shifted = transform.to_view * QTransform.fromTranslate(-exposed.x(), -exposed.y())
    return drawn, shifted * QTransform.fromScale(ratio, ratio)


def _draw_overlay(
    painter: QPainter, layer: OverlayLayer, number: int, box: Box, to_view: QTransform, smooth: bool
) -> None:
    """Draw the image pixels of `box` from the layer's picture halved `number` times."""
    level = layer.level(number, box)
    draw_level(painter, level.image, number, box, to_view, smooth, level.window)
