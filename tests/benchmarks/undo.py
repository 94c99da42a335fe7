"""Undoing and redoing strokes on a large image, and what a history of a thousand edits keeps.

`python -m tests.benchmarks.undo [--json] [--megapixels 108]`. Strokes and fills over a busy label map. The bytes are
those of the same edits kept in the ways of two peers, too: napari's (the indices of every changed pixel as int64 for
each axis, with its value before and after) cut to the fairer half, box + mask + old values, and ten bytes a pixel.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtWidgets import QApplication

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.document import Document
from segstudio.core.edits import Edit
from segstudio.tools import TOOLS
from tests.benchmarks._report import report
from tests.benchmarks._stage import VIEW, busy_labels, go_to, mouse, noise, p99, settle, shown_canvas

STROKES = 60
EDITS = 1000
FILL_EVERY = 10
"""One of so many edits is a fill of a region."""
TEN_BYTES = 10
"""What a changed pixel costs where its place (two int32), and its value before and after, are listed."""
NOTES = {
    "undo_p99": "undoing or redoing one stroke, repainted, at fit, 1:1 and 8:1; 99 of 100",
    "history_mb": "megabytes that a thousand edits keep",
    "kept_bytes": "bytes an edit keeps, the mean",
    "box_bytes": "the same edits as box + mask of bits + old values",
    "listed_bytes": "the same edits at ten bytes a changed pixel",
    "changed_pixels": "pixels that an edit changes, the mean",
}


def short_stroke(canvas: CanvasView, random: np.random.Generator) -> None:
    """A stroke of five segments somewhere in the view."""
    x, y = (float(random.uniform(100, side - 300)) for side in VIEW)
    mouse(canvas, QEvent.Type.MouseButtonPress, QPointF(x, y), Qt.MouseButton.LeftButton)
    for step in range(1, 6):
        mouse(canvas, QEvent.Type.MouseMove, QPointF(x + 40 * step, y + 10 * step), Qt.MouseButton.LeftButton)
    mouse(canvas, QEvent.Type.MouseButtonRelease, QPointF(x + 200, y + 50), Qt.MouseButton.LeftButton)


def undo_seconds(canvas: CanvasView) -> list[float]:
    """Seconds of undoing and redoing each stroke made so far, repainted."""
    document, seconds = canvas.document, []
    assert document is not None
    for step in [document.undo] * document.history.position + [document.redo] * document.history.position:
        start = time.perf_counter()
        step()
        QApplication.processEvents()
        seconds.append(time.perf_counter() - start)
        settle(canvas)
    return seconds


def mixed_edits(canvas: CanvasView, count: int) -> list[Edit]:
    """Strokes of many sizes all over the image, and fills of what lies under a click."""
    document, random = canvas.document, np.random.default_rng(6)
    assert document is not None
    height, width = document.label_map.shape
    made: list[Edit] = []
    document.edited.connect(made.append)
    for number in range(count):
        x, y = random.uniform(0.1, 0.9) * width, random.uniform(0.1, 0.9) * height
        canvas.actual_size()
        at = canvas.image_to_view(x, y)
        canvas._pan_by(QPointF(VIEW[0] / 2, VIEW[1] / 2) - at)
        is_fill = number % FILL_EVERY == 0
        canvas.set_tool(TOOLS["bucket" if is_fill else "brush"].factory())
        canvas.set_class_index(int(random.integers(0, 11)))
        canvas.set_brush_size(int(random.choice([5, 20, 60, 200, 500])))
        if is_fill:
            middle = QPointF(VIEW[0] / 2, VIEW[1] / 2)
            mouse(canvas, QEvent.Type.MouseButtonPress, middle, Qt.MouseButton.LeftButton)
            mouse(canvas, QEvent.Type.MouseButtonRelease, middle, Qt.MouseButton.LeftButton)
        else:
            short_stroke(canvas, random)
    document.edited.disconnect(made.append)
    return made


def peers_bytes(document: Document, edits: list[Edit]) -> tuple[float, float, float]:
    """Means over the edits: box + mask + old values, ten bytes a pixel, and changed pixels."""
    boxes, changed = [], []
    for edit in edits:
        pixels = sum(int(np.count_nonzero(patch.pixels())) for patch in edit.patches)
        changed.append(pixels)
        boxes.append(16 + edit.box.area / 8 + pixels)
    return float(np.mean(boxes)), TEN_BYTES * float(np.mean(changed)), float(np.mean(changed))


def measure(megapixels: float) -> dict[str, float]:
    """The figures by name."""
    name = f"{megapixels:g}mp"
    image = noise(megapixels)
    labels = busy_labels(*image.shape[:2])
    seconds: list[float] = []
    for zoom in (None, 1.0, 8.0):
        canvas = shown_canvas(image, labels)
        go_to(canvas, 1.0)
        random = np.random.default_rng(5)
        for _ in range(STROKES):
            short_stroke(canvas, random)
        go_to(canvas, zoom)
        seconds += undo_seconds(canvas)
        canvas.close()
    canvas = shown_canvas(image, labels)
    edits = mixed_edits(canvas, EDITS)
    document = canvas.document
    assert document is not None
    boxes, listed, changed = peers_bytes(document, edits)
    kept = sum(edit.nbytes for edit in edits)
    canvas.close()
    return {
        f"undo_p99_ms_{name}": p99(seconds),
        f"history_mb_1000_strokes_{name}": kept / 1e6 * EDITS / len(edits),
        f"kept_bytes_{name}": kept / len(edits),
        f"box_bytes_{name}": boxes,
        f"listed_bytes_{name}": listed,
        f"changed_pixels_{name}": changed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--megapixels", type=float, default=108)
    given = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    figures = measure(given.megapixels)
    notes = {key: note for key in figures for start, note in NOTES.items() if key.startswith(start)}
    report("undo", figures, given.json, notes)
    del app


if __name__ == "__main__":
    main()
