"""What all panels promise: names, tooltips, and both themes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from segstudio.services.theme import ThemeChoice, apply_theme
from segstudio.widgets.brush_panel import BrushPanel
from segstudio.widgets.classes_panel import ClassesPanel
from segstudio.widgets.model_panel import ModelPanel
from segstudio.widgets.status_bar import ImageStatus
from tests.gui.panel_stage import light_theme, shown  # noqa: F401 - one is a fixture


def unnamed_controls(widget: QWidget) -> list[str]:
    """Controls that a screen reader could not name, or whose tooltip says nothing."""
    kinds = (QAbstractButton, QSlider, QSpinBox, QComboBox, QLineEdit)
    # What Qt puts inside its own controls (the clear button, a spin box's field) is named by the control.
    return [
        f"{type(child).__name__} {child.objectName()}"
        for kind in kinds
        for child in widget.findChildren(kind)
        if not child.objectName().startswith("qt_")
        and not isinstance(child.parentWidget(), QLineEdit | QSpinBox | QComboBox)
        and not (child.accessibleName() and child.toolTip())
    ]


@pytest.mark.parametrize("kind", [ClassesPanel, BrushPanel, ModelPanel, ImageStatus])
def test_every_control_has_a_name_and_a_tooltip(kind: type[QWidget], qtbot: QtBot) -> None:
    widget = kind()
    qtbot.addWidget(widget)
    assert unnamed_controls(widget) == []


@pytest.mark.parametrize("kind", [ClassesPanel, BrushPanel, ModelPanel, ImageStatus])
def test_every_panel_paints_in_both_themes(kind: type[QWidget], qtbot: QtBot, qapp: QApplication) -> None:
    widget = kind()
    shown(qtbot, widget)
    light = widget.grab().toImage()
    apply_theme(qapp, ThemeChoice.DARK)
    dark = widget.grab().toImage()
    assert light.pixelColor(10, 10).lightness() > 200
    assert dark.pixelColor(10, 10).lightness() < 80
