"""What the second pane shows: a small chooser over its corner. It shows nothing itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QWidget

from segstudio.core.errors import marked
from segstudio.services.other_masks import OtherMask, OtherMasks
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import ParentWatcher, explain, label, set_look, tool_button

OTHER_MASKS: dict[OtherMask, tuple[str, str]] = {
    OtherMask.PROPOSAL: (marked("Proposal"), marked("What the network suggests for this image")),
    OtherMask.SAVED: (marked("Saved mask"), marked("The mask in the folder, as it was accepted last")),
    OtherMask.TRUTH: (marked("Truth"), marked("The mask that the folder had before segstudio wrote its own")),
    OtherMask.NONE: (marked("Image only"), marked("No mask at all")),
}
"""What each is called, and what it is."""

_MISSING = {
    OtherMask.PROPOSAL: marked("no proposal yet"),
    OtherMask.SAVED: marked("no saved mask yet"),
    OtherMask.TRUTH: marked("the folder had none"),
}


def missing_note(other: OtherMask, masks: OtherMasks) -> str:
    """Why this one of the open image's `masks` is not shown."""
    if not masks.is_there(other):
        return tr(_MISSING[other])
    return tr("reading…") if masks.is_reading(other) else tr("it cannot be read")


class OtherMaskBox(QComboBox):
    """Chooses one of some `OtherMask`s."""

    chosen = Signal(object)
    """OtherMask: the person took another one."""

    def __init__(self, others: tuple[OtherMask, ...], name: str, why: str) -> None:
        super().__init__()
        for other in others:
            title, hint = OTHER_MASKS[other]
            self.addItem(tr(title), other)
            self.setItemData(self.count() - 1, tr(hint), Qt.ItemDataRole.ToolTipRole)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        explain(self, name, why)
        self.activated.connect(lambda _: self.chosen.emit(self.choice()))

    def choice(self) -> OtherMask:
        """The one that is chosen."""
        return OtherMask(self.currentData())

    def choose(self, other: OtherMask) -> None:
        """Choose `other` without telling anybody."""
        self.setCurrentIndex(max(0, self.findData(other)))


class FloatingBar(QFrame):
    """A bar over its parent that takes the pointer's events for itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        set_look(self, Look.FLOAT)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # what lies beneath would be painted
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        self.row.setSpacing(GRID)
        self._watcher = ParentWatcher(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Not for what lies beneath: it would zoom."""
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Not for what lies beneath either."""
        event.accept()

    def place(self) -> None:
        """Keep to the parent's top left corner."""
        parent = self.parentWidget()
        if parent is not None:
            size = self.sizeHint()
            self.setGeometry(GRID, GRID, min(size.width(), parent.width() - 2 * GRID), size.height())


class PaneHead(FloatingBar):
    """The chooser, why nothing is shown where that is so, and a way to close the pane."""

    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.box = OtherMaskBox(tuple(OtherMask), tr("Second pane"), tr("The mask that stands beside the current one."))
        self.note = label("", Look.MUTED)
        self.close_button = tool_button(tr("Close"), tr("The image gets the whole room again."), "close", "second_pane")
        self.close_button.clicked.connect(self.closed)
        for widget in (self.box, self.note, self.close_button):
            self.row.addWidget(widget)
        self.set_note("")

    def set_note(self, text: str) -> None:
        """Say why nothing is shown; nothing to say where it is empty."""
        self.note.setText(text)
        self.note.setVisible(bool(text))
        self.place()
