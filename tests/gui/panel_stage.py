"""Where the tests of the panels show them: in the light theme, alone, and of a size that a window gives them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from segstudio.core.class_table import ClassTable
from segstudio.services.theme import ThemeChoice, apply_theme

CLASSES = ClassTable.from_names(["background", "leaf", "stem"])
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def light_theme(qapp: QApplication) -> None:
    apply_theme(qapp, ThemeChoice.LIGHT)


def shown(qtbot: QtBot, widget: QWidget, width: int = 300, height: int = 500) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
