"""Asks for the settings that have no place in a panel. It stores nothing."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QFormLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from segstudio.core.errors import InputError
from segstudio.services.round_command import check_round_command
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, ThemeChoice
from segstudio.services.translation import tr, tr_error
from segstudio.widgets.controls import explain, label
from segstudio.widgets.dialog_frame import DialogFrame

MEGAPIXEL = 1_000_000


@dataclass(frozen=True)
class SettingsValues:
    """The values that the dialog shows and gives back."""

    theme: ThemeChoice = ThemeChoice.SYSTEM
    min_island: int = 40
    """Pixels."""
    look_ahead: int = 3
    """Images."""
    pixel_limit: int = 500 * MEGAPIXEL
    """Pixels an image may have."""
    hold_toggles: bool = False
    """Whether keys that are held act as toggles instead."""
    unreviewed_teach: bool = False
    """Whether label maps that were accepted in bulk, and nobody has looked at, teach."""
    warm_trainer: bool = True
    """Whether a trainer waits for the next round."""
    round_command: str = ""
    """How rounds are run elsewhere; empty: on this computer."""
    drafts_teach: bool = False
    """Whether the pixels of drafts that were touched teach."""
    follow_edges: bool = True
    """Whether the borders of proposals are drawn to the image's edges."""
    keep_thin: bool = False
    """Whether specks that are thin and long stay in proposals."""


class SettingsDialog(DialogFrame):
    """`values()` after `accepted`."""

    def __init__(self, values: SettingsValues, parent: QWidget | None = None) -> None:
        super().__init__(tr("Settings"), "", tr("Save settings"), parent)
        self.theme_box = QComboBox()
        self.theme_box.setFixedWidth(20 * GRID)
        for text, choice in (
            (tr("Like the system"), ThemeChoice.SYSTEM),
            (tr("Light"), ThemeChoice.LIGHT),
            (tr("Dark"), ThemeChoice.DARK),
        ):
            self.theme_box.addItem(text, choice)
        self.theme_box.setCurrentIndex(self.theme_box.findData(values.theme))
        self.island_spin = _spin(0, 100_000, tr("px"), values.min_island)
        self.thin_box = QCheckBox(tr("Keep thin structures"))
        self.thin_box.setChecked(values.keep_thin)
        self.edges_box = QCheckBox(tr("Follow the image's edges"))
        self.edges_box.setChecked(values.follow_edges)
        self.ahead_spin = _spin(0, 50, tr("images"), values.look_ahead)
        self.limit_spin = _spin(1, 4_000, tr("megapixels"), max(1, values.pixel_limit // MEGAPIXEL))
        self.hold_box = QCheckBox(tr("Keys that are held act as toggles"))
        self.hold_box.setChecked(values.hold_toggles)
        self.unreviewed_box = QCheckBox(tr("Unreviewed images teach"))
        self.unreviewed_box.setChecked(values.unreviewed_teach)
        self.warm_box = QCheckBox(tr("Keep a trainer ready"))
        self.warm_box.setChecked(values.warm_trainer)
        self.command_edit = QLineEdit(values.round_command)
        self.command_edit.setFixedWidth(40 * GRID)
        self.drafts_box = QCheckBox(tr("Drafts teach too"))
        self.drafts_box.setChecked(values.drafts_teach)
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(2 * GRID)
        self._add(form, tr("Theme"), self.theme_box, tr("The image looks the same in both."))
        self._add(
            form,
            tr("Merge specks below"),
            self.island_spin,
            tr("Smaller patches of a proposal are merged; 0 keeps all."),
        )
        self._add(
            form,
            tr("Thin specks"),
            self.thin_box,
            tr("Pieces of poles, wires or cracks stay; so do slivers along borders."),
        )
        self._add(
            form,
            tr("Borders"),
            self.edges_box,
            tr("Where the image changes, not where the network guessed."),
        )
        self._add(
            form, tr("Propose ahead"), self.ahead_spin, tr("The next images get their proposals while you paint.")
        )
        self._add(form, tr("Largest image"), self.limit_spin, tr("Guards the memory; larger images are refused."))
        self._add(
            form,
            tr("Keyboard"),
            self.hold_box,
            tr("Until they are pressed again. Which keys: under Help, Shortcuts."),
        )
        self._add(
            form,
            tr("Rounds"),
            self.unreviewed_box,
            tr("Their mistakes teach too. They are never held out."),
        )
        self._add(form, tr("Memory"), self.warm_box, tr("Rounds begin at once; it takes some 400 MB meanwhile."))
        self._add(
            form,
            tr("Round command"),
            self.command_edit,
            tr("Empty: rounds run here. Elsewhere, on a shared folder: ssh gpu-box {command_quoted}"),
        )
        self.command_edit.textChanged.connect(self._on_command_changed)
        self._add(
            form,
            tr("Drafts"),
            self.drafts_box,
            tr("Only what you painted in them, no proposal."),
        )
        self.body.addLayout(form)
        self.body.addStretch(1)
        self.setMinimumWidth(60 * GRID)
        self.resize(self.sizeHint())  # by itself a dialog takes two thirds of the screen at most, and cuts its words

    def values(self) -> SettingsValues:
        """What is chosen now."""
        return SettingsValues(
            theme=self.theme_box.currentData(),
            min_island=self.island_spin.value(),
            look_ahead=self.ahead_spin.value(),
            pixel_limit=self.limit_spin.value() * MEGAPIXEL,
            hold_toggles=self.hold_box.isChecked(),
            unreviewed_teach=self.unreviewed_box.isChecked(),
            warm_trainer=self.warm_box.isChecked(),
            round_command=self.command_edit.text().strip(),
            drafts_teach=self.drafts_box.isChecked(),
            follow_edges=self.edges_box.isChecked(),
            keep_thin=self.thin_box.isChecked(),
        )

    @Slot(str)
    def _on_command_changed(self, text: str) -> None:
        try:
            if text.strip():
                check_round_command(text)
        except InputError as error:
            self.show_problem(tr_error(error))
        else:
            self.show_problem("")

    def _add(self, form: QFormLayout, name: str, control: QWidget, why: str) -> None:
        explain(control, name, why)
        field = QVBoxLayout()
        field.setSpacing(GRID // 2)
        field.addWidget(control, 0, Qt.AlignmentFlag.AlignLeft)
        field.addWidget(label(why, Look.MUTED))
        form.addRow(name, field)


def _spin(least: int, most: int, unit: str, value: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(least, most)
    spin.setSuffix(f" {unit}")
    spin.setValue(value)
    spin.setAlignment(Qt.AlignmentFlag.AlignRight)
    spin.setFixedWidth(20 * GRID)
    return spin
