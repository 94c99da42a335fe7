"""The history of the open image as a list of steps; a click on one goes there. Knows no document."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QWidget

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID
from segstudio.services.translation import tr
from segstudio.widgets.controls import Panel, label, set_look, tool_button
from segstudio.widgets.step_delegate import ROW_HEIGHT, StepDelegate
from segstudio.widgets.step_list import Index, StepListModel
from segstudio.widgets.words import data_size, whole_number

_WIDTH = 30 * GRID
_PATIENCE_MS = 30


class StepsPanel(Panel):
    """Shows what it is given and tells where the person wants to go."""

    step_chosen = Signal(int)
    """The row of the step to go to: 0 is the state before all kept steps."""
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("History"), parent)
        self.model = StepListModel(self)
        self.list = StepList(self.model)
        self.list.step_chosen.connect(self.step_chosen)
        self.summary: QLabel = label("", Look.MUTED)
        self.close_button = tool_button(tr("Close"), tr("The history itself stays."), "close", "steps")
        self.close_button.clicked.connect(self.closed)
        self.head.addWidget(self.summary)
        self.head.addWidget(self.close_button)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self.list, 1)
        self.setMinimumWidth(_WIDTH)
        self.set_summary(0, 0)

    def set_summary(self, steps: int, size: int) -> None:
        """How many steps are kept and what they take, in bytes."""
        count = tr("1 step") if steps == 1 else tr("{count} steps", count=whole_number(steps))
        self.summary.setText(tr("{steps} · {size}", steps=count, size=data_size(size)) if steps else tr("no step yet"))


class StepList(QListView):
    """The rows; a click or Enter goes to a step, the arrow keys only look at them."""

    step_chosen = Signal(int)

    def __init__(self, model: StepListModel) -> None:
        super().__init__()
        self._model = model
        self.setModel(model)
        self.setItemDelegate(StepDelegate(self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # A click must not take the keys away from the canvas.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_look(self, Look.BARE)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("History"))
        self.setAccessibleDescription(tr("Enter goes to the chosen step."))
        self.clicked.connect(lambda index: self.step_chosen.emit(index.row()))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE_MS)
        self._timer.timeout.connect(self.ask)
        self.verticalScrollBar().valueChanged.connect(self.ask_soon)
        for told in (model.modelReset, model.rowsInserted, model.rowsRemoved):
            told.connect(self.ask_soon)

    def visible_rows(self) -> range:
        """The rows of which at least a part is in view."""
        if not self.isVisible():
            return range(0)
        top = self.verticalScrollBar().value()
        return range(top // ROW_HEIGHT, min(self._model.rowCount(), -(-(top + self.viewport().height()) // ROW_HEIGHT)))

    def show_present(self) -> None:
        """Bring the row that the image stands at into view."""
        index = self._model.index(self._model.present_row)
        self.setCurrentIndex(index)
        self.scrollTo(index, QListView.ScrollHint.EnsureVisible)

    def ask_soon(self) -> None:
        """Ask for what the rows in view look like once the view has come to rest."""
        self._timer.start()

    def ask(self) -> None:
        """Ask for what the rows in view look like."""
        self._model.want(self.visible_rows())

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Draw what changed. QListView would lay out every row again, but all are of one size for ever."""
        QAbstractItemView.dataChanged(self, first, last, roles)

    def sizeHint(self) -> QSize:
        """As tall as there is room."""
        return QSize(_WIDTH, 6 * ROW_HEIGHT)

    def event(self, event: QEvent) -> bool:
        """Enter is this list's own while it has the focus, and no shortcut."""
        if event.type() is QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_enter(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go to the chosen step."""
        if _is_enter(event) and self.currentIndex().isValid():
            self.step_chosen.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters choose tools."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More may have come into view."""
        super().resizeEvent(event)
        self.ask_soon()

    def showEvent(self, event: QShowEvent) -> None:
        """All rows come into view that are not hidden by others."""
        super().showEvent(event)
        self.ask_soon()


def _is_enter(event: QKeyEvent) -> bool:
    return event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
