"""Pixels drawn larger than they are, each screen pixel from the very one under its centre. Owns nothing.

Qt's own way for images that are scaled without smoothing rounds the rectangle it draws to, and with it the scale: at a
zoom that is no whole number, a part drawn anew would not meet what is around it.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QTransform

from segstudio.core.geometry import Box

_TIE = 1e-6
"""Image pixels: far more than what rounding does to a place, and far less than anybody sees."""


def draw_magnified(painter: QPainter, image: QImage, part: Box, to_view: QTransform) -> None:
    """Draw the pixels `part` of `image` where `to_view` takes them; it may turn by right angles, mirror and scale.

    The painter's own transform is the identity, but for whole pixels of the screen.
    """
    ratio = painter.device().devicePixelRatio()
    to_device = to_view * QTransform.fromScale(ratio, ratio)
    rect = to_device.mapRect(QRectF(part.x0, part.y0, part.width, part.height))
    left, top = math.ceil(rect.left() - 0.5), math.ceil(rect.top() - 0.5)
    across = np.arange(left, math.ceil(rect.right() - 0.5)) + 0.5
    down = np.arange(top, math.ceil(rect.bottom() - 0.5)) + 0.5
    if not across.size or not down.size or part.is_empty:
        return
    pixels = _pixels_of(image, part)
    back, _ = to_device.inverted()
    if back.m11() == 0:  # rows of the image go down the screen's columns
        pixels = pixels.T
        columns = across * back.m12() + back.dy() - part.y0
        rows = down * back.m21() + back.dx() - part.x0
    else:
        columns = across * back.m11() + back.dx() - part.x0
        rows = down * back.m22() + back.dy() - part.y0
    wide = np.take(pixels, _indices(columns, pixels.shape[1]), axis=1)
    large = np.take(wide, _indices(rows, pixels.shape[0]), axis=0)
    height, width = large.shape
    has_alpha = image.hasAlphaChannel()
    form = QImage.Format.Format_ARGB32_Premultiplied if has_alpha else QImage.Format.Format_RGB32
    drawn = QImage(large.data, width, height, 4 * width, form)
    drawn.setDevicePixelRatio(ratio)
    painter.drawImage(QPointF(left / ratio, top / ratio), drawn)


def premultiplied(shade: QColor) -> int:
    """`shade` as a pixel of an image with premultiplied alpha."""
    alpha = shade.alpha()
    red, green, blue = (part * alpha // 255 for part in (shade.red(), shade.green(), shade.blue()))
    return alpha << 24 | red << 16 | green << 8 | blue


def _indices(places: npt.NDArray[np.floating], count: int) -> npt.NDArray[np.intp]:
    """The pixels that hold `places`. One on the border of two means the same whatever part is drawn."""
    return np.clip(np.floor(places + _TIE), 0, count - 1).astype(np.intp)


def _pixels_of(image: QImage, part: Box) -> npt.NDArray[np.uint32]:
    """(height, width) uint32: the pixels `part` of `image`, with alpha premultiplied where it has any."""
    form = QImage.Format.Format_ARGB32_Premultiplied if image.hasAlphaChannel() else QImage.Format.Format_RGB32
    if image.format() is form:
        return _rows_of(image)[part.slices]
    converted = image.copy(part.x0, part.y0, part.width, part.height).convertToFormat(form)
    return _rows_of(converted).copy()  # its memory goes with it


def _rows_of(image: QImage) -> npt.NDArray[np.uint32]:
    """(height, width) uint32 on the memory of `image`, four bytes a pixel, which the caller keeps alive."""
    return np.frombuffer(image.constBits(), dtype=np.uint32).reshape(image.height(), image.bytesPerLine() // 4)
