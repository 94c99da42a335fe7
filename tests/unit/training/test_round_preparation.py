"""What is decided before the first step: weights, size, and whether what is held out can be scored at all."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segstudio.core.errors import Cancelled, InputError, TrainingError
from segstudio.project.voc_folder import VocFolder
from segstudio_training import round_preparation
from segstudio_training.checkpoint import load_checkpoint, save_checkpoint
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Job
from tests.unit.training.conftest import CLASSES, tiny_checkpoint, write_voc

MakeJob = Callable[..., Job]


def run(job: Job) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    fine_tune(job, events.append, lambda: False)
    return events


def mask_of(voc: VocFolder, name: str) -> Path:
    return voc.root / "SegmentationClass" / f"{name}.png"


def test_a_class_outside_the_images_counted_weighs_as_much_as_the_heaviest(
    tmp_path: Path, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_preparation, "FREQUENCY_IMAGES", 3)
    folder = VocFolder.open(write_voc(tmp_path / "many", 6, (*CLASSES, "seldom")))
    labels = folder.read_label_map("s01").copy()
    labels[10:20, 10:20] = 3
    folder.write_label_map("s01", labels)
    weights = run(make_job(source=folder, train=folder.names, heldout=[]))[0]["class_weights"]
    assert weights["seldom"] == max(weights.values()) > min(weights.values()) > 0


@pytest.mark.parametrize("follows", [False, True])
def test_a_class_that_may_come_while_the_round_runs_weighs_something(
    tmp_path: Path, make_job: MakeJob, follows: bool
) -> None:
    folder = VocFolder.open(write_voc(tmp_path / "many", 6, (*CLASSES, "seldom")))
    file = tmp_path / "job.json"
    file.write_text(json.dumps({"train": folder.names}))
    job = make_job(source=folder, train=folder.names, heldout=[], file=file if follows else None)
    weights = run(job)[0]["class_weights"]
    assert weights["seldom"] == (max(weights.values()) if follows else 0)


def test_the_images_counted_may_show_one_class_only_where_there_are_others(
    make_job: MakeJob, voc: VocFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(round_preparation, "FREQUENCY_IMAGES", 2)
    for name in voc.names[:6:3]:
        voc.write_label_map(name, np.full((40, 48), 1, np.uint8))
    assert run(make_job())[-1]["event"] == "done"


def test_a_round_from_a_starter_takes_its_width_whatever_suits_the_machine(make_job: MakeJob, tmp_path: Path) -> None:
    starter = save_checkpoint(tmp_path / "starter.safetensors", tiny_checkpoint())
    job = make_job(width=None, encoder_weights=str(starter))
    run(job)
    assert load_checkpoint(job.out).network_arguments["width"] == 4


@pytest.mark.parametrize("damage", ["missing", "broken", "other size"])
def test_a_held_out_image_that_cannot_be_scored_is_named_before_training(
    make_job: MakeJob, voc: VocFolder, damage: str
) -> None:
    mask = mask_of(voc, "s08")
    if damage == "missing":
        mask.unlink()
    elif damage == "broken":
        mask.write_bytes(b"\x89PNG\r\n\x1a\n")
    else:
        mask.write_bytes(mask_of(VocFolder.open(write_voc(voc.root.parent / "wide", 1)), "s00").read_bytes())
        image = voc.image_path("s08")
        image.write_bytes((voc.root.parent / "wide" / "JPEGImages" / "s00.png").read_bytes())
        _widen(image)
    events: list[dict[str, Any]] = []
    with pytest.raises(InputError, match="s08"):
        fine_tune(make_job(), events.append, lambda: False)
    assert not events


def _widen(image: Path) -> None:
    from PIL import Image

    Image.open(image).resize((96, 40)).save(image)


def test_a_round_that_cannot_be_scored_is_not_lost(make_job: MakeJob, voc: VocFolder) -> None:
    job = make_job()
    mask = mask_of(voc, "s09")
    whole = mask.read_bytes()

    def hear(event: dict[str, Any]) -> None:
        if event["event"] == "step":  # a header that is right, and half of the pixels
            mask.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(TrainingError, match="s09"):
        fine_tune(job, hear, lambda: False)
    saved = load_checkpoint(job.out)
    assert saved.scores == {} and saved.images == 6


def test_cancelling_the_final_scoring_writes_no_checkpoint(make_job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    from segstudio_training.round_scores import RoundScores

    def cancelled(_self: RoundScores, _checkpoint: object) -> None:
        raise Cancelled

    monkeypatch.setattr(RoundScores, "of", cancelled)
    job = make_job()
    with pytest.raises(Cancelled):
        fine_tune(job, lambda _: None, lambda: False)
    assert not job.out.exists()
