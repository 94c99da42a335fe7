"""The benchmarks' form and the work that they count; never how long anything takes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from segstudio.project.voc_folder import VocFolder
from tests.benchmarks import startup, two_classes
from tests.benchmarks._report import report


def test_a_report_is_one_json_line_with_name_machine_and_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    report("startup", {"window_s": 0.123456, "torch_imported_before_window": 0}, as_json=True)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(told) == {"name", "machine", "figures"}
    assert told["name"] == "startup"
    assert told["figures"] == {"window_s": 0.1235, "torch_imported_before_window": 0.0}
    assert {"processor", "cores", "system", "python"} <= set(told["machine"])


def test_the_table_says_what_a_figure_is(capsys: pytest.CaptureFixture[str]) -> None:
    report("startup", {"window_s": 0.5}, as_json=False, notes={"window_s": "to the first paint"})
    shown = capsys.readouterr().out
    assert "window_s" in shown
    assert "to the first paint" in shown


def test_the_window_is_painted_before_torch_is_imported(tmp_path: Path) -> None:
    pytest.importorskip("PySide6")
    assert startup.timed_start(sys.executable, startup.OUR_WINDOW, tmp_path).line == "painted 0"


def test_a_program_that_shows_no_window_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no screen here"):
        startup.timed_start(sys.executable, "raise SystemExit('no screen here')", tmp_path)


def test_the_drawn_walls_have_two_classes_of_which_one_is_rare(tmp_path: Path) -> None:
    folder = VocFolder.open(two_classes.draw_folder(tmp_path / "walls", 8))
    assert folder.classes.names == ("wall", "crack") and len(folder.names) == 8
    masks = [folder.read_label_map(name) for name in folder.names]
    shares = [float((mask == 1).mean()) for mask in masks]
    assert all(mask.max() == 1 for mask in masks) and 0.005 < sum(shares) / 8 < 0.05
    again = VocFolder.open(two_classes.draw_folder(tmp_path / "again", 8))
    assert all((again.read_label_map(name) == mask).all() for name, mask in zip(again.names, masks, strict=True))
