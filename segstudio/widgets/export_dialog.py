"""Asks what to export: the form of the masks, of which images, into which folder. It writes nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QFormLayout, QHBoxLayout, QLineEdit, QRadioButton, QWidget

from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import explain, push_button
from segstudio.widgets.dialog_frame import DialogFrame


class Which(Enum):
    """Which images are exported."""

    ACCEPTED = "accepted"
    ALL = "all"
    SELECTION = "selection"


@dataclass(frozen=True)
class ExportChoice:
    """What the person chose; `format_name` is a key of the formats given."""

    format_name: str
    which: Which
    folder: Path


class ExportDialog(DialogFrame):
    """`choice()` after `accepted`."""

    def __init__(
        self,
        formats: Mapping[str, str],
        counts: Mapping[Which, int],
        source: Path,
        suggested: Path,
        parent: QWidget | None = None,
    ) -> None:
        """`formats`: title by name; `counts`: images of each kind; `source`: the folder that must stay untouched."""
        super().__init__(
            tr("Export masks"),
            tr("Writes one PNG for each image. The folder you work in is not changed."),
            tr("Export"),
            parent,
        )
        self._counts = dict(counts)
        self._source = source
        self.format_box = QComboBox()
        for name, title in formats.items():
            self.format_box.addItem(title, name)
        explain(self.format_box, tr("Form of the masks"), tr("What the pixels of the PNG files hold."))
        titles = {
            Which.ACCEPTED: tr("Accepted images ({count})", count=counts.get(Which.ACCEPTED, 0)),
            Which.ALL: tr("All images that have a mask ({count})", count=counts.get(Which.ALL, 0)),
            Which.SELECTION: tr("Selected images ({count})", count=counts.get(Which.SELECTION, 0)),
        }
        self.which_buttons = {}
        for which, text in titles.items():
            self.which_buttons[which] = QRadioButton(text)
        self.folder_edit = QLineEdit(str(suggested))
        explain(self.folder_edit, tr("Folder"), tr("Where the PNG files go; it is made where it is missing."))
        self.browse_button = push_button(tr("Choose…"), tr("Choose the folder."), "open-folder")
        self.browse_button.clicked.connect(self._on_browse)
        self._lay_out()
        for button in self.which_buttons.values():
            button.toggled.connect(self._check)
        self.folder_edit.textChanged.connect(self._check)
        for which, button in self.which_buttons.items():
            button.setEnabled(counts.get(which, 0) > 0)
        first = next((which for which in titles if counts.get(which, 0)), Which.ACCEPTED)
        self.which_buttons[first].setChecked(True)
        self._check()

    def choice(self) -> ExportChoice:
        """What is chosen now."""
        return ExportChoice(str(self.format_box.currentData()), self._which(), self._folder())

    def _folder(self) -> Path:
        """What is written in the field, a person's home folder put for ``~``."""
        return Path(os.path.expanduser(self.folder_edit.text().strip()))  # noqa: PTH111 - Path's raises for ~nobody

    def _which(self) -> Which:
        return next((which for which, button in self.which_buttons.items() if button.isChecked()), Which.ACCEPTED)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(2 * GRID)
        form.setVerticalSpacing(GRID)
        form.addRow(tr("Masks as"), self.format_box)
        for number, button in enumerate(self.which_buttons.values()):
            form.addRow(tr("Of") if number == 0 else "", button)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(self.folder_edit, 1)
        row.addWidget(self.browse_button)
        form.addRow(tr("Into"), row)
        self.body.addLayout(form)
        self.body.addStretch(1)
        self.setMinimumWidth(64 * GRID)

    def _check(self) -> None:
        count = self._counts.get(self._which(), 0)
        self.accept_button.setText(tr("Export {count} masks", count=count) if count != 1 else tr("Export 1 mask"))
        self.show_problem(self._what_is_wrong(count))

    def _what_is_wrong(self, count: int) -> str:
        written = self.folder_edit.text().strip()
        if not count:
            return tr("There is no mask to export yet. Accept an image first.")
        if not written:
            return tr("Choose the folder that the masks go into.")
        if not self._folder().is_absolute():
            return tr("Write the whole path of the folder.")
        folder, source = self._folder().resolve(), self._source.resolve()
        if folder == source or any(folder.is_relative_to(source / part) for part in _SOURCE_PARTS):
            return tr("{folder} belongs to the folder you work in. Choose another one.", folder=written)
        if folder.exists() and not folder.is_dir():
            return tr("{folder} is a file. Choose a folder.", folder=written)
        return ""

    def _on_browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, tr("Export into"), self.folder_edit.text())
        if chosen:
            self.folder_edit.setText(chosen)


_SOURCE_PARTS = ("JPEGImages", "SegmentationClass", "SegmentationObject", "ImageSets", "Annotations", ".segstudio")
