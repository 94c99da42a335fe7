"""Says that only differences are shown, from which mask, and how many pixels differ: a bar over the canvas' corner."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from segstudio.services.other_masks import OtherMask
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import label, tool_button
from segstudio.widgets.pane_head import FloatingBar, OtherMaskBox

COMPARED = (OtherMask.PROPOSAL, OtherMask.SAVED, OtherMask.TRUTH)


class DifferenceBar(FloatingBar):
    """Hidden until it is shown."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = OtherMaskBox(COMPARED, tr("Difference from"), tr("The mask that the current one is compared with."))
        self.count = label("", Look.MUTED)
        self.count.setMinimumWidth(17 * GRID)
        self.count.setToolTip(
            tr("Plain colours: what these pixels are now.\nStriped: what they were, where nothing is painted now.")
        )
        self.close_button = tool_button(tr("Close"), tr("Shows the whole mask again."), "close")
        self.close_button.clicked.connect(self.closed)
        self.row.addSpacing(GRID // 2)
        self.row.addWidget(label(tr("Difference from")))
        for widget in (self.box, self.count, self.close_button):
            self.row.addWidget(widget)
        self.hide()

    def set_text(self, text: str) -> None:
        """How many pixels differ, or why nothing is compared."""
        if text != self.count.text():
            self.count.setText(text)
            self.place()
