"""What came of a round: both scores, the verdict in words, and the choice between the two checkpoints."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, icon, theme_signals
from segstudio.services.translation import tr
from segstudio.widgets.controls import label, push_button, set_look, tool_button
from segstudio.widgets.words import score


class Verdict(Enum):
    """What the gate says, with the values of the training's gate event; that the new network passes without being told
    apart from the old one; and that there was nothing to judge."""

    FIRST = "first"
    BETTER = "better"
    NO_WORSE = "no_worse"
    WORSE = "worse"
    CANNOT_JUDGE = "cannot_judge"


class RoundResult(QFrame):
    """Old score → new score, and which of the two is in use."""

    keep_clicked = Signal()
    roll_back_clicked = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._verdict = Verdict.CANNOT_JUDGE
        self._picture = QLabel()
        self._picture.setFixedSize(20, 20)
        self.headline = label("", Look.HEADING)
        self.scores = label("", Look.TITLE)
        self.scores.setToolTip(tr("Mean IoU on the held-out images, 0 to 1: before → after."))
        self.difference = label("", None, wrap=True)
        self.difference.setToolTip(
            tr(
                "What the mean IoU changed by, in percentage points: nine such ranges in ten hold the true change. "
                "Images that show one scene count as one group."
            )
        )
        self.text = label("", Look.MUTED, wrap=True)
        self.close_button = tool_button(tr("Close the result"), tr("The round stays in the list."), "close")
        self.close_button.clicked.connect(self.closed)
        self.keep_button = push_button(
            tr("Use new anyway"), tr("Takes the new checkpoint, whatever the scores say; you can go back at any time.")
        )
        self.keep_button.clicked.connect(self.keep_clicked)
        self.roll_back_button = push_button(
            tr("Keep previous"), tr("Proposals go on coming from the checkpoint before this round.")
        )
        self.roll_back_button.clicked.connect(self.roll_back_clicked)
        self._lay_out()
        theme_signals.theme_changed.connect(self._redraw)

    def show_result(
        self,
        text: str,
        old_score: float | None,
        new_score: float | None,
        verdict: Verdict,
        new_in_use: bool,
        has_previous: bool,
        difference: str = "",
    ) -> None:
        """Scores from 0 to 1, None where there is none; `has_previous`: whether there is a checkpoint to go back to.

        `difference` says what the mean IoU may have changed by, and over how many images.
        """
        self._verdict = verdict
        words = {
            Verdict.FIRST: (tr("First network"), Look.SUCCESS),
            Verdict.BETTER: (tr("Better"), Look.SUCCESS),
            Verdict.NO_WORSE: (tr("No worse"), Look.HEADING),
            Verdict.WORSE: (tr("Not better"), Look.WARNING),
            Verdict.CANNOT_JUDGE: (tr("Cannot judge yet"), Look.HEADING),
        }
        headline, look = words[verdict]
        self.headline.setText(headline)
        set_look(self.headline, look)
        both = tr("{old} → {new}", old=score(old_score), new=score(new_score))
        self.scores.setText(score(new_score) if verdict is Verdict.FIRST else both)
        self.scores.setAccessibleName(
            tr("Held-out mean IoU before {old}, after {new}", old=score(old_score), new=score(new_score))
        )
        self.scores.setVisible(new_score is not None)
        self.difference.setText(difference)
        self.difference.setVisible(bool(difference))
        fallback = tr("There are too few held-out images to compare. Accept more images.")
        self.text.setText(text or (fallback if verdict is Verdict.CANNOT_JUDGE else ""))
        self.text.setVisible(bool(self.text.text()))
        self.keep_button.setText(tr("Use new anyway") if verdict is Verdict.WORSE else tr("Use the new one"))
        self.keep_button.setVisible(not new_in_use)
        self.roll_back_button.setText(tr("Back to previous") if new_in_use else tr("Keep previous"))
        self.roll_back_button.setVisible(has_previous)
        for button in (self.keep_button, self.roll_back_button):
            button.setAccessibleName(button.text())
        self._redraw()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        head.setSpacing(GRID)
        head.addWidget(self._picture)
        head.addWidget(self.headline)
        head.addStretch(1)
        head.addWidget(self.close_button)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.keep_button)
        buttons.addWidget(self.roll_back_button)
        buttons.addStretch(1)
        column.addLayout(head)
        # A line of its own: beside the longest headline it would be wider than the panel.
        column.addWidget(self.scores)
        column.addWidget(self.difference)
        column.addWidget(self.text)
        column.addLayout(buttons)

    def _redraw(self) -> None:
        name, role = {
            Verdict.FIRST: ("accept", Role.SUCCESS),
            Verdict.BETTER: ("accept", Role.SUCCESS),
            Verdict.NO_WORSE: ("accept", Role.ACCENT),
            Verdict.WORSE: ("warning", Role.WARNING),
            Verdict.CANNOT_JUDGE: ("info", Role.ACCENT),
        }[self._verdict]
        self._picture.setPixmap(icon(name, role).pixmap(QSize(20, 20), self.devicePixelRatioF()))
