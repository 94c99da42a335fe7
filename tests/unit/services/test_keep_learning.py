"""Learning that goes on: which lap follows which, what it is told of meanwhile, and what ends or pauses it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.class_table import ClassTable
from segstudio.core.errors import SaveError
from segstudio.project.project import Project, Status
from segstudio.services import fine_tune_process, keep_learning
from segstudio.services.class_changes import ClassChanges
from segstudio.services.keep_learning import KeepLearning, Learning
from segstudio.services.rounds import RoundResult, RoundRunner
from tests.small_folders import tiny_checkpoint, voc_folder
from tests.unit.services.conftest import Desk

CHILD = """
import json, os, sys, time
plan, arguments = json.loads(sys.argv[1]), sys.argv[2:]
value = lambda option: arguments[arguments.index(option) + 1]
read = lambda: json.load(open(value("--job")))
seed = int(value("--seed")) if "--seed" in arguments else 0
def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)
before = read()
teaching = list(before["train"])
tell("start", images=len(teaching), class_weights={})
tell("baseline", miou=0.4)
tell("step", step=1, loss=1.0, seconds=0.1, seconds_left=1.0)
while plan["waits_for"] > 0 and seed == 0:
    after = read()
    if after != before:
        added = [name for name in after["train"] if name not in teaching]
        teaching += added
        tell("teaching", images=len(teaching), added=added, corrected=after["corrected"])
        plan["waits_for"] -= len(added) + len(after["corrected"])
        before = after
    time.sleep(0.01)
while os.path.exists(plan["gate"]):
    time.sleep(0.01)
