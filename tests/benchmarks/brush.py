"""How long a segment of a stroke takes, from the mouse event to the repainted screen, and how much work it does.

A stroke of fast segments over a busy label map of 12 megapixels (round brush, radius 50), edit and repaint included;
every figure is the worst of the view fitted, at 100 % and at 800 %. Work counters do not depend on the machine.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap
from tests.benchmarks._report import report, wants_json

HEIGHT, WIDTH = 3000, 4000
RADIUS = 50
SEGMENTS = 400
VIEW = (1280, 800)


def busy_labels(height: int, width: int) -> np.ndarray:
    """(height, width) uint8: a real label map repeated, where SEGSTUDIO_TEST_DATA names some, else noise in patches."""
    data = os.environ.get("SEGSTUDIO_TEST_DATA", "")
    masks = sorted(Path(data, "camvid-voc", "SegmentationClass").glob("*.png")) if data else []
    if masks:
        tile = np.asarray(Image.open(masks[0]))
    else:
        patches = np.random.default_rng(1).integers(0, 11, (60, 80), dtype=np.uint8)
        tile = np.kron(patches, np.ones((7, 7), dtype=np.uint8))
    rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    return np.tile(tile, (rows, columns))[:height, :width]


def shown_canvas(image: np.ndarray, labels: np.ndarray) -> CanvasView:
    """A canvas of `VIEW` pixels on screen."""
    canvas = CanvasView()
    canvas.resize(*VIEW)
    classes = ClassTable.from_names([f"class {number}" for number in range(11)])
    canvas.set_document(image, Document("picture", LabelMap.from_array(labels), classes))
    canvas.set_brush_size(2 * RADIUS)
    canvas.set_class_index(3)
    canvas.show()
    QApplication.processEvents()
    return canvas


def mouse(canvas: CanvasView, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> float:
    """Send one event and repaint; seconds."""
    released = kind is QEvent.Type.MouseButtonRelease
    pressed = Qt.MouseButton.NoButton if released else button
    event = QMouseEvent(kind, at, QPointF(canvas.mapToGlobal(at.toPoint())), button, pressed, Qt.KeyboardModifier(0))
    start = time.perf_counter()
    QApplication.sendEvent(canvas, event)
    QApplication.processEvents()
    return time.perf_counter() - start


def drag_seconds(canvas: CanvasView, button: Qt.MouseButton, count: int) -> np.ndarray:
    """Seconds of each of `count` moves of a wavy drag, about 40 view pixels long each."""
    steps = np.arange(count + 1) * 0.1
    across = VIEW[0] * (0.5 + 0.4 * np.sin(steps * 0.9))
    down = VIEW[1] * (0.5 + 0.4 * np.sin(steps * 1.3))
    points = [QPointF(float(x), float(y)) for x, y in zip(across, down, strict=True)]
    mouse(canvas, QEvent.Type.MouseButtonPress, points[0], button)
    seconds = [mouse(canvas, QEvent.Type.MouseMove, point, button) for point in points[1:]]
    mouse(canvas, QEvent.Type.MouseButtonRelease, points[-1], button)
    return np.array(seconds)


def measure() -> dict[str, float]:
    """The figures by name."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    labels = busy_labels(HEIGHT, WIDTH)
    start = time.perf_counter()
    canvas = shown_canvas(image, labels)
    shown = (time.perf_counter() - start) * 1e3
    segments, pans, work = [], [], []
    for zoom in (None, 1.0, 8.0):
        canvas.fit()
        if zoom is not None:
            canvas.zoom_by(zoom / canvas.zoom)
        QApplication.processEvents()
        before = canvas.pixels_recoloured
        segments.append(drag_seconds(canvas, Qt.MouseButton.LeftButton, SEGMENTS) * 1e3)
        work.append((canvas.pixels_recoloured - before) / SEGMENTS)
        pans.append(drag_seconds(canvas, Qt.MouseButton.MiddleButton, SEGMENTS // 4) * 1e3)
    canvas.close()
    p99 = max(float(np.percentile(times, 99)) for times in segments)
    return {
        "segment_ms_p50": max(float(np.percentile(times, 50)) for times in segments),
        "segment_ms_p99": p99,
        "segment_p99_ms_12mp_r50": p99,
        "pan_p99_ms_12mp": max(float(np.percentile(times, 99)) for times in pans),
        "show_ms_12mp": shown,
        "pixels_recoloured_per_segment": max(work),
    }


_NOTES = {
    "segment_ms_p50": "one segment of a stroke, mouse event to repainted screen; the middle",
    "segment_ms_p99": "the same; 99 of 100 are faster",
    "segment_p99_ms_12mp_r50": "the same, by the name that says image and radius",
    "pan_p99_ms_12mp": "one step of a pan, repainted",
    "show_ms_12mp": "a new image and label map, fitted and on screen",
    "pixels_recoloured_per_segment": "overlay pixels coloured anew, halved sizes included",
}

if __name__ == "__main__":
    as_json = wants_json(__doc__)
    report("brush", measure(), as_json, _NOTES)
