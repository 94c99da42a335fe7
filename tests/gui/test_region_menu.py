"""The menu of a region: a right click on the image, and what its entries do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication

from segstudio.core.class_table import VOID
from tests.gui.canvas_hand import RIGHT
from tests.gui.window_person import Person, use_tiny_model
from tests.small_folders import voc_folder

Key = Qt.Key


def entries(person: Person, x: float, y: float) -> dict[str, object]:
    """Right click at (x, y) of the image; the menu's entries by their texts."""
    canvas = person.parts.canvas
    place: QPoint = canvas.image_to_view(x, y).toPoint()
    person.hand.press(x, y, RIGHT)
    # Some systems send it at the press, some at the release.
    QApplication.sendEvent(canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, canvas.mapToGlobal(place)))
    person.hand.release(x, y, RIGHT)
    menu = person.window.region_flow.menu
    return {action.text(): action for action in menu.actions()} if menu.isVisible() else {}


def choose(person: Person, x: float, y: float, text: str) -> None:
    entries(person, x, y)[text].trigger()  # type: ignore[attr-defined]
    person.window.region_flow.menu.close()


def test_a_region_is_relabelled_erased_and_its_holes_are_filled(person: Person, folder: Path) -> None:
    person.key(Key.Key_2, person.parts.canvas)
    person.key(Key.Key_R, person.parts.canvas)
    person.hand.stroke((10.5, 10.5), (40.5, 40.5))
    person.key(Key.Key_3, person.parts.canvas)
    person.hand.stroke((20.5, 20.5), (25.5, 25.5))
    assert np.count_nonzero(person.labels == 2) == 36
    choose(person, 12, 12, "Fill holes")
    assert np.count_nonzero(person.labels == 1) == 31 * 31 and not (person.labels == 2).any()
    choose(person, 12, 12, "Make it pole")
    assert np.count_nonzero(person.labels == 2) == 31 * 31
    choose(person, 12, 12, "Shrink by a pixel")
    assert np.count_nonzero(person.labels == 2) == 29 * 29
    choose(person, 12, 12, "Erase it")
    assert not (person.labels == 2).any()
    for _ in range(6):
        person.trigger("undo")
    assert (person.labels == VOID).all()


def test_the_menu_offers_what_makes_sense_at_the_pixel(person: Person, folder: Path) -> None:
    person.key(Key.Key_2, person.parts.canvas)
    over_void = entries(person, 5, 5)
    assert "Make it sun" in over_void and "Fill holes" not in over_void
    person.window.region_flow.menu.close()
    person.key(Key.Key_R, person.parts.canvas)
    person.hand.stroke((10.5, 10.5), (40.5, 40.5))
    over_sun = entries(person, 20, 20)
    assert "Make it sun" not in over_sun and "Lock sun" in over_sun and "Remove regions below 40 px" in over_sun
    person.window.region_flow.menu.close()
    assert entries(person, -5, 5) == {}, "beside the image"


def test_a_class_is_locked_from_the_menu(person: Person, folder: Path) -> None:
    person.paint(Key.Key_2, (10, 10), (50, 10))
    choose(person, 20, 10, "Lock sun")
    painted = person.labels.copy()
    choose(person, 20, 10, "Erase it")
    np.testing.assert_array_equal(person.labels, painted)


def test_an_operation_on_a_proposal_corrects_it(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data")
    use_tiny_model(root)
    person.open(root)
    person.wait_for_proposal()
    shown = person.window.session.shown_proposal
    assert shown is not None
    seen = int(shown.labels[20, 20])
    person.parts.classes.set_current((seen + 1) % 3)
    person.window.image_flow.choose_class((seen + 1) % 3)
    name = person.window.session.project.classes[(seen + 1) % 3].name  # type: ignore[union-attr]
    choose(person, 20.5, 20.5, f"Make it {name}")
    assert person.labels[20, 20] == (seen + 1) % 3 and person.window.session.shown_proposal is None
    assert not (person.labels == VOID).any()


def test_the_menu_goes_when_another_image_comes(person: Person, folder: Path) -> None:
    name = person.name
    person.paint(Key.Key_2, (10, 10), (50, 10))
    assert entries(person, 20, 10)
    person.trigger("next")
    person.wait(lambda: person.name not in ("", name))
    assert not person.window.region_flow.menu.isVisible()
