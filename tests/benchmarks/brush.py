"""How long a segment of a stroke takes, from the mouse event to the repainted screen, and how much work it does.

`python -m tests.benchmarks.brush [--json] [--megapixels 12,108] [--radii 5,50,500] [--learning] [--napari PYTHON]`.
Strokes of fast segments over a busy label map, edit and repaint included, in the view fitted, at 100 % and at 800 %;
then steps of panning and of zooming. With --learning a network is taught meanwhile in a process of low priority, as in
the program, on the images that SEGSTUDIO_TEST_DATA names. With --napari the same strokes are made in napari, by the
Python that it is installed for and on the display that DISPLAY names (Xvfb's, say, with LIBGL_ALWAYS_SOFTWARE=1); set
QT_QPA_PLATFORM=xcb to have segstudio draw there, too. Work counters do not depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from segstudio.canvas.canvas_view import CanvasView
from segstudio.services.priority import let_others_go_first
from tests.benchmarks._report import report
from tests.benchmarks._stage import VIEW, busy_labels, drag_seconds, go_to, noise, p99, settle, shown_canvas, size_of

SEGMENTS = 300
ZOOMS = {"fit": None, "1": 1.0, "8": 8.0}
PAN_ZOOMS = {"fit": None, "quarter": 0.25, "0.6": 0.6, "1": 1.0, "3": 3.0, "8": 8.0, "32": 32.0}


def zoom_seconds(canvas: CanvasView) -> list[float]:
    """Seconds of each step of the wheel from the whole image to 3,200 % and back, repainted."""
    canvas.fit()
    settle(canvas)
    seconds = []
    at = QPointF(VIEW[0] * 0.4, VIEW[1] * 0.6)
    steps = int(np.log(32 / canvas.zoom) / np.log(1.25))
    for factor in [1.25] * steps + [0.8] * steps:
        start = time.perf_counter()
        canvas.zoom_by(factor, at)
        QApplication.processEvents()
        seconds.append(time.perf_counter() - start)
    return seconds


def measure(megapixels: list[float], radii: list[int]) -> dict[str, float]:
    """The figures by name."""
    figures: dict[str, float] = {}
    for size in megapixels:
        image = noise(size)
        labels = busy_labels(*image.shape[:2])
        name = f"{size:g}mp"
        start = time.perf_counter()
        canvas = shown_canvas(image, labels)
        figures[f"show_ms_{name}"] = (time.perf_counter() - start) * 1e3
        for radius in radii:
            canvas.set_brush_size(2 * radius)
            for zoom_name, zoom in ZOOMS.items():
                go_to(canvas, zoom)
                before = canvas.pixels_recoloured
                seconds = drag_seconds(canvas, Qt.MouseButton.LeftButton, SEGMENTS)
                work = (canvas.pixels_recoloured - before) / SEGMENTS
                figures[f"segment_p99_ms_{name}_r{radius}_{zoom_name}"] = p99(seconds)
                figures[f"segment_p50_ms_{name}_r{radius}_{zoom_name}"] = float(np.median(seconds)) * 1e3
                figures[f"recoloured_{name}_r{radius}_{zoom_name}"] = work
        for zoom_name, zoom in PAN_ZOOMS.items():
            go_to(canvas, zoom)
            figures[f"pan_p99_ms_{name}_{zoom_name}"] = p99(drag_seconds(canvas, Qt.MouseButton.MiddleButton, 150))
        figures[f"zoom_p99_ms_{name}"] = p99(zoom_seconds(canvas))
        canvas.close()
    return figures


def with_worst(figures: dict[str, float]) -> dict[str, float]:
    """`figures`, and of each kind the worst of all zooms by its name without one."""
    kinds = {key.rsplit("_", 1)[0] for key in figures if key.startswith(("segment_p99", "pan", "recoloured"))}
    worst = {kind: max(value for key, value in figures.items() if key.startswith(f"{kind}_")) for kind in sorted(kinds)}
    return figures | worst


@contextmanager
def teaching(wanted: bool) -> Iterator[None]:
    """A round that goes on meanwhile in a process of low priority, where it is `wanted`."""
    data = os.environ.get("SEGSTUDIO_TEST_DATA", "")
    if not wanted:
        yield
        return
    if not data:
        sys.exit("Name the folder of data sets in SEGSTUDIO_TEST_DATA.")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "segstudio", "train", str(Path(data, "camvid-voc")), "--split", "train"]
        command += ["--max-seconds", "3600", "--out", str(Path(folder, "network.safetensors"))]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        let_others_go_first(process.pid)
        time.sleep(20)  # until it teaches
        try:
            yield
        finally:
            process.kill()
            process.wait()


def napari_p50_ms(python: str, megapixels: float, radius: int) -> float:
    """The middle of the same strokes' segments in napari, in the view fitted, by the interpreter `python`."""
    height, width = size_of(megapixels)
    script = Path(__file__).with_name("_napari_strokes.py")
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "QT_QPA_PLATFORM")}
    with tempfile.TemporaryDirectory() as folder:
        labels = Path(folder, "labels.npy")
        np.save(labels, busy_labels(height, width))
        command = [python, str(script), str(height), str(width), str(radius), str(SEGMENTS), str(labels)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode or not done.stdout.strip():
        sys.exit(f"napari ended without figures: {done.stderr.strip().splitlines()[-1:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if not told["changed"]:
        sys.exit("napari painted nothing.")
    return float(np.median(told["seconds"])) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--megapixels", default="12,108", help="sizes of the image, between commas")
    parser.add_argument("--radii", default="5,50,500", help="of the brush in image pixels, between commas")
    parser.add_argument("--learning", action="store_true", help="with a round going on in the background")
    parser.add_argument("--napari", metavar="PYTHON", help="compare with napari, installed for this interpreter")
    given = parser.parse_args()
    app = QApplication.instance() or QApplication([])
    with teaching(given.learning):
        figures = measure([float(part) for part in given.megapixels.split(",")], list(map(int, given.radii.split(","))))
    if given.napari:
        size, radius = float(given.megapixels.split(",")[0]), int(given.radii.split(",")[0])
        theirs = napari_p50_ms(given.napari, size, radius)
        figures["napari_p50_ms"] = theirs
        figures["napari_ratio_p50"] = theirs / figures[f"segment_p50_ms_{size:g}mp_r{radius}_fit"]
    notes = {
        "napari": "the first size and radius in the view fitted; the ratio: how many times faster segstudio is",
        "segment": "one segment of a stroke, mouse event to repainted screen",
        "recoloured": "overlay pixels coloured anew for one segment, halved sizes included",
        "pan": "one step of a pan, repainted",
        "zoom": "one step of the wheel, repainted",
        "show": "a new image and label map, fitted and on screen",
    }
    everything = with_worst(figures)
    report("brush", everything, given.json, {key: notes[key.split("_", 1)[0]] for key in everything})
    del app


if __name__ == "__main__":
    main()
