"""Strokes in napari, for `tests.benchmarks.brush --napari PYTHON`: run by that interpreter, which has napari.

Needs a display, such as Xvfb's. It gets the image's size, the brush's radius and how many segments as arguments and
prints the seconds of each segment, mouse event to repainted screen, as JSON.
"""

from __future__ import annotations

import json
import sys
import time

import napari
import numpy as np
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

VIEW = (1600, 1000)


def main() -> None:
    height, width, radius, segments = map(int, sys.argv[1:5])
    labels = np.load(sys.argv[5])
    tile = np.random.default_rng(0).integers(0, 256, (1000, 1000, 3), dtype=np.uint8)
    image = np.tile(tile, (-(-height // 1000), -(-width // 1000), 1))[:height, :width].copy()
    viewer = napari.Viewer(show=False)
    viewer.window._qt_window.resize(VIEW[0] + 400, VIEW[1] + 200)
    viewer.window.show()
    viewer.add_image(image)
    layer = viewer.add_labels(labels)
    layer.mode, layer.brush_size, layer.selected_label = "paint", 2 * radius, 3
    for _ in range(50):
        QApplication.processEvents()
        time.sleep(0.02)
    viewer.reset_view()
    native = viewer.window._qt_viewer.canvas.native
    size = native.width(), native.height()

    def send(kind: QEvent.Type, at: QPointF) -> float:
        button = Qt.MouseButton.LeftButton
        pressed = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button
        place = QPointF(native.mapToGlobal(at.toPoint()))
        event = QMouseEvent(kind, at, place, button, pressed, Qt.KeyboardModifier.NoModifier)
        start = time.perf_counter()
        QApplication.sendEvent(native, event)
        QApplication.processEvents()
        return time.perf_counter() - start

    steps = np.arange(segments + 1) * 0.1
    across, down = size[0] * (0.5 + 0.4 * np.sin(steps * 0.9)), size[1] * (0.5 + 0.4 * np.sin(steps * 1.3))
    points = [QPointF(float(x), float(y)) for x, y in zip(across, down, strict=True)]
    before = layer.data.copy()
    send(QEvent.Type.MouseButtonPress, points[0])
    seconds = [send(QEvent.Type.MouseMove, point) for point in points[1:]]
    send(QEvent.Type.MouseButtonRelease, points[-1])
    changed = int(np.count_nonzero(before != layer.data))
    print(json.dumps({"seconds": seconds, "changed": changed, "version": napari.__version__, "view": size}))
    viewer.close()


if __name__ == "__main__":
    main()
