"""Where segments adjoin: fine lines over the image, one pixel of the screen wide at every zoom. Owns no segments."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from segstudio.canvas.view_transform import ViewTransform
from segstudio.services.theme import Role, color
from segstudio.tools.segments import Segments

LIGHT, DARK = 0.35, 0.2
"""Opacity of a line, and of its shade, which keeps it in sight over what is light itself."""


def draw_segment_borders(painter: QPainter, segments: Segments, transform: ViewTransform, exposed: QRect) -> None:
    """Draw the borders that `exposed` (view pixels) shows."""
    exposed = exposed.intersected(transform.image_rect.toAlignedRect())
    if exposed.isEmpty():
        return
    seen = _numbers_seen(segments, transform.to_image, exposed.adjusted(-1, -1, 1, 1))
    across, down = seen[1:-1, 1:] != seen[1:-1, :-1], seen[1:, 1:-1] != seen[:-1, 1:-1]
    before, after = across[:, :-1] | down[:-1], across[:, 1:] | down[1:]
    kinds = np.ascontiguousarray(after.astype(np.uint8) + 2 * before.astype(np.uint8))
    picture = QImage(kinds.data, exposed.width(), exposed.height(), exposed.width(), QImage.Format.Format_Indexed8)
    light, dark = color(Role.CURSOR_LIGHT, LIGHT), color(Role.CURSOR_DARK, DARK)
    picture.setColorTable([QColor(0, 0, 0, 0).rgba(), light.rgba(), dark.rgba(), light.rgba()])
    painter.drawImage(exposed.topLeft(), picture)


def _numbers_seen(segments: Segments, to_image: QTransform, rect: QRect) -> npt.NDArray[np.integer]:
    """(height, width): which segment each view pixel of `rect` shows; beyond the segments, the nearest one."""
    x_view = np.arange(rect.left(), rect.left() + rect.width()) + 0.5
    y_view = np.arange(rect.top(), rect.top() + rect.height()) + 0.5
    is_upright = to_image.m11() != 0  # else the image is shown on its side, and right in the view is down in the image
    if is_upright:
        x, y = to_image.m11() * x_view + to_image.dx(), to_image.m22() * y_view + to_image.dy()
    else:
        x, y = to_image.m21() * y_view + to_image.dx(), to_image.m12() * x_view + to_image.dy()
    height, width = segments.labels.shape
    scale, (left, top) = 1 << segments.level, segments.corner
    columns = np.clip(np.floor(x / scale).astype(np.int64) - left, 0, width - 1)
    rows = np.clip(np.floor(y / scale).astype(np.int64) - top, 0, height - 1)
    found = np.take(np.take(segments.labels, rows, axis=0), columns, axis=1)
    return found if is_upright else found.T
