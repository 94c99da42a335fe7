"""What may be painted over: which labels, how unsure the proposal must have been, and whether accepted pixels too."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QStandardItemModel
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from segstudio.core.class_table import VOID, ClassTable
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import check, explain, label, tool_button
from segstudio.widgets.swatch import swatch

_UNSURE_BELOW = 60
"""Percent."""


class _NoLabel(Enum):
    """Choices that are no label."""

    EVERYTHING = auto()
    UNSURE = auto()


class PaintOver(QWidget):
    """A choice among labels, with a threshold where it needs one, and the switch of what is accepted."""

    changed = Signal()
    """The person chose something else, or another threshold."""
    protect_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.box = QComboBox()
        self.box.addItem(tr("everything"), _NoLabel.EVERYTHING)
        self.spin = QSpinBox()
        self.spin.setRange(1, 100)
        self.spin.setSuffix(tr(" %"))
        self.spin.setValue(_UNSURE_BELOW)
        self.spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.spin.setKeyboardTracking(False)
        self.spin.setFixedWidth(88)
        self.protect_button = tool_button(
            tr("Protect accepted pixels"),
            tr("No tool changes what has a class in an accepted mask."),
            "protect",
            "protect_accepted",
            checkable=True,
        )
        explain(
            self.spin,
            tr("Unsure is what the proposal is less sure of than this"),
            tr("The status bar says how sure it is of the pixel under the pointer."),
        )
        self._has_confidence = True
        self.set_has_confidence(False)
        self._lay_out()
        self.box.currentIndexChanged.connect(self._on_chosen)
        self.spin.valueChanged.connect(lambda _value: self.changed.emit())
        self.protect_button.toggled.connect(self.protect_toggled)

    def _lay_out(self) -> None:
        # As narrow as it must be: names of classes are cut rather than the panel made wider.
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(6)
        choice = QHBoxLayout()
        choice.setSpacing(GRID // 2)
        choice.addWidget(self.box, 1)
        choice.addWidget(self.protect_button)
        self._threshold = QWidget()
        threshold = QHBoxLayout(self._threshold)
        threshold.setContentsMargins(0, 0, 0, 0)
        threshold.addWidget(label(tr("below"), Look.MUTED), 1, Qt.AlignmentFlag.AlignRight)
        threshold.addWidget(self.spin)
        self._threshold.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(choice)
        column.addWidget(self._threshold)

    def only_over(self) -> int | None:
        """The label that alone may be painted over; None for any."""
        value = self.box.currentData()
        return None if isinstance(value, _NoLabel) else int(value)

    @property
    def is_unsure_only(self) -> bool:
        """Whether only void and unsure pixels may be painted over."""
        return self.box.currentData() is _NoLabel.UNSURE

    @property
    def unsure_below(self) -> int:
        """A pixel is unsure where the proposal's confidence is below this many percent."""
        return self.spin.value()

    def set_unsure_below(self, percent: int) -> None:
        """Show the threshold without telling anybody."""
        blocked = self.spin.blockSignals(True)
        self.spin.setValue(percent)
        self.spin.blockSignals(blocked)

    def set_protecting(self, is_on: bool) -> None:
        """Show whether accepted pixels are protected, without telling anybody."""
        check(self.protect_button, is_on)

    def choose_everything(self) -> None:
        """As if the person chose that everything may be painted over."""
        self.box.setCurrentIndex(0)

    def set_classes(self, classes: ClassTable) -> None:
        """The classes that may be chosen to be painted over; a choice stays where the class is still there."""
        before = self.box.currentData(), self.box.currentText()
        blocked = self.box.blockSignals(True)
        self.box.clear()
        self.box.addItem(tr("everything"), _NoLabel.EVERYTHING)
        self.box.addItem(tr("void only"), VOID)
        self.box.addItem(tr("unsure only"), _NoLabel.UNSURE)
        for index, info in enumerate(classes):
            self.box.addItem(swatch(info.color), tr("{name} only", name=info.name), index)
        self.box.setCurrentIndex(next((row for row in range(self.box.count()) if self._is(row, *before)), 0))
        self.box.blockSignals(blocked)
        # The list may be wider than the box, so that every name in it is whole.
        self.box.view().setMinimumWidth(self.box.view().sizeHintForColumn(0) + 3 * GRID)
        self._threshold.setVisible(self.is_unsure_only)
        self._show_whether_there_is_confidence()

    def set_has_confidence(self, has_confidence: bool) -> None:
        """Whether it is known of the open image how sure its proposal was of each pixel."""
        if has_confidence != self._has_confidence:
            self._has_confidence = has_confidence
            self._show_whether_there_is_confidence()

    def _is(self, row: int, value: object, text: str) -> bool:
        """Whether the choice in `row` is the one that had this value and text: a class is known by its name."""
        found = self.box.itemData(row)
        if value == VOID or isinstance(value, _NoLabel):
            return bool(found == value)
        return found != VOID and not isinstance(found, _NoLabel) and self.box.itemText(row) == text

    def _show_whether_there_is_confidence(self) -> None:
        missing = tr("This image has no proposal that says how sure it is. Press P for one.")
        model, row = self.box.model(), self.box.findData(_NoLabel.UNSURE)
        if isinstance(model, QStandardItemModel) and row >= 0:
            model.item(row).setEnabled(self._has_confidence)
            model.item(row).setToolTip(
                tr("Void, and pixels of which the proposal was not sure.") if self._has_confidence else missing
            )
        why = tr("Every tool leaves all other pixels as they are. Locked classes are safe in any case.")
        if self.is_unsure_only and not self._has_confidence:
            why = f"{missing} {tr('Until then only void is painted over.')}"
        explain(self.box, tr("What may be painted over"), why)

    def _on_chosen(self, _row: int) -> None:
        self._threshold.setVisible(self.is_unsure_only)
        self._show_whether_there_is_confidence()
        self.changed.emit()
