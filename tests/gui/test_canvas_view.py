"""What the canvas shows: zoom, orientation, overlay, proposal, and how little of it is drawn anew."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from segstudio.canvas.canvas_view import CanvasView
from segstudio.canvas.hover_info import HoverInfo
from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box
from segstudio.core.raster import BrushShape, footprint
from tests.gui.canvas_hand import CLASSES, Hand, document, grabbed, picture


@pytest.fixture
def canvas(qtbot) -> CanvasView:  # type: ignore[no-untyped-def]
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_document(picture(), document())
    with qtbot.waitExposed(view):
        view.show()
    return view


@pytest.fixture
def hand(canvas: CanvasView) -> Hand:
    return Hand(canvas)


def shown_pixels(canvas: CanvasView, height: int = 90, width: int = 120) -> np.ndarray:
    """The screen's colour at the middle of every image pixel, stored frame."""
    screen = grabbed(canvas)
    rows = []
    for y in range(height):
        points = [canvas.image_to_view(x + 0.5, y + 0.5) for x in range(width)]
        rows.append([screen[int(point.y()), int(point.x())] for point in points])
    return np.array(rows)


def test_without_a_document_only_the_background_is_painted(canvas) -> None:
    canvas.set_document(None, None)
    assert len(np.unique(grabbed(canvas).reshape(-1, 3), axis=0)) == 1


def test_magnified_pixels_are_exact(canvas) -> None:
    canvas.actual_size()
    canvas.zoom_by(2)
    np.testing.assert_array_equal(shown_pixels(canvas), picture())


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_view_is_turned_as_exif_says(canvas, orientation) -> None:
    canvas.set_document(picture(), document(), orientation)
    canvas.actual_size()
    stored = Image.fromarray(picture())
    stored.getexif()[0x0112] = orientation
    upright = np.array(ImageOps.exif_transpose(stored))
    corners = [canvas.image_to_view(0, 0), canvas.image_to_view(120, 90)]
    left, top = (round(min(getattr(corner, axis)() for corner in corners)) for axis in "xy")
    height, width = upright.shape[:2]
    np.testing.assert_array_equal(grabbed(canvas)[top : top + height, left : left + width], upright)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_view_and_image_coordinates_are_inverse(canvas, orientation) -> None:
    canvas.set_document(picture(), document(), orientation)
    assert canvas.view_to_image(canvas.image_to_view(12.25, 70.5)) == pytest.approx((12.25, 70.5))


