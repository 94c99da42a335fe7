"""Steering the network: the rare-classes slider as a person moves it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from segstudio.project.project import Status
from segstudio.services.settings import BALANCE
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


def test_what_was_painted_stays_when_the_slider_moves(person: Person, knowing: Path) -> None:
    person.paint(Qt.Key.Key_2, (10, 10), (50, 10))
    painted = person.labels.copy()
    person.qtbot.keyClick(person.parts.model.balance.slider, Qt.Key.Key_PageUp)
    person.wait(lambda: not person.window.steer_flow._rest.isActive() and not person.window.proposals.is_busy)
    np.testing.assert_array_equal(person.labels, painted)


def test_a_network_that_cannot_be_steered_says_why(person: Person, folder: Path) -> None:
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    slider = person.parts.model.balance.slider
    assert not slider.isEnabled() and "after the next round" in slider.toolTip()
