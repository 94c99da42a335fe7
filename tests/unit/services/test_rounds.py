"""Rounds: what the gate's verdict does to the network in use, and that the person can overrule it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from segstudio.core.errors import TrainingError
from segstudio.project.project import Project, Side
from segstudio.project.rounds import Round, Taught
from segstudio.services import fine_tune_process
from segstudio.services.rounds import RoundResult, RoundRunner, Verdict
from segstudio.widgets.round_words import difference_text, summary, verdict_text
from segstudio_training.choices import RoundChoices
from tests.small_folders import tiny_checkpoint, voc_folder

PATIENT = 120_000
SCORES = {"miou": 0.5, "class_accuracy": 0.5, "pixel_accuracy": 0.5, "boundary_f1": 0.5, "per_class_iou": {"sun": 0.5}}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project.open(voc_folder(tmp_path / "data", images=7, masks=6, held_out=2))
    yield made
    made.close()


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[RoundRunner]:
    made = RoundRunner()
    yield made
    made.stop()


@pytest.fixture
def child_says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[list[str]]]:
    """A child that prints these events and ends well; returns the arguments of each child started."""

    def say(*events: dict[str, object]) -> list[list[str]]:
        started: list[list[str]] = []
        code = "\n".join(f"print({json.dumps(event)!r})" for event in events)

        def command(arguments: list[str]) -> list[str]:
            started.append(arguments)
            return [sys.executable, "-c", code]

        monkeypatch.setattr(fine_tune_process, "own_command", command)
        return started

    return say


DONE = {"event": "done", "images": 4, "seconds": 1.5, "steps": 3, "heldout": SCORES}


def run(runner: RoundRunner, project: Project, qtbot: QtBot) -> RoundResult:
    with qtbot.waitSignal(runner.finished) as finished:
        runner.start(project, 30)
    assert finished.args is not None
    result = finished.args[0]
    assert isinstance(result, RoundResult)
    return result


def with_round(project: Project, tmp_path: Path) -> Round:
    old = Round("old", tiny_checkpoint(tmp_path / "old.safetensors"))
    project.add_round(old)
    project.use_round("old")
    return old


def test_without_an_accepted_image_there_is_no_round(runner: RoundRunner, tmp_path: Path) -> None:
    project = Project.open(voc_folder(tmp_path / "none"))
    with pytest.raises(TrainingError, match="Accept at least one image"):
        runner.start(project, 30)
    assert not runner.is_running and not (project.folder.root / ".segstudio").exists()
    project.close()


def test_the_first_round_takes_over(
    runner: RoundRunner, project: Project, qtbot: QtBot, child_says: Callable[..., list[list[str]]]
) -> None:
    started = child_says({"event": "gate", "verdict": "better", "reason": "First."}, DONE)
    changed: list[bool] = []
    runner.model_changed.connect(lambda: changed.append(True))
    result = run(runner, project, qtbot)
    assert (result.verdict, result.taken, result.old_scores) == (Verdict.FIRST, True, None)
    current = project.current_round()
    assert current == result.round and current is not None
    assert (current.images, current.seconds, current.parent, current.scores) == (4, 1.5, None, SCORES)
    assert changed == [True]
    arguments = started[0]
    assert arguments[0] == "train" and "--events" in arguments and "--from" not in arguments
    job = json.loads(Path(arguments[arguments.index("--job") + 1]).read_text())
    assert sorted(job["train"]) == ["s00", "s01", "s02", "s03"] and sorted(job["heldout"]) == ["s04", "s05"]
    assert job["fresh"] == [], "a first round has nothing older to set them against"


@pytest.mark.parametrize(
    ("verdict", "shown", "taken"),
    [
        ("better", Verdict.BETTER, True),
        ("worse", Verdict.WORSE, False),
        ("cannot_judge", Verdict.CANNOT_JUDGE, True),
        ("a word of a newer trainer", Verdict.CANNOT_JUDGE, True),
    ],
)
def test_the_verdict_decides_which_network_proposes(
    runner: RoundRunner,
    project: Project,
    qtbot: QtBot,
    tmp_path: Path,
    child_says: Callable[..., list[list[str]]],
    verdict: str,
    shown: Verdict,
    taken: bool,
) -> None:
    old = with_round(project, tmp_path)
    baseline = {"event": "baseline", **SCORES, "miou": 0.4}
    started = child_says(baseline, {"event": "gate", "verdict": verdict, "reason": "Because."}, DONE)
    changed: list[bool] = []
    runner.model_changed.connect(lambda: changed.append(True))
    result = run(runner, project, qtbot)
    assert (result.verdict, result.taken, result.reason) == (shown, taken, "Because.")
    assert result.old_scores is not None and result.old_scores["miou"] == 0.4
    assert result.new_scores is not None and result.new_scores["miou"] == 0.5
    assert result.round.parent == "old" and result.round.kept is taken
    current = project.current_round()
    assert current is not None and current.id == (result.round.id if taken else "old")
    assert changed == ([True] if taken else [])
    assert started[0][started[0].index("--from") + 1] == str(old.checkpoint)
    assert [made.id for made in project.rounds()] == ["old", result.round.id]


def test_the_next_round_is_told_what_was_accepted_since(
    runner: RoundRunner, project: Project, qtbot: QtBot, child_says: Callable[..., list[list[str]]]
) -> None:
    started = child_says({"event": "gate", "verdict": "better", "reason": "Better."}, DONE)
    run(runner, project, qtbot)
    project.accept("s06", project.load_label_map("s03").array.copy())
    project.move_to_side("s06", Side.TEACHING)
    run(runner, project, qtbot)
    job = json.loads(Path(started[1][started[1].index("--job") + 1]).read_text())
    assert job["fresh"] == ["s06"] and sorted(job["train"]) == ["s00", "s01", "s02", "s03", "s06"]


def test_what_the_gate_said_is_kept_with_the_round_and_told_in_words(
    runner: RoundRunner,
    project: Project,
    qtbot: QtBot,
    tmp_path: Path,
    child_says: Callable[..., list[list[str]]],
) -> None:
    with_round(project, tmp_path)
    gate = {
        "verdict": "better",
        "reason": "Because.",
        "images": 9,
        "groups": 5,
        "interval": [-0.004, 0.052],
        "lost": [],
    }
    child_says({"event": "baseline", **SCORES}, {"event": "gate", **gate}, DONE)
    result = run(runner, project, qtbot)
    assert (result.interval, result.held_out, result.lost) == ((-0.004, 0.052), (9, 5), []) and result.is_within_noise
    kept = project.rounds()[-1]
    assert kept.judgement == gate
    assert difference_text(result) == "−0.4 to +5.2 points, over 9 held-out images in 5 groups"
    assert "No difference beyond chance" in verdict_text(result)
    assert summary(project, kept.id) == "Round 1 · held-out IoU 0.50 (9 images)"
    child_says({"event": "gate", **gate, "verdict": "worse", "lost": ["pole", "sun"]}, DONE)
    worse = run(runner, project, qtbot)
    assert not worse.taken and "loses pole, sun" in verdict_text(worse)


def test_unreviewed_images_teach_only_where_asked_and_are_never_held_out_after(
    runner: RoundRunner,
    project: Project,
    qtbot: QtBot,
    child_says: Callable[..., list[list[str]]],
) -> None:
    labels = project.folder.read_label_map("s00")
    project.save_proposal("s06", labels, labels, None)
    assert project.accept_unreviewed(["s06"]) == ["s06"]
    started = child_says(DONE)
    run(runner, project, qtbot)
    with qtbot.waitSignal(runner.finished):
        runner.start(project, 30, include_unreviewed=True)
    jobs = [json.loads(Path(arguments[arguments.index("--job") + 1]).read_text()) for arguments in started]
    assert ["s06" in job["train"] for job in jobs] == [False, True]
    assert all("s06" not in job["heldout"] for job in jobs)
    assert project.accept("s06", labels) is Side.TEACHING


def test_the_person_overrules_the_gate_and_goes_back(
    runner: RoundRunner,
    project: Project,
    qtbot: QtBot,
    tmp_path: Path,
    child_says: Callable[..., list[list[str]]],
) -> None:
    with_round(project, tmp_path)
    child_says({"event": "gate", "verdict": "worse", "reason": "Worse."}, DONE)
    result = run(runner, project, qtbot)
    for wanted in (result.round.id, "old"):
        with qtbot.waitSignal(runner.model_changed):
            runner.use(project, wanted)
        current = project.current_round()
        assert current is not None and current.id == wanted


def test_a_child_that_fails_leaves_the_network_in_use(
    runner: RoundRunner, project: Project, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_round(project, tmp_path)
    monkeypatch.setattr(fine_tune_process, "own_command", lambda _: [sys.executable, "-c", "raise SystemExit(3)"])
    with qtbot.waitSignal(runner.failed):
        runner.start(project, 30)
    current = project.current_round()
    assert current is not None and current.id == "old" and len(project.rounds()) == 1 and not runner.is_running


def test_a_workspace_is_told_to_the_child(
    runner: RoundRunner,
    project: Project,
    qtbot: QtBot,
    tmp_path: Path,
    child_says: Callable[..., list[list[str]]],
) -> None:
    started = child_says(DONE)
    elsewhere = Project.open(project.folder.root, tmp_path / "workspace")
    run(runner, elsewhere, qtbot)
    assert started[0][started[0].index("--workspace") + 1] == str(tmp_path / "workspace")
    assert Path(started[0][started[0].index("--out") + 1]).is_relative_to(tmp_path / "workspace")
    assert not (project.folder.root / ".segstudio" / "checkpoints").exists()
    elsewhere.close()


def test_choices_reach_the_child_and_stay_with_the_round(
    runner: RoundRunner,
    project: Project,
    qtbot: QtBot,
    tmp_path: Path,
    child_says: Callable[..., list[list[str]]],
) -> None:
    with_round(project, tmp_path)
    weights = {"background": 0.5, "sun": 1.0, "pole": 1.5}
    before = {"event": "baseline", "miou": 0.4, "per_class_iou": {"sun": 0.3}}
    started = child_says({"event": "start", "class_weights": weights}, before, DONE)
    with qtbot.waitSignal(runner.finished):
        runner.start(project, 30, RoundChoices(class_weights="none", loss="cross_entropy_dice"))
    assert started[0][started[0].index("--class-weights") + 1] == "none" and "--loss" not in started[0]
    project.close()
    again = Project.open(project.folder.root)
    taught = again.rounds()[-1].taught
    assert (taught.rule, taught.loss, taught.class_weights) == ("none", "cross_entropy_dice", weights)
    assert taught.before == {"miou": 0.4, "per_class_iou": {"sun": 0.3}}
    assert again.rounds()[0].taught == Taught()
    again.close()


@pytest.mark.slow
def test_a_real_round_from_a_real_checkpoint(
    runner: RoundRunner, project: Project, qtbot: QtBot, tmp_path: Path
) -> None:
    with_round(project, tmp_path)
    with qtbot.waitSignal(runner.finished, timeout=PATIENT) as finished:
        runner.start(project, 5)
    assert finished.args is not None
    result: RoundResult = finished.args[0]
    # Whether it takes over depends on how far a busy machine comes in five seconds.
    assert result.verdict is Verdict.CANNOT_JUDGE and "held-out" in result.reason
    assert result.round.checkpoint.is_file() and result.round.images == 4
    assert result.old_scores is not None and result.new_scores is not None
