"""How a command speaks and is stopped: JSON lines on any stdout, arguments that cannot be used, a wish to stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from segstudio_training.cli import app
from segstudio_training.command_line import cancel_file
from tests.unit.training.conftest import write_voc

ROOT = Path(__file__).resolve().parents[3]

# A command that its cancelling finds inside one operation of minutes.
STUCK = """
import sys
import time
from pathlib import Path
from segstudio_training.command_line import CancelWatch, print_json

with CancelWatch(Path(sys.argv[1]), watch_stdin=False, events=True, patience=0.1):
    print_json({"event": "stuck"})
    time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_voc(tmp_path / "voc", 4)


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def environment(**changes: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "training")]), **changes}


def test_events_can_be_written_in_every_encoding() -> None:
    code = "from segstudio_training.command_line import print_json; print_json({'classes': ['дорога', '道']})"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        env=environment(PYTHONIOENCODING="cp1252", PYTHONUTF8="0"),
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {"classes": ["дорога", "道"]}


def test_a_command_stuck_in_one_operation_is_ended_and_its_wish_forgotten(tmp_path: Path) -> None:
    wish = tmp_path / "a.cancel"
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, str(wish)], stdout=subprocess.PIPE, text=True, env=environment()
    ) as child:
        assert child.stdout is not None
        assert json.loads(child.stdout.readline()) == {"event": "stuck"}
        wish.touch()
        rest = [json.loads(line) for line in child.stdout]
        assert child.wait(60) == 1
    assert rest == [{"event": "error", "message": "Cancelled."}]
    assert not wish.exists()


def test_the_wish_lies_beside_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert cancel_file(Path("a.safetensors")) == tmp_path / "a.safetensors.cancel"
    assert cancel_file(Path()) == tmp_path.with_name(tmp_path.name + ".cancel")


def test_a_place_that_cannot_be_written_to_is_told_before_the_round(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    for out in (tmp_path / "file" / "x.safetensors", tmp_path / ("x" * 253), folder):
        code, stdout, stderr = call("train", folder, "--out", out, "--max-steps", 1)
        assert code == 1 and len(stderr.strip().splitlines()) == 1, out
        assert "Traceback" not in stdout + stderr


@pytest.mark.parametrize(
    "option",
    [
        ("--seed", 2**70),
        ("--seed", 2**32),
        ("--max-seconds", "inf"),
        ("--max-seconds", "nan"),
    ],
)
def test_numbers_beyond_all_use_are_wrong_usage(option: tuple[str, object]) -> None:
    assert call("train", "x", "--out", "y", *option)[0] == 2
    assert call("compare", "x", "--networks", "segnet", "--out", "y", *option)[0] == 2


def test_the_greatest_seed_teaches(folder: Path, tmp_path: Path) -> None:
    options = ("--width", 4, "--max-steps", 1, "--device", "cpu", "--seed", 2**32 - 1)
    assert call("train", folder, "--out", tmp_path / "a.safetensors", *options)[0] == 0
