"""Brightness, contrast and gamma of the view, in a small panel over the image's corner. It changes no image itself."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QHBoxLayout, QSlider, QVBoxLayout, QWidget

from segstudio.core.tone import BRIGHTEST, PLAIN, Tone
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import ParentWatcher, explain, label, push_button, set_look, tool_button

_STEPS = 100
_WIDTH = 32 * GRID


class TonePanel(QFrame):
    """Hidden until it is shown."""

    tone_changed = Signal(object)
    """Tone: the person moved a slider, or wants the plain one."""
    automatic_clicked = Signal()
    """A tone that suits the open image is wanted."""
    every_toggled = Signal(bool)
    """Whether every image is to get one when it is opened."""
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        set_look(self, Look.FLOAT)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # what lies beneath would be painted
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._tone = PLAIN
        self.brightness, self.contrast, self.gamma = (_slider() for _ in range(3))
        rows = (
            (self.brightness, tr("Brightness"), tr("The image on the screen only; no file and no proposal changes.")),
            (self.contrast, tr("Contrast"), tr("Differences about the middle grey.")),
            (self.gamma, tr("Gamma"), tr("To the right, dark parts become brighter and white stays white.")),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        for row, (slider, name, why) in enumerate(rows):
            explain(slider, name, why)
            slider.valueChanged.connect(self._on_moved)
            grid.addWidget(label(name), row, 0)
            grid.addWidget(slider, row, 1)
        self.automatic_button = push_button(
            tr("Automatic"), tr("Spreads this image's grey levels from black to white.")
        )
        self.automatic_button.clicked.connect(self.automatic_clicked)
        self.reset_button = push_button(tr("As it is"), tr("Shows the image's own levels."), "", Look.QUIET)
        self.reset_button.clicked.connect(self._on_reset)
        self.every_box = QCheckBox(tr("Automatic for every image"))
        self.every_box.toggled.connect(self.every_toggled)
        self.close_button = tool_button(tr("Close"), tr("What is set stays."), "close", "tone")
        self.close_button.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.addWidget(label(tr("Brightness and contrast"), Look.HEADING), 1)
        head.addWidget(self.close_button)
        buttons = QHBoxLayout()
        buttons.addWidget(self.automatic_button)
        buttons.addWidget(self.reset_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        for part in (head, grid, buttons):
            column.addLayout(part)
        column.addWidget(self.every_box)
        self._watcher = ParentWatcher(self)
        self.hide()

    def tone(self) -> Tone:
        """What is set; the sliders show it as nearly as their steps allow."""
        return self._tone

    def set_tone(self, tone: Tone) -> None:
        """Show `tone` without telling anybody."""
        self._tone = tone
        values = tone.brightness, tone.contrast, math.log(tone.gamma) / math.log(BRIGHTEST)
        for slider, value in zip((self.brightness, self.contrast, self.gamma), values, strict=True):
            blocked = slider.blockSignals(True)
            slider.setValue(round(value * _STEPS))
            slider.blockSignals(blocked)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Not the canvas's: it would zoom."""
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Not the canvas's either."""
        event.accept()

    @Slot()
    def _on_moved(self) -> None:
        """Take over what the slider that was moved says, and leave the rest as finely as it was."""
        moved = self.sender()
        if moved is self.brightness:
            self._tone = replace(self._tone, brightness=self.brightness.value() / _STEPS)
        elif moved is self.contrast:
            self._tone = replace(self._tone, contrast=self.contrast.value() / _STEPS)
        else:
            self._tone = replace(self._tone, gamma=math.exp(self.gamma.value() / _STEPS * math.log(BRIGHTEST)))
        self.tone_changed.emit(self._tone)

    def place(self) -> None:
        """Keep to the parent's top right corner."""
        parent = self.parentWidget()
        if parent is not None:
            width = min(_WIDTH, parent.width() - 2 * GRID)
            self.setGeometry(parent.width() - width - GRID, GRID, width, self.sizeHint().height())

    def _on_reset(self) -> None:
        self.every_box.setChecked(False)
        self.set_tone(PLAIN)
        self.tone_changed.emit(PLAIN)


def _slider() -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(-_STEPS, _STEPS)
    slider.setPageStep(_STEPS // 10)
    return slider
