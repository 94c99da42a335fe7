"""The smallest speck that proposals keep, as one number: it acts on proposals at once."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QWidget

from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import explain, label

MOST_PIXELS = 100_000


class SpeckSpin(QWidget):
    """Pixels; 0 keeps all."""

    island_changed = Signal(int)
    """Pixels; proposals merge specks below this into what surrounds them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.spin = QSpinBox()
        self.spin.setRange(0, MOST_PIXELS)
        self.spin.setSuffix(f" {tr('px')}")
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setKeyboardTracking(False)
        self.spin.setFixedWidth(88)
        explain(
            self.spin,
            tr("Smallest speck that proposals keep"),
            tr("Proposals merge smaller specks into what surrounds them; 0 keeps all."),
        )
        name = label(tr("Merge specks below"))
        name.setBuddy(self.spin)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(name, 1)
        row.addWidget(self.spin)
        self.spin.valueChanged.connect(self.island_changed)

    def set_island(self, pixels: int) -> None:
        """Show `pixels` without telling anybody."""
        blocked = self.spin.blockSignals(True)
        self.spin.setValue(pixels)
        self.spin.blockSignals(blocked)
