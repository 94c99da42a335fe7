"""``segstudio simulate`` on the sample, as a process of its own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from segstudio.core.resources import resource_root
from tests.end2end.conftest import Ended


@pytest.mark.slow
def test_the_person_works_through_the_sample(segstudio: Callable[..., Ended], tmp_path: Path) -> None:
    sample = resource_root() / "sample"
    before = sorted(path.relative_to(sample) for path in sample.rglob("*"))
    numbers = ["--images", 6, "--round", 3, "--max-seconds", 30, "--max-steps", 2]
    ended = segstudio("simulate", sample, *numbers, "--out", tmp_path)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("   1 valley_") and "from nothing" in lines[0]
    assert any(line.startswith("Round 1 takes over (first). 2 steps") for line in lines)
    assert lines[-1].startswith("  rare class miou") and "All images that had a proposal:" in lines
    assert sorted(path.relative_to(sample) for path in sample.rglob("*")) == before
    report = json.loads((tmp_path / "simulate.json").read_text())
    assert len({image["name"] for image in report["images"]}) == 6
    for image in report["images"]:
        assert image["strokes"] > 0 and image["seconds"] > 0 and image["blank_seconds"] > 0 and 0 < image["wrong"] <= 1
    assert 0 < report["seconds_share_of_blank"] < 1.5
    with Image.open(tmp_path / "curves.png") as curves:
        assert curves.width > 500


def test_a_folder_that_is_not_there(segstudio: Callable[..., Ended], tmp_path: Path) -> None:
    ended = segstudio("simulate", tmp_path / "none", "--images", 6, "--round", 3, "--max-seconds", 30)
    assert ended.returncode == 1 and ended.stdout == ""
    assert len(ended.stderr.strip().splitlines()) == 1 and "There is no folder" in ended.stderr
