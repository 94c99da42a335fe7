"""The grid between magnified pixels: where its lines lie, on any screen and at any zoom."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from segstudio.canvas.frames import draw_grid
from segstudio.canvas.view_transform import ViewTransform
from segstudio.core.geometry import Box

WIDTH, HEIGHT, SIDE = 12, 9, 150


def grid(zoom: float, ratio: float, orientation: int, shade: int, box: Box) -> tuple[np.ndarray, ViewTransform]:
    """(device height, device width) int: the grid on `shade`, and where the image lies."""
    view = ViewTransform()
    view.set_image(WIDTH, HEIGHT, orientation)
    view.set_view(SIDE, SIDE, ratio)
    view.fit()
    view.set_zoom(zoom, QPointF(SIDE / 2, SIDE / 2))
    image = QImage(round(SIDE * ratio), round(SIDE * ratio), QImage.Format.Format_RGB32)
    image.fill(0xFF000000 | shade * 0x010101)
    image.setDevicePixelRatio(ratio)
    painter = QPainter(image)
    draw_grid(painter, view, box, ratio)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return pixels[:, :, 1].astype(int), view


@pytest.mark.parametrize("zoom", [16.0, 17.3, 22.7, 41.9])
@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_line_lies_on_both_sides_of_each_border_and_nowhere_else(
    qapp: QApplication, zoom: float, ratio: float, orientation: int
) -> None:
    drawn, view = grid(zoom, ratio, orientation, 128, Box.of_size(WIDTH, HEIGHT))
    thick = max(1, int(ratio))
    seen = 0
    row = int(view.to_view.map(QPointF(6.5, 4.5)).y() * ratio)  # through the middle of image pixels
    for device in range(thick, drawn.shape[1] - thick):
        places = [view.to_image.map(QPointF((x + 0.5) / ratio, (row + 0.5) / ratio)) for x in (device - 1, device)]
        before, here = (tuple(int((part + 1e-6) // 1) for part in place.toTuple()) for place in places)
        inside = all(0 <= x < WIDTH and 0 <= y < HEIGHT for x, y in (before, here))
        if inside and before != here:
            seen += 1
            assert (drawn[row, device - thick : device] < 128).all(), "dark before the border"
            assert (drawn[row, device : device + thick] > 128).all(), "light behind it"
    plain = (drawn == 128).mean()
    assert seen >= 2 and plain > 0.5


@pytest.mark.parametrize("shade", [0, 60, 200, 255])
@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_grid_shows_on_dark_and_on_light(qapp: QApplication, shade: int, ratio: float) -> None:
    drawn, _ = grid(20.0, ratio, 1, shade, Box.of_size(WIDTH, HEIGHT))
    assert np.abs(drawn - shade).max() > 25


def test_a_part_of_the_grid_is_that_of_the_whole(qapp: QApplication) -> None:
    whole, view = grid(17.3, 1.0, 1, 128, Box.of_size(WIDTH, HEIGHT))
    part, _ = grid(17.3, 1.0, 1, 128, Box(3, 2, 8, 6))
    corner, end = view.to_view.map(QPointF(4, 3)), view.to_view.map(QPointF(7, 5))
    rows, columns = slice(round(corner.y()), round(end.y())), slice(round(corner.x()), round(end.x()))
    np.testing.assert_array_equal(part[rows, columns], whole[rows, columns])
