"""``segstudio tour`` on a tiny folder with truth: exit code, tour.json and the screenshots."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from tests.end2end.conftest import Ended
from tests.small_folders import voc_folder


@pytest.mark.slow
def test_the_tour_does_the_whole_job_by_itself(segstudio: Callable[..., Ended], tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=6, masks=6)
    before = sorted(path.relative_to(root) for path in root.rglob("*"))
    out = tmp_path / "tour"
    ended = segstudio("tour", "--out", out, "--folder", root, "--images", 3, "--seconds", 5)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    told = json.loads((out / "tour.json").read_text(encoding="utf-8"))
    assert {"steps", "wrong_before", "wrong_after", "exported"} <= set(told)
    assert all(set(step) == {"name", "seconds", "ok"} and step["ok"] for step in told["steps"])
    names = [step["name"] for step in told["steps"]]
    assert names == ["start", "open", "propose", "correct", "fine-tune", "propose-again", "export"]
    assert told["wrong_before"] == 1.0 and 0 <= told["wrong_after"] < 1
    assert len(told["exported"]) == 3
    for relative in told["exported"]:
        with Image.open(out / relative) as mask:
            assert mask.size == (64, 48)
    pictures = sorted(out.glob("[0-9][0-9]-*.png"))
    assert len(pictures) >= 8
    for path in pictures:
        with Image.open(path) as picture:
            assert picture.width >= 1000 and picture.height >= 600
            assert len(picture.convert("RGB").resize((100, 60)).getcolors(6000) or []) > 20  # not an empty window
    assert sorted(path.relative_to(root) for path in root.rglob("*")) == before


@pytest.mark.parametrize(("masks", "images", "said"), [(3, 3, "truth for 3 images"), (0, 3, "truth for 0 images")])
def test_a_folder_with_too_little_truth_is_told(
    segstudio: Callable[..., Ended], tmp_path: Path, masks: int, images: int, said: str
) -> None:
    root = voc_folder(tmp_path / "data", images=6, masks=masks)
    ended = segstudio("tour", "--out", tmp_path / "tour", "--folder", root, "--images", images, "--seconds", 5)
    assert ended.returncode == 1 and len(ended.stderr.strip().splitlines()) == 1 and said in ended.stderr


def test_a_tour_is_not_laid_over_an_older_one(segstudio: Callable[..., Ended], tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=6, masks=6)
    (tmp_path / "tour" / "work").mkdir(parents=True)
    ended = segstudio("tour", "--out", tmp_path / "tour", "--folder", root, "--images", 3, "--seconds", 5)
    assert ended.returncode == 1 and len(ended.stderr.strip().splitlines()) == 1 and "--out" in ended.stderr
