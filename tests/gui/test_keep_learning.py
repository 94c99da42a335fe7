"""Learning that goes on while a person works, as they meet it: the switch, laps, an open image that is left alone."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from segstudio.project.project import Status
from segstudio.services import battery, fine_tune_process
from segstudio.services.settings import BUDGET_SECONDS, KEEP_LEARNING, WARM_TRAINER
from segstudio.widgets.model_panel import ModelState
from tests.gui.window_person import PATIENT, Person, use_tiny_model
from tests.small_folders import voc_folder

Key = Qt.Key

CHILD = """
import json, os, shutil, sys, time
gate, arguments = sys.argv[1], sys.argv[2:]
value = lambda option: arguments[arguments.index(option) + 1]
seed = int(value("--seed"))
def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)
tell("start", images=1, class_weights={})
tell("baseline", miou=0.4, per_class_iou={"sun": 0.4})
tell("step", step=1, loss=1.0, seconds=0.1, seconds_left=1.0)
while not os.path.exists(f"{gate}.{seed}"):
    time.sleep(0.01)
shutil.copy(value("--from"), value("--out"))
tell("gate", verdict="better" if seed == 0 else "worse", reason="So it is.", interval=[0.01, 0.2])
tell("done", images=1, seconds=0.1, steps=1, heldout={"miou": 0.5 if seed == 0 else 0.3})
"""
"""A trainer whose first lap is better and whose others are not; lap N ends when the file GATE.N is there."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data", images=8)


@pytest.fixture
def teaching(person: Person, folder: Path) -> Path:
    """The folder, open, with a network in use, one image accepted, and the next one open with its proposal."""
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    person.paint(Key.Key_2, (10, 10), (50, 10), size=20)
    person.accept()
    person.wait_for_image("s01")
    person.wait_for_proposal()
    person.wait(person.parts.model.fine_tune_button.isEnabled)
    return folder


class Trainer:
    """Ends the laps of `CHILD`."""

    def __init__(self, gate: Path) -> None:
        self.gate = gate

    def end(self, lap: int) -> None:
        Path(f"{self.gate}.{lap - 1}").touch()


@pytest.fixture
def trainer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trainer:
    made = Trainer(tmp_path / "gate")
    monkeypatch.setattr(
        fine_tune_process,
        "own_command",
        lambda arguments: [sys.executable, "-c", CHILD, str(made.gate), *arguments],
    )
    return made


@pytest.fixture
def learning(person: Person, teaching: Path, trainer: Trainer) -> Path:
    """The switch is on and the first lap runs."""
    person.click(person.parts.model.keep_learning.box)
    person.click(person.parts.model.fine_tune_button)
    wait_for_lap(person, 1)
    return teaching


def line(person: Person) -> str:
    return person.parts.model.keep_learning.line.text()


def wait_for_lap(person: Person, lap: int) -> None:
    person.wait(lambda: line(person).startswith(f"Lap {lap}") and person.window.rounds.process_id > 0)


def test_the_switch_is_off_explained_and_remembered(person: Person, folder: Path) -> None:
    person.open(folder)
    switch = person.parts.model.keep_learning
    assert not switch.box.isChecked() and "follow one another" in line(person)
    person.click(switch.box)
    assert person.window.settings.get(KEEP_LEARNING) and "next click on Fine-tune" in line(person)
    person.window.settings.set(KEEP_LEARNING, False)
    assert not switch.box.isChecked()


def test_a_lap_follows_a_lap_and_the_person_is_left_alone(person: Person, learning: Path, trainer: Trainer) -> None:
    panel = person.parts.model
    person.paint(Key.Key_2, (10, 10), (50, 10), size=8)  # the shown proposal becomes an edit, and then a stroke
    painted = person.labels.copy()
    trainer.end(lap=1)
    wait_for_lap(person, 2)
    project = person.window.session.project
    assert project is not None
    current = project.current_round()
    assert current is not None and current.parent == "tiny" and panel.state is ModelState.TRAINING
    person.wait(lambda: (model := person.window.proposals.model) is not None and model.round_id == current.id)
    person.wait(lambda: not person.window.proposals.is_busy)
    np.testing.assert_array_equal(person.labels, painted)
    assert not person.shows_proposal and person.window.session.status("s01") is Status.DRAFT
    told = len(person.window.notifier.history)
    trainer.end(lap=2)
    wait_for_lap(person, 3)
    trainer.end(lap=3)
    person.wait(lambda: line(person).startswith("Nothing new to learn"))
    assert project.current_round() == current and len(project.rounds()) == 2
    assert len(list(project.checkpoints_dir.glob("*"))) == 1
    assert len(person.window.notifier.history) == told, "laps that nobody asked for are told in the panel only"
    assert panel.fine_tune_button.isVisible() and "not better" in panel.stopped.text()
    person.accept()
    person.wait(lambda: line(person).startswith("Lap 4"))