def test_a_reduced_image_is_averaged_not_thinned(canvas) -> None:
    stripes = np.zeros((900, 1200, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    canvas.set_document(stripes, document(900, 1200))
    middle = grabbed(canvas)[140:160, 150:250]
    assert canvas.zoom < 0.5
    assert middle.min() > 100 and middle.max() < 156


def test_the_wheel_keeps_the_image_point_under_the_pointer(canvas, hand) -> None:
    at = canvas.image_to_view(33, 71)
    for angle in (120, 240, 120, -360, 120):
        hand.wheel(at, angle)
        x, y = canvas.view_to_image(at)
        assert abs(x - 33) * canvas.zoom < 1 and abs(y - 71) * canvas.zoom < 1


def test_two_fingers_pan(canvas, hand) -> None:
    before, zoom = canvas.image_to_view(0, 0), canvas.zoom
    hand.wheel(QPointF(200, 150), 40, QPoint(12, -7))
    assert (canvas.image_to_view(0, 0) - before).toPoint() == QPoint(12, -7)
    assert canvas.zoom == zoom


def test_fit_goes_on_fitting_until_the_person_zooms(canvas) -> None:
    canvas.fit()
    narrow = canvas.zoom
    canvas.resize(800, 600)
    assert canvas.zoom > 1.5 * narrow
    canvas.zoom_by(1.5)
    zoom = canvas.zoom
    canvas.resize(500, 400)
    assert canvas.zoom == pytest.approx(zoom)


def test_the_image_cannot_be_lost_by_panning(canvas, hand) -> None:
    for _ in range(50):
        hand.wheel(QPointF(200, 150), 40, QPoint(300, 300))
    corner = canvas.image_to_view(0, 0)
    assert corner.x() < 400 and corner.y() < 300


def test_opacity_mixes_image_and_overlay(canvas) -> None:
    canvas.set_document(np.zeros((90, 120, 3), dtype=np.uint8), document(fill=1))
    recoloured = canvas.pixels_recoloured
    for opacity in (0.0, 0.5, 1.0):
        canvas.set_overlay_opacity(opacity)
        expected = np.array(CLASSES[1].color) * opacity
        assert np.abs(shown_pixels(canvas)[45, 60] - expected).max() <= 2
        if opacity == 0.0:
            recoloured = canvas.pixels_recoloured
    assert canvas.pixels_recoloured == recoloured, "opacity recolours nothing"


def test_void_and_hidden_classes_let_the_image_through(canvas) -> None:
    shown = document()
    with shown.begin("paint") as edit:
        edit.replace(Box(0, 0, 40, 90), np.full((90, 40), 1, dtype=np.uint8))
        edit.replace(Box(40, 0, 80, 90), np.full((90, 40), 2, dtype=np.uint8))
    canvas.set_document(picture(), shown)
    canvas.set_overlay_opacity(1.0)
    canvas.set_classes(CLASSES.with_visible(1, False))
    seen = shown_pixels(canvas)
    np.testing.assert_array_equal(seen[:, :40], picture()[:, :40])
    assert (seen[:, 40:80] == CLASSES[2].color).all()
    np.testing.assert_array_equal(seen[:, 80:], picture()[:, 80:])


def test_the_outline_is_one_pixel_inside_the_region(canvas) -> None:
    shown = document()
    with shown.begin("paint") as edit:
        edit.replace(Box(30, 20, 60, 50), np.full((30, 30), 2, dtype=np.uint8))
    canvas.set_document(np.zeros((90, 120, 3), dtype=np.uint8), shown)
    canvas.set_overlay_opacity(1.0)
    canvas.set_outline(True)
    colored = shown_pixels(canvas).any(axis=2)
    expected = np.zeros((90, 120), dtype=bool)
    expected[20:50, 30:60] = True
    expected[21:49, 31:59] = False
    np.testing.assert_array_equal(colored, expected)


@pytest.mark.parametrize("outline", [False, True])
@pytest.mark.parametrize("zoom", [0.3, 1.0, 3.0])
def test_a_repainted_part_looks_like_a_full_repaint(canvas, hand, outline, zoom) -> None:
    """The overlay kept up to date bit by bit is the overlay coloured from scratch."""
    large = picture(700, 600)
    canvas.set_document(large, document(700, 600))
    canvas.set_outline(outline)
    canvas.zoom_by(zoom / canvas.zoom)
    grabbed(canvas)
    canvas.set_brush_size(31)
    for index, points in enumerate([((250, 300), (350, 420)), ((350, 300), (260, 380))]):
        canvas.set_class_index(index + 1)
        hand.stroke(*points)
    canvas.document.undo()
    bit_by_bit = grabbed(canvas)
    canvas.set_outline(not outline)
    canvas.set_outline(outline)
    np.testing.assert_array_equal(bit_by_bit, grabbed(canvas))


def test_a_dab_recolours_and_repaints_its_own_rectangle_only(canvas, hand, qtbot) -> None:
    canvas.set_document(picture(1000, 1200), document(1000, 1200))
    canvas.actual_size()
    canvas.set_brush_size(21)
    canvas.set_class_index(1)
    grabbed(canvas)
    before = canvas.pixels_recoloured
    hand.press(600.5, 500.5)
    assert 0 < canvas.pixels_recoloured - before <= 21 * 21
    (dirty,) = canvas.dirty_rects
    assert dirty.contains(canvas.image_to_view(600.5, 500.5).toPoint())
    assert dirty.width() <= 21 + 6 and dirty.height() <= 21 + 6
    hand.release(600.5, 500.5)


def test_only_what_is_looked_at_is_coloured(canvas) -> None:
    canvas.set_document(picture(2000, 3000), document(2000, 3000, fill=1))
    canvas.actual_size()
    before = canvas.pixels_recoloured
    grabbed(canvas)
    assert canvas.pixels_recoloured - before <= 4 * 3 * 256 * 256


def test_a_proposal_shows_where_nothing_is_painted_and_is_hatched(canvas, hand) -> None:
    canvas.set_document(np.zeros((90, 120, 3), dtype=np.uint8), document())
    plain = shown_pixels(canvas)
    assert not plain.any()
    canvas.set_proposal(np.full((90, 120), 2, dtype=np.uint8), None)
    hatched = shown_pixels(canvas)
    assert hatched.any(axis=2).all()
    assert len(np.unique(hatched.reshape(-1, 3), axis=0)) > 1, "stripes"
    canvas.set_class_index(1)
    canvas.set_brush_size(20)
    hand.stroke((60, 45))
    painted = footprint((60, 45), 20, BrushShape.ROUND).mask(Box(0, 0, 120, 90))
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    colors = np.unique(shown_pixels(canvas)[painted], axis=0)
    assert len(colors) == 1, "what is painted is not hatched"


def test_the_three_states_differ_in_shape_not_only_in_colour(canvas) -> None:
    """Compared as black and white: which pixels beside the image are background."""
    canvas.set_document(np.zeros((90, 120, 3), dtype=np.uint8), document())
    seen = []
    for proposed, accepted in ((False, False), (True, False), (False, True)):
        labels = np.full((90, 120), VOID, dtype=np.uint8) if proposed else None
        canvas.set_proposal(labels, None)
        canvas.set_accepted(accepted)
        screen = grabbed(canvas).astype(int)
        seen.append((np.abs(screen - screen[0, 0]).max(axis=2) > 20).tobytes())
    assert len(set(seen)) == 3


def test_hovering_tells_pixel_class_and_confidence(canvas, hand) -> None:
    told: list[HoverInfo | None] = []
    canvas.hovered.connect(told.append)
    confidence = np.arange(90 * 120, dtype=np.uint32).reshape(90, 120).astype(np.uint8)
    canvas.set_proposal(np.full((90, 120), 2, dtype=np.uint8), confidence)
    hand.hover(17.5, 33.5)
    assert told[-1] == HoverInfo(17, 33, 2, int(confidence[33, 17]), is_proposal=True)
    canvas.set_class_index(1)
    hand.stroke((17.5, 33.5))
    assert told[-1] == HoverInfo(17, 33, 1, int(confidence[33, 17]))
    canvas.document.undo()
    assert told[-1] is not None and told[-1].value == 2, "what lies under a resting pointer is told too"
    hand.hover(-4, 10)
    assert told[-1] is None


def test_leaving_the_canvas_clears_coordinates_and_outline(canvas, hand) -> None:
    told: list[HoverInfo | None] = []
    canvas.hovered.connect(told.append)
    without = grabbed(canvas)
    hand.hover(50, 50)
    assert not np.array_equal(grabbed(canvas), without)
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    assert told[-1] is None
    np.testing.assert_array_equal(grabbed(canvas), without)


def test_holding_h_hides_the_overlay(canvas) -> None:
    canvas.set_document(picture(), document(fill=1))
    canvas.setFocus()
    with_overlay = grabbed(canvas)
    QTest.keyPress(canvas, Qt.Key.Key_H)
    np.testing.assert_array_equal(shown_pixels(canvas), picture())
    QTest.keyRelease(canvas, Qt.Key.Key_H)
    np.testing.assert_array_equal(grabbed(canvas), with_overlay)
    canvas.set_overlay_visible(False)
    QTest.keyClick(canvas, Qt.Key.Key_H)
    np.testing.assert_array_equal(shown_pixels(canvas), picture())


def test_dropped_folders_are_handed_on(canvas, qtbot, tmp_path: Path) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    event = QDropEvent(
        QPointF(10, 10),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    with qtbot.waitSignal(canvas.files_dropped) as dropped:
        canvas.dropEvent(event)
    assert dropped.args == [[tmp_path]]


def test_sizes_that_do_not_fit_are_refused(canvas) -> None:
    with pytest.raises(ValueError, match="over a label map"):
        canvas.set_document(picture(50, 50), document())
    canvas.set_document(picture(), document())
    with pytest.raises(ValueError, match="a proposal of"):
        canvas.set_proposal(np.zeros((5, 5), dtype=np.uint8), None)
