"""The command line: what it imports, its exit codes, and what each command prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio import __version__
from segstudio.cli import main
from tests.small_folders import HEIGHT, WIDTH, draw_scene, voc_folder

ROOT = Path(__file__).resolve().parents[2]


def last_json(text: str) -> dict[str, object]:
    return json.loads(text.strip().splitlines()[-1])


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"segstudio {__version__}\n"


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for name in (
        "window",
        "demo",
        "tour",
        "train",
        "evaluate",
        "predict",
        "compare",
        "simulate",
        "export",
        "check",
        "doctor",
    ):
        assert name in said


@pytest.mark.parametrize(
    "arguments",
    [
        ["--bogus"],
        ["one", "two"],
        ["check"],
        ["export", "folder"],
        ["export", "folder", "--out", "x", "--format", "jpeg"],
        ["tour"],
        ["tour", "--out", "x", "--images", "0"],
        ["train", "folder"],
        ["train", "folder", "--out", "x", "--network", "nonet"],
        ["train", "folder", "--out", "x", "--max-seconds", "soon"],
        ["predict", "folder", "--out", "x"],
        ["compare", "folder", "--networks", "nonet", "--out", "x"],
        ["evaluate"],
        ["train", "folder", "--out", "x", "--recipe", "plane"],
        ["simulate", "folder", "--images", "4", "--round", "2"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == "" and "Traceback" not in said.err and said.err


def test_nothing_heavy_is_imported_for_a_version_or_a_check(tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=1)
    code = f"""
import sys
from segstudio.cli import main
main(["--version"])
main(["check", {str(root)!r}])
sys.exit(", ".join(m for m in ("torch", "torchvision", "PySide6", "pyqtgraph") if m in sys.modules))
"""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "training")])
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1 and ended.stderr == "\n", ended.stderr


def test_check_of_a_good_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=2)
    assert main(["check", str(root), "--json"]) == 0
    assert last_json(capsys.readouterr().out) == {"problems": []}
    assert main(["check", str(root)]) == 0
    assert "No problem" in capsys.readouterr().out
    assert not (root / ".segstudio").exists()


def test_check_lists_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=2)
    (root / "JPEGImages" / "s02.png").write_bytes(b"")
    (root / "ImageSets" / "Segmentation" / "val.txt").write_text("nobody\n")
    assert main(["check", str(root), "--json"]) == 1
    told = capsys.readouterr()
    problems = last_json(told.out)["problems"]
    assert isinstance(problems, list) and [set(problem) for problem in problems] == [{"path", "problem"}] * 2
    assert [problem["path"] for problem in problems] == ["JPEGImages/s02.png", "ImageSets/Segmentation/val.txt"]
    assert main(["check", str(root)]) == 1
    assert len(capsys.readouterr().out.strip().splitlines()) == 2


def test_check_lists_a_folder_that_cannot_be_opened_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "nowhere"), "--json"]) == 1
    problems = last_json(capsys.readouterr().out)["problems"]
    assert isinstance(problems, list) and problems[0]["path"] == "." and "nowhere" in problems[0]["problem"]


@pytest.mark.parametrize(("form", "mode"), [("palette", "P"), ("grey", "L"), ("rgb", "RGB"), ("overlay", "RGB")])
def test_export_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str, mode: str) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=2)
    out = tmp_path / "out"
    assert main(["export", str(root), "--format", form, "--out", str(out), "--json"]) == 0
    told = last_json(capsys.readouterr().out)
    assert told["images"] == 2
    for number in range(2):
        with Image.open(out / f"s0{number}.png") as picture:
            assert picture.mode == mode and picture.size == (WIDTH, HEIGHT)
            if form in ("palette", "grey"):
                np.testing.assert_array_equal(np.asarray(picture), draw_scene(number)[1])
    assert not (out / "s02.png").exists()


def test_export_never_goes_over_the_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = voc_folder(tmp_path / "data", images=2, masks=2)
    before = (root / "SegmentationClass" / "s00.png").read_bytes()
    assert main(["export", str(root), "--format", "grey", "--out", str(root / "SegmentationClass")]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert (root / "SegmentationClass" / "s00.png").read_bytes() == before


def test_export_with_nothing_to_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = voc_folder(tmp_path / "data", images=2)
    assert main(["export", str(root), "--out", str(tmp_path / "out")]) == 1
    assert "no mask to export" in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a screen")
@pytest.mark.parametrize("arguments", [[], ["demo"], ["somewhere"]])
def test_without_a_display_the_tour_is_named(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(variable, raising=False)
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1 and "segstudio tour --out" in said


def test_a_bare_checkout_runs_by_dash_m(tmp_path: Path) -> None:
    for part in ("segstudio", "training"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for arguments in (["--version"], ["check", "nowhere"], ["train", "nowhere", "--out", "x"]):
        ended = subprocess.run(
            [sys.executable, "-P", "-c", _RUN, *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in ended.stderr and "No module" not in ended.stderr, ended.stderr
        assert ended.returncode == (0 if arguments == ["--version"] else 1)


_RUN = """
import runpy, sys
sys.path[:] = ["", *(path for path in sys.path if "segstudio" not in path and not path.endswith("training"))]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
runpy.run_module("segstudio", run_name="__main__", alter_sys=True)
"""
