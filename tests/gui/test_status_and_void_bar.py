"""The strip below the image and the bar that offers to fill what is void."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from segstudio.widgets.status_bar import ImageStatus
from segstudio.widgets.status_mark import Mark
from segstudio.widgets.void_bar import VoidBar
from tests.gui.panel_stage import CLASSES, LEFT, light_theme, shown  # noqa: F401 - one is a fixture

# -- status strip


def test_the_strip_says_what_is_under_the_pointer(qtbot: QtBot) -> None:
    strip = ImageStatus()
    shown(qtbot, strip, 1000, 50)
    strip.set_image("a", 480, 360)
    strip.set_hover(3, 4, "leaf", 181)
    assert strip.left.text() == "a · 480×360 · x 3 y 4 · leaf · sure 71 %"
    strip.clear_hover()
    assert strip.left.text() == "a · 480×360"
    strip.set_zoom(1.6)
    assert strip.left.text() == "a · 480×360 · 160 %"
    strip.set_zoom(0.0712)
    assert strip.left.text() == "a · 480×360 · 7.1 %"


def test_the_primary_action_says_what_it_does_and_stays_in_place(qtbot: QtBot) -> None:
    strip = ImageStatus()
    shown(qtbot, strip, 1200, 50)
    right = strip.primary_button.geometry().right()
    strip.set_primary("Accept", "accept", True, "Saves the mask.", "Enter")
    strip.set_state("draft", Mark.DRAFT)
    with qtbot.waitSignal(strip.primary_clicked):
        qtbot.mouseClick(strip.primary_button, LEFT)
    assert strip.primary_button.toolTip() == "Accept (Enter)\nSaves the mask."
    assert strip.primary_button.geometry().right() == right
    strip.set_primary("Propose", "propose", False, "There is no model yet.")
    with qtbot.assertNotEmitted(strip.primary_clicked):
        qtbot.mouseClick(strip.primary_button, LEFT)


# -- void bar


def test_the_void_bar_offers_three_ways(qtbot: QtBot) -> None:
    canvas = QWidget()
    bar = VoidBar(canvas)
    shown(qtbot, canvas, 900, 400)
    bar.offer(0.123, CLASSES, 1)
    assert bar.text.text() == "12 % of the pixels are void."
    assert canvas.rect().contains(bar.geometry())
    with qtbot.waitSignal(bar.fill_clicked) as told:
        qtbot.mouseClick(bar.fill_button, LEFT)
    assert told.args == [1]
    assert not bar.isVisible()
    bar.offer(0.5, CLASSES, 0)
    with qtbot.waitSignal(bar.accept_clicked):
        qtbot.mouseClick(bar.accept_button, LEFT)
    bar.offer(0.5, CLASSES, 0)
    with qtbot.waitSignal(bar.dismissed):
        qtbot.keyClick(bar, Qt.Key.Key_Escape)


def test_the_void_bar_follows_its_canvas(qtbot: QtBot) -> None:
    canvas = QWidget()
    bar = VoidBar(canvas)
    shown(qtbot, canvas, 900, 400)
    bar.offer(0.5, CLASSES, 0)
    canvas.resize(1000, 700)
    qtbot.waitUntil(lambda: bar.geometry().bottom() > 600)
