"""The bucket: from the mouse's release to the repainted screen, the edit kept, over a busy label map.

`python -m tests.benchmarks.fill [--json]`. A region of 10,000×10,000 pixels and one of 4,096×4,096, with things in it
that are not filled, in a label map a little larger. Medians of five fills, each undone before the next.
"""

from __future__ import annotations

import os
import statistics

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication

from segstudio.tools import TOOLS
from tests.benchmarks._report import report, wants_json
from tests.benchmarks._stage import busy_labels, mouse, shown_canvas

AROUND = 200
FILLS = 5
FILLED, NEW = 8, 3
NOTES = {
    "fill_s_10000": "seconds for a region of 10,000×10,000 pixels",
    "fill_ms_4096": "milliseconds for one of 4,096×4,096",
    "edit_mb_10000": "megabytes that the edit keeps",
}


def region_labels(side: int) -> np.ndarray:
    """A busy map with one region of label `FILLED`, `side` pixels wide, around what is rare in it."""
    labels = busy_labels(side + 2 * AROUND, side + 2 * AROUND)
    counts = np.bincount(labels.reshape(-1), minlength=256)
    rare = int(np.flatnonzero(counts)[counts[np.flatnonzero(counts)].argmin()])
    inner = labels[AROUND : AROUND + side, AROUND : AROUND + side]
    inner[inner != rare] = FILLED
    return labels


def fill_seconds(side: int) -> tuple[float, int]:
    """The median over `FILLS` fills, in seconds, and the bytes that an edit keeps."""
    labels = region_labels(side)
    canvas = shown_canvas(np.full((*labels.shape, 3), 90, np.uint8), labels)
    canvas.set_class_index(NEW)
    canvas.set_tool(TOOLS["bucket"].factory())
    document = canvas.document
    assert document is not None
    row, column = (int(place[0]) + AROUND for place in np.nonzero(labels[AROUND:-AROUND, AROUND:-AROUND] == FILLED))
    at = canvas.image_to_view(column + 0.5, row + 0.5)
    taken = []
    for _ in range(FILLS):
        mouse(canvas, QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton)
        taken.append(mouse(canvas, QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.LeftButton))
        edit = document.undo()
        assert edit is not None and edit.box.width >= side - 2
        QApplication.processEvents()
    canvas.close()
    return statistics.median(taken), edit.nbytes


def main() -> None:
    as_json = wants_json(__doc__)
    app = QApplication.instance() or QApplication([])
    large, kept = fill_seconds(10_000)
    small, _ = fill_seconds(4_096)
    report("fill", {"fill_s_10000": large, "fill_ms_4096": 1000 * small, "edit_mb_10000": kept / 1e6}, as_json, NOTES)
    del app


if __name__ == "__main__":
    main()
