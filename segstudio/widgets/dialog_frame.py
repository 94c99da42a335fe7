"""What all dialogs share: margins, an explaining line, and buttons that are named by what they do."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import label, push_button


class DialogFrame(QDialog):
    """`body` for the contents; below it a line for what is wrong, Cancel, and `accept_button`.

    Open it with `open()` and listen to `accepted`: a question never stops the program.
    """

    def __init__(self, title: str, explanation: str, accept_text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        outer.setSpacing(2 * GRID)
        if explanation:
            outer.addWidget(label(explanation, Look.MUTED, wrap=True))
        self.body = QVBoxLayout()
        self.body.setSpacing(GRID)
        outer.addLayout(self.body, 1)
        self.problem = label("", Look.DANGER, wrap=True)
        self.problem.hide()
        outer.addWidget(self.problem)
        self.accept_button = push_button(accept_text, "", look=Look.PRIMARY)
        self.accept_button.setDefault(True)
        self.cancel_button = push_button(tr("Cancel"), tr("Changes nothing."), shortcut="Esc")
        self.buttons = QDialogButtonBox()
        self.buttons.addButton(self.accept_button, QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.addButton(self.cancel_button, QDialogButtonBox.ButtonRole.RejectRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        outer.addWidget(self.buttons)

    def show_problem(self, sentence: str) -> None:
        """Say what is wrong and allow no going on; an empty sentence: nothing is."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))
        self.accept_button.setEnabled(not sentence)
