"""Images of many channels: which are shown, which the network sees, and both kept with the folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox

from segstudio.core.class_table import VOID, ClassTable
from segstudio.project.channels import ChannelChoice, NetworkInput, load_choice
from segstudio.project.images import read_image_file
from segstudio.widgets.channels_panel import ChannelsPanel
from tests.gui.canvas_hand import grabbed
from tests.gui.window_person import Person, use_tiny_model
from tests.small_folders import CLASSES, deep_channel_folder, voc_folder

Key = Qt.Key


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return deep_channel_folder(tmp_path / "data", masks=2)


def choose(box: QComboBox, data: object) -> None:
    """As a person does who opens the box and clicks a row."""
    box.setCurrentIndex(next(row for row in range(box.count()) if box.itemData(row) == data))


def opened_panel(person: Person, folder: Path) -> ChannelsPanel:
    person.open(folder)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    person.qtbot.keyClick(person.parts.canvas, Key.Key_C, both)
    assert person.parts.channels.isVisible()
    return person.parts.channels


def wait_for_channels(person: Person, *channels: int) -> None:
    opened = person.window.session.current
    assert opened is not None and person.window.session.project is not None
    expected = read_image_file(person.window.session.project.folder.image_path(opened.name), channels=channels)
    person.wait(lambda: np.array_equal(opened.image, expected))


def test_an_image_of_three_channels_offers_no_choice(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "plain"))
    assert not person.window.actions_table["channels"].isEnabled()


def test_other_channels_are_shown_and_what_was_painted_stays(person: Person, folder: Path) -> None:
    panel = opened_panel(person, folder)
    person.paint(Key.Key_2, (30, 20), (40, 20))
    labels, screen, zoom = person.labels.copy(), grabbed(person.parts.canvas), person.parts.canvas.zoom
    choose(panel.boxes[0], 4)
    wait_for_channels(person, 4, 1, 2)
    np.testing.assert_array_equal(person.labels, labels)
    assert (grabbed(person.parts.canvas) != screen).any() and person.parts.canvas.zoom == zoom
    choose(panel.form_box, True)
    wait_for_channels(person, 4)
    assert not panel.boxes[1].isVisible()
    person.settle()
    assert load_choice(folder) == ChannelChoice((4,))
    person.choose_in_filmstrip("s01")
    wait_for_channels(person, 4)
    assert panel.form_box.currentData() is True and panel.boxes[0].currentData() == 4


def test_channels_scrolled_through_are_read_once_they_rest(person: Person, folder: Path) -> None:
    panel = opened_panel(person, folder)
    changes: list[bool] = []
    person.window.session.channels_changed.connect(changes.append)
    for channel in (1, 2, 3, 4):
        choose(panel.boxes[0], channel)
    wait_for_channels(person, 4, 1, 2)
    assert changes == [True]
    choose(panel.boxes[0], 3)
    person.trigger("close")
    assert load_choice(folder).shown == (3, 1, 2), "what was chosen last counts though it did not rest"


def test_thumbnails_follow(person: Person, folder: Path) -> None:
    panel, strip = opened_panel(person, folder), person.parts.filmstrip
    person.wait(lambda: strip.model.thumbnail("s02") is not None)
    before = strip.model.thumbnail("s02").toImage()  # type: ignore[union-attr]
    choose(panel.form_box, True)
    person.wait(lambda: strip.model.thumbnail("s02") is not None and strip.model.thumbnail("s02").toImage() != before)  # type: ignore[union-attr]


def test_a_stroke_goes_on_while_other_channels_come(person: Person, folder: Path) -> None:
    panel = opened_panel(person, folder)
    shown = person.parts.canvas._scene.image
    person.key(Key.Key_2, person.parts.canvas)
    person.hand.press(40, 30)
    choose(panel.form_box, True)
    wait_for_channels(person, 0)
    assert person.parts.canvas._scene.image is shown, "nothing is exchanged under the brush"
    person.hand.move(50, 30)
    person.hand.release(50, 30)
    person.wait(lambda: person.parts.canvas._scene.image is not shown)
    assert person.labels[30, 45] == 1


@pytest.mark.parametrize("tool", ["polygon", "scissors"])
def test_corners_stay_while_other_channels_come(person: Person, folder: Path, tool: str) -> None:
    panel = opened_panel(person, folder)
    canvas = person.parts.canvas
    shown = canvas.scene.image
    person.key(Key.Key_2, canvas)
    person.trigger(f"tool.{tool}")
    for corner in ((10, 10), (40, 10), (40, 30)):
        person.hand.stroke(corner)
    choose(panel.form_box, True)
    person.wait(lambda: canvas.scene.image is not shown)
    assert canvas.scene.image is person.window.session.current.image  # type: ignore[union-attr]
    person.hand.stroke((10, 30))
    person.key(Key.Key_Return, canvas)
    assert (person.labels[10:30, 10:40] == 1).mean() > 0.6, "scissors make detours"
    person.trigger("undo")
    assert (person.labels == VOID).all(), "one edit"


def test_the_choice_is_there_again_with_the_folder(person: Person, folder: Path) -> None:
    panel = opened_panel(person, folder)
    choose(panel.boxes[2], 3)
    choose(panel.network_box, NetworkInput.SHOWN)
    person.settle()
    person.trigger("close")
    assert not panel.isVisible()
    person.open(folder)
    wait_for_channels(person, 0, 1, 3)
    assert panel.network_box.currentData() is NetworkInput.SHOWN and panel.boxes[2].currentData() == 3


def test_which_network_is_asked_alone_leaves_the_picture_as_it_was(person: Person, folder: Path) -> None:
    panel = opened_panel(person, folder)
    image = person.window.session.current.image  # type: ignore[union-attr]
    choose(panel.network_box, NetworkInput.SHOWN)
    choose(panel.network_box, NetworkInput.ALL)
    assert person.window.session.project.folder.channels.network is NetworkInput.ALL  # type: ignore[union-attr]
    choose(panel.form_box, True)
    wait_for_channels(person, 0)
    assert person.window.session.current.image is not image  # type: ignore[union-attr]


def five_channel_checkpoint(path: Path) -> Path:
    import torch

    from segstudio_training.checkpoint import Checkpoint, save_checkpoint
    from segstudio_training.networks import build_network
    from segstudio_training.normalisation import InputKind, Normalisation

    arguments = {"width": 4, "dropout": 0.0, "channels": 5}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        state = build_network("segnet", 3, arguments).state_dict()
    how = Normalisation((0.03,) * 5, (0.01,) * 5, InputKind.MEASURED)
    return save_checkpoint(path, Checkpoint("segnet", arguments, ClassTable.from_names(CLASSES), state, how))


def test_the_panel_says_what_the_network_sees_and_offers_a_new_one(person: Person, folder: Path) -> None:
    use_tiny_model(folder, five_channel_checkpoint(folder.parent / "five.safetensors"))
    panel = opened_panel(person, folder)
    person.wait(lambda: "sees 5 channels" in panel.network_text.text())
    assert not panel.new_button.isVisible()
    choose(panel.network_box, NetworkInput.SHOWN)
    assert "takes a new network" in panel.network_text.text()
    person.click(panel.new_button)
    assert "no network yet" in panel.network_text.text() and not panel.new_button.isVisible()
    project = person.window.session.project
    assert project is not None and project.current_round() is None and len(project.rounds()) == 1
    assert person.window.proposals.model is None
    person.window.rounds.use(project, "tiny")
    person.wait(lambda: "sees 5 channels" in panel.network_text.text())


def test_a_network_that_sees_the_picture_proposes_anew_when_that_changes(person: Person, folder: Path) -> None:
    use_tiny_model(folder)
    person.open(folder)
    person.choose_in_filmstrip("s02")
    person.wait_for_proposal()
    before = person.window.session.shown_proposal
    assert before is not None
    person.trigger("channels")
    panel = person.parts.channels
    assert "sees the picture as it is shown" in panel.network_text.text()
    choose(panel.form_box, True)
    person.wait(lambda: all(person.window.session.shown_proposal is not other for other in (None, before)))
    after = person.window.session.shown_proposal
    assert after is not None and (after.confidence != before.confidence).any()


def test_a_first_round_teaches_on_the_channels_that_are_shown(person: Person, folder: Path) -> None:
    from segstudio_training.checkpoint import load_checkpoint

    panel = opened_panel(person, folder)
    for box, channel in zip(panel.boxes, (4, 0, 4), strict=True):
        choose(box, channel)
    choose(panel.network_box, NetworkInput.SHOWN)
    person.wait(person.parts.model.fine_tune_button.isEnabled)
    with person.qtbot.waitSignal(person.window.rounds.finished, timeout=120_000):
        person.window.round_flow.fine_tune(5)
    project = person.window.session.project
    assert project is not None
    made = project.current_round()
    assert made is not None
    assert load_checkpoint(made.checkpoint).normalisation.channels == (4, 0)
    person.wait(lambda: "sees channels 4, 0" in panel.network_text.text())
    assert not panel.new_button.isVisible()
    person.choose_in_filmstrip("s02")
    person.wait_for_proposal()
    choose(panel.network_box, NetworkInput.ALL)
    assert panel.new_button.isVisible()
    person.settle()
    assert json.loads((folder / ".segstudio" / "channels.json").read_text())["network"] == "all"
