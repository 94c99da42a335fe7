"""The switch that lets the network go on learning while the person works, and one line on what it is doing."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from segstudio.services.keep_learning import Learning
from segstudio.services.stylesheet import Look
from segstudio.services.translation import tr
from segstudio.widgets.controls import check, explain, label


class KeepLearningSwitch(QWidget):
    """Shows what it is given; it starts and stops nothing."""

    toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QCheckBox(tr("Keep learning while I work"))
        explain(
            self.box,
            self.box.text(),
            tr("After a round the next one begins by itself, at low priority, and learns what you accept meanwhile."),
        )
        self.box.toggled.connect(self.toggled)
        self.line = label("", Look.MUTED, wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.box)
        column.addWidget(self.line)
        self.set_state(Learning.OFF)

    def set_on(self, is_on: bool) -> None:
        """Show the switch on or off, without telling anybody."""
        check(self.box, is_on)

    def set_state(self, state: Learning, lap: int = 0) -> None:
        """Say what learning is doing; `lap` is the number of the lap under way."""
        self.line.setText(
            {
                Learning.OFF: tr("Rounds follow one another and take up what you accept."),
                Learning.READY: tr("Begins with the next click on Fine-tune."),
                Learning.STOPPED: tr("Off for now. Goes on with the next click on Fine-tune."),
                Learning.LAP: tr("Lap {lap}: takes up what you accept.", lap=lap),
                Learning.LAST_LAP: tr("Lap {lap}, the last one while on battery.", lap=lap),
                Learning.RESTING: tr("Lap {lap} rests while on battery.", lap=lap),
                Learning.WAITING: tr("Nothing new to learn: goes on when you accept an image."),
                Learning.ON_BATTERY: tr("Paused on battery."),
                Learning.HELD_UP: tr("Waits until the networks are compared."),
            }[state]
        )
