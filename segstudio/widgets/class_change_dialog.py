"""Asks which two classes to merge or swap, and where, and shows what would come of it. It counts nothing itself."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Signal, Slot
from PySide6.QtWidgets import QButtonGroup, QComboBox, QGridLayout, QHBoxLayout, QRadioButton, QWidget

from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.class_table import ClassTable
from segstudio.project.class_counts import Affected
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.before_after import BeforeAfter, Pair
from segstudio.widgets.controls import ProgressBar, check, explain, label
from segstudio.widgets.dialog_frame import DialogFrame
from segstudio.widgets.swatch import swatch
from segstudio.widgets.words import images_of, percent, pixels_of


@dataclass(frozen=True)
class ChangeChoice:
    """What is chosen; `change` is None while both classes are the same one."""

    change: ClassChange | None
    everywhere: bool


class ClassChangeDialog(DialogFrame):
    """`choice()` after `accepted`. Whoever opened it listens to `choice_changed` and answers with what would change."""

    choice_changed = Signal()

    def __init__(self, classes: ClassTable, source: int, has_image: bool, parent: QWidget | None = None) -> None:
        """With class `source` chosen; `has_image` says whether an image is open."""
        super().__init__(
            tr("Merge or swap classes"),
            tr("Merging gives all pixels of one class to another one. Swapping exchanges two classes."),
            tr("Merge"),
            parent,
        )
        self._classes = classes
        self._obstacle = ""
        self._affected: Affected | None = None
        self._pixels: int | None = None
        self._make_controls(source, has_image)
        self._lay_out()
        self.refresh()

    def choice(self) -> ChangeChoice:
        """What is chosen now."""
        source, target = self.source_box.currentData(), self.target_box.currentData()
        kind = ChangeKind.MERGE if self.merge_button.isChecked() else ChangeKind.SWAP
        change = ClassChange(kind, source, target) if source != target else None
        return ChangeChoice(change, self.all_button.isChecked())

    # -- in

    def set_obstacle(self, sentence: str) -> None:
        """Say why this may not be changed; an empty sentence: it may."""
        self._obstacle = sentence
        self._refresh_button()

    def set_notes(self, sentences: list[str]) -> None:
        """What else is to be known, below the preview."""
        self.notes.setText("\n".join(sentences))
        self.notes.setVisible(bool(sentences))

    def show_unknown(self) -> None:
        """Nothing is known yet of what is chosen."""
        self._pixels = self._affected = None
        self.summary.setText(tr("Looking…"))
        self.preview.show_nothing("")
        self._refresh_button()

    def show_pixels(self, pixels: int, of: int) -> None:
        """So many pixels of `of` would change in this image."""
        self._pixels = pixels
        text = tr("{pixels} change, {share} of this image.", pixels=pixels_of(pixels), share=percent(pixels / of))
        self.summary.setText(text if pixels else tr("Nothing changes in this image."))
        self._refresh_button()

    def show_counting(self, done: int, of: int) -> None:
        """So many images of `of` are counted."""
        self.progress.setRange(0, max(1, of))
        self.progress.setValue(done)
        self.progress.setVisible(True)
        self.preview.show_nothing(tr("The images that change most are shown here when all are counted."))
        self.summary.setText(tr("Counting: {done} of {of} images.", done=done, of=of))

    def show_affected(self, found: Affected) -> None:
        """What would change in all images."""
        self._affected = found
        self.progress.setVisible(False)
        self.summary.setText(_told(found))
        if not found.names:
            self.preview.show_nothing("")
        self._refresh_button()

    def show_pairs(self, pairs: list[Pair]) -> None:
        """Pictures of what is chosen: one for this image, the most affected ones for all images."""
        if self.all_button.isChecked():
            self.preview.show_strip(pairs)
        elif pairs:
            self.preview.show_one(pairs[0])

    # -- inside

    def _make_controls(self, source: int, has_image: bool) -> None:
        self.merge_button, self.swap_button = QRadioButton(tr("Merge")), QRadioButton(tr("Swap"))
        self.here_button, self.all_button = QRadioButton(tr("This image")), QRadioButton(tr("All images"))
        self._kinds, self._places = QButtonGroup(self), QButtonGroup(self)
        for group, buttons in (
            (self._kinds, (self.merge_button, self.swap_button)),
            (self._places, (self.here_button, self.all_button)),
        ):
            for button in buttons:
                group.addButton(button)
            group.buttonClicked.connect(self._on_chosen)
        self.merge_button.setChecked(True)
        check(self.here_button if has_image else self.all_button, True)
        self.here_button.setEnabled(has_image)
        self.source_box, self.target_box = self._class_box(source), self._class_box(1 if source == 0 else 0)
        explain(self.source_box, tr("Class"), tr("Its pixels get the other class."))
        explain(self.target_box, tr("The other class"), tr("It gets the pixels."))
        self.between = label("", Look.MUTED)
        self.preview = BeforeAfter()
        self.summary = label("", wrap=True)
        self.progress = ProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        self.notes = label("", Look.MUTED, wrap=True)
        self.notes.hide()

    def _class_box(self, chosen: int) -> QComboBox:
        box = QComboBox()
        box.setIconSize(QSize(2 * GRID, 2 * GRID))
        for index, info in enumerate(self._classes):
            box.addItem(swatch(info.color), info.name, index)
        box.setCurrentIndex(chosen)
        box.currentIndexChanged.connect(self._on_chosen)
        return box

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        kinds, classes, places = (QHBoxLayout() for _ in range(3))
        for row in (kinds, classes, places):
            row.setSpacing(2 * GRID)
        for button in (self.merge_button, self.swap_button):
            kinds.addWidget(button)
        kinds.addStretch(1)
        classes.addWidget(self.source_box, 1)
        classes.addWidget(self.between)
        classes.addWidget(self.target_box, 1)
        for button in (self.here_button, self.all_button):
            places.addWidget(button)
        places.addStretch(1)
        titles = (tr("What"), tr("Classes"), tr("Where"))
        for number, (title, row) in enumerate(zip(titles, (kinds, classes, places), strict=True)):
            grid.addWidget(label(title), number, 0)
            grid.addLayout(row, number, 1)
        self.body.addLayout(grid)
        self.body.addSpacing(GRID)
        self.body.addWidget(self.preview)
        self.body.addWidget(self.summary)
        self.body.addWidget(self.progress)
        self.body.addWidget(self.notes)
        self.body.addStretch(1)
        self.setMinimumWidth(80 * GRID)

    @Slot()
    def _on_chosen(self) -> None:
        self.refresh()
        self.choice_changed.emit()

    def refresh(self) -> None:
        """Say what is chosen; what would come of it is unknown."""
        is_merge = self.merge_button.isChecked()
        self.between.setText(tr("becomes") if is_merge else tr("changes places with"))
        self.progress.setVisible(False)
        self.show_unknown()
        if self.choice().change is None:
            self.summary.setText("")

    def _refresh_button(self) -> None:
        choice, found = self.choice(), self._affected
        self.accept_button.setText(self._what_is_done(choice))
        if choice.change is None:
            self.show_problem(tr("Choose two different classes."))
            return
        self.show_problem(self._obstacle)
        is_something = bool(found and found.names) if choice.everywhere else bool(self._pixels)
        self.accept_button.setEnabled(not self._obstacle and is_something)

    def _what_is_done(self, choice: ChangeChoice) -> str:
        """What the button says."""
        change, found = choice.change, self._affected
        if change is None:
            return tr("Merge") if self.merge_button.isChecked() else tr("Swap")
        return told_change(
            change.kind,
            self._classes.name_of(change.source),
            self._classes.name_of(change.target),
            len(found.names) if choice.everywhere and found is not None else 0,
        )


def told_change(kind: ChangeKind, source: str, target: str, images: int = 0) -> str:
    """ "Merge pole into building in 34 images"; 0 images: of how many is not said."""
    names = {"source": source, "target": target}
    if not images:
        if kind is ChangeKind.MERGE:
            return tr("Merge {source} into {target}", **names)
        return tr("Swap {source} and {target}", **names)
    if kind is ChangeKind.MERGE:
        return tr("Merge {source} into {target} in {images}", images=images_of(images), **names)
    return tr("Swap {source} and {target} in {images}", images=images_of(images), **names)


def _told(found: Affected) -> str:
    """What would change in all images."""
    if not found.names:
        return tr("Nothing changes in any image.")
    masks = tr("1 mask") if found.masks == 1 else tr("{count} masks", count=found.masks)
    drafts = tr("1 draft") if found.drafts == 1 else tr("{count} drafts", count=found.drafts)
    if found.masks and found.drafts:
        return tr(
            "{masks} ({mask_pixels}) and {drafts} ({draft_pixels}) change.",
            masks=masks,
            mask_pixels=pixels_of(found.mask_pixels),
            drafts=drafts,
            draft_pixels=pixels_of(found.draft_pixels),
        )
    what, count = (masks, found.masks) if found.masks else (drafts, found.drafts)
    pixels = pixels_of(found.mask_pixels + found.draft_pixels)
    if count == 1:
        return tr("{what} changes, {pixels} of it.", what=what, pixels=pixels)
    return tr("{what} change, {pixels} in all.", what=what, pixels=pixels)
