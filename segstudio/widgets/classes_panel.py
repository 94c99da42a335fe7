"""The classes: which one is painted, which ones are shown, how much of the image each has, how well each is learnt."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QListView, QMenu, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from segstudio.core.class_table import ClassTable
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr
from segstudio.widgets.class_list import DETAIL_HEADS, ClassDelegate, ClassDetails, ClassListModel, Columns
from segstudio.widgets.controls import Panel, label, push_button, set_look, tool_button


class ClassesPanel(Panel):
    """The class list. Shows what it is given and tells what the person wants; it changes no class itself."""

    current_changed = Signal(int)
    """The person chose this class index."""
    visibility_changed = Signal(int, bool)
    """The person shows (True) or hides class index."""
    lock_toggled = Signal(int)
    """The person locks class index, or unlocks it."""
    change_wanted = Signal(int)
    """The person wants to merge class index into another one, or to swap it."""
    blink_toggled = Signal(int)
    """The person lets class index blink, or no more."""
    add_class_requested = Signal()
    rows_changed = Signal()
    """There are more rows or fewer, or taller ones: `full_height` is another."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(tr("Classes"), parent)
        self.model = ClassListModel(self)
        self.list = _ClassList()
        self.list.setModel(self.model)
        self.list.setItemDelegate(ClassDelegate(self.list))
        self.model.numbers_changed.connect(self.rows_changed)  # their heads take room
        self.rows_changed.connect(self.list.fit_rows)
        self.list.eye_toggled.connect(self._on_eye_toggled)
        self.list.lock_toggled.connect(self.lock_toggled)
        self.list.menu_wanted.connect(self._show_menu)
        self.menu = QMenu(self.list)
        self.list.blink_toggled.connect(self.blink_toggled)
        self.list.selectionModel().currentChanged.connect(self._on_current_changed)
        self.add_button = tool_button(tr("Add a class"), tr("Classes are what the colours stand for."), "plus")
        self.add_button.clicked.connect(self.add_class_requested)
        self.details_button = tool_button(
            tr("Class details"),
            tr("Share in this image and over the accepted ones, weight in the loss, IoU and its trend."),
            "more",
            checkable=True,
        )
        self.details_button.toggled.connect(self._on_details_toggled)
        self.head.addWidget(self.details_button)
        self.head.addWidget(self.add_button)
        self._silent = False
        self.blinking = -1
        """The class index that blinks; -1: none does."""

        full = QWidget()
        column = QVBoxLayout(full)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(_ColumnHeads(self.list, self.model))
        column.addWidget(self.list)
        self._stack = QStackedLayout()
        self._stack.addWidget(self._empty_state())
        self._stack.addWidget(full)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.addLayout(self._stack)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def set_classes(self, classes: ClassTable) -> None:
        """Show `classes`; the current one stays current where it still exists."""
        current = self.current()
        self._silent = True
        self.model.set_classes(classes)
        self._silent = False
        self._stack.setCurrentIndex(1 if len(classes) else 0)
        if len(classes):
            self.set_current(min(max(current, 0), len(classes) - 1))
        self.rows_changed.emit()

    def full_height(self) -> int:
        """The height, in pixels, at which all rows are seen at once."""
        rows = len(self.model.classes) * max(0, self.list.sizeHintForRow(0))
        return self.sizeHint().height() - self.list.sizeHint().height() + rows + 2 * self.list.frameWidth()

    def current(self) -> int:
        """The current class index; -1 where there is no class."""
        return self.list.currentIndex().row()

    def set_current(self, index: int) -> None:
        """Make class `index` the current one without telling anybody."""
        self._silent = True
        self.list.setCurrentIndex(self.model.index(index))
        self._silent = False

    def set_shares(self, shares: Mapping[int, float]) -> None:
        """How much of the image each class index has, from 0 to 1."""
        self.model.set_shares(shares)

    def set_scores(self, scores: Mapping[str, float]) -> None:
        """The held-out IoU of each class name, from 0 to 1; empty where there is none."""
        self.model.set_scores(scores)
        self.update()

    def set_details(self, details: Mapping[str, ClassDetails]) -> None:
        """What else is known of each class, by name."""
        self.model.set_details(details)

    def _empty_state(self) -> QWidget:
        made = QWidget()
        column = QVBoxLayout(made)
        column.setContentsMargins(0, 0, GRID, 0)
        column.setSpacing(GRID)
        column.addWidget(label(tr("No classes yet. Add or load classes: they are what you paint."), Look.MUTED, True))
        button = push_button(tr("Add classes…"), tr("Write one name a line, or load a file of names."), "plus")
        button.clicked.connect(self.add_class_requested)
        column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        self.empty_button = button
        return made

    def _on_details_toggled(self, shown: bool) -> None:
        self.model.set_expanded(shown)
        self.list.doItemsLayout()
        self.rows_changed.emit()

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._silent and current.isValid():
            self.current_changed.emit(current.row())

    def _show_menu(self, place: QPoint, row: int) -> None:
        """What can be done with the class in `row`, at `place` on the screen."""
        info = self.model.classes[row]
        self.menu.clear()
        change = self.menu.addAction(tr("Merge or swap {name}…", name=info.name.replace("&", "&&")))
        change.setEnabled(len(self.model.classes) > 1)
        change.triggered.connect(lambda: self.change_wanted.emit(row))
        self.menu.addSeparator()
        shown = self.menu.addAction(tr("Hide it") if info.visible else tr("Show it"))
        shown.triggered.connect(lambda: self._on_eye_toggled(row))
        locked = self.menu.addAction(tr("Unlock it") if info.locked else tr("Lock it"))
        locked.triggered.connect(lambda: self.lock_toggled.emit(row))
        blinks = self.menu.addAction(tr("Let it blink") if row != self.blinking else tr("Let it blink no more"))
        blinks.triggered.connect(lambda: self.blink_toggled.emit(row))
        self.menu.popup(place)

    def _on_eye_toggled(self, row: int) -> None:
        self.visibility_changed.emit(row, not self.model.classes[row].visible)


