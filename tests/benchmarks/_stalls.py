"""How long the window stops answering: a timer in its event loop that notes how late it comes.

`python -m tests.benchmarks._stalls proposing|fine-tuning` prints one JSON object. It drives the real window over a
copy of a folder with truth (CamVid where SEGSTUDIO_TEST_DATA names it, else the sample), while a person who accepts an
image every few hundred milliseconds clicks the primary button. Loading torch happens once and is told apart. What
another process with the same timer sees meanwhile is told too: the machine's own part.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segstudio.main_window import MainWindow

CHECKOUT = Path(__file__).resolve().parents[2]
PERIOD_MS = 2
PERSON_MS = 300
"""How often the person clicks."""
SECONDS = 20
"""How long each scenario lasts at most."""
WITH_TRUTH = 12
"""Images that are accepted from the start."""
_PATIENCE_S = 300.0
_ROUND_SECONDS = "10"

_OTHER_PROCESS = """
import sys, time
longest, last = 0.0, time.perf_counter()
print("ready", flush=True)
while time.time() < float(sys.argv[1]):
    time.sleep(0.002)
    now = time.perf_counter()
    longest, last = max(longest, now - last - 0.002), now
print(longest * 1e3, flush=True)
"""

STALL_NOTES = {
    "longest_stall_ms": "the window's event loop, once torch is loaded: the longest time it did not answer",
    "own_stall_ms": "of that kind, the longest that the window's thread itself worked",
    "torch_load_stall_ms": "the longest stall while torch is imported, once, after the first paint",
    "machine_stall_ms": "the same timer in an idle process beside it",
}


class Scenario(Enum):
    """What goes on while the person works."""

    PROPOSING = "proposing"
    """Every image is being proposed for."""
    FINE_TUNING = "fine-tuning"
    """A round is under way in the child process."""


def stall_figures(scenario: Scenario) -> dict[str, float]:
    """The figures of `scenario`, taken in a process of its own (which loads torch itself)."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks._stalls", scenario.value],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        env=dict(
            os.environ,
            QT_QPA_PLATFORM=os.environ.get("QT_QPA_PLATFORM", "offscreen"),
            PYTHONPATH=os.pathsep.join(path for path in sys.path if path),
        ),
        cwd=CHECKOUT,
    )
    return dict(json.loads(done.stdout.splitlines()[-1]))


