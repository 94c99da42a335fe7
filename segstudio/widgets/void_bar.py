"""Offers to fill what is still void, at the lower edge of the image and without stopping anything."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QWidget

from segstudio.core.class_table import ClassTable
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import ParentWatcher, explain, label, push_button, set_look
from segstudio.widgets.swatch import swatch
from segstudio.widgets.words import percent

_KEYS = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape})


class VoidBar(QFrame):
    """A bar over its parent; Escape goes on painting."""

    fill_clicked = Signal(int)
    """Fill the rest with this class index."""
    accept_clicked = Signal()
    """Accept with void left."""
    dismissed = Signal()
    """Go on painting."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        set_look(self, Look.FLOAT)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # what lies beneath would be painted
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.text = label("")
        self.fill_button = push_button(
            tr("Fill the rest with"),
            tr("Gives all void pixels this class, as one edit, and accepts."),
            "fill",
            Look.PRIMARY,
        )
        self.class_box = QComboBox()
        self.class_box.setFixedWidth(20 * GRID)
        explain(self.class_box, tr("Class for the rest"), tr("The class that the void pixels get."))
        self.accept_button = push_button(
            tr("Accept with void"), tr("Void pixels teach nothing and count in no score."), "accept"
        )
        self.back_button = push_button(tr("Go on painting"), tr("Accepts nothing yet."), "", Look.QUIET, "Esc")
        self.fill_button.clicked.connect(lambda: self._leave(self.fill_clicked, int(self.class_box.currentData())))
        self.accept_button.clicked.connect(lambda: self._leave(self.accept_clicked))
        self.back_button.clicked.connect(lambda: self._leave(self.dismissed))
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self.text)
        row.addSpacing(GRID)
        for widget in (self.fill_button, self.class_box, self.accept_button, self.back_button):
            row.addWidget(widget)
        self._watcher = ParentWatcher(self)
        self.hide()

    def offer(self, void_share: float, classes: ClassTable, suggested: int) -> None:
        """Say that `void_share` (0 to 1) of the pixels are void and offer class `suggested` first."""
        self.text.setText(tr("{percent} of the pixels are void.", percent=percent(void_share)))
        self.class_box.clear()
        for index, info in enumerate(classes):
            self.class_box.addItem(swatch(info.color), info.name, index)
        self.class_box.setCurrentIndex(max(0, min(suggested, len(classes) - 1)))
        self.fill_button.setEnabled(len(classes) > 0)
        self.show()
        self.place()
        self.raise_()
        self.fill_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def place(self) -> None:
        """Keep to the middle of the parent's lower edge."""
        parent = self.parentWidget()
        if parent is not None:
            size = self.sizeHint()
            width = min(size.width(), parent.width() - 2 * GRID)
            self.setGeometry(
                (parent.width() - width) // 2, parent.height() - size.height() - 2 * GRID, width, size.height()
            )

    def event(self, event: QEvent) -> bool:
        """Enter and Escape mean the bar while it has the focus; elsewhere they are shortcuts of the window."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and event.key() in _KEYS:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape goes on painting; Enter presses the button that has the focus."""
        if event.key() == Qt.Key.Key_Escape:
            self.back_button.click()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            for button in (self.fill_button, self.accept_button, self.back_button):
                if button.hasFocus():
                    button.click()
        else:
            super().keyPressEvent(event)

    def _leave(self, signal, *values: int) -> None:  # type: ignore[no-untyped-def]  # PySide types no bound signal
        self.hide()
        signal.emit(*values)
