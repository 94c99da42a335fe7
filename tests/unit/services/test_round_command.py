"""Rounds elsewhere: a template becomes a command without a shell, and a stand-in for the far side obeys it."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from segstudio.core.errors import InputError, TrainingError
from segstudio.project.project import Project
from segstudio.services.fine_tune_process import FineTuneProcess
from segstudio.services.round_command import check_round_command, far_command
from segstudio.services.rounds import RoundRunner
from tests.small_folders import tiny_checkpoint, voc_folder

PATIENT = 180_000
ROOT = Path(__file__).resolve().parents[3]
ROUND = ["train", "a folder", "--out", "it's; rm -rf $HOME"]

# What a far computer does: it has an installation of its own, and standard input need not reach it.
FAR_SIDE = f"""
import os, shlex, subprocess, sys
os.environ["PYTHONPATH"] = {str(ROOT)!r} + os.pathsep + {str(ROOT / "training")!r}
words = shlex.split(sys.argv[2]) if sys.argv[1] == "ssh" else sys.argv[2:]
assert words[0] == "segstudio", words
print("Welcome to the far side")
sys.stdout.flush()
stdin = None if sys.argv[1] == "ssh" else subprocess.DEVNULL
sys.exit(subprocess.run([sys.executable, "-m", "segstudio", *words[1:]], stdin=stdin).returncode)
"""


@pytest.fixture
def far_side(tmp_path: Path) -> str:
    """The start of a template: the stand-in for ssh or srun."""
    script = tmp_path / "far side.py"
    script.write_text(FAR_SIDE)
    return shlex.join([sys.executable, str(script)])


@pytest.fixture
def process(qtbot: QtBot) -> Iterator[FineTuneProcess]:
    made = FineTuneProcess()
    yield made
    made.stop()


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    root = voc_folder(tmp_path / "my data", images=6, masks=5, held_out=2)
    start = tiny_checkpoint(tmp_path / "old.safetensors")
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"train": ["s00", "s01", "s02"], "heldout": ["s03", "s04"]}))
    paths = ["--out", str(tmp_path / "new.safetensors"), "--from", str(start), "--job", str(job)]
    return ["train", str(root), *paths, "--device", "cpu", "--events"]


def test_the_command_takes_its_words_place() -> None:
    assert far_command("srun --gres=gpu:1 {command}", ROUND) == ["srun", "--gres=gpu:1", "segstudio", *ROUND]
    assert far_command("{command}", ROUND) == ["segstudio", *ROUND]
    assert far_command("run '/opt/seg studio' {arguments}", ROUND) == ["run", "/opt/seg studio", *ROUND]


def test_for_ssh_it_is_one_string_that_a_shell_takes_apart_again() -> None:
    program, host, string = far_command("ssh gpu-box {command_quoted}", ROUND)
    assert (program, host) == ("ssh", "gpu-box") and shlex.split(string) == ["segstudio", *ROUND]
    *_, string = far_command("ssh gpu-box 'cd /data && nice {command_quoted}'", ROUND)
    assert string.startswith("cd /data && nice segstudio train 'a folder'")


@pytest.mark.parametrize("template", ["ssh gpu-box", "x{command}", "{command} {command}", "{arguments}", "   "])
def test_a_template_without_one_place_for_the_round_is_refused(template: str) -> None:
    with pytest.raises(InputError, match=r"does not say where the round goes\. Write \{command\} in it once"):
        check_round_command(template)


def test_an_open_quotation_mark_is_told() -> None:
    with pytest.raises(InputError, match="quotation mark is left open"):
        far_command("ssh 'gpu-box {command}", ROUND)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["ssh {command_quoted}", "srun {command}"])
def test_a_round_elsewhere_reports_and_leaves_its_checkpoint(
    process: FineTuneProcess, arguments: list[str], far_side: str, qtbot: QtBot, tmp_path: Path, way: str
) -> None:
    events: list[str] = []
    process.reported.connect(lambda event: events.append(event["event"]))
    with qtbot.waitSignal(process.finished, timeout=PATIENT):
        process.start([*arguments, "--max-steps", "2"], f"{far_side} {way}")
    assert events[0] == "start" and events[-1] == "done"
    assert (tmp_path / "new.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("way", ["ssh {command_quoted}", "srun {command}"])
def test_a_round_elsewhere_is_cancelled(
    process: FineTuneProcess, arguments: list[str], far_side: str, qtbot: QtBot, tmp_path: Path, way: str
) -> None:
    wish = tmp_path / "new.safetensors.cancel"
    said: list[dict[str, object]] = []
    process.reported.connect(said.append)
    with qtbot.waitSignal(process.reported, timeout=PATIENT, check_params_cb=lambda event: event["event"] == "step"):
        process.start([*arguments, "--max-seconds", "600"], f"{far_side} {way}", wish)
    with qtbot.waitSignal(process.cancelled, timeout=PATIENT):
        process.cancel()
    # It stopped by itself, there, and took the wish away.
    assert said[-1] == {"event": "error", "message": "Cancelled."}
    assert not wish.exists() and not (tmp_path / "new.safetensors").exists()


def test_a_program_that_is_not_there_is_told(process: FineTuneProcess, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(process.failed) as failed:
        process.start([], "/nowhere/ssh box {command}", tmp_path / "wish")
    assert failed.args is not None and "Correct the round command" in failed.args[0].message


def test_a_wrong_template_starts_no_round(process: FineTuneProcess) -> None:
    with pytest.raises(InputError):
        process.start([], "ssh box")
    assert not process.is_running


def test_a_round_whose_checkpoint_stays_elsewhere_is_lost(qtbot: QtBot, tmp_path: Path) -> None:
    project = Project.open(voc_folder(tmp_path / "data", images=7, masks=6, held_out=2))
    runner = RoundRunner()
    done = json.dumps({"event": "done", "images": 4})
    with qtbot.waitSignal(runner.failed) as failed:
        runner.start(project, 30, round_command=shlex.join([sys.executable, "-c", f"print({done!r})"]) + " {command}")
    assert failed.args is not None and isinstance(failed.args[0], TrainingError)
    assert "same path" in failed.args[0].message and not project.rounds()
    # The far side has no installation of ours to take the starter from.
    assert (project.checkpoints_dir / "starter.safetensors").is_file()
    project.close()
