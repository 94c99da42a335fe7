"""Which channels of many are shown, and which a network sees, in a small panel over the image's corner.

Shows what it is given and tells what the person chose; it reads no image and knows no network.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QWheelEvent
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from segstudio.project.channels import ChannelChoice, NetworkInput
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import ParentWatcher, explain, label, push_button, set_look, tool_button

_WIDTH = 36 * GRID


class ChannelsPanel(QFrame):
    """Hidden until it is shown."""

    choice_changed = Signal(object)
    """ChannelChoice: the person chose other channels."""
    new_network_clicked = Signal()
    """The next round is to teach a new network."""
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        set_look(self, Look.FLOAT)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # what lies beneath would be painted
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._count = 0
        self._choice = ChannelChoice()
        self.form_box = QComboBox()
        for text, is_grey in ((tr("Colour"), False), (tr("Grey"), True)):
            self.form_box.addItem(text, is_grey)
        explain(self.form_box, tr("Shown as"), tr("On the screen only: each channel is spread from black to white."))
        self.boxes = tuple(QComboBox() for _ in range(3))
        self._names = tuple(label() for _ in range(3))
        self.network_box = QComboBox()
        explain(
            self.network_box, tr("A new network sees"), tr("The channels at their own depth, whatever is shown later.")
        )
        self.network_text: QLabel = label("", Look.MUTED, wrap=True)
        self.new_button = push_button(
            tr("Start a new network"), tr("The next round begins anew; the rounds so far stay in the list."), "plus"
        )
        self.new_button.clicked.connect(self.new_network_clicked)
        self.close_button = tool_button(tr("Close"), tr("What is set stays with the folder."), "close")
        self.close_button.clicked.connect(self.closed)
        for box in (self.form_box, *self.boxes, self.network_box):
            box.currentIndexChanged.connect(self._on_chosen)
        self._lay_out()
        self._watcher = ParentWatcher(self)
        self.hide()

    def set_channels(self, names: Sequence[str]) -> None:
        """Offer these channels: one name each, "" where it has none."""
        self._count = len(names)
        texts = [f"{number} · {name}" if name else str(number) for number, name in enumerate(names)]
        for box in self.boxes:
            _fill(box, [(text, number) for number, text in enumerate(texts)])
        shares = [(tr("all {count} channels", count=self._count), NetworkInput.ALL)]
        _fill(self.network_box, [*shares, (tr("the channels shown"), NetworkInput.SHOWN)])

    def set_choice(self, choice: ChannelChoice) -> None:
        """Show `choice` without telling anybody; channels that are not there count as not chosen."""
        self._choice = choice
        fits = choice.shown and max(choice.shown) < self._count
        shown = choice.shown if fits else tuple(min(channel, self._count - 1) for channel in range(3))
        self._choose(self.form_box, len(shown) == 1)
        for place, box in enumerate(self.boxes):
            self._choose(box, shown[place % len(shown)])
        self._choose(self.network_box, choice.network)
        self._show_form()

    def set_network(self, text: str, offers_new: bool) -> None:
        """Say what the present network sees, and whether another one is needed for what is chosen."""
        self.network_text.setText(text)
        self.new_button.setVisible(offers_new)
        self.place()

    def place(self) -> None:
        """Keep to the parent's top left corner."""
        parent, layout = self.parentWidget(), self.layout()
        if parent is not None and layout is not None:
            width = min(_WIDTH, parent.width() - 2 * GRID)
            layout.activate()
            height = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else self.sizeHint().height()
            self.setGeometry(GRID, GRID, width, height)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Not the canvas's: it would zoom."""
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Not the canvas's either."""
        event.accept()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(label(tr("Channels"), Look.HEADING), 1)
        head.addWidget(self.close_button)
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        grid.setColumnStretch(1, 1)
        grid.addWidget(label(tr("Shown as")), 0, 0)
        grid.addWidget(self.form_box, 0, 1)
        for row, (name, box) in enumerate(zip(self._names, self.boxes, strict=True), start=1):
            grid.addWidget(name, row, 0)
            grid.addWidget(box, row, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addLayout(head)
        column.addLayout(grid)
        column.addSpacing(GRID)
        column.addWidget(label(tr("A new network sees")))
        column.addWidget(self.network_box)
        column.addWidget(self.network_text)
        column.addWidget(self.new_button, 0, Qt.AlignmentFlag.AlignLeft)

    def _show_form(self) -> None:
        is_grey = bool(self.form_box.currentData())
        names = (tr("Channel") if is_grey else tr("Red"), tr("Green"), tr("Blue"))
        for place, (name, box, text) in enumerate(zip(self._names, self.boxes, names, strict=True)):
            name.setText(text)
            explain(box, text, tr("Counted from 0, as on the command line."))
            name.setVisible(not is_grey or place == 0)
            box.setVisible(not is_grey or place == 0)
        self.place()

    @staticmethod
    def _choose(box: QComboBox, data: object) -> None:
        blocked = box.blockSignals(True)
        box.setCurrentIndex(next(row for row in range(box.count()) if box.itemData(row) == data))
        box.blockSignals(blocked)

    @Slot()
    def _on_chosen(self) -> None:
        self._show_form()
        network: NetworkInput = self.network_box.currentData()
        shown = self._choice.shown
        if self.sender() is not self.network_box or network is NetworkInput.SHOWN:
            used = self.boxes[:1] if self.form_box.currentData() else self.boxes
            shown = tuple(int(box.currentData()) for box in used)
        self._choice = ChannelChoice(shown, network)
        self.choice_changed.emit(self._choice)


def _fill(box: QComboBox, rows: Sequence[tuple[str, object]]) -> None:
    blocked = box.blockSignals(True)
    box.clear()
    for text, data in rows:
        box.addItem(text, data)
    box.blockSignals(blocked)
