"""Rare against frequent classes, as one slider: it acts on proposals at once, without training."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QSlider, QStyle, QStyleOptionSlider, QWidget

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr
from segstudio.widgets.controls import explain, label
from segstudio.widgets.words import percent

STEPS = 20
"""Steps from the middle to either end, where the balance is 1."""
_SNAP = 1
"""So near the middle, a slider that is dragged means the middle."""


class BalanceSlider(QWidget):
    """From -1 (frequent classes) to 1 (rare ones); the middle is the network as trained."""

    balance_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slider = _CentredSlider()
        self.value_text = label("", Look.MUTED)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label(tr("Rare classes")), 0, 0, 1, 2)
        grid.addWidget(self.value_text, 0, 2, Qt.AlignmentFlag.AlignRight)
        self._ends = label(tr("fewer"), Look.MUTED), label(tr("more"), Look.MUTED)
        grid.addWidget(self._ends[0], 1, 0)
        grid.addWidget(self.slider, 1, 1)
        grid.addWidget(self._ends[1], 1, 2, Qt.AlignmentFlag.AlignRight)
        self.slider.valueChanged.connect(self._on_moved)
        self.set_can_balance(True)

    def balance(self) -> float:
        """The chosen balance, -1 to 1."""
        return self.slider.value() / STEPS

    def set_balance(self, balance: float) -> None:
        """Show `balance` without telling anybody."""
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(round(balance * STEPS))
        self.slider.blockSignals(blocked)
        self._show_value()

    def set_can_balance(self, can: bool) -> None:
        """Whether the network in use knows how often its classes occur."""
        for part in (self.slider, self.value_text, *self._ends):
            part.setEnabled(can)
        why = (
            tr("More: small and seldom things are marked sooner. Acts at once; a double click is as trained.")
            if can
            else tr("This network does not say how often its classes occurred: possible after the next round.")
        )
        explain(self.slider, tr("Rare classes"), why)
        self.setToolTip(self.slider.toolTip())
        self._show_value()

    def _on_moved(self, _position: int) -> None:
        self._show_value()
        self.balance_changed.emit(self.balance())

    def _show_value(self) -> None:
        steps = self.slider.value()
        amount = percent(abs(steps) / STEPS)
        if not steps or not self.slider.isEnabled():
            self.value_text.setText(tr("as trained"))
        else:
            self.value_text.setText(
                tr("{amount} more", amount=amount) if steps > 0 else tr("{amount} fewer", amount=amount)
            )


class _CentredSlider(QSlider):
    """Has a tick at its middle, takes hold there, and goes back there at a double click."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(-STEPS, STEPS)
        self.setPageStep(STEPS // 4)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Take hold near the middle."""
        super().mouseMoveEvent(event)
        if self.isSliderDown() and abs(self.value()) <= _SNAP:
            self.setValue(0)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Back to the middle."""
        self.setValue(0)
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The slider, filled from the middle and not from the end, and a tick at the middle."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        middle, x = self.rect().center(), handle.center().x()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color(Role.CONTROL if self.isEnabled() else Role.PANEL_BORDER))
        painter.drawRoundedRect(2, middle.y() - 1, self.width() - 4, 4, 2, 2)
        painter.drawRect(middle.x(), middle.y() - 7, 2, 16)
        if self.isEnabled():
            painter.setBrush(color(Role.ACCENT))
            painter.drawRect(min(x, middle.x()), middle.y() - 1, abs(x - middle.x()), 4)
        option.subControls = QStyle.SubControl.SC_SliderHandle
        self.style().drawComplexControl(QStyle.ComplexControl.CC_Slider, option, painter, self)
