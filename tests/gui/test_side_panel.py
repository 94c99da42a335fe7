"""How classes, brush and model share the height beside the image."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from segstudio.core.class_table import ClassTable
from segstudio.widgets.brush_panel import BrushPanel
from segstudio.widgets.class_list import ClassDelegate
from segstudio.widgets.classes_panel import ClassesPanel
from segstudio.widgets.model_panel import ModelPanel
from segstudio.widgets.round_result import Verdict
from segstudio.widgets.side_panel import SidePanel
from tests.gui.panel_stage import light_theme, shown  # noqa: F401 - one is a fixture

AT_1440_BY_900 = 809
"""The height that menu and status bar leave, in pixels."""


class Side:
    """The panels, shown at a height, with so many classes and the result of a round."""

    def __init__(self, qtbot: QtBot, height: int, classes: int) -> None:
        self.classes, self.brush, self.model = ClassesPanel(), BrushPanel(), ModelPanel()
        self.panel = SidePanel(self.classes, self.brush, self.model)
        shown(qtbot, self.panel, 304, height)
        self.classes.set_classes(ClassTable.from_names([f"class number {number}" for number in range(classes)]))
        self.model.set_model("Round 1")
        self.model.start_round(3)
        self.model.add_evaluation(0.5, {f"class number {number}": 0.5 for number in range(classes)})
        self.model.end_round("", 0.41, 0.44, Verdict.WORSE, difference="−0.4 to +5.2 points, over 9 held-out images")
        qtbot.waitUntil(lambda: self.brush.height() == self.brush.sizeHint().height())

    @property
    def rows(self) -> int:
        """How many classes are seen at once."""
        return self.classes.list.viewport().height() // ClassDelegate.ROW_HEIGHT

    def is_in_sight(self, widget) -> bool:  # type: ignore[no-untyped-def]
        return bool(widget.isVisible() and widget.visibleRegion().boundingRect().height() == widget.height())


def test_a_result_leaves_the_classes_their_half_and_its_choice_is_in_sight(qtbot: QtBot) -> None:
    side = Side(qtbot, AT_1440_BY_900, 12)
    qtbot.waitUntil(lambda: side.rows >= 7)
    assert side.is_in_sight(side.model.result.scores) and side.is_in_sight(side.model.result.keep_button)
    assert side.panel.verticalScrollBar().maximum() == 0


def test_few_classes_take_no_more_than_they_need(qtbot: QtBot) -> None:
    side = Side(qtbot, AT_1440_BY_900, 12)
    tall = side.model.height()
    side.classes.set_classes(ClassTable.from_names(["leaf", "stem", "soil"]))
    qtbot.waitUntil(lambda: side.model.height() > tall)


@pytest.mark.parametrize(("height", "rows"), [(677, 5), (600, 4), (300, 4)])
def test_in_a_low_window_some_classes_are_seen(qtbot: QtBot, height: int, rows: int) -> None:
    side = Side(qtbot, height, 12)
    qtbot.waitUntil(lambda: side.rows >= rows)
    assert side.model.height() >= side.model.minimumSizeHint().height()
    if height == 677:  # a screen of 1366 by 768
        assert side.is_in_sight(side.model.result.keep_button)


def test_all_room_that_the_model_does_not_need_is_the_classes(qtbot: QtBot) -> None:
    side = Side(qtbot, 1400, 30)
    side.model.close_result()
    qtbot.waitUntil(lambda: side.rows > 20)
