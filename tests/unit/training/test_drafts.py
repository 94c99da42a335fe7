"""Drafts that teach: their touched pixels alone, beside the accepted images, and never as held-out ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from segstudio.core.class_table import VOID
from segstudio.core.edits import APPLY_PROPOSAL
from segstudio.core.geometry import Box
from segstudio.project.project import Project
from segstudio_training.cli import app
from segstudio_training.data.augment import Augmentation, augmented
from segstudio_training.data.drafts import SourceWithDrafts, touched_maps
from segstudio_training.data.teaching_set import Sample, TeachingSet
from segstudio_training.rounds import order_round
from tests.small_folders import HEIGHT, WIDTH, voc_folder
from tests.unit.project.test_touched import Person


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """One accepted image, and two drafts: a proposal with a stroke in it, and an unread proposal."""
    opened = Project.open(voc_folder(tmp_path / "voc", images=4, masks=1))
    proposal = np.full((HEIGHT, WIDTH), 2, np.uint8)
    for name in ("s01", "s02"):
        Person(opened, name).document.apply_labels(APPLY_PROPOSAL, proposal)
    Person(opened, "s01").stroke(Box(5, 10, 20, 18), 1)
    yield opened
    opened.close()


def test_a_stroke_teaches_exactly_its_pixels(project: Project) -> None:
    maps = touched_maps(project, project.teaching_drafts())
    assert list(maps) == ["s01"], "a proposal that nobody read teaches nothing"
    source = SourceWithDrafts(project.folder, maps)
    labels = TeachingSet(source, ["s00", "s01"], 1.0)[1].labels
    stroke = np.full((HEIGHT, WIDTH), VOID, np.uint8)
    stroke[10:18, 5:20] = 1
    assert np.array_equal(labels, stroke)
    assert np.array_equal(source.read_label_map("s00"), project.folder.read_label_map("s00"))


def test_the_crop_finds_a_single_stroke() -> None:
    labels = np.full((200, 300), VOID, np.uint8)
    labels[150:153, 20:26] = 1
    sample = Sample(np.zeros((200, 300, 3), np.uint8), labels)
    for seed in range(20):
        _, mask = augmented(sample, (32, 32), np.random.default_rng(seed), Augmentation())
        assert (mask == 1).any()


def test_a_round_learns_from_one_accepted_image_and_drafts(project: Project, tmp_path: Path) -> None:
    order = order_round(project, 5, include_drafts=True)
    job = Path(order.arguments[order.arguments.index("--job") + 1])
    names = json.loads(job.read_text())
    assert names["drafts"] == ["s01", "s02"] and names["train"] == ["s00"] and names["heldout"] == []
    command = ["train", str(project.folder.root), "--out", str(tmp_path / "new.safetensors"), "--job", str(job)]
    ran = CliRunner().invoke(app, [*command, "--width", "4", "--max-steps", "3", "--device", "cpu", "--events"])
    assert ran.exit_code == 0, ran.output
    events: list[dict[str, Any]] = [json.loads(line) for line in ran.stdout.splitlines()]
    assert (events[0]["images"], events[0]["drafts"]) == (1, 1)
    assert events[-1]["event"] == "done" and events[-1]["images"] == 1, "drafts are not accepted images"
    assert project.folder.list_names() == ["train", "val"] and project.folder.read_list("train") == ["s00"]


def test_drafts_do_not_teach_unless_asked(project: Project) -> None:
    order = order_round(project, 5)
    assert "drafts" not in json.loads(Path(order.arguments[order.arguments.index("--job") + 1]).read_text())
