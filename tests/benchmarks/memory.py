"""Peak memory of the program with a large photograph open, painted on and undone, above the empty program.

`python -m tests.benchmarks.memory [--json] [--megapixels 108]`. Two processes of the real window, one at its start
page and one in a folder with the photograph and its mask; peaks as the system counts them, over the bytes of the
photograph decoded to RGB. Linux and macOS.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks._large_folder import write_large_folder
from tests.benchmarks._report import report
from tests.benchmarks._stage import size_of

NOTES = {
    "peak_over_decoded": "peak above the empty program, over the decoded bytes",
    "peak_mb": "the same in megabytes",
    "empty_mb": "the empty program's peak",
}
PROGRAM = """
import resource, sys, tempfile
from pathlib import Path
from PySide6.QtCore import QPointF, QTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from segstudio.application import make_window
from segstudio.services.settings import WARM_TRAINER, Settings
app = QApplication([])
settings = Settings(Path(tempfile.mkdtemp()) / "settings.ini")
settings.set(WARM_TRAINER, False)
window = make_window(settings)
window.show()
def wait(condition, most=120_000):
    passed = 0
    while not condition() and passed < most:
        QTest.qWait(20)
        passed += 20
    assert condition(), "it did not come"
wait(lambda: window.proposals.is_ready if hasattr(window.proposals, "is_ready") else True)
QTest.qWait(8000)
if len(sys.argv) > 1:
    window.open_folder(Path(sys.argv[1]))
    session, canvas = window.session, window.parts.canvas
    wait(lambda: session.current is not None)
    wait(lambda: not canvas._scene.is_rough)
    left = Qt.MouseButton.LeftButton
    QTest.keyClick(canvas, Qt.Key.Key_4)
    for zoom in (None, 1.0, 0.3):
        canvas.fit()
        if zoom:
            canvas.zoom_by(zoom / canvas.zoom)
        for row in range(200, 500, 100):
            QTest.mousePress(canvas, left, pos=QPointF(200, row).toPoint())
            for column in range(240, 700, 40):
                QTest.mouseMove(canvas, QPointF(column, row).toPoint())
            QTest.mouseRelease(canvas, left, pos=QPointF(700, row).toPoint())
            QTest.qWait(50)
    document = session.current.document
    assert document.history.position == 9, document.history.position
    while document.undo():
        QTest.qWait(20)
    wait(lambda: not canvas._scene.is_rough)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print("peak", peak * (1 if sys.platform == "darwin" else 1024))
window.close()
"""


def peak_bytes(folder: Path | None) -> int:
    """The peak of one run of the window, in bytes."""
    command = [sys.executable, "-c", PROGRAM, *([str(folder)] if folder else [])]
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=600, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("peak ")), None)
    if line is None:
        raise RuntimeError(f"the window told no peak: {done.stderr[-2000:]}")
    return int(line.split()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--megapixels", type=float, default=108)
    given = parser.parse_args()
    height, width = size_of(given.megapixels)
    with tempfile.TemporaryDirectory() as folder:
        large = write_large_folder(Path(folder) / "large", given.megapixels)
        empty, opened = peak_bytes(None), peak_bytes(large)
    name = f"{given.megapixels:g}mp"
    figures = {
        f"peak_over_decoded_{name}": (opened - empty) / (3 * height * width),
        f"peak_mb_{name}": (opened - empty) / 1e6,
        "empty_mb": empty / 1e6,
    }
    notes = {key: note for key in figures for start, note in NOTES.items() if key.startswith(start)}
    report("memory", figures, given.json, notes)


if __name__ == "__main__":
    main()