def test_an_untouched_proposal_stays_in_sight_until_its_successor_comes(
    person: Person, learning: Path, trainer: Trainer
) -> None:
    seen: list[bool] = []
    person.window.session.proposal_changed.connect(lambda: seen.append(person.window.session.shown_proposal is None))
    trainer.end(lap=1)
    wait_for_lap(person, 2)
    project = person.window.session.project
    assert project is not None
    newest = project.current_round()
    assert newest is not None
    session = person.window.session
    person.wait(lambda: session.shown_proposal is not None and session.shown_proposal.round_id == newest.id)
    assert seen and not any(seen)
    # The next ones are renewed ahead.
    person.wait(lambda: (near := project.load_proposal("s02")) is not None and near.round_id == newest.id)
    far = project.load_proposal("s04")
    assert far is None or far.round_id == newest.id


def test_only_what_comes_near_is_renewed_while_laps_go_on(person: Person, teaching: Path, trainer: Trainer) -> None:
    session = person.window.session
    person.trigger("propose_all")
    person.wait(lambda: not person.window.proposals.is_busy)
    person.click(person.parts.model.keep_learning.box)
    person.click(person.parts.model.fine_tune_button)
    trainer.end(lap=1)
    wait_for_lap(person, 2)
    project = session.project
    assert project is not None
    newest = project.current_round()
    assert newest is not None
    person.wait(lambda: (model := person.window.proposals.model) is not None and model.round_id == newest.id)
    person.wait(lambda: not person.window.proposals.is_busy)
    made = {name: project.load_proposal(name) for name in project.names if name != "s00"}
    by = {name: proposal.round_id for name, proposal in made.items() if proposal is not None}
    assert [name for name, round_id in by.items() if round_id == newest.id] == ["s01", "s02", "s03", "s04"]
    assert [name for name, round_id in by.items() if round_id == "tiny"] == ["s05", "s06", "s07"]
    person.choose_in_filmstrip("s07")
    person.wait(lambda: (shown := session.shown_proposal) is not None and shown.round_id == newest.id)


def test_cancel_ends_learning_for_now_and_says_so(person: Person, learning: Path) -> None:
    panel = person.parts.model
    with person.qtbot.waitSignal(person.window.round_flow.ended, timeout=PATIENT):
        person.click(panel.cancel_button)
    assert line(person).startswith("Off for now") and panel.keep_learning.box.isChecked()
    assert panel.fine_tune_button.isVisible()
    person.accept()
    assert not person.window.rounds.is_running
    person.click(panel.fine_tune_button)
    wait_for_lap(person, 1)


def test_on_battery_learning_pauses_and_says_so(
    person: Person, learning: Path, trainer: Trainer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = tmp_path / "power" / "BAT0"
    cell.mkdir(parents=True)
    (cell / "type").write_text("Battery\n")
    (cell / "status").write_text("Discharging\n")
    monkeypatch.setattr(battery, "POWER_SUPPLIES", tmp_path / "power")
    person.window.learning.look_around()
    assert line(person) == "Lap 1 rests while on battery."
    trainer.end(lap=1)
    person.wait(lambda: line(person) == "Paused on battery.")
    assert not person.window.rounds.is_running
    (cell / "status").write_text("Charging\n")
    person.window.learning.look_around()
    wait_for_lap(person, 2)


@pytest.mark.slow
def test_an_image_accepted_in_a_real_lap_teaches_at_once(person: Person, teaching: Path) -> None:
    panel = person.parts.model
    person.window.settings.set(BUDGET_SECONDS, 900)
    panel.set_budget(900)
    person.click(panel.keep_learning.box)
    person.click(panel.fine_tune_button)
    with person.qtbot.waitSignal(
        person.window.rounds.reported, timeout=PATIENT, check_params_cb=lambda event: event["event"] == "step"
    ):
        pass
    person.paint(Key.Key_3, (10, 40), (50, 40), size=10)
    assert panel.progress_text.text().startswith("Learning from 1")
    person.accept()
    person.wait(lambda: panel.progress_text.text() == "Learning from 2 images")
    with person.qtbot.waitSignal(person.window.round_flow.ended, timeout=PATIENT):
        person.click(panel.cancel_button)
    job = next((teaching / ".segstudio" / "jobs").glob("*.json"))
    assert json.loads(job.read_text())["train"] == ["s00", "s01"]


def test_a_trainer_waits_once_there_is_something_to_learn_and_ends_with_the_folder(
    person: Person, folder: Path
) -> None:
    warm = person.window.rounds.warm
    person.window.settings.set(WARM_TRAINER, True)
    person.open(folder)
    person.wait(lambda: person.window.learning_flow._has_torch)
    assert warm.process_id == 0
    person.paint_all(Key.Key_2)
    person.accept()
    person.wait(lambda: warm.process_id > 0)
    number = warm.process_id
    person.trigger("close")
    assert warm.process_id == 0
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
    person.open(folder)
    person.wait(lambda: warm.process_id > 0)
    number = warm.process_id
    person.window.close()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
