"""Images wider or higher than 32,767 pixels, which is as far as some ways of drawing count."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap
from tests.gui.canvas_hand import Hand, grabbed

LONG, SHORT = 70_000, 300
PLACES = [(10, 10), (200, 150), (390, 290), (120, 220)]


def banded(height: int, width: int) -> np.ndarray:
    """(height, width, 3): squares of 64 pixels, whose colour tells where they are."""
    rows, columns = np.arange(height)[:, None] // 64, np.arange(width)[None, :] // 64
    image = np.empty((height, width, 3), np.uint8)
    image[..., 0], image[..., 1] = columns % 256, rows % 256
    image[..., 2] = (columns // 256 + rows // 256) * 60
    return image


@pytest.mark.parametrize("shape", [(SHORT, LONG), (LONG, SHORT)])
@pytest.mark.parametrize("zoom", [None, 0.4, 1.0, 3.3, 8.0])
def test_the_far_end_is_shown_and_painted_on(qtbot: QtBot, shape: tuple[int, int], zoom: float | None) -> None:
    height, width = shape
    image = banded(height, width)
    shown = Document("long", LabelMap(height, width), ClassTable.from_names(["a", "b"]))
    canvas = CanvasView()
    qtbot.addWidget(canvas)
    canvas.resize(400, 300)
    canvas.set_document(image, shown)
    canvas.set_class_index(1)
    canvas.set_brush_size(1)
    with qtbot.waitExposed(canvas):
        canvas.show()
    if zoom is not None:
        canvas.zoom_by(zoom / canvas.zoom)
        far = canvas.image_to_view(width - 100 / zoom, height - 60 / zoom)
        while abs(far.x() - 200) > 2 or abs(far.y() - 150) > 2:
            canvas._pan_by(QPointF(200, 150) - far)
            far = canvas.image_to_view(width - 100 / zoom, height - 60 / zoom)
    seen, checked = grabbed(canvas), 0
    for x, y in PLACES:
        column, row = (int(part // 1) for part in canvas.view_to_image(QPointF(x + 0.5, y + 0.5)))
        if 0 <= column < width and 0 <= row < height and (zoom or 0) >= 1:
            assert np.abs(seen[y, x, :3].astype(int) - image[row, column]).max() <= 2, (x, y)
            checked += 1
    assert checked or (zoom or 0) < 1
    Hand(canvas).stroke((width - 5.5, height - 5.5), (width - 2.5, height - 5.5))
    assert shown.label_map.value_at(width - 3, height - 6) == 1
    assert shown.history.position == 1
