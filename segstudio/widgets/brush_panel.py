"""The brush and the overlay: sizes, shapes, what may be painted over, how strongly the colours lie over the image."""

from __future__ import annotations

import math

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from segstudio.core.raster import BrushShape
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import ElidedLabel, Panel, check, explain, label, tool_button
from segstudio.widgets.paint_over import PaintOver

MAX_SIZE = 500
"""Pixels."""

_STEPS = 200
_SIZES = "brush_smaller brush_larger"


class BrushPanel(Panel):
    """Sizes in pixels of the image or of the screen, and what that is in the other.

    The slider's steps are even to the eye, so small sizes get room enough.
    """

    size_changed = Signal(int)
    on_screen_changed = Signal(bool)
    """Whether the size counts pixels of the screen, rather than of the image."""
    pressure_changed = Signal(bool)
    """Whether the pressure of a stylus scales the brush."""
    shape_changed = Signal(object)
    """BrushShape."""
    opacity_changed = Signal(float)
    """0 to 1."""
    outline_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Brush"), parent)
        self.size_slider = QSlider(Qt.Orientation.Horizontal)
        self.size_slider.setRange(0, _STEPS)
        self.size_spin = _spin(1, MAX_SIZE, tr("px"))
        self.size_unit = ElidedLabel("", Look.MUTED)
        self.screen_button = tool_button(
            tr("Same size at every zoom"),
            tr("The brush counts pixels of the screen, not of the image."),
            "screen-size",
            checkable=True,
        )
        self.pressure_button = tool_button(
            tr("Pressure sets the size"),
            tr("A stylus paints thinner the lighter it is pressed. A mouse paints as before."),
            "pressure",
            checkable=True,
        )
        self.round_button = tool_button(tr("Round brush"), tr("For natural outlines."), "round-brush", checkable=True)
        self.square_button = tool_button(
            tr("Square brush"), tr("For straight edges and corners."), "square-brush", checkable=True
        )
        self.opacity_slider = QSlider(Qt.Orientation.Horizontal)
        self.opacity_slider.setRange(0, 100)
        self.opacity_slider.setPageStep(10)
        self.opacity_value = label("")
        self.outline_button = tool_button(
            tr("Outlines only"),
            tr("Draws edges and leaves the image's own colours clear."),
            "outline",
            "outline",
            checkable=True,
        )
        self.over = PaintOver()
        self._explain()
        self._lay_out()
        self._connect()
        self.set_shape(BrushShape.ROUND)
        self.set_size(24)
        self.set_opacity(0.5)

    def size_px(self) -> int:
        """The brush's size in pixels."""
        return self.size_spin.value()

    def set_size(self, size: int) -> None:
        """Show `size` pixels without telling anybody."""
        _set_quietly(self.size_spin, size)
        _set_quietly(self.size_slider, _slider_of(self.size_spin.value()))

    def set_on_screen(self, on_screen: bool) -> None:
        """Show whether the size counts pixels of the screen without telling anybody."""
        check(self.screen_button, on_screen)

    def set_pressure(self, sizes: bool) -> None:
        """Show whether the pressure of a stylus scales the brush without telling anybody."""
        check(self.pressure_button, sizes)

    def set_covered(self, on_image: int, on_screen: int) -> None:
        """Show how many pixels of the image, and of the screen, the brush is across now."""
        if self.screen_button.isChecked():
            self.size_unit.setText(tr("on the screen, {pixels} px of the image", pixels=on_image))
        else:
            self.size_unit.setText(tr("of the image, {pixels} px on the screen", pixels=on_screen))

    def set_shape(self, shape: BrushShape) -> None:
        """Show `shape` without telling anybody."""
        # The group tells of a change even where the buttons themselves are silenced.
        blocked = self._shapes.blockSignals(True)
        (self.round_button if shape is BrushShape.ROUND else self.square_button).setChecked(True)
        self._shapes.blockSignals(blocked)

    def set_opacity(self, opacity: float) -> None:
        """Show `opacity` (0 to 1) without telling anybody."""
        _set_quietly(self.opacity_slider, round(opacity * 100))
        self.opacity_value.setText(tr("{value} %", value=self.opacity_slider.value()))

    def set_outline(self, outline: bool) -> None:
        """Show whether outlines alone are drawn without telling anybody."""
        check(self.outline_button, outline)

    def _explain(self) -> None:
        explain(self.size_slider, tr("Brush size"), tr("Ctrl+wheel over the image does the same."), commands=_SIZES)
        explain(
            self.size_spin, tr("Brush size in pixels"), tr("1 to 500, of the image or of the screen."), commands=_SIZES
        )
        explain(
            self.opacity_slider,
            tr("Overlay opacity"),
            tr("How strongly the class colours cover the image."),
            commands="hold.hide_overlay",
        )

    def _lay_out(self) -> None:
        shapes = QHBoxLayout()
        shapes.setSpacing(GRID // 2)
        shapes.addWidget(self.pressure_button)
        shapes.addWidget(self.screen_button)
        shapes.addWidget(self.round_button)
        shapes.addWidget(self.square_button)
        self.head.addLayout(shapes)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        grid.setColumnMinimumWidth(2, 88)
        grid.addWidget(label(tr("Size")), 0, 0)
        grid.addWidget(self.size_slider, 0, 1)
        grid.addWidget(self.size_spin, 0, 2)
        self.size_unit.setAlignment(Qt.AlignmentFlag.AlignRight)
        grid.addWidget(self.size_unit, 1, 0, 1, 3)
        grid.addWidget(label(tr("Overlay")), 2, 0)
        grid.addWidget(self.opacity_slider, 2, 1)
        self.opacity_value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        values = QHBoxLayout()
        values.addWidget(self.opacity_value, 1)
        values.addWidget(self.outline_button)
        grid.addLayout(values, 2, 2)
        over = label(tr("Paint over"))
        over.setBuddy(self.over.box)
        over.setFixedHeight(self.over.sizeHint().height())  # beside the choice, whatever comes below it
        grid.addWidget(over, 3, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.over, 3, 1, 1, 2)
        self.body.addLayout(grid)

    def _connect(self) -> None:
        self._shapes = QButtonGroup(self)
        self._shapes.addButton(self.round_button)
        self._shapes.addButton(self.square_button)
        self.size_slider.valueChanged.connect(self._on_size_slid)
        self.size_spin.valueChanged.connect(self._on_size_typed)
        self.screen_button.toggled.connect(self.on_screen_changed)
        self.pressure_button.toggled.connect(self.pressure_changed)
        self._shapes.buttonToggled.connect(self._on_shape_toggled)
        self.opacity_slider.valueChanged.connect(self._on_opacity_slid)
        self.outline_button.toggled.connect(self.outline_changed)

    def _on_size_slid(self, position: int) -> None:
        size = _size_of(position)
        if size != self.size_spin.value():
            _set_quietly(self.size_spin, size)
            self.size_changed.emit(size)

    def _on_size_typed(self, size: int) -> None:
        _set_quietly(self.size_slider, _slider_of(size))
        self.size_changed.emit(size)

    def _on_shape_toggled(self, button: QToolButton, checked: bool) -> None:
        if checked:
            self.shape_changed.emit(BrushShape.ROUND if button is self.round_button else BrushShape.SQUARE)

    def _on_opacity_slid(self, percent: int) -> None:
        self.opacity_value.setText(tr("{value} %", value=percent))
        self.opacity_changed.emit(percent / 100)


def _size_of(position: int) -> int:
    """The brush size at slider step `position`: equal steps multiply the size."""
    return max(1, min(MAX_SIZE, round(MAX_SIZE ** (position / _STEPS))))


def _slider_of(size: int) -> int:
    return round(math.log(size) / math.log(MAX_SIZE) * _STEPS)


def _spin(least: int, most: int, unit: str) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(least, most)
    spin.setSuffix(f" {unit}")
    spin.setAlignment(Qt.AlignmentFlag.AlignRight)
    spin.setKeyboardTracking(False)
    spin.setFixedWidth(88)
    return spin


def _set_quietly(control: QSlider | QSpinBox, value: int) -> None:
    blocked = control.blockSignals(True)
    control.setValue(value)
    control.blockSignals(blocked)
