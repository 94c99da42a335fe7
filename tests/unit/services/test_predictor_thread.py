"""Proposals from a thread: order, counting, what is dropped, and the sentence where a checkpoint cannot be used."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project, Status
from segstudio.services.predictor_thread import Model, ProposalService, Proposed
from segstudio_training.predictor import Predictor
from segstudio_training.reading import Reading
from tests.small_folders import HEIGHT, WIDTH, tiny_checkpoint, voc_folder

PATIENT = 60_000


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    made = Project.open(voc_folder(tmp_path / "data"))
    yield made
    made.close()


@pytest.fixture
def service(qtbot: QtBot) -> Iterator[ProposalService]:
    made = ProposalService()
    with qtbot.waitSignal(made.imported, timeout=PATIENT):
        made.start()
    yield made
    made.stop()


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model(tiny_checkpoint(tmp_path / "tiny.safetensors"), "round 1")


def load(service: ProposalService, project: Project, model: Model, qtbot: QtBot) -> None:
    with qtbot.waitSignal(service.model_ready, timeout=PATIENT):
        service.load(project, model)


def test_a_proposal_arrives_and_is_kept(service: ProposalService, project: Project, model: Model, qtbot: QtBot) -> None:
    load(service, project, model, qtbot)
    assert service.model == model and not service.is_busy
    with qtbot.waitSignal(service.proposed, timeout=PATIENT) as told:
        service.request(["s02"])
        assert service.is_busy
    assert told.args is not None
    proposed: Proposed = told.args[0]
    assert (proposed.name, proposed.round_id) == ("s02", "round 1")
    assert proposed.labels.shape == proposed.confidence.shape == (HEIGHT, WIDTH) and proposed.labels.max() < 3
    kept = project.load_proposal("s02")
    assert kept is not None and project.status("s02") is Status.PROPOSED
    np.testing.assert_array_equal(kept.labels, proposed.labels)
    assert not service.is_busy


def test_a_proposal_is_awaited_from_loading_on_until_it_comes_or_is_given_up(
    service: ProposalService, project: Project, model: Model, qtbot: QtBot
) -> None:
    seen: list[tuple[bool, bool]] = []
    service.advanced.connect(lambda *_: seen.append((service.is_awaited("s00"), service.is_awaited("s01"))))
    with qtbot.waitSignal(service.model_ready, timeout=PATIENT):
        service.load(project, model)
    assert seen == [(True, True)] and not service.is_awaited("s00")
    with qtbot.waitSignal(service.proposed, timeout=PATIENT):
        service.request(["s00"])
    assert seen[1:] == [(True, False), (False, False)]
    service.request(["s00", "s01"])
    service.cancel()
    assert seen[-1] == (False, False)


def test_a_network_that_cannot_be_loaded_is_not_waited_for(
    service: ProposalService, project: Project, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(service.model_failed, timeout=PATIENT):
        service.load(project, Model(tmp_path / "none.safetensors", "round 1"))
    assert not service.is_awaited("s00")


def test_without_a_model_nothing_is_asked_for(service: ProposalService) -> None:
    service.request(["s00"])
    assert not service.is_busy


def test_every_wish_is_counted_once_and_the_nearest_comes_first(
    service: ProposalService, project: Project, model: Model, qtbot: QtBot
) -> None:
    load(service, project, model, qtbot)
    came: list[str] = []
    counts: list[tuple[int, int]] = []
    service.proposed.connect(lambda proposed: came.append(proposed.name))
    service.advanced.connect(lambda done, total: counts.append((done, total)))
    service.request(["s00", "s01", "s02", "s03"])
    service.request(["s03", "s01"])  # they wait already
    service.request(["s03"], first=True)
    qtbot.waitUntil(lambda: not service.is_busy, timeout=PATIENT)
    assert sorted(came) == ["s00", "s01", "s02", "s03"]
    assert came.index("s03") <= 1
    assert counts[-1] == (4, 4)
    assert all(done <= total for done, total in counts)


def test_what_is_asked_for_again_is_waited_for_again(
    service: ProposalService, project: Project, model: Model, qtbot: QtBot
) -> None:
    load(service, project, model, qtbot)
    came: list[str] = []
    service.proposed.connect(lambda proposed: came.append(proposed.name))
    names = [f"s{number:02d}" for number in range(6)]
    service.request(names)
    qtbot.waitUntil(lambda: len(came) >= 2, timeout=PATIENT)
    service.request(names)  # "propose all" while it is still proposing
    qtbot.waitUntil(lambda: not service.is_busy, timeout=PATIENT)
    assert set(came) == set(names) and came.count("s00") == 2


def test_cancelling_drops_what_was_asked_for(
    service: ProposalService, project: Project, model: Model, qtbot: QtBot
) -> None:
    load(service, project, model, qtbot)
    came: list[str] = []
    service.proposed.connect(lambda proposed: came.append(proposed.name))
    service.request([f"s{number:02d}" for number in range(6)])
    service.cancel()
    assert not service.is_busy
    with qtbot.waitSignal(service.proposed, timeout=PATIENT):
        service.request(["s05"])
    assert came == ["s05"]


def test_proposals_of_the_model_before_are_dropped(
    service: ProposalService, project: Project, model: Model, tmp_path: Path, qtbot: QtBot
) -> None:
    load(service, project, model, qtbot)
    rounds: list[str] = []
    service.proposed.connect(lambda proposed: rounds.append(proposed.round_id))
    service.request(["s00", "s01", "s02"])
    newer = Model(tiny_checkpoint(tmp_path / "newer.safetensors", seed=1), "round 2")
    load(service, project, newer, qtbot)
    with qtbot.waitSignal(service.proposed, timeout=PATIENT):
        service.request(["s00"])
    assert rounds == ["round 2"]


@pytest.mark.parametrize("bad", ["missing", "truncated", "no class in common", "pickle"])
def test_a_checkpoint_that_cannot_be_used_is_told(
    service: ProposalService, project: Project, model: Model, tmp_path: Path, qtbot: QtBot, bad: str
) -> None:
    path = tmp_path / "bad.safetensors"
    if bad == "truncated":
        path.write_bytes(model.checkpoint.read_bytes()[:-100])
    elif bad == "no class in common":
        tiny_checkpoint(path, ("cat", "dog"))
    elif bad == "pickle":
        path = tmp_path / "bad.pt"
        path.write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    with qtbot.waitSignal(service.model_failed, timeout=PATIENT) as told:
        service.load(project, Model(path, "bad"))
    assert told.args is not None
    error = told.args[0]
    assert isinstance(error, SegStudioError) and error.message.count("\n") == 0
    assert ("cat, dog" if bad == "no class in common" else path.name) in error.message
    assert service.model is None
    load(service, project, model, qtbot)  # a good one works afterwards


def test_an_image_that_cannot_be_read_is_told_and_the_others_come(
    service: ProposalService, project: Project, model: Model, qtbot: QtBot
) -> None:
    load(service, project, model, qtbot)
    (project.folder.root / "JPEGImages" / "s01.png").write_bytes(b"")
    failed: list[str] = []
    came: list[str] = []
    service.failed.connect(lambda name, _error: failed.append(name))
    service.proposed.connect(lambda proposed: came.append(proposed.name))
    service.request(["s00", "s01", "s02"])
    qtbot.waitUntil(lambda: not service.is_busy, timeout=PATIENT)
    assert failed == ["s01"] and came == ["s00", "s02"]


@pytest.mark.parametrize(
    ("fault", "said"),
    [(RuntimeError("CUDA out of memory"), "memory"), (MemoryError(), "memory"), (KeyError("x"), "log")],
)
def test_whatever_goes_wrong_with_one_image_is_told_and_the_others_come(
    service: ProposalService,
    project: Project,
    model: Model,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    said: str,
) -> None:
    load(service, project, model, qtbot)
    propose = service._worker._propose

    def failing(generation: int, name: str) -> object:
        if name == "s01":
            raise fault
        return propose(generation, name)

    monkeypatch.setattr(service._worker, "_propose", failing)
    failed: list[tuple[str, SegStudioError]] = []
    came: list[str] = []
    service.failed.connect(lambda name, error: failed.append((name, error)))
    service.proposed.connect(lambda proposed: came.append(proposed.name))
    service.request(["s00", "s01", "s02"])
    qtbot.waitUntil(lambda: not service.is_busy, timeout=PATIENT)
    assert came == ["s00", "s02"] and [name for name, _ in failed] == ["s01"]
    message = failed[0][1].message
    assert "s01" in message and said in message and "\n" not in message
    assert "s01" in caplog.text
    caplog.clear()


def test_a_network_that_cannot_be_taken_up_for_whatever_reason_is_told(
    service: ProposalService,
    project: Project,
    model: Model,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("CUDA out of memory")

    with monkeypatch.context() as patch:
        patch.setattr("segstudio_training.predictor.Predictor", fail)
        with qtbot.waitSignal(service.model_failed, timeout=PATIENT) as told:
            service.load(project, model)
    assert told.args is not None and model.checkpoint.name in told.args[0].message
    caplog.clear()
    load(service, project, model, qtbot)


def test_a_model_forgotten_while_it_loads_never_becomes_ready(
    service: ProposalService, project: Project, model: Model, tmp_path: Path, qtbot: QtBot
) -> None:
    ready: list[str] = []
    service.model_ready.connect(lambda loaded: ready.append(loaded.round_id))
    service.load(project, model)
    service.unload()
    load(service, project, Model(model.checkpoint, "round 2"), qtbot)
    assert ready == ["round 2"]


def test_stopping_in_the_middle_of_the_work_waits_for_it(
    project: Project, model: Model, qtbot: QtBot, tmp_path: Path
) -> None:
    service = ProposalService()
    with qtbot.waitSignal(service.imported, timeout=PATIENT):
        service.start()
    load(service, project, model, qtbot)
    service.request(project.names)
    service.stop()
    came: list[str] = []
    service.proposed.connect(lambda proposed: came.append(proposed.name))
    qtbot.waitUntil(lambda: not service._thread.isRunning())
    assert came == []


def counted(service: ProposalService, name: str, qtbot: QtBot) -> list[int]:
    """Pixels of each class in a new proposal of image `name`."""
    with qtbot.waitSignal(service.proposed) as told:
        service.request([name], first=True)
    assert told.args is not None and told.args[0].name == name
    return np.bincount(told.args[0].labels.ravel(), minlength=3).tolist()


def test_a_balance_acts_on_the_next_proposal_without_asking_the_network(
    service: ProposalService, project: Project, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    passes: list[int] = []
    original = Predictor.scores
    monkeypatch.setattr(Predictor, "scores", lambda self, *given: (passes.append(1), original(self, *given))[1])
    shares = (0.9, 0.09, 0.01)
    load(service, project, Model(tiny_checkpoint(tmp_path / "known.safetensors", shares=shares), "known"), qtbot)
    assert service.can_balance
    trained = counted(service, "s00", qtbot)
    counted(service, "s01", qtbot)
    service.set_reading(Reading(balance=1.0))
    assert counted(service, "s00", qtbot)[2] > trained[2]
    service.set_reading(Reading(balance=0.0))
    assert counted(service, "s00", qtbot) == trained
    assert len(passes) == 2  # one for each image
    kept = project.load_proposal("s00")
    assert kept is not None and np.bincount(kept.labels.ravel(), minlength=3).tolist() == trained


def test_what_was_read_in_the_old_way_is_read_again_before_it_is_shown(
    service: ProposalService, project: Project, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tiny_checkpoint(tmp_path / "known.safetensors", shares=(0.9, 0.09, 0.01))
    load(service, project, Model(path, "known"), qtbot)
    service.set_reading(Reading(balance=1.0))
    rare = counted(service, "s00", qtbot)
    service.set_reading(Reading(balance=-1.0))
    shown: list[list[int]] = []
    service.proposed.connect(lambda proposed: shown.append(np.bincount(proposed.labels.ravel(), minlength=3).tolist()))
    kept_before = project.load_proposal("s00")
    service.request(["s00"])
    # The worker has written the frequent-classes proposal; the window has not heard of it yet.
    deadline = time.monotonic() + PATIENT / 1000
    while np.array_equal(project.load_proposal("s00").labels, kept_before.labels) and time.monotonic() < deadline:  # type: ignore[union-attr]
        time.sleep(0.01)
    service.set_reading(Reading(balance=1.0))
    qtbot.waitUntil(lambda: not service.is_busy)
    assert shown == [rare]


def test_a_network_that_does_not_know_its_shares_proposes_as_trained(
    service: ProposalService, project: Project, model: Model, qtbot: QtBot
) -> None:
    load(service, project, model, qtbot)
    trained = counted(service, "s00", qtbot)
    service.set_reading(Reading(balance=1.0))
    assert not service.can_balance and counted(service, "s00", qtbot) == trained


def test_scores_beyond_the_budget_are_not_kept(
    service: ProposalService, project: Project, model: Model, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(service, project, model, qtbot)
    first = counted(service, "s00", qtbot)
    monkeypatch.setattr(service._worker._shelf, "_budget", 4 * 3 * HEIGHT * WIDTH)
    assert counted(service, "s01", qtbot) and service._worker._shelf.get("s01") is None
    assert counted(service, "s00", qtbot) == first
