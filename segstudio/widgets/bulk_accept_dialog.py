"""Asks whether to accept many proposals that nobody has looked at, and says what that means."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import label
from segstudio.widgets.dialog_frame import DialogFrame


class BulkAcceptDialog(DialogFrame):
    """`accepted` says yes."""

    def __init__(self, count: int, teach: bool, parent: QWidget | None = None) -> None:
        """For `count` proposals; `teach`: whether the settings let unreviewed images teach."""
        super().__init__(
            tr("Accept all proposals unreviewed"),
            tr("All proposals ({count}) are written as masks as they are, mistakes and all.", count=count),
            tr("Accept {count} unreviewed", count=count),
            parent,
        )
        teaching = (
            tr("They teach in the next round, because the settings say so.")
            if teach
            else tr("They do not teach, unless the settings say so.")
        )
        for sentence in (
            tr("They are marked as unreviewed and stand in no list."),
            tr("They are never held out: the network must not grade itself."),
            teaching,
            tr("Open one and press Accept, and it is reviewed."),
        ):
            self.body.addWidget(label(sentence, wrap=True))
        self.setMinimumWidth(60 * GRID)
