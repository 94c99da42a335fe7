"""First sight of a large JPEG: how soon the window shows something of it, over the time that decoding all of it takes.

`python -m tests.benchmarks.preview [--json] [--megapixels 108]`. The real window; from the wish to see the image to the
paint that shows its thumbnail, its small picture, and the image itself with its mask. Medians of five.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image
from PySide6.QtCore import QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QApplication

from segstudio.application import make_window
from segstudio.main_window import MainWindow
from segstudio.project.images import read_image_file, read_preview
from segstudio.services.settings import LOOK_AHEAD, WARM_TRAINER, Settings
from tests.benchmarks._large_folder import NAME, write_large_folder
from tests.benchmarks._report import report

RUNS = 5
PATIENCE_S = 120.0
NOTES = {
    "first_sight_over_decode_jpeg": "the small picture on screen, over decoding the whole image",
    "first_sight_over_pillow_jpeg": "the same, over decoding it by Pillow",
    "reduced_over_decode_jpeg": "decoding the small picture alone, over decoding the whole image",
    "decode_speedup": "decoding the whole image: how many times faster than by Pillow",
    "thumbnail_ms": "the thumbnail on screen",
    "first_sight_s": "the small picture on screen",
    "image_s": "the image with its mask on screen, ready to be painted on",
    "decode_s": "decoding the whole image",
}


def live(milliseconds: int) -> None:
    """Let the window live, in an event loop: QTest.qWait keeps the interpreter to itself, and threads stand still."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def wait_until(condition: Callable[[], bool]) -> None:
    """Let the window live until it holds."""
    start = time.perf_counter()
    while not condition():
        live(20)
        if time.perf_counter() - start > PATIENCE_S:
            raise RuntimeError("it did not come")


def one_run(window: MainWindow, folder: Path) -> dict[str, float]:
    """Seconds from the wish to see the photograph to each thing that is seen of it, from an image beside it."""
    session, canvas = window.session, window.parts.canvas
    session.close_project()
    window.open_folder(folder)
    wait_until(lambda: session.current is not None and window.parts.filmstrip.model.thumbnail(NAME) is not None)
    live(2000)  # what is counted in the background when a folder opens is done by then
    seen: dict[str, float] = {}

    def note(what: str) -> None:
        canvas.repaint()
        seen[what] = time.perf_counter() - start

    connections = [
        session.waiting.connect(lambda _: note("thumbnail")),
        session.previewed.connect(lambda _: note("preview")),
        session.image_opened.connect(lambda _: note("image")),
    ]
    start = time.perf_counter()
    session.open_image(NAME)
    wait_until(lambda: "image" in seen)
    for connection in connections:
        QObject.disconnect(connection)
    return seen


def median_seconds(work: Callable[[], object]) -> float:
    """Of `RUNS` calls."""
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def by_pillow(path: Path) -> np.ndarray:
    """The plain way."""
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def measure(megapixels: float) -> dict[str, float]:
    """The figures by name."""
    app = QApplication.instance() or QApplication([])
    with tempfile.TemporaryDirectory() as place:
        folder = write_large_folder(Path(place) / "large", megapixels)
        Image.new("RGB", (640, 480)).save(folder / "JPEGImages" / "first.jpg")
        path = folder / "JPEGImages" / f"{NAME}.jpg"
        decode = median_seconds(lambda: by_pillow(path))
        ours = median_seconds(lambda: read_image_file(path))
        reduced = median_seconds(lambda: read_preview(path))
        settings = Settings(Path(place) / "settings.ini")
        settings.set(WARM_TRAINER, False)
        settings.set(LOOK_AHEAD, 0)
        window = make_window(settings)
        window.show()
        live(5000)  # until torch is loaded
        runs = [one_run(window, folder) for _ in range(RUNS)]
        window.close()
    seen = {what: statistics.median(run[what] for run in runs) for what in ("thumbnail", "preview", "image")}
    del app
    return {
        "first_sight_over_decode_jpeg": seen["preview"] / ours,
        "first_sight_over_pillow_jpeg": seen["preview"] / decode,
        "reduced_over_decode_jpeg": reduced / ours,
        "decode_speedup": decode / ours,
        "thumbnail_ms": seen["thumbnail"] * 1e3,
        "first_sight_s": seen["preview"],
        "image_s": seen["image"],
        "decode_s": ours,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--megapixels", type=float, default=108)
    given = parser.parse_args()
    report("preview", measure(given.megapixels), given.json, NOTES)


if __name__ == "__main__":
    main()