class StallMeter:
    """Notes the longest time between two beats of a timer in this thread's event loop, beyond the timer's period."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self._on_beat)
        self.beats = 0
        self.restart()

    def restart(self) -> None:
        """Forget what was seen and count from now on."""
        self.longest_ms = self.longest_own_ms = 0.0
        self._last, self._last_own = time.perf_counter(), time.thread_time()
        self._timer.start()

    def stop(self) -> None:
        """Count no more."""
        self._timer.stop()

    def _on_beat(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        self.longest_ms = max(self.longest_ms, (now - self._last) * 1e3 - PERIOD_MS)
        self.longest_own_ms = max(self.longest_own_ms, (own - self._last_own) * 1e3)
        self._last, self._last_own = now, own
        self.beats += 1


def measured(scenario: Scenario, root: Path) -> dict[str, float]:
    """Drive the window through `scenario` on a folder made below `root`."""
    from segstudio import application
    from segstudio.services.settings import Settings

    work = working_copy(root / "work")
    if scenario is Scenario.PROPOSING:
        _teach(work, root / "first.safetensors")
    application.make_application()
    window = application.make_window(Settings(root / "settings.ini"))
    application.spare_the_collector(window)
    meter = StallMeter()
    imported: list[bool] = []
    window.proposals.imported.connect(lambda: imported.append(True))
    window.resize(1440, 900)
    window.show()
    try:
        _wait(lambda: bool(imported))
        _rest(0.5)
        load_ms = meter.longest_ms
        window.open_folder(work)
        _wait(lambda: window.session.current is not None)
        if scenario is Scenario.PROPOSING:
            window.folder_flow.load_checkpoint(root / "first.safetensors")
            _wait(lambda: window.proposals.model is not None)
        _rest(1.0)
        beside = _process_beside()
        meter.restart()
        (_propose_and_accept if scenario is Scenario.PROPOSING else _fine_tune_and_accept)(window)
        meter.stop()
        return {
            "longest_stall_ms": meter.longest_ms,
            "own_stall_ms": meter.longest_own_ms,
            "torch_load_stall_ms": load_ms,
            "machine_stall_ms": float(beside.communicate()[0].split()[-1]),
        }
    finally:
        window.close()


def working_copy(work: Path) -> Path:
    """A folder of images of which the first `WITH_TRUTH` that have one keep their mask."""
    from segstudio.core.resources import resource_root

    data = Path(os.environ.get("SEGSTUDIO_TEST_DATA", "")) / "camvid-voc"
    source = data if os.environ.get("SEGSTUDIO_TEST_DATA") and data.is_dir() else resource_root() / "sample"
    shutil.copytree(source, work, ignore=shutil.ignore_patterns(".segstudio"), copy_function=shutil.copyfile)
    for path in [work, *work.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    for mask in sorted((work / "SegmentationClass").glob("*.png"))[WITH_TRUTH:]:
        mask.unlink()
    return work


def _teach(work: Path, out: Path) -> None:
    """A checkpoint that proposes something: a few seconds of training, in a process of its own."""
    job = out.with_suffix(".json")
    names = sorted(path.stem for path in (work / "SegmentationClass").glob("*.png"))
    job.write_text(json.dumps({"train": names, "heldout": []}), encoding="utf-8")
    command = [sys.executable, "-m", "segstudio", "train", str(work), "--out", str(out), "--job", str(job)]
    subprocess.run([*command, "--max-seconds", _ROUND_SECONDS], check=True, stdout=subprocess.DEVNULL)


def _process_beside() -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _OTHER_PROCESS, str(time.time() + SECONDS)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    return child


def _propose_and_accept(window: MainWindow) -> None:
    """Propose for all; accept each proposal that is shown, which opens the next image."""
    window.actions_table["propose_all"].trigger()
    end = time.monotonic() + SECONDS

    def click() -> None:
        if window.session.shown_proposal is not None:
            _accept(window)

    _with_person(click, lambda: time.monotonic() > end)


def _fine_tune_and_accept(window: MainWindow) -> None:
    """Fine-tune; meanwhile fill each image with a class and accept it, which opens the next image."""
    ended: list[bool] = []
    window.round_flow.ended.connect(lambda: ended.append(True))
    window.round_flow.fine_tune(SECONDS)
    end = time.monotonic() + SECONDS

    def click() -> None:
        if window.session.current is not None and window.session.shown_proposal is None:
            window.session.fill_void(0)
        _accept(window)

    _with_person(click, lambda: bool(ended) or time.monotonic() > end)


def _accept(window: MainWindow) -> None:
    """Click the primary button, as far as it offers to accept."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    from segstudio.services.primary_action import Primary

    if window.primary_flow.offer().action is Primary.ACCEPT:
        QTest.mouseClick(window.parts.status.primary_button, Qt.MouseButton.LeftButton)


def _with_person(click: Callable[[], None], until: Callable[[], bool]) -> None:
    from PySide6.QtCore import QTimer

    person = QTimer()
    person.setInterval(PERSON_MS)
    person.timeout.connect(click)
    person.start()
    _wait(until)
    person.stop()


def _wait(until: Callable[[], bool]) -> None:
    """Run the event loop, asleep between events as in real use, until `until`."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    watch = QTimer()
    watch.setInterval(20)
    end = time.monotonic() + _PATIENCE_S
    watch.timeout.connect(lambda: loop.quit() if until() or time.monotonic() > end else None)
    watch.start()
    loop.exec()
    watch.stop()
    if not until():
        raise TimeoutError("the window did not come so far")


def _rest(seconds: float) -> None:
    end = time.monotonic() + seconds
    _wait(lambda: time.monotonic() > end)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", type=Scenario, choices=list(Scenario))
    given: Any = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        print(json.dumps(measured(given.scenario, Path(root))))


if __name__ == "__main__":
    main()
