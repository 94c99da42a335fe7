"""Seeing and steering: the rare-classes slider, what is known of each class, how a round teaches."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segstudio.core.class_table import ClassTable
from segstudio.project.project import Project, Status
from segstudio.project.rounds import Round, Taught
from segstudio.services.settings import BALANCE, CLASS_WEIGHTS
from segstudio.widgets.class_list import ClassDelegate, ClassDetails
from segstudio.widgets.classes_panel import ClassesPanel
from segstudio.widgets.round_choices import RoundChoicesBox
from segstudio_training.choices import Choice, RoundChoices
from tests.gui.window_person import LEFT, Person, use_tiny_model
from tests.small_folders import tiny_checkpoint, voc_folder

SHARES = (0.9, 0.09, 0.01)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data", images=6)


@pytest.fixture
def knowing(person: Person, folder: Path, tmp_path: Path) -> Path:
    """The folder, open, with a network that knows how often its classes occur, and its proposal shown."""
    use_tiny_model(folder, tiny_checkpoint(tmp_path / "known.safetensors", shares=SHARES))
    person.open(folder)
    person.wait_for_proposal()
    return folder


def rare_pixels(person: Person) -> int:
    shown = person.window.session.shown_proposal
    assert shown is not None
    return int(np.sum(shown.labels == 2))


# -- rare classes


def test_the_slider_changes_the_shown_proposal_and_the_ones_to_come(person: Person, knowing: Path) -> None:
    session, slider = person.window.session, person.parts.model.balance.slider
    person.wait(lambda: [session.status(f"s0{n}") for n in range(4)] == [Status.PROPOSED] * 4)
    before = rare_pixels(person)
    ahead = session.project.load_proposal("s01")  # type: ignore[union-attr]
    for _ in range(4):
        person.qtbot.keyClick(slider, Qt.Key.Key_PageUp)
    assert slider.value() == slider.maximum() and "100" in person.parts.model.balance.value_text.text()
    person.wait(lambda: rare_pixels(person) > before)
    assert person.window.settings.get(BALANCE) == 1.0

    def is_renewed() -> bool:
        again = session.project.load_proposal("s01")  # type: ignore[union-attr]
        return again is not None and np.sum(again.labels == 2) > np.sum(ahead.labels == 2)  # type: ignore[union-attr]

    person.wait(is_renewed)
    person.qtbot.mouseDClick(slider, LEFT)
    person.wait(lambda: rare_pixels(person) == before)


def test_every_proposal_is_read_off_anew(person: Person, knowing: Path) -> None:
    """Those far ahead too, which the person asked for once and would not think of asking for again."""
    project = person.window.session.project
    assert project is not None

    def rare(name: str) -> int:
        kept = project.load_proposal(name)
        return -1 if kept is None else int(np.sum(kept.labels == 2))

    person.trigger("propose_all")
    person.wait(lambda: all(rare(name) >= 0 for name in project.names))
    before = {name: rare(name) for name in project.names}
    for _ in range(4):
        person.qtbot.keyClick(person.parts.model.balance.slider, Qt.Key.Key_PageUp)
    person.wait(lambda: all(rare(name) > before[name] for name in project.names))


def test_proposals_stay_while_there_is_no_network_to_make_them_anew(person: Person, knowing: Path) -> None:
    project, proposals, flow = person.window.session.project, person.window.proposals, person.window.reading_flow
    assert project is not None
    person.wait(lambda: len(project.proposed_names()) == 4)
    model = proposals.model
    proposals.unload()
    person.qtbot.keyClick(person.parts.model.balance.slider, Qt.Key.Key_PageUp)
    person.wait(lambda: not flow._rest.isActive())
    person.settle()
    assert len(project.proposed_names()) == 4
    before = {name: project.load_proposal(name).labels.copy() for name in project.proposed_names()}  # type: ignore[union-attr]
    assert model is not None
    proposals.load(project, model)

    def renewed() -> bool:
        found = {name: project.load_proposal(name) for name in before}
        return all(kept is not None and (kept.labels != before[name]).any() for name, kept in found.items())

    person.wait(renewed)


def test_what_was_painted_stays_when_the_slider_moves(person: Person, knowing: Path) -> None:
    person.paint(Qt.Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    person.qtbot.keyClick(person.parts.model.balance.slider, Qt.Key.Key_PageUp)
    person.wait(lambda: not person.window.reading_flow._rest.isActive() and not person.window.proposals.is_busy)
    np.testing.assert_array_equal(person.labels, painted)


def test_a_network_that_cannot_be_steered_says_why(person: Person, folder: Path) -> None:
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    slider = person.parts.model.balance.slider
    assert not slider.isEnabled() and "after the next round" in slider.toolTip()
    person.parts.model.balance.set_balance(0.5)  # remembered from another folder: it has no effect here
    assert person.parts.model.balance.value_text.text() == "as trained"


# -- what is known of the classes


def two_rounds(folder: Path, tmp_path: Path) -> None:
    """Two rounds, the newer one in use, which lost the pole and won the sun."""
    checkpoint = tiny_checkpoint(tmp_path / "known.safetensors", shares=SHARES)
    older = {"miou": 0.5, "per_class_iou": {"background": 0.9, "sun": 0.4, "pole": 0.2}}
    newer = {"miou": 0.55, "per_class_iou": {"background": 0.9, "sun": 0.6, "pole": 0.1}}
    taught = Taught("median_frequency", "cross_entropy", "", {"background": 0.5, "sun": 1.0, "pole": 1.5}, older)
    project = Project.open(folder)
    project.add_round(Round("one", checkpoint, images=4, scores=older))
    project.add_round(Round("two", checkpoint, parent="one", images=5, scores=newer, taught=taught))
    project.use_round("two")
    project.close()


def test_a_class_tells_all_that_is_known_of_it(person: Person, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path / "data", images=6, masks=4, held_out=1)
    two_rounds(folder, tmp_path)
    person.open(folder)
    model = person.parts.classes.model
    person.wait(lambda: "Accepted images" in model.told(2))
    told = model.told(2).splitlines()
    assert told[0] == "pole (key 3)"
    assert "Weight in the loss: 3.0 times the lightest" in told and "IoU on the held-out images: 0.10" in told
    assert "Change by the latest round: ▼ 10 points" in told and "By round: 0.20 → 0.10" in told
    assert "Change by the latest round: ▲ 20 points" in model.told(1)
    assert "Change by the latest round: no change" in model.told(0)
    accepted = person.window.steer_flow._accepted.shares()
    assert sum(accepted.values()) == pytest.approx(1) and accepted["background"] > 0.5 > accepted["pole"] > 0


def test_accepting_an_image_counts_it(person: Person, folder: Path) -> None:
    person.open(folder)
    assert person.window.steer_flow._accepted.shares() == {}
    person.paint_all(Qt.Key.Key_2)
    person.accept()
    person.wait(lambda: person.window.steer_flow._accepted.shares().get("sun") == 1.0)


def test_names_stay_readable_and_details_have_a_line_of_their_own(qtbot: QtBot) -> None:
    panel = ClassesPanel()
    qtbot.addWidget(panel)
    panel.resize(280, 400)
    panel.show()
    names = ("pedestrian", "traffic sign", "bicyclist")
    panel.set_classes(ClassTable.from_names(names))
    panel.set_shares({0: 0.999, 1: 0.001})
    panel.set_scores(dict.fromkeys(names, 0.5))
    panel.set_details(dict.fromkeys(names, ClassDetails(0.2, 1.5, -0.1, (0.6, 0.5))))
    delegate = panel.list.itemDelegate()
    assert isinstance(delegate, ClassDelegate)

    def columns(row: int):  # type: ignore[no-untyped-def]
        index = panel.model.index(row)
        return delegate.columns(panel.list.visualRect(index), index)

    metrics = panel.list.fontMetrics()
    needed = [metrics.horizontalAdvance(name) for name in names]
    room = [columns(row).name.width() for row in range(len(names))]
    assert all(width <= there for width, there in zip(needed, room, strict=True)), (needed, room)
    assert not columns(0).details
    qtbot.mouseClick(panel.details_button, LEFT)
    assert panel.list.visualRect(panel.model.index(0)).height() == ClassDelegate.EXPANDED_HEIGHT
    boxes = columns(1).details
    assert len(boxes) == 5 and all(a.right() < b.left() for a, b in pairwise(boxes))
    assert panel.list.viewport().rect().contains(boxes[0].united(boxes[-1]))
    assert metrics.horizontalAdvance("> 99 %") <= boxes[0].width()


# -- how a round teaches

ROWS = (Choice("plain", "Plain", "One."), Choice("wild", "Wild", "Another."))


def test_most_people_see_one_word_and_no_choice(qtbot: QtBot) -> None:
    box = RoundChoicesBox(options=(("class_weights", "--class-weights", ROWS), ("loss", "--loss", ROWS[:1])))
    qtbot.addWidget(box)
    box.show()
    assert set(box.boxes) == {"class_weights"}  # one loss is no choice
    assert not box.area.isVisible() and box.disclosure.text() == "More choices"
    qtbot.mouseClick(box.disclosure, LEFT)
    assert box.area.isVisible() and not box.reset_button.isVisible()
    with qtbot.waitSignal(box.changed) as told:
        qtbot.keyClick(box.boxes["class_weights"], Qt.Key.Key_Down)
    assert told.args == [RoundChoices(class_weights="wild")] and "1 changed" in box.disclosure.text()
    with qtbot.waitSignal(box.changed):
        qtbot.mouseClick(box.reset_button, LEFT)
    assert box.choices() == RoundChoices(class_weights="plain") and box.disclosure.text() == "More choices"


def test_a_key_from_elsewhere_shows_the_default(qtbot: QtBot) -> None:
    box = RoundChoicesBox(options=(("loss", "--loss", ROWS),))
    qtbot.addWidget(box)
    box.set_choices(RoundChoices(loss="of a later version"))
    assert box.choices() == RoundChoices(loss="plain")


def test_what_is_chosen_is_kept_and_the_default_is_not_pinned(person: Person, folder: Path) -> None:
    person.open(folder)
    choices, settings = person.parts.model.choices, person.window.settings
    choices.boxes["class_weights"].setCurrentIndex(choices.boxes["class_weights"].findData("none"))
    assert settings.get(CLASS_WEIGHTS) == "none"
    choices.boxes["class_weights"].setCurrentIndex(0)
    assert settings.get(CLASS_WEIGHTS) == ""
