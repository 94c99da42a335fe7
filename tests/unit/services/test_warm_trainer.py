"""The trainer that waits for its job: the round it runs is the round that a child of its own would run."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from segstudio.services.fine_tune_process import FineTuneProcess
from segstudio.services.warm_trainer import WarmTrainer
from tests.small_folders import tiny_checkpoint, voc_folder

PATIENT = 120_000


@pytest.fixture
def warm(qtbot: QtBot) -> Iterator[WarmTrainer]:
    made = WarmTrainer()
    yield made
    made.stop()
    assert made.process_id == 0


@pytest.fixture
def process(qtbot: QtBot, warm: WarmTrainer) -> Iterator[FineTuneProcess]:
    made = FineTuneProcess(None, warm)
    yield made
    made.stop()


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A round on three teaching and two held-out images, from a checkpoint of width 4, without end."""
    root = voc_folder(tmp_path / "data", images=6, masks=5, held_out=2)
    start = tiny_checkpoint(tmp_path / "old.safetensors")
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"train": ["s00", "s01", "s02"], "heldout": ["s03", "s04"]}))
    paths = ["--out", str(tmp_path / "new.safetensors"), "--from", str(start), "--job", str(job)]
    return ["train", str(root), *paths, "--device", "cpu", "--events"]


def is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def get_ready(warm: WarmTrainer, qtbot: QtBot) -> int:
    with qtbot.waitSignal(warm.ready, timeout=PATIENT):
        warm.warm()
    return warm.process_id


def events_of(process: FineTuneProcess, arguments: list[str], qtbot: QtBot) -> list[dict[str, Any]]:
    """What a round says, what depends on the clock excepted."""
    heard: list[dict[str, Any]] = []
    process.reported.connect(heard.append)
    with qtbot.waitSignal(process.finished, timeout=PATIENT):
        process.start(arguments)
    process.reported.disconnect(heard.append)
    return [{key: value for key, value in event.items() if "seconds" not in key} for event in heard]


@pytest.mark.slow
def test_the_waiting_child_says_what_a_child_of_its_own_says(
    process: FineTuneProcess, warm: WarmTrainer, arguments: list[str], qtbot: QtBot, tmp_path: Path
) -> None:
    limited = [*arguments, "--max-steps", "1"]
    cold = events_of(process, limited, qtbot)
    number = get_ready(warm, qtbot)
    started: list[int] = []
    process.reported.connect(lambda _: started.append(process.process_id))
    (tmp_path / "new.safetensors").unlink()
    assert events_of(process, limited, qtbot) == cold
    assert set(started) == {number} and (tmp_path / "new.safetensors").is_file()
    assert [event["event"] for event in cold][:3] == ["start", "baseline", "step"]
    assert warm.process_id == 0, "it is used up"


@pytest.mark.slow
def test_a_round_in_a_child_that_had_waited_is_cancelled_like_any_other(
    process: FineTuneProcess, warm: WarmTrainer, arguments: list[str], qtbot: QtBot, tmp_path: Path
) -> None:
    number = get_ready(warm, qtbot)
    process.start([*arguments, "--max-seconds", "600"])
    with qtbot.waitSignal(process.reported, timeout=PATIENT, check_params_cb=lambda event: event["event"] == "step"):
        pass
    with qtbot.waitSignal(process.cancelled, timeout=PATIENT):
        process.cancel()
    assert not is_alive(number) and not (tmp_path / "new.safetensors").exists()


@pytest.mark.slow
def test_a_child_that_is_still_importing_takes_the_round_too(
    process: FineTuneProcess, warm: WarmTrainer, arguments: list[str], qtbot: QtBot
) -> None:
    warm.warm()
    qtbot.waitUntil(lambda: warm.process_id > 0)
    assert not warm.is_ready
    number = warm.process_id
    with qtbot.waitSignal(process.finished, timeout=PATIENT):
        process.start([*arguments, "--max-steps", "1"])
        assert process.process_id == number


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_where_the_waiting_child_is_gone_the_round_has_one_of_its_own(
    process: FineTuneProcess, warm: WarmTrainer, arguments: list[str], qtbot: QtBot
) -> None:
    number = get_ready(warm, qtbot)
    os.kill(number, signal.SIGKILL)
    qtbot.waitUntil(lambda: warm.process_id == 0)
    assert not warm.is_ready
    with qtbot.waitSignal(process.finished, timeout=PATIENT):
        process.start([*arguments, "--max-steps", "1"])


def test_it_is_started_once_and_ended_where_nobody_wants_it(warm: WarmTrainer, qtbot: QtBot) -> None:
    warm.warm()
    qtbot.waitUntil(lambda: warm.process_id > 0)
    number = warm.process_id
    warm.warm()
    assert warm.process_id == number
    warm.stop()
    assert not is_alive(number) and warm.process_id == 0
