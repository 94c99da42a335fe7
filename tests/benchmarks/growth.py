"""What a stroke costs as the image grows: it should follow the pixels that change, and stay flat.

`python -m tests.benchmarks.growth [--json] [--megapixels 1,4,12,50,108,200,400]`. A brush of radius 50 at 100 %, over a
busy label map; a segment from the mouse event to the repainted screen, a step of a pan, undoing or redoing a stroke,
and the bytes that a stroke's edit keeps.
"""

from __future__ import annotations

import argparse

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from tests.benchmarks._report import report
from tests.benchmarks._stage import busy_labels, drag_seconds, go_to, noise, p99, shown_canvas
from tests.benchmarks.undo import short_stroke, undo_seconds

SEGMENTS = 200
STROKES = 30
NOTES = {
    "segment_ms": "one segment of a stroke, the middle",
    "segment_p99_ms": "the same, 99 of 100",
    "pan_ms": "one step of a pan, the middle",
    "undo_ms": "undoing or redoing a stroke, the middle",
    "kept_bytes": "bytes that a stroke's edit keeps, the mean",
    "recoloured": "overlay pixels coloured anew for one segment",
}


def one_size(megapixels: float) -> dict[str, float]:
    """The figures of one size of image."""
    image = noise(megapixels)
    canvas = shown_canvas(image, busy_labels(*image.shape[:2]))
    go_to(canvas, 1.0)
    before = canvas.pixels_recoloured
    segments = drag_seconds(canvas, Qt.MouseButton.LeftButton, SEGMENTS)
    recoloured = (canvas.pixels_recoloured - before) / SEGMENTS
    pans = drag_seconds(canvas, Qt.MouseButton.MiddleButton, SEGMENTS)
    document = canvas.document
    assert document is not None
    document.undo()
    go_to(canvas, 1.0)
    random = np.random.default_rng(5)
    for _ in range(STROKES):
        short_stroke(canvas, random)
    kept = document.history.nbytes / document.history.position
    undone = undo_seconds(canvas)
    canvas.close()
    middle = {"segment_ms": segments, "pan_ms": pans, "undo_ms": undone}
    figures = {key: float(np.median(np.asarray(values))) * 1e3 for key, values in middle.items()}
    return figures | {"segment_p99_ms": p99(segments), "kept_bytes": kept, "recoloured": recoloured}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--megapixels", default="1,4,12,50,108,200,400", help="sizes of the image, between commas")
    given = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    figures = {
        f"{key}_{size}mp": value for size in given.megapixels.split(",") for key, value in one_size(float(size)).items()
    }
    notes = {key: note for key in figures for start, note in NOTES.items() if key.startswith(f"{start}_")}
    report("growth", figures, given.json, notes)
    del app


if __name__ == "__main__":
    main()