class _ClassList(QListView):
    """The rows; Space or a click on the eye shows or hides a class, a click on the lock locks it."""

    eye_toggled = Signal(int)
    lock_toggled = Signal(int)
    menu_wanted = Signal(QPoint, int)
    """Where on the screen, and for which row."""
    blink_toggled = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        set_look(self, Look.BARE)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerItem)
        self.setAccessibleName(tr("Classes"))
        self.setAccessibleDescription(tr("Number keys choose a class; Space shows or hides the current one."))

    def sizeHint(self) -> QSize:
        """Room for three classes is asked for; all room that nobody else asks for is taken."""
        return QSize(240, 3 * ClassDelegate.ROW_HEIGHT + 4)

    def minimumSizeHint(self) -> QSize:
        """Room for three classes."""
        return QSize(160, 3 * ClassDelegate.ROW_HEIGHT + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep to whole rows."""
        super().resizeEvent(event)
        self.fit_rows()

    def fit_rows(self) -> None:
        """Show whole rows only: one that is cut off reads as a blot."""
        rest = (self.height() - 2 * self.frameWidth()) % max(1, self.sizeHintForRow(0))
        if self.viewportMargins().bottom() != rest:
            self.setViewportMargins(0, 0, 0, rest)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """A right click, or the menu key: for the row under the pointer, or the current one."""
        by_key = event.reason() is QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        if index.isValid():
            place = self.visualRect(index).center() if by_key else event.pos()
            self.menu_wanted.emit(self.viewport().mapToGlobal(place), index.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space belongs to the eye."""
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self.eye_toggled.emit(self.currentIndex().row())
            event.accept()
            return
        super().keyPressEvent(event)


class _ColumnHeads(QWidget):
    """The names of the columns of numbers, above them; nothing while there are no numbers."""

    def __init__(self, view: QListView, model: ClassListModel) -> None:
        super().__init__()
        self._view = view
        self._model = model
        self.setFixedHeight(QFontMetrics(self.font()).height() + 4)
        model.numbers_changed.connect(self._on_numbers_changed)
        self._on_numbers_changed()

    def _on_numbers_changed(self) -> None:
        self.setVisible(self._model.has_shares or self._model.has_scores or self._model.is_expanded)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the names over the columns of the rows below."""
        model, row = self._model, self._view.viewport().rect()
        columns = Columns.of(row, model.has_shares, model.has_scores, model.is_expanded)
        painter = QPainter(self)
        painter.setPen(color(Role.TEXT_MUTED))
        offset = self._view.viewport().x()
        named = [(columns.share, tr("share")), (columns.score, tr("IoU"))]
        if columns.details:
            named = [(box, tr(name)) for box, name in zip(columns.details, DETAIL_HEADS, strict=True)]
        for box, name in named:
            if box.width():
                # A name may be wider than its numbers: it ends where they end.
                place = QRect(box.right() - 80 + offset, 0, 81, self.height())
                painter.drawText(place, int(Qt.AlignmentFlag.AlignRight), name)
