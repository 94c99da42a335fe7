"""Where the image lies in the view: orientation, zoom and offset. Owns no pixels and knows no widget.

Three frames: *image* (the stored frame, in which label map and tools live), *upright* (after the EXIF orientation),
and *view* (device-independent pixels of the widget). All zooms are device pixels per image pixel, so that 1.0 is
one image pixel on one screen pixel on every screen.
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QTransform

from segstudio.core.geometry import Box

LARGEST_ZOOM = 64.0
FIT_MARGIN = 16.0
"""Left free on every side by `fit`, in view pixels; the frame is drawn there."""

_KEPT_IN_VIEW = 48.0
"""So much of the image stays in sight when it is panned away, in view pixels."""


def orientation_transform(orientation: int, width: int, height: int) -> QTransform:
    """Image to upright coordinates for EXIF `orientation` 1 to 8 (EXIF 2.32, tag 0x0112) of a width × height image."""
    table = {
        1: (1, 0, 0, 1, 0, 0),
        2: (-1, 0, 0, 1, width, 0),
        3: (-1, 0, 0, -1, width, height),
        4: (1, 0, 0, -1, 0, height),
        5: (0, 1, 1, 0, 0, 0),
        6: (0, 1, -1, 0, height, 0),
        7: (0, -1, -1, 0, height, width),
        8: (0, -1, 1, 0, 0, width),
    }
    return QTransform(*table[orientation])


class ViewTransform:
    """The way between image and view coordinates, and what moves it."""

    def __init__(self) -> None:
        self._width = self._height = 1
        self._orientation = 1
        self._view = (1.0, 1.0)
        self._ratio = 1.0
        self._scale = 1.0
        self._offset = QPointF(0, 0)
        self._rebuild()

    @property
    def orientation(self) -> int:
        """The EXIF orientation of the image, 1 to 8."""
        return self._orientation

    @property
    def zoom(self) -> float:
        """Device pixels per image pixel."""
        return self._scale * self._ratio

    @property
    def to_view(self) -> QTransform:
        """Image to view coordinates."""
        return self._to_view

    @property
    def to_image(self) -> QTransform:
        """View to image coordinates."""
        return self._to_image

    @property
    def image_rect(self) -> QRectF:
        """The whole image in view coordinates."""
        return self._to_view.mapRect(QRectF(0, 0, self._width, self._height))

    @property
    def right(self) -> tuple[float, float]:
        """Where right is in the view, as a unit vector (x, y) of the image."""
        length = math.hypot(self._to_image.m11(), self._to_image.m12())
        return self._to_image.m11() / length, self._to_image.m12() / length

    def set_image(self, width: int, height: int, orientation: int) -> None:
        """Show an image of width × height pixels, turned upright by EXIF `orientation`."""
        self._width, self._height, self._orientation = width, height, orientation
        self._rebuild()

    def set_view(self, width: float, height: float, device_pixel_ratio: float) -> None:
        """The view has this size in view pixels, each `device_pixel_ratio` device pixels wide. Its centre stays."""
        dx, dy = (width - self._view[0]) / 2, (height - self._view[1]) / 2
        self._scale *= self._ratio / device_pixel_ratio
        self._view, self._ratio = (width, height), device_pixel_ratio
        self._offset += QPointF(dx, dy)
        self._rebuild()

    def fit(self) -> None:
        """The whole image, centred, as large as the view allows."""
        self._scale = self._fitting_scale()
        upright_width, upright_height = self._upright_size()
        self._offset = QPointF(
            (self._view[0] - upright_width * self._scale) / 2, (self._view[1] - upright_height * self._scale) / 2
        )
        self._rebuild()

    def set_zoom(self, zoom: float, at: QPointF) -> None:
        """Zoom so that the image point under `at` (view coordinates) stays there."""
        smallest = min(self._fitting_scale(), 1.0 / self._ratio) / 4
        scale = min(max(zoom / self._ratio, smallest), LARGEST_ZOOM / self._ratio)
        factor = scale / self._scale
        in_image = self.image_rect.contains(at)
        self._offset = at + (self._snapped_offset() - at) * factor
        self._scale = scale
        if not in_image:
            self._keep_in_view()
        self._rebuild()

    def pan(self, delta: QPointF) -> None:
        """Move the image by `delta` view pixels; a corner of it stays in sight."""
        self._offset += delta
        self._keep_in_view()
        self._rebuild()

    def view_rect(self, box: Box, margin: int = 1) -> QRect:
        """The view pixels that show the image pixels of `box`, with a margin for lines and smoothing."""
        rect = self._to_view.mapRect(QRectF(box.x0, box.y0, box.width, box.height))
        return rect.toAlignedRect().adjusted(-margin, -margin, margin, margin)

    def image_box(self, rect: QRectF) -> Box:
        """The image pixels that the view rectangle `rect` shows, cut to the image."""
        found = self._to_image.mapRect(rect).toAlignedRect()
        box = Box(found.left(), found.top(), found.left() + found.width(), found.top() + found.height())
        return box.expanded(1).intersection(Box.of_size(self._width, self._height))

    def _upright_size(self) -> tuple[int, int]:
        return (self._height, self._width) if self._orientation >= 5 else (self._width, self._height)

    def _fitting_scale(self) -> float:
        width, height = self._upright_size()
        fitting = min((self._view[0] - 2 * FIT_MARGIN) / width, (self._view[1] - 2 * FIT_MARGIN) / height)
        return min(max(fitting, 1e-3), LARGEST_ZOOM / self._ratio)

    def _keep_in_view(self) -> None:
        width, height = (side * self._scale for side in self._upright_size())
        x = min(max(self._offset.x(), min(_KEPT_IN_VIEW, width) - width), self._view[0] - min(_KEPT_IN_VIEW, width))
        y = min(max(self._offset.y(), min(_KEPT_IN_VIEW, height) - height), self._view[1] - min(_KEPT_IN_VIEW, height))
        self._offset = QPointF(x, y)

    def _snapped_offset(self) -> QPointF:
        """The offset on whole device pixels, so that image pixels have sharp edges at whole zooms."""
        ratio = self._ratio
        return QPointF(
            math.floor(self._offset.x() * ratio + 0.5) / ratio, math.floor(self._offset.y() * ratio + 0.5) / ratio
        )

    def _rebuild(self) -> None:
        offset = self._snapped_offset()
        upright = orientation_transform(self._orientation, self._width, self._height)
        self._to_view = upright * QTransform(self._scale, 0, 0, self._scale, offset.x(), offset.y())
        self._to_image, _ = self._to_view.inverted()
