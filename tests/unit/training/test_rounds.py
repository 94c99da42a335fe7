"""What a round is told and what its verdict means: the same for the window and for the simulation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from segstudio.core.errors import TrainingError
from segstudio.project.project import Project
from segstudio.project.rounds import Round
from segstudio_training.rounds import (
    RoundEvents,
    Verdict,
    conclude_round,
    order_round,
    starter_checkpoint,
    takes_over,
    verdict_of,
)
from tests.small_folders import voc_folder

DONE = {"event": "done", "images": 4, "seconds": 1.5, "steps": 3, "heldout": {"miou": 0.5}}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project.open(voc_folder(tmp_path / "data", images=7, masks=6, held_out=2))
    yield made
    made.close()


@pytest.mark.parametrize(
    ("verdict", "old", "new", "taken"),
    [
        (Verdict.FIRST, None, None, True),
        (Verdict.BETTER, {"miou": 0.4}, {"miou": 0.399}, True),
        (Verdict.WORSE, {"miou": 0.4}, {"miou": 0.5}, False),
        (Verdict.CANNOT_JUDGE, None, None, True),
        (Verdict.CANNOT_JUDGE, {"miou": 0.4}, {"miou": 0.4}, True),
        (Verdict.CANNOT_JUDGE, {"miou": 0.4}, {"miou": 0.36}, True),
        (Verdict.CANNOT_JUDGE, {"miou": 0.4}, {"miou": 0.34}, False),
        (Verdict.CANNOT_JUDGE, None, {"miou": 0.1}, True),
    ],
)
def test_takes_over(verdict: Verdict, old: dict[str, float] | None, new: dict[str, float] | None, taken: bool) -> None:
    assert takes_over(verdict, old, new) is taken


def test_the_verdict_of_a_round() -> None:
    assert verdict_of(False, {"verdict": "worse"}) is Verdict.FIRST
    assert verdict_of(True, {"verdict": "worse"}) is Verdict.WORSE
    assert verdict_of(True, {}) is Verdict.CANNOT_JUDGE


def test_a_first_round_starts_from_the_starters_encoder(project: Project) -> None:
    order = order_round(project, 12.5, ["--recipe", "plain"])
    arguments = list(order.arguments)
    assert arguments[:2] == ["train", str(project.folder.root)] and "--from" not in arguments
    assert arguments[arguments.index("--encoder-weights") + 1] == str(starter_checkpoint())
    assert arguments[arguments.index("--max-seconds") + 1] == "12.5"
    assert arguments[-2:] == ["--recipe", "plain"]
    job = json.loads(Path(arguments[arguments.index("--job") + 1]).read_text())
    assert job == {"train": ["s00", "s01", "s02", "s03"], "heldout": ["s04", "s05"], "fresh": []}


def test_a_later_round_starts_from_the_network_in_use(project: Project, tmp_path: Path) -> None:
    project.add_round(Round("old", tmp_path / "old.safetensors"))
    project.use_round("old")
    order = order_round(project, 60)
    assert order.parent is not None and order.parent.id == "old"
    assert order.arguments[order.arguments.index("--from") + 1] == str(tmp_path / "old.safetensors")
    assert "--encoder-weights" not in order.arguments


def test_a_round_that_is_worse_is_kept_but_not_used(project: Project, tmp_path: Path) -> None:
    project.add_round(Round("old", tmp_path / "old.safetensors"))
    project.use_round("old")
    heard = RoundEvents()
    for event in ({"event": "baseline", "miou": 0.6}, {"event": "step"}, {"event": "gate", "verdict": "worse"}):
        heard.take(event)
    result = conclude_round(project, order_round(project, 60), heard, DONE)
    assert (result.verdict, result.taken, result.round.kept) == (Verdict.WORSE, False, False)
    current = project.current_round()
    assert current is not None and current.id == "old"
    assert [made.id for made in project.rounds()] == ["old", result.round.id]


def test_nothing_accepted_is_nothing_to_learn_from(tmp_path: Path) -> None:
    project = Project.open(voc_folder(tmp_path / "none"))
    with pytest.raises(TrainingError, match="Accept at least one image"):
        order_round(project, 60)
    assert not (project.folder.root / ".segstudio").exists()
    project.close()
