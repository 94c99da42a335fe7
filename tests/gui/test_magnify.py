"""Magnified pixels against an oracle, and parts drawn anew against the whole."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from segstudio.canvas.canvas_view import CanvasView
from segstudio.canvas.magnify import draw_magnified
from segstudio.canvas.view_transform import ViewTransform
from segstudio.core.geometry import Box
from tests.gui.canvas_hand import document, picture

WIDTH, HEIGHT = 13, 9
PIXELS = np.random.default_rng(3).integers(0, 1 << 24, (HEIGHT, WIDTH)).astype(np.uint32) | np.uint32(0xFF000000)
FORMATS = {
    "screen": QImage(PIXELS.data, WIDTH, HEIGHT, 4 * WIDTH, QImage.Format.Format_RGB32),
    "overlay": QImage(PIXELS.data, WIDTH, HEIGHT, 4 * WIDTH, QImage.Format.Format_ARGB32_Premultiplied),
}
FORMATS["image"] = FORMATS["screen"].convertToFormat(QImage.Format.Format_RGB888)


@settings(max_examples=60, deadline=None)
@given(
    zoom=st.floats(1.01, 40.0),
    orientation=st.integers(1, 8),
    ratio=st.sampled_from([1.0, 1.5, 2.0]),
    form=st.sampled_from(sorted(FORMATS)),
)
def test_each_screen_pixel_shows_the_image_pixel_under_its_centre(
    qapp: QApplication, zoom: float, orientation: int, ratio: float, form: str
) -> None:
    side = 60
    view = ViewTransform()
    view.set_image(WIDTH, HEIGHT, orientation)
    view.set_view(side, side, ratio)
    view.fit()
    view.set_zoom(zoom, QPointF(side / 2, side / 2))
    drawn = QImage(round(side * ratio), round(side * ratio), QImage.Format.Format_RGB32)
    drawn.setDevicePixelRatio(ratio)
    drawn.fill(Qt.GlobalColor.black)
    painter = QPainter(drawn)
    draw_magnified(painter, FORMATS[form], Box.of_size(WIDTH, HEIGHT), view.to_view)
    painter.end()
    seen = np.frombuffer(drawn.constBits(), np.uint32).reshape(drawn.height(), -1)
    for row in range(0, drawn.height(), 3):
        for column in range(0, drawn.width(), 3):
            place = view.to_image.map(QPointF((column + 0.5) / ratio, (row + 0.5) / ratio))
            x, y = place.x(), place.y()
            if min(abs(x - round(x)), abs(y - round(y))) < 1e-5:
                continue  # on the border of two pixels
            inside = 0 <= x < WIDTH and 0 <= y < HEIGHT
            expected = PIXELS[math.floor(y), math.floor(x)] if inside else 0xFF000000
            assert seen[row, column] == expected


@pytest.mark.parametrize("zoom", [1.3, 1.5, 2.7, 5.0, 17.3])
@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("is_proposed", [False, True])
def test_a_part_drawn_anew_meets_what_is_around_it(qtbot, zoom: float, orientation: int, is_proposed: bool) -> None:  # type: ignore[no-untyped-def]
    canvas = CanvasView()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    labels = np.random.default_rng(5).integers(0, 3, (90, 120)).astype(np.uint8)
    canvas.set_document(picture(), document(), orientation)
    if is_proposed:
        canvas.set_proposal(labels, labels)
    canvas.zoom_by(zoom / canvas.zoom)

    def painted(rect: QRect) -> np.ndarray:
        image = QImage(400, 300, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.black)
        painter = QPainter(image)
        painter.setClipRect(rect)
        canvas._scene.paint(painter, canvas._transform, rect, canvas.rect(), 1.0)
        painter.end()
        return (
            np.frombuffer(image.constBits(), np.uint32)
            .reshape(300, 400)[rect.top() : rect.bottom() + 1, rect.left() : rect.right() + 1]
            .copy()
        )

    whole = painted(canvas.rect())
    for x, y, width, height in ((37, 0, 5, 300), (0, 111, 400, 5), (123, 77, 90, 64), (201, 203, 1, 1)):
        part = painted(QRect(x, y, width, height))
        np.testing.assert_array_equal(part, whole[y : y + height, x : x + width])
