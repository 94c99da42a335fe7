"""What is imported where: Qt's own types are made by the thread that paints, and by no other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import sys, threading
from importlib.abc import MetaPathFinder
from PySide6.QtCore import QTimer
from segstudio import application, cli

class Listener(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("pyqtgraph", "torch"):
            is_main = threading.current_thread() is threading.main_thread()
            print(name, "main" if is_main else "other", flush=True)

sys.meta_path.insert(0, Listener())

def observed(settings, make=application.make_window):
    window = make(settings)
    timer = QTimer(window)
    timer.timeout.connect(lambda: window.close() if window.parts.model.curves is not None else None)
    timer.start(20)
    return window

application.make_window = observed
sys.exit(cli.main([]))
"""


def test_torch_is_imported_beside_the_window_and_what_makes_qt_types_by_it(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "training")]),
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
    }
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split("\n")[:2] == ["torch other", "pyqtgraph main"]
