"""How a round teaches, as plain choices that most people never open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from segstudio.core.errors import marked
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, set_icon
from segstudio.services.translation import tr
from segstudio.widgets.controls import explain, label, push_button, set_look
from segstudio_training.choices import OPTIONS, Choice, RoundChoices

_TITLES = {
    "class_weights": marked("Class weights"),
    "loss": marked("Loss"),
    "augmentation": marked("Variation of the images"),
}
"""By field of `RoundChoices`."""


class RoundChoicesBox(QWidget):
    """ "More choices", and below it, once opened, one box for each choice that there is."""

    changed = Signal(object)
    """RoundChoices."""

    def __init__(
        self, parent: QWidget | None = None, options: Sequence[tuple[str, str, tuple[Choice, ...]]] = OPTIONS
    ) -> None:
        super().__init__(parent)
        self.boxes: dict[str, QComboBox] = {}
        self._whys: dict[str, QLabel] = {}
        self.disclosure = QToolButton()
        self.disclosure.setCheckable(True)
        self.disclosure.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.disclosure.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_look(self.disclosure, Look.QUIET)
        self.area = QWidget()
        column = QVBoxLayout(self.area)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for field, _, rows in options:
            if len(rows) > 1:
                self._add(column, field, rows)
        self.reset_button = push_button(tr("Back to the defaults"), tr("They suit most folders."), "undo")
        self.reset_button.clicked.connect(self._on_reset)
        column.addWidget(self.reset_button, 0, Qt.AlignmentFlag.AlignLeft)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(GRID // 2)
        outer.addWidget(self.disclosure, 0, Qt.AlignmentFlag.AlignLeft)
        outer.addWidget(self.area)
        self.disclosure.toggled.connect(self._show)
        self._show()

    def choices(self) -> RoundChoices:
        """What is chosen."""
        return replace(RoundChoices(), **{field: str(box.currentData()) for field, box in self.boxes.items()})

    def set_choices(self, choices: RoundChoices) -> None:
        """Show `choices` without telling anybody; a key that there is no row for shows the default."""
        for field, box in self.boxes.items():
            blocked = box.blockSignals(True)
            box.setCurrentIndex(max(0, box.findData(getattr(choices, field))))
            box.blockSignals(blocked)
        self._show()

    def _add(self, column: QVBoxLayout, field: str, rows: tuple[Choice, ...]) -> None:
        box = QComboBox()
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for row in rows:
            box.addItem(tr(row.title), row.key)
            box.setItemData(box.count() - 1, tr(row.why), Qt.ItemDataRole.ToolTipRole)
        name = label(tr(_TITLES[field]))
        name.setBuddy(box)
        why = label("", Look.MUTED, wrap=True)
        self.boxes[field], self._whys[field] = box, why
        for part in (name, box, why):
            column.addWidget(part)
        column.addSpacing(GRID // 2)
        box.currentIndexChanged.connect(self._on_changed)

    def _on_changed(self) -> None:
        self._show()
        self.changed.emit(self.choices())

    def _on_reset(self) -> None:
        self.set_choices(RoundChoices())
        self.changed.emit(self.choices())

    def _show(self) -> None:
        """Say what is chosen, and how much of it is not the default."""
        opened = self.disclosure.isChecked()
        differing = sum(box.currentIndex() != 0 for box in self.boxes.values())
        text = tr("More choices ({count} changed)", count=differing) if differing else tr("More choices")
        self.disclosure.setText(text)
        set_icon(self.disclosure, "chevron-up" if opened else "chevron-down")
        explain(self.disclosure, text, tr("How a round teaches; most people need none of it."))
        self.area.setVisible(opened)
        self.reset_button.setVisible(differing > 0)
        for field, box in self.boxes.items():
            why = str(box.currentData(Qt.ItemDataRole.ToolTipRole))
            self._whys[field].setText(why)
            explain(box, tr(_TITLES[field]), why)
