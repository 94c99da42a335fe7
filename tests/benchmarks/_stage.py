"""A canvas on screen with a large image and a busy label map, and a hand that drags over it. For the benchmarks."""

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
from segstudio.project.halving import halvings

RADIUS = 50
VIEW = (1600, 1000)


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


def size_of(megapixels: float) -> tuple[int, int]:
    """(height, width) of a picture of 3 : 4."""
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    return height, round(height * 4 / 3)


def shown_canvas(image: np.ndarray, labels: np.ndarray, radius: int = RADIUS) -> CanvasView:
    """A canvas of `VIEW` pixels on screen."""
    canvas = CanvasView()
    canvas.resize(*VIEW)
    classes = ClassTable.from_names([f"class {number}" for number in range(11)])
    canvas.set_document(image, Document("picture", LabelMap.from_array(labels), classes), reduced=halvings(image))
    canvas.set_brush_size(2 * radius)
    canvas.set_class_index(3)
    canvas.show()
    QApplication.processEvents()
    return canvas


def noise(megapixels: float) -> np.ndarray:
    """(height, width, 3) uint8: a million random pixels, repeated."""
    height, width = size_of(megapixels)
    tile = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    return np.tile(tile, (-(-height // 1000), -(-width // 1000), 1))[:height, :width].copy()


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


def go_to(canvas: CanvasView, zoom: float | None) -> None:
    """The middle of the image at `zoom`, or all of it, all painted and made exact."""
    canvas.fit()
    if zoom is not None:
        canvas.zoom_by(zoom / canvas.zoom)
    settle(canvas)


def settle(canvas: CanvasView) -> None:
    """Wait until nothing is left to refine."""
    QApplication.processEvents()
    while canvas._scene.is_rough:
        QApplication.processEvents()


def p99(seconds: np.ndarray | list[float]) -> float:
    """In milliseconds."""
    return float(np.percentile(np.asarray(seconds), 99)) * 1e3
