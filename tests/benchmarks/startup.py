"""Start-up: from the start of the process until the window has been painted.

`python -m tests.benchmarks.startup [--json] [--labelme-python PATH]`. Every program is timed from outside: the clock
runs from before its process is made until a line says that the first paint is over. Runs are interleaved, so that a
busy moment hits all alike, and medians count. labelme's Python may also be named by SEGSTUDIO_LABELME_PYTHON; it is
that of an environment of its own, as labelme brings another Qt.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks._report import report

ROUNDS = 7
CHECKOUT = Path(__file__).resolve().parents[2]
_QT_IMPORT = "import PySide6.QtWidgets; print('there', flush=True)"

OUR_WINDOW = """
import sys
from segstudio import cli, application

def observed(settings, make=application.make_window):
    window = make(settings)
    window.painted.connect(lambda: told(window))
    return window

def told(window):
    print("painted", int("torch" in sys.modules), flush=True)
    window.close()

application.make_window = observed
sys.exit(cli.main([]))
"""
"""The program as the command starts it; says when the window has been painted, and whether torch was imported."""

LABELME_WINDOW = """
import sys
from PyQt5 import QtCore, QtWidgets
from labelme import __main__ as program

class Observed(program.MainWindow):
    is_new = True

    def paintEvent(self, event):
        super().paintEvent(event)
        if self.is_new:
            self.is_new = False
            QtCore.QTimer.singleShot(0, self.told)

    def told(self):
        print("painted", int("torch" in sys.modules), flush=True)
        QtWidgets.QApplication.quit()

program.MainWindow = Observed
sys.argv = ["labelme"]
program.main()
"""
"""labelme as its command starts it, observed in the same way."""

NOTES = {
    "window_s": "process start to first paint over, median",
    "qt_import_s": "process start to `import PySide6.QtWidgets` over, median",
    "ratio_to_qt_import": "window_s ÷ qt_import_s (1 = no more than Qt itself)",
    "labelme_ratio": "labelme's window_s ÷ segstudio's",
    "torch_imported_before_window": "0: torch is loaded after the first paint",
}


@dataclass(frozen=True)
class Start:
    """One start: seconds to the line that the program printed, and the line."""

    seconds: float
    line: str


def timed_start(python: str, program: str, home: Path) -> Start:
    """Start `program` with `python` and settings of its own below `home`; wait for its first line, then for its end.

    Raises:
        RuntimeError: it ended without a line.
    """
    environment = dict(os.environ, QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen"), HOME=str(home))
    for name in ("CONFIG", "CACHE", "DATA"):
        environment[f"XDG_{name}_HOME"] = str(home / name.lower())
    # As after an installation: modules are compiled once, by the start that only warms up.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(home / "bytecode")
    if python == sys.executable:
        environment["PYTHONPATH"] = os.pathsep.join([str(CHECKOUT), str(CHECKOUT / "training")])
    began = time.perf_counter()
    with subprocess.Popen(
        [python, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=home
    ) as child:
        assert child.stdout is not None and child.stderr is not None
        line = child.stdout.readline().strip()
        seconds = time.perf_counter() - began
        _, told = child.communicate()
    if not line:
        raise RuntimeError(f"{python} ended without a window:\n{told}")
    return Start(seconds, line)


def figures(labelme_python: str | None = None, rounds: int = ROUNDS) -> dict[str, float]:
    """The figures by name; medians over `rounds`, after one start of each that only warms the disk's cache."""
    programs = {"qt": (sys.executable, _QT_IMPORT), "ours": (sys.executable, OUR_WINDOW)}
    if labelme_python:
        programs["labelme"] = (labelme_python, LABELME_WINDOW)
    starts: dict[str, list[Start]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as home:
        for one_round in range(rounds + 1):
            for name, (python, program) in programs.items():
                start = timed_start(python, program, Path(home))
                if one_round:
                    starts[name].append(start)
    seconds = {name: statistics.median(start.seconds for start in taken) for name, taken in starts.items()}
    found = {
        "window_s": seconds["ours"],
        "qt_import_s": seconds["qt"],
        "ratio_to_qt_import": seconds["ours"] / seconds["qt"],
        "torch_imported_before_window": float(any(start.line != "painted 0" for start in starts["ours"])),
    }
    if "labelme" in seconds:
        found["labelme_ratio"] = seconds["labelme"] / seconds["ours"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument(
        "--labelme-python",
        default=os.environ.get("SEGSTUDIO_LABELME_PYTHON"),
        help="the Python of an environment with labelme; without it there is no labelme_ratio",
    )
    given = parser.parse_args()
    report("startup", figures(given.labelme_python), given.json, NOTES)


if __name__ == "__main__":
    main()