open(value("--out"), "w").close()
miou = plan["scores"][min(seed, len(plan["scores"]) - 1)]
tell("gate", verdict="better" if miou > 0.4 else "worse", reason="So it is.")
tell("done", images=len(teaching), seconds=0.1, steps=1, heldout={"miou": miou})
"""
"""A trainer that scores as its plan says, lap by lap, from 0.4 each time. While the file "gate" is there it goes on."""


class Learner:
    """A desk, a runner, and learning that begins its laps."""

    def __init__(self, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.runner = RoundRunner(desk.session)
        self.is_on_battery = self.is_held_up = False
        self.learning = KeepLearning(
            desk.session, self.runner, lambda: self.is_held_up, lambda: self.is_on_battery, desk.session
        )
        self.learning.lap_due.connect(lambda: self.start(asked_for=False))
        self.gate = tmp_path / "gate"
        self.plan: dict[str, object] = {"waits_for": 0, "gate": str(self.gate), "scores": [0.4]}
        self.results: list[RoundResult] = []
        self.commands: list[list[str]] = []
        self.events: list[dict[str, object]] = []
        self.runner.finished.connect(self.results.append)
        self.runner.reported.connect(self.events.append)

        def command(arguments: list[str]) -> list[str]:
            self.commands.append(arguments)
            return [sys.executable, "-c", CHILD, json.dumps(self.plan), *arguments]

        monkeypatch.setattr(fine_tune_process, "own_command", command)

    @property
    def project(self) -> Project:
        assert self.desk.session.project is not None
        return self.desk.session.project

    def start(self, asked_for: bool = True) -> None:
        self.runner.start(self.project, 5, lap=self.learning.next_lap(asked_for))

    def wait_for(self, state: Learning) -> None:
        self.desk.qtbot.waitUntil(lambda: self.learning.state is state)

    def hold(self) -> None:
        """Laps go on from here on, until `let_go`."""
        self.gate.touch()

    def wait_for_step(self) -> None:
        self.desk.qtbot.waitUntil(lambda: any(event["event"] == "step" for event in self.events))

    def accept(self, name: str) -> None:
        """Accept image `name` as background and sun."""
        self.desk.go_to(name)
        self.desk.paint(1)
        self.desk.session.accept()
        self.desk.qtbot.waitUntil(lambda: self.desk.session.status(name) is Status.ACCEPTED)
        self.desk.settle()

    def checkpoints(self) -> int:
        return len(list(self.project.checkpoints_dir.glob("*")))


@pytest.fixture
def learner(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Learner]:
    root = voc_folder(tmp_path / "lessons", images=12, masks=6, held_out=2)
    made = Learner(desk, tmp_path, monkeypatch)
    desk.open(root)
    use_network(made.project, tmp_path)
    yield made
    made.gate.unlink(missing_ok=True)
    made.runner.stop()
    made.learning.stop()


def use_network(project: Project, tmp_path: Path) -> None:
    from segstudio.project.rounds import Round

    project.add_round(Round("old", tiny_checkpoint(tmp_path / "old.safetensors")))
    project.use_round("old")


def test_a_round_is_a_round_where_learning_is_off(learner: Learner) -> None:
    learner.start()
    learner.desk.qtbot.waitUntil(lambda: len(learner.results) == 1)
    assert "--follow-job" not in learner.commands[0] and "--seed" not in learner.commands[0]
    assert learner.learning.state is Learning.OFF and not learner.learning.is_active
    assert not learner.results[0].taken and learner.results[0].is_kept
    learner.desk.qtbot.wait(50)
    assert not learner.runner.is_running


def test_laps_without_gain_stop_and_leave_nothing_but_the_round_that_was_asked_for(learner: Learner) -> None:
    learner.learning.set_on(True)
    assert learner.learning.state is Learning.READY
    learner.start()
    assert learner.learning.state is Learning.LAP
    learner.wait_for(Learning.WAITING)
    assert [result.is_kept for result in learner.results] == [True, False]
    assert len(learner.project.rounds()) == 2 and learner.checkpoints() == 1
    jobs = {Path(command[command.index("--job") + 1]) for command in learner.commands}
    assert [job.exists() for job in sorted(jobs)].count(True) == 1
    seeds = [command[command.index("--seed") + 1] for command in learner.commands]
    assert seeds == ["0", "1"], "from the same start the same seed would only repeat the lap"


def test_laps_go_on_while_they_gain_each_from_the_network_then_in_use(learner: Learner) -> None:
    learner.plan["scores"] = [0.5, 0.6, 0.4]
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for(Learning.WAITING)
    assert [result.taken for result in learner.results] == [True, True, False, False]
    rounds = learner.project.rounds()
    assert [made.taught.automatic for made in rounds] == [False, False, True]
    assert [made.parent for made in rounds] == [None, "old", rounds[1].id]
    starts = [command[command.index("--from") + 1] for command in learner.commands]
    assert starts[1:] == [str(rounds[1].checkpoint), str(rounds[2].checkpoint), str(rounds[2].checkpoint)]


def test_an_image_accepted_in_a_lap_is_taken_up_by_it(learner: Learner) -> None:
    learner.plan["waits_for"] = 1
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for_step()
    name = next(iter(accept_until_one_teaches(learner)))
    learner.wait_for(Learning.WAITING)
    told = [event for event in learner.events if event["event"] == "teaching"]
    assert told[0]["added"] == [name]
    first = learner.project.rounds()[1]
    assert first.images == 5
    job = Path(learner.commands[0][learner.commands[0].index("--job") + 1])
    content = json.loads(job.read_text())
    assert name in content["train"] and name not in content["heldout"]
    assert content["heldout"] == ["s04", "s05"], "what is held out stays the same for a lap"


def accept_until_one_teaches(learner: Learner) -> Iterator[str]:
    """Accept images until one of them teaches; its name."""
    for number in range(6, 12):
        name = f"s{number:02d}"
        learner.accept(name)
        if learner.project.is_held_out(name) is False:
            yield name
            return


def test_an_image_that_is_accepted_again_is_told_of_once_for_each_time(learner: Learner) -> None:
    learner.plan["waits_for"] = 2
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for_step()
    for _ in range(2):
        learner.accept("s00")
        learner.desk.go_to("s01")
    learner.wait_for(Learning.WAITING)
    told = [event["corrected"] for event in learner.events if event["event"] == "teaching"]
    assert told[0] == ["s00"] and told[-1] in (["s00"], ["s00", "s00"])


def test_an_image_that_the_lap_took_up_and_that_is_accepted_again_is_read_again(learner: Learner) -> None:
    learner.plan["waits_for"] = 2
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for_step()
    name = next(iter(accept_until_one_teaches(learner)))
    learner.desk.go_to("s00")
    learner.accept(name)
    learner.wait_for(Learning.WAITING)
    told = [event["corrected"] for event in learner.events if event["event"] == "teaching"]
    assert told[-1] == [name]


def test_teaching_masks_in_which_classes_were_merged_are_read_again_and_held_out_ones_are_not(learner: Learner) -> None:
    learner.plan["waits_for"] = 1
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for_step()
    changes = ClassChanges(learner.desk.session, learner.desk.session)
    with learner.desk.qtbot.waitSignal(changes.finished):
        changes.start(ClassChange(ChangeKind.MERGE, 2, 1), learner.project.names)
    learner.wait_for(Learning.WAITING)
    told = [event["corrected"] for event in learner.events if event["event"] == "teaching"]
    assert told == [["s00", "s01", "s02", "s03"]]


def test_merging_wakes_learning_that_waits(learner: Learner) -> None:
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for(Learning.WAITING)
    before = len(learner.commands)
    changes = ClassChanges(learner.desk.session, learner.desk.session)
    with learner.desk.qtbot.waitSignal(changes.finished):
        changes.start(ClassChange(ChangeKind.MERGE, 2, 1), ["s00"])
    learner.desk.qtbot.waitUntil(lambda: len(learner.commands) > before)
    learner.wait_for(Learning.WAITING)


def test_what_is_accepted_after_a_class_was_added_waits_for_the_next_lap(learner: Learner) -> None:
    """The lap under way knows the classes that there were when it began: it could not read such a label map."""
    learner.hold()
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for_step()
    job = Path(learner.commands[0][learner.commands[0].index("--job") + 1])
    before = job.read_text()
    learner.desk.session.set_classes(ClassTable.from_names([*learner.project.classes.names, "new"]))
    name = next(iter(accept_until_one_teaches(learner)))
    assert job.read_text() == before
    learner.is_on_battery = True
    learner.learning.look_around()
    learner.desk.settle()
    told = json.loads(job.read_text())
    assert told["paused"] and name not in told["train"], "nor by what is told for another reason"
    learner.is_on_battery = False
    learner.learning.look_around()
    learner.gate.unlink()
    learner.wait_for(Learning.WAITING)
    assert learner.events and not any(event["event"] in ("teaching", "left_out") for event in learner.events)
    assert [result.round.images for result in learner.results][:2] == [4, 5], name


def test_accepting_wakes_learning_that_waits(learner: Learner) -> None:
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for(Learning.WAITING)
    before = len(learner.commands)
    for _ in accept_until_one_teaches(learner):
        pass
    learner.desk.qtbot.waitUntil(lambda: len(learner.commands) > before)
    learner.wait_for(Learning.WAITING)
    assert len(learner.commands) == before + 2


def test_cancelling_ends_learning_until_the_next_click(learner: Learner) -> None:
    learner.hold()
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for_step()
    with learner.desk.qtbot.waitSignal(learner.runner.cancelled):
        learner.runner.cancel()
    assert learner.learning.state is Learning.STOPPED
    for _ in accept_until_one_teaches(learner):
        pass
    assert not learner.runner.is_running
    learner.gate.unlink()
    learner.start()
    assert learner.learning.state is Learning.LAP and learner.learning.lap == 1
    learner.wait_for(Learning.WAITING)


def test_on_battery_no_lap_begins_and_on_mains_it_does(learner: Learner) -> None:
    learner.is_on_battery = True
    learner.learning.set_on(True)
    learner.hold()
    learner.start()
    learner.wait_for_step()
    assert learner.learning.state is Learning.LAST_LAP
    learner.gate.unlink()
    learner.wait_for(Learning.ON_BATTERY)
    assert len(learner.results) == 1
    learner.is_on_battery = False
    learner.learning.look_around()
    learner.wait_for(Learning.WAITING)
    assert len(learner.results) == 2


def test_a_lap_under_way_rests_while_on_battery(learner: Learner) -> None:
    learner.learning.set_on(True)
    learner.hold()
    learner.start()
    learner.wait_for_step()
    job = Path(learner.commands[0][learner.commands[0].index("--job") + 1])
    for is_on_battery, state in ((True, Learning.RESTING), (False, Learning.LAP), (True, Learning.RESTING)):
        learner.is_on_battery = is_on_battery
        learner.learning.look_around()
        assert learner.learning.state is state
        learner.desk.settle()
        assert json.loads(job.read_text())["paused"] is is_on_battery
    learner.learning.set_on(False)
    learner.desk.settle()
    assert json.loads(job.read_text())["paused"] is False, "without laps it is a round like any other"


def test_what_could_not_be_told_is_told_at_the_next_look(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    learner.learning.set_on(True)
    learner.hold()
    learner.start()
    learner.wait_for_step()
    job = Path(learner.commands[0][learner.commands[0].index("--job") + 1])

    def full(*_: object) -> None:
        raise SaveError("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(keep_learning, "tell_of_news", full)
        learner.is_on_battery = True
        learner.learning.look_around()
        learner.desk.settle()
    assert not json.loads(job.read_text()).get("paused")
    learner.learning.look_around()
    learner.desk.settle()
    assert json.loads(job.read_text())["paused"]


def test_a_lap_on_another_computer_does_not_rest_for_this_one_s_battery(learner: Learner) -> None:
    learner.learning.set_on(True)
    learner.hold()
    learner.start()
    learner.wait_for_step()
    learner.runner._order = replace(learner.runner.order, is_far=True)  # type: ignore[type-var]
    learner.is_on_battery = True
    learner.learning.look_around()
    assert learner.learning.state is Learning.LAST_LAP


def test_laps_wait_for_what_must_not_be_disturbed(learner: Learner) -> None:
    learner.is_held_up = True
    learner.learning.set_on(True)
    learner.start()
    learner.wait_for(Learning.HELD_UP)
    learner.is_held_up = False
    learner.learning.look_around()
    learner.wait_for(Learning.WAITING)


def test_the_switch_works_in_mid_round_both_ways(learner: Learner) -> None:
    learner.hold()
    learner.start()
    learner.wait_for_step()
    learner.learning.set_on(True)
    assert learner.learning.state is Learning.LAP
    learner.learning.set_on(False)
    assert learner.learning.state is Learning.OFF
    learner.learning.set_on(True)
    learner.gate.unlink()
    learner.wait_for(Learning.WAITING)
    assert len(learner.results) == 2


def test_a_lap_that_fails_ends_learning(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fine_tune_process, "own_command", lambda _: [sys.executable, "-c", "raise SystemExit(3)"])
    learner.learning.set_on(True)
    with learner.desk.qtbot.waitSignal(learner.runner.failed):
        learner.start()
    assert learner.learning.state is Learning.STOPPED


def test_closing_the_folder_ends_learning(learner: Learner) -> None:
    learner.hold()
    learner.learning.set_on(True)
    learner.start()
    learner.runner.stop()
    learner.desk.session.close_project()
    assert learner.learning.state is Learning.READY
