"""The training child: its events, how each of its ends is told, and that it never outlives who started it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from segstudio.core.errors import TrainingError
from segstudio.services import fine_tune_process
from segstudio.services.fine_tune_process import FineTuneProcess, own_command
from tests.small_folders import tiny_checkpoint, voc_folder

PATIENT = 120_000


@pytest.fixture
def process(qtbot: QtBot) -> Iterator[FineTuneProcess]:
    made = FineTuneProcess()
    yield made
    made.stop()
    assert not made.is_running


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A round on three teaching and two held-out images, from a checkpoint of width 4, without end."""
    root = voc_folder(tmp_path / "data", images=6, masks=5, held_out=2)
    start = tiny_checkpoint(tmp_path / "old.safetensors")
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"train": ["s00", "s01", "s02"], "heldout": ["s03", "s04"]}))
    out = tmp_path / "new.safetensors"
    paths = ["--out", str(out), "--from", str(start), "--job", str(job)]
    return ["train", str(root), *paths, "--device", "cpu", "--events"]


def wait_for_step(process: FineTuneProcess, qtbot: QtBot) -> None:
    with qtbot.waitSignal(process.reported, timeout=PATIENT, check_params_cb=lambda event: event["event"] == "step"):
        pass


def program(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Run a Python program of the test's own in the trainer's place."""
    monkeypatch.setattr(fine_tune_process, "own_command", lambda _arguments: [sys.executable, "-c", code])


@pytest.mark.slow
def test_a_round_reports_and_leaves_its_checkpoint(
    process: FineTuneProcess, arguments: list[str], qtbot: QtBot, tmp_path: Path
) -> None:
    events: list[str] = []
    process.reported.connect(lambda event: events.append(event["event"]))
    with qtbot.waitSignal(process.finished, timeout=PATIENT) as finished:
        process.start([*arguments, "--max-steps", "3"])
        assert process.is_running
    assert finished.args is not None
    assert finished.args[0]["images"] == 3 and finished.args[0]["steps"] == 3
    assert Path(finished.args[0]["checkpoint"]) == tmp_path / "new.safetensors"
    assert (tmp_path / "new.safetensors").is_file()
    assert events[0] == "start" and events[-2:] == ["gate", "done"]
    assert {"baseline", "step", "evaluation"} <= set(events)
    assert not process.is_running and process.process_id == 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_a_killed_child_costs_the_round_and_nothing_else(
    process: FineTuneProcess, arguments: list[str], qtbot: QtBot, tmp_path: Path
) -> None:
    before = (tmp_path / "old.safetensors").read_bytes()
    process.start([*arguments, "--max-seconds", "600"])
    wait_for_step(process, qtbot)
    with qtbot.waitSignal(process.failed, timeout=PATIENT) as failed:
        os.kill(process.process_id, signal.SIGKILL)
    assert failed.args is not None
    error = failed.args[0]
    assert isinstance(error, TrainingError) and "was killed" in error.message and "untouched" in error.message
    assert (tmp_path / "old.safetensors").read_bytes() == before
    assert not (tmp_path / "new.safetensors").exists()
    assert not process.is_running


@pytest.mark.slow
def test_cancelling_leaves_no_checkpoint_and_no_half_of_one(
    process: FineTuneProcess, arguments: list[str], qtbot: QtBot, tmp_path: Path
) -> None:
    process.start([*arguments, "--max-seconds", "600"])
    wait_for_step(process, qtbot)
    with qtbot.waitSignal(process.cancelled, timeout=PATIENT):
        process.cancel()
        process.cancel()
    assert not list(tmp_path.glob("new.safetensors")) and not list(tmp_path.glob(".new*"))
    assert not process.is_running


@pytest.mark.slow
def test_a_child_that_refuses_gives_its_own_sentence(
    process: FineTuneProcess, arguments: list[str], qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "job.json").write_text(json.dumps({"train": [], "heldout": []}))
    with qtbot.waitSignal(process.failed, timeout=PATIENT) as failed:
        process.start([*arguments, "--max-steps", "3"])
    assert failed.args is not None
    assert failed.args[0].message == "No image is accepted yet. Accept at least one image, then fine-tune."


def test_a_child_that_breaks_gives_its_last_line(
    process: FineTuneProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "import sys; print('noise'); sys.exit('first line\\nout of cheese')")
    with qtbot.waitSignal(process.failed) as failed:
        process.start([])
    assert failed.args is not None
    assert "(out of cheese)" in failed.args[0].message and "\n" not in failed.args[0].message


def test_a_child_that_says_nothing_gives_its_exit_code(
    process: FineTuneProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, "import sys; sys.exit(7)")
    with qtbot.waitSignal(process.failed) as failed:
        process.start([])
    assert failed.args is not None and "exit code 7" in failed.args[0].message


def test_a_child_that_says_done_and_then_fails_is_not_done(
    process: FineTuneProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, """print('{"event": "done"}', flush=True); raise SystemExit(1)""")
    with qtbot.waitSignal(process.failed):
        process.start([])


def test_a_program_that_is_not_there_is_told(
    process: FineTuneProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fine_tune_process, "own_command", lambda _arguments: ["/nowhere/segstudio"])
    with qtbot.waitSignal(process.failed) as failed:
        process.start([])
    assert failed.args is not None and "cannot be started" in failed.args[0].message
    assert not process.is_running


def test_lines_in_pieces_and_lines_that_are_no_events(
    process: FineTuneProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[dict[str, object]] = []
    process.reported.connect(events.append)
    code = """
import sys
for part in ('{"event": "st', 'ep", "step": 1}\\n[1, 2]\\nhello\\n\\n{"event": "do', 'ne"}\\n'):
    sys.stdout.write(part)
    sys.stdout.flush()
"""
    program(monkeypatch, code)
    with qtbot.waitSignal(process.finished):
        process.start([])
    assert events == [{"event": "step", "step": 1}, {"event": "done"}]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to ignore")
def test_a_child_that_will_not_stop_is_killed(
    process: FineTuneProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print('{"event": "step"}', flush=True)
time.sleep(600)
"""
    program(monkeypatch, code)
    with qtbot.waitSignal(process.reported):
        process.start([])
    process._killer.setInterval(50)
    with qtbot.waitSignal(process.cancelled):
        process.cancel()


def test_two_rounds_at_once_are_refused_and_stopping_waits(
    process: FineTuneProcess, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(monkeypatch, """import time; print('{"event": "step"}', flush=True); time.sleep(600)""")
    ended: list[str] = []
    process.failed.connect(lambda _: ended.append("failed"))
    process.cancelled.connect(lambda: ended.append("cancelled"))
    with qtbot.waitSignal(process.reported):
        process.start([])
    with pytest.raises(RuntimeError):
        process.start([])
    child = process._process
    assert child is not None
    process.stop()
    assert child.state() is QProcess.ProcessState.NotRunning and not process.is_running and ended == []
    process.stop()


def test_the_child_is_this_very_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_command(["train", "a b"]) == [sys.executable, "-m", "segstudio", "train", "a b"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_command(["train"]) == [sys.executable, "train"]
