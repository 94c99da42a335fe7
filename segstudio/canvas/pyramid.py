"""The image in halved sizes, so that a reduced view is smooth and costs what is on screen. Owns no overlay."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform

from segstudio.canvas.magnify import draw_magnified
from segstudio.core.geometry import Box
from segstudio.project.halving import Pixels, halved


def level_for(zoom: float) -> int:
    """The halvings after which the image is at most twice as fine as the screen: 0 from half size upward."""
    return max(0, math.floor(-math.log2(zoom))) if zoom < 1 else 0


def reduced_box(box: Box, level: int) -> Box:
    """The pixels of `level` that cover the image pixels of `box`."""
    return Box(box.x0 >> level, box.y0 >> level, -(-box.x1 >> level), -(-box.y1 >> level))


class ImagePyramid:
    """An image and its halvings, made when they are first looked at.

    Args:
        image: (height, width, 3) uint8 RGB; kept, not copied where it is contiguous, so it must not change.
        reduced: its `halvings`, as many as are made already.
    """

    def __init__(self, image: Pixels, reduced: Sequence[Pixels] = ()) -> None:
        self._pixels = [np.ascontiguousarray(pixels) for pixels in (image, *reduced)]
        self._images = [_rgb_image(pixels) for pixels in self._pixels]

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self._pixels[0].shape[:2]
        return width, height

    def pixels(self, level: int) -> Pixels:
        """The image halved `level` times, (h, w, 3) uint8 RGB."""
        self.level(level)
        return self._pixels[level]

    def level(self, level: int) -> QImage:
        """The image halved `level` times, or as often as makes sense."""
        while len(self._images) <= level:
            self._pixels.append(halved(self._pixels[-1]))
            self._images.append(_rgb_image(self._pixels[-1]))
        return self._images[level]

    def draw(
        self, painter: QPainter, level: int, box: Box, to_view: QTransform, smooth: bool, table: Pixels | None
    ) -> None:
        """Draw the image pixels of `box` as `draw_level` does, each level of grey as `table`, (256,) uint8, says."""
        image = self.level(level)
        if table is None:
            draw_level(painter, image, level, box, to_view, smooth)
            return
        import cv2  # loaded long since

        part = reduced_box(box, level).expanded(2 if smooth else 0)
        part = part.intersection(Box.of_size(image.width(), image.height()))
        toned = cv2.LUT(np.ascontiguousarray(self._pixels[level][part.slices]), table)
        draw_level(painter, _rgb_image(np.asarray(toned, np.uint8)), level, box, to_view, smooth, part)


def draw_level(
    painter: QPainter,
    image: QImage,
    level: int,
    box: Box,
    to_view: QTransform,
    smooth: bool,
    window: Box | None = None,
) -> None:
    """Draw the part of `image`, which is halved `level` times, that shows the image pixels of `box`.

    The source is widened by a pixel or two where it is smoothed, so that a repainted part meets its surroundings
    without a seam; the painter's clip cuts it. `image` begins at the corner of `window`, that
    part of the whole halved picture of which it holds all (None: it is the whole).
    """
    held = window or Box.of_size(image.width(), image.height())
    part = reduced_box(box, level).expanded(2 if smooth else 0).intersection(held)
    source = QRectF(part.x0, part.y0, part.width, part.height)
    to_view = QTransform.fromScale(1 << level, 1 << level) * to_view
    if not smooth and max(abs(to_view.m11()), abs(to_view.m12())) != 1:
        corner = QTransform.fromTranslate(held.x0, held.y0)
        draw_magnified(painter, image, part.translated(-held.x0, -held.y0), corner * to_view)
        return
    painter.setTransform(to_view)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
    painter.drawImage(source, image, source.translated(-held.x0, -held.y0), Qt.ImageConversionFlag.AutoColor)
    painter.resetTransform()


def _rgb_image(pixels: Pixels) -> QImage:
    """A QImage on the memory of `pixels`, which the caller keeps alive."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_RGB888)
