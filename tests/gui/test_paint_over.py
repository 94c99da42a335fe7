"""What may be painted over: what the control shows, and what it tells when it is used."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segstudio.core.class_table import VOID, ClassTable
from segstudio.widgets.paint_over import PaintOver
from tests.gui.panel_stage import LEFT, light_theme, shown  # noqa: F401 - one is a fixture

Down = Qt.Key.Key_Down


@pytest.fixture
def over(qtbot: QtBot) -> PaintOver:
    control = PaintOver()
    control.set_classes(ClassTable.from_names(["sky", "road"]))
    shown(qtbot, control)
    return control


def test_what_may_be_painted_over_is_chosen_among_the_classes(over: PaintOver, qtbot: QtBot) -> None:
    over.set_has_confidence(True)
    assert over.only_over() is None and not over.is_unsure_only
    for value in (VOID, None, 0, 1):
        with qtbot.waitSignal(over.changed):
            qtbot.keyClick(over.box, Down)
        assert over.only_over() == value and over.is_unsure_only == (value is None)
    with qtbot.assertNotEmitted(over.changed):
        over.set_classes(ClassTable.from_names(["pole", "road"]))
    assert over.only_over() == 1, "the class is still there"
    over.set_classes(ClassTable.from_names(["pole"]))
    assert over.only_over() is None and not over.is_unsure_only


def test_a_class_called_like_another_choice_is_not_taken_for_it(over: PaintOver, qtbot: QtBot) -> None:
    over.set_classes(ClassTable.from_names(["void", "unsure pixels"]))
    over.box.setCurrentIndex(3)
    over.set_classes(ClassTable.from_names(["void", "unsure pixels"]))
    assert over.only_over() == 0
    over.box.setCurrentIndex(1)
    over.set_classes(ClassTable.from_names(["void", "unsure pixels"]))
    assert over.only_over() == VOID


def test_unsure_pixels_cannot_be_chosen_without_a_confidence_and_the_choice_says_why(
    over: PaintOver, qtbot: QtBot
) -> None:
    row = over.box.findText("unsure only")
    for key in (Down, Down):
        qtbot.keyClick(over.box, key)
    assert over.only_over() == 0, "the keys pass over it"
    assert "no proposal" in over.box.itemData(row, Qt.ItemDataRole.ToolTipRole)
    over.set_has_confidence(True)
    assert "no proposal" not in over.box.itemData(row, Qt.ItemDataRole.ToolTipRole)
    qtbot.keyClick(over.box, Qt.Key.Key_Up)
    assert over.is_unsure_only
    over.set_has_confidence(False)
    assert over.is_unsure_only, "the next image may have one"
    assert "only void is painted over" in over.box.toolTip()


def test_the_threshold_is_beside_the_choice_that_needs_it(over: PaintOver, qtbot: QtBot) -> None:
    over.set_has_confidence(True)
    assert not over.spin.isVisible()
    over.box.setCurrentIndex(over.box.findText("unsure only"))
    assert over.spin.isVisible() and over.unsure_below == 60 and over.spin.text() == "60 %"
    with qtbot.assertNotEmitted(over.changed):
        over.set_unsure_below(35)
    with qtbot.waitSignal(over.changed):
        qtbot.keyClick(over.spin, Qt.Key.Key_Up)
    assert over.unsure_below == 36
    over.box.setCurrentIndex(0)
    assert not over.spin.isVisible()


def test_protecting_is_a_button_that_is_shown_quietly(over: PaintOver, qtbot: QtBot) -> None:
    with qtbot.waitSignal(over.protect_toggled) as told:
        qtbot.mouseClick(over.protect_button, LEFT)
    assert told.args == [True]
    with qtbot.assertNotEmitted(over.protect_toggled):
        over.set_protecting(False)
    assert not over.protect_button.isChecked()
