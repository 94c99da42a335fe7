"""``python -m segstudio_training``: keys, exit codes, one line on stderr, cancelling from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from segstudio_training.cli import app
from tests.unit.training.conftest import write_voc

ROOT = Path(__file__).resolve().parents[3]
SCORES = {"miou", "class_accuracy", "pixel_accuracy", "boundary_f1", "per_class_iou"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = write_voc(tmp_path / "voc", 10)
    lists = root / "ImageSets" / "Segmentation"
    (lists / "train.txt").write_text("".join(f"s{i:02d}\n" for i in range(6)))
    (lists / "val.txt").write_text("".join(f"s{i:02d}\n" for i in range(6, 10)))
    return root


def call(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def last_json(stdout: str) -> dict[str, object]:
    return json.loads(stdout.strip().splitlines()[-1])


def test_train_evaluate_predict(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.safetensors"
    code, stdout, _ = call("train", folder, "--out", out, "--width", 4, "--max-steps", 3, "--device", "cpu", "--json")
    assert code == 0
    trained = last_json(stdout)
    assert set(trained) == {"checkpoint", "network", "seconds", "steps", "images", "heldout"}
    assert trained["images"] == 6 and trained["steps"] == 3 and set(trained["heldout"]) == SCORES  # type: ignore[arg-type]

    code, stdout, _ = call("evaluate", folder, "--checkpoint", out, "--json")
    assert code == 0 and set(last_json(stdout)) == SCORES
    code, stdout, _ = call("evaluate", folder, "--checkpoint", out, "--balance", 2, "--json")
    assert code == 0 and set(last_json(stdout)) == SCORES

    code, stdout, _ = call(
        "predict", folder, "--checkpoint", out, "--out", tmp_path / "masks", "--split", "val", "--json"
    )
    assert code == 0
    assert last_json(stdout)["images"] == 4 and "images_per_second" in last_json(stdout)
    mask = Image.open(tmp_path / "masks" / "s07.png")
    assert mask.mode == "P" and mask.size == (48, 40) and np.array(mask).max() < 3

    for balance in ("2", "-2"):
        arguments = ("--out", tmp_path / balance, "--split", "val", "--balance", balance)
        assert call("predict", folder, "--checkpoint", out, *arguments)[0] == 0
    rare, frequent = (
        sum(np.sum(np.array(Image.open(path)) == 0) for path in (tmp_path / balance).glob("*.png"))
        for balance in ("2", "-2")
    )
    assert rare < frequent, "the ground, which is everywhere, gives way"


def test_a_job_file_overrides_the_lists(folder: Path, tmp_path: Path) -> None:
    job = tmp_path / "job.json"
    job.write_text(json.dumps({"train": ["s00", "s01"], "heldout": ["s02"]}))
    out = tmp_path / "a.safetensors"
    code, stdout, _ = call("train", folder, "--out", out, "--job", job, "--width", 4, "--max-steps", 2, "--events")
    events = [json.loads(line) for line in stdout.splitlines()]
    assert code == 0 and events[0]["images"] == 2 and events[0]["heldout"] == 1
    assert events[-1]["event"] == "done"


def test_held_out_images_without_a_mask_are_not_scored(folder: Path, tmp_path: Path) -> None:
    (folder / "SegmentationClass" / "s08.png").unlink()
    options = ("--heldout-split", "val", "--width", 4, "--max-steps", 1, "--device", "cpu", "--events")
    code, stdout, _ = call("train", folder, "--out", tmp_path / "a.safetensors", "--split", "train", *options)
    events = [json.loads(line) for line in stdout.splitlines()]
    assert code == 0 and events[0]["heldout"] == 3 and set(events[-1]["heldout"]) == SCORES


def test_augmentation_is_chosen_by_name(folder: Path, tmp_path: Path) -> None:
    losses = []
    for name in ("none", "standard", None):
        option = [] if name is None else ["--augmentation", name]
        options = ["--width", 4, "--max-steps", 1, "--device", "cpu", "--events", *option]
        _, stdout, _ = call("train", folder, "--out", tmp_path / "a.safetensors", *options)
        losses.append(next(event["loss"] for event in map(json.loads, stdout.splitlines()) if event["event"] == "step"))
    assert losses[0] != losses[1] == losses[2]
    code, _, stderr = call("train", folder, "--out", tmp_path / "a.safetensors", "--augmentation", "wild")
    assert code == 2 and "strong" in stderr


def test_compare_prints_a_row_for_each_network(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "compared"
    asked = ("compare", folder, "--networks", "segnet:4,unet:4", "--out", out, "--max-steps", 2, "--device", "cpu")
    code, stdout, _ = call(*asked, "--json")
    assert code == 0 and len(stdout.splitlines()) == 1
    rows = last_json(stdout)["rows"]
    for row, network in zip(rows, ("segnet", "unet"), strict=True):  # type: ignore[call-overload]
        assert SCORES | {"network", "width", "seconds_per_image", "megabytes", "checkpoint"} <= set(row)
        assert row["network"] == network and row["width"] == 4
        code, stdout, _ = call("evaluate", folder, "--checkpoint", row["checkpoint"], "--json")
        assert code == 0 and last_json(stdout) == {key: row[key] for key in SCORES}

    code, stdout, _ = call(*asked)
    assert code == 0 and "mean IoU" in stdout and str(out) in stdout and "2 of 2: unet:4" in stdout
    code, stdout, _ = call(*asked, "--events")
    events = [json.loads(line)["event"] for line in stdout.splitlines()]
    assert code == 0 and events[0] == "start" and events[-1] == "done" and events.count("row") == 2
    code, stdout, stderr = call(*asked[:-4], "--heldout-split", "nolist")
    assert code == 1 and len(stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    "content", ["", "[]", '{"heldout": []}', '{"train": "s00"}', '{"train": [1]}', '{"train": ["s00"], "fresh": "s00"}']
)
def test_a_bad_job_file(folder: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "job.json").write_text(content)
    code, _, stderr = call("train", folder, "--out", tmp_path / "a", "--job", tmp_path / "job.json", "--max-steps", 1)
    assert code == 1 and "job file" in stderr and len(stderr.strip().splitlines()) == 1


def test_problems_are_one_line_and_exit_code_1(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"no")
    for arguments in (
        ("evaluate", folder, "--checkpoint", tmp_path / "none.safetensors"),
        ("predict", folder, "--checkpoint", tmp_path / "bad.safetensors", "--out", tmp_path / "m"),
        ("train", tmp_path / "nowhere", "--out", tmp_path / "a", "--max-steps", 1),
        ("train", folder, "--out", tmp_path / "a", "--max-steps", 1, "--split", "nolist"),
        ("train", folder, "--out", tmp_path / "a", "--max-steps", 1, "--encoder-weights", tmp_path / "bad.safetensors"),
        ("train", folder, "--out", tmp_path / "a", "--max-steps", 1, "--network", "lraspp", "--width", 8),
    ):
        code, stdout, stderr = call(*arguments)
        assert code == 1, arguments
        assert len(stderr.strip().splitlines()) == 1 and "Traceback" not in stderr + stdout


def test_an_error_is_an_event_too(folder: Path, tmp_path: Path) -> None:
    code, stdout, stderr = call("train", folder, "--out", tmp_path / "a", "--split", "nolist", "--events")
    assert code == 1
    assert last_json(stdout) == {"event": "error", "message": stderr.strip()}


@pytest.mark.parametrize(
    "arguments",
    [
        ("train",),
        ("train", "x", "--out", "y", "--network", "nonet"),
        ("train", "x", "--out", "y", "--loss", "nonet"),
        ("train", "x", "--out", "y", "--class-weights", "nonet"),
        ("train", "x", "--out", "y", "--device", "abacus"),
        ("train", "x", "--out", "y", "--max-steps", "0"),
        ("compare", "x", "--out", "y"),
        ("compare", "x", "--networks", "segnet"),
        ("compare", "x", "--networks", "segnet,nonet", "--out", "y"),
        ("compare", "x", "--networks", "segnet:wide", "--out", "y"),
        ("compare", "x", "--networks", "segnet", "--out", "y", "--loss", "nonet"),
        ("fly",),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: tuple[str, ...]) -> None:
    assert call(*arguments)[0] == 2


def environment(tmp_path: Path) -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "training")])
    return {**os.environ, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(tmp_path / "cache"), "OMP_NUM_THREADS": "1"}


def test_the_command_line_is_there_without_torch_or_qt(tmp_path: Path) -> None:
    code = "import sys, segstudio_training.cli; sys.exit(any(m in sys.modules for m in ('torch', 'PySide6', 'cv2')))"
    assert subprocess.run([sys.executable, "-c", code], env=environment(tmp_path), check=False).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("way", ["stdin", "signal", "file"])
def test_a_running_round_is_cancelled_from_outside(folder: Path, tmp_path: Path, way: str) -> None:
    out = tmp_path / "a.safetensors"
    command = [sys.executable, "-m", "segstudio_training", "train", str(folder), "--out", str(out), "--width", "4"]
    with subprocess.Popen(
        [*command, "--max-seconds", "600", "--events"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(tmp_path),
    ) as child:
        assert child.stdout is not None and child.stdin is not None and child.stderr is not None
        for line in child.stdout:
            if json.loads(line)["event"] == "step":
                break
        if way == "stdin":
            child.stdin.close()
        elif way == "signal":
            child.send_signal(signal.SIGTERM)
        else:
            out.with_name(out.name + ".cancel").touch()
        rest = [json.loads(line) for line in child.stdout]
        assert child.wait(30) == 1
        assert "Traceback" not in child.stderr.read()
    assert rest[-1] == {"event": "error", "message": "Cancelled."}
    assert not out.exists() and not list(tmp_path.glob(".a*"))
