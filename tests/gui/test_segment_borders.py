"""The borders of segments on the canvas: where they are, at every zoom and whichever way the image is turned."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.geometry import Box
from segstudio.tools.segments import Segments
from tests.gui.canvas_hand import document, grabbed

SPLIT = 40
"""Where the two segments of the image adjoin, in pixels from its left."""


def two_segments(level: int) -> Segments:
    """A left and a right part of an image of 90 × 120 pixels that was halved `level` times."""
    labels = np.zeros((-(-90 >> level), -(-120 >> level)), np.uint16)
    column = SPLIT >> level
    labels[:, column:] = 1
    height, width = labels.shape
    boxes = np.array([(0, 0, column, height), (column, 0, width, height)], np.int32)
    return Segments(labels, (0, 0), level, boxes, Box.of_size(120, 90), 40)


def changed(canvas: CanvasView, segments: Segments) -> np.ndarray:
    """(height, width) bool: the view pixels that the borders of `segments` change."""
    canvas.set_segments(None)
    plain = grabbed(canvas)
    canvas.set_segments(segments)
    return (grabbed(canvas) != plain).any(axis=2)


@pytest.fixture
def canvas(qtbot: QtBot) -> CanvasView:
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    return view


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("level", [0, 2])
def test_they_lie_where_segments_adjoin(canvas: CanvasView, orientation: int, level: int) -> None:
    canvas.set_document(np.full((90, 120, 3), 90, np.uint8), document(), orientation)
    canvas.fit()
    y, x = np.nonzero(changed(canvas, two_segments(level)))
    ends = canvas.image_to_view(SPLIT, 0), canvas.image_to_view(SPLIT, 90)
    (x0, x1), (y0, y1) = (
        sorted(round(value) for value in pair) for pair in zip(*(e.toTuple() for e in ends), strict=True)
    )
    assert (x.min(), x.max(), y.min(), y.max()) == pytest.approx((x0, x1, y0, y1), abs=1.5)
    assert len(x) == pytest.approx(2 * max(x1 - x0, y1 - y0), abs=4), "a line and its shade"


@pytest.mark.parametrize("zoom", [0.3, 1.0, 7.3])
def test_they_are_one_pixel_of_the_screen_wide(canvas: CanvasView, zoom: float) -> None:
    canvas.set_document(np.full((90, 120, 3), 90, np.uint8), document())
    canvas.fit()
    canvas.zoom_by(zoom / canvas.zoom, canvas.image_to_view(SPLIT, 45))
    across = changed(canvas, two_segments(0)).sum(axis=1)
    assert across.max() == 2 and across[across > 0].min() > 0


def test_hiding_the_overlay_hides_them_too(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.set_document(np.full((90, 120, 3), 90, np.uint8), document())
    plain = grabbed(canvas)
    canvas.set_segments(two_segments(0))
    qtbot.keyPress(canvas, "h")
    np.testing.assert_array_equal(grabbed(canvas), plain)
    qtbot.keyRelease(canvas, "h")
    assert (grabbed(canvas) != plain).any()


def test_another_image_has_none(canvas: CanvasView) -> None:
    canvas.set_document(np.full((90, 120, 3), 90, np.uint8), document())
    canvas.set_segments(two_segments(0))
    canvas.set_document(np.full((90, 120, 3), 90, np.uint8), document())
    assert canvas.segments is None
