"""The simulated person at work: order, rounds, what the learning side sees, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from segstudio.core.errors import InputError
from segstudio.project.voc_folder import VocFolder
from segstudio_training.simulate import Simulation, simulate
from segstudio_training.simulation_report import FIGURES
from tests.small_folders import HEIGHT, WIDTH, plain_folder, voc_folder, write_list, write_mask
from tests.unit.training.conftest import write_voc
from tests.unit.training.test_commands import call, last_json

IMAGE_KEYS = {"name", "strokes", "seconds", "wrong", "blank_strokes", "blank_seconds"}


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def voc_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_voc(tmp_path_factory.mktemp("simulate") / "voc", 12)
    # Lists of the truth would tell the learning side which side an image is on: the person has none yet.
    write_list(root, "train", [f"s{number:02d}" for number in range(12)])
    return root


@pytest.mark.slow
def test_the_person_works_and_the_network_learns(voc_root: Path) -> None:
    before = contents(voc_root)
    asked = Simulation(VocFolder.open(voc_root), 11, 5, 60, max_steps=2, device="cpu")
    events: list[dict[str, Any]] = []
    walk = simulate(asked, 1, events.append)
    assert contents(voc_root) == before
    assert [image.name for image in walk.images] == asked.order(1) != asked.order(2)
    assert [image.proposed_by for image in walk.images[:6]] == [None] * 5 + [1]
    for image in walk.images[:5]:
        assert image.wrong == 1 and image.corrected == image.blank
    # Two rounds: none after the last image. They see what was accepted until then and nothing else.
    first, second = walk.rounds
    assert first["images"] + first["held_out"] == 5 and second["images"] + second["held_out"] == 10
    assert (first["verdict"], first["taken"], first["steps"]) == ("first", True, 2)
    spent = sum(image.corrected.seconds for image in walk.images[5:10])
    assert second["budget"] == pytest.approx(min(60, max(5, spent)))
    assert second["old_miou"] is None or second["held_out"] > 0
    kinds = [event["event"] for event in events]
    assert kinds == ["image"] * 5 + ["round"] + ["image"] * 5 + ["round"] + ["image"]


@pytest.mark.slow
def test_a_round_that_cannot_learn_fails_and_the_person_goes_on(tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "one", images=3, masks=3)
    for path in (root / "SegmentationClass").iterdir():  # one class alone cannot be taught
        write_mask(root, path.stem, np.zeros((HEIGHT, WIDTH), np.uint8))
    walk = simulate(Simulation(VocFolder.open(root), 3, 2, 5, max_steps=1, device="cpu"), 0, lambda _: None)
    assert [(made["verdict"], made["taken"]) for made in walk.rounds] == [("failed", False)]
    assert "only one class" in walk.rounds[0]["reason"] and walk.images[-1].proposed_by is None


def test_truth_in_the_upright_frame_of_a_turned_photograph(tmp_path: Path) -> None:
    # Stored 64 wide and 48 high, shown 48 wide and 64 high; the mask has the shown frame.
    root = voc_folder(tmp_path / "turned", images=1, masks=1)
    with Image.open(root / "JPEGImages" / "s00.png") as stored:
        exif = Image.Exif()
        exif[0x0112] = 6
        stored.convert("RGB").save(root / "JPEGImages" / "s00.jpg", exif=exif)
    (root / "JPEGImages" / "s00.png").unlink()
    truth = np.zeros((WIDTH, HEIGHT), np.uint8)
    truth[:9, :20] = 1
    write_mask(root, "s00", truth)
    walk = simulate(Simulation(VocFolder.open(root), 1, 5, 5, device="cpu"), 0, lambda _: None)
    accepted = walk.images[0].corrected.labels
    assert accepted.shape == (HEIGHT, WIDTH)
    # Turned a quarter clockwise for showing: the shown top left is the stored bottom left.
    assert accepted[-5, 4] == 1 and accepted[5, 4] == 0 and accepted[-5, -4] == 0


def test_a_rounds_budget_is_what_the_person_spent(voc_root: Path) -> None:
    asked = Simulation(VocFolder.open(voc_root), 11, 5, 240)
    assert [asked.budget(seconds) for seconds in (0.5, 100, 1000)] == [5, 100, 240]
    assert Simulation(VocFolder.open(voc_root), 11, 5, 3).budget(100) == 3


def test_too_little_truth(voc_root: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="truth for 12 images, not for 13"):
        Simulation(VocFolder.open(voc_root), 13, 5, 60).order(0)
    with pytest.raises(InputError, match="no masks"):
        Simulation(VocFolder.open(plain_folder(tmp_path / "plain")), 1, 1, 60).order(0)
    with pytest.raises(InputError, match='no list "test"'):
        Simulation(VocFolder.open(voc_root), 1, 1, 60, split="test").order(0)


@pytest.mark.slow
def test_the_command_with_two_orders(voc_root: Path, tmp_path: Path) -> None:
    arguments = ["simulate", voc_root, "--images", 3, "--round", 2, "--max-seconds", 5, "--max-steps", 1]
    out = tmp_path / "out"
    code, stdout, _ = call(*arguments, "--orders", 2, "--recipe", "plain", "--device", "cpu", "--out", out, "--json")
    assert code == 0 and len(stdout.strip().splitlines()) == 1
    report: dict[str, Any] = last_json(stdout)
    assert len(report["images"]) == 3 and set(report["images"][0]) >= IMAGE_KEYS
    assert set(report) >= set(FIGURES) and set(report["spread"]) == set(FIGURES)
    assert json.loads((out / "simulate.json").read_text()) == report
    with Image.open(out / "curves.png") as curves:
        assert curves.width > 500


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--images", "99"), 1),
        (("--images", "3", "--split", "nowhere"), 1),
        (("--images", "0"), 2),
        (("--images", "3", "--round", "0"), 2),
        (("--images", "3", "--recipe", "plane"), 2),
        (("--images", "3", "--orders", "0"), 2),
    ],
)
def test_bad_input(voc_root: Path, options: tuple[str, ...], expected: int) -> None:
    given = ["simulate", str(voc_root), "--max-seconds", "5", *(() if "--round" in options else ("--round", "2"))]
    code, stdout, stderr = call(*given, *options)
    assert code == expected and not stdout
    assert expected == 2 or len(stderr.strip().splitlines()) == 1


def test_a_folder_without_truth(tmp_path: Path) -> None:
    folder = voc_folder(tmp_path / "bare")
    code, _, stderr = call("simulate", folder, "--images", 2, "--round", 1, "--max-seconds", 5)
    assert code == 1 and "no masks" in stderr and len(stderr.strip().splitlines()) == 1
