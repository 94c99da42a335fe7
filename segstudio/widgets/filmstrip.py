"""The filmstrip: all images of the folder, how far the work is, and the way to any of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import QModelIndex, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage, QKeyEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListView,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, icon, set_icon
from segstudio.services.translation import tr
from segstudio.widgets.controls import ProgressBar, explain, label, push_button, set_look
from segstudio.widgets.filmstrip_delegate import CELL, FilmstripDelegate
from segstudio.widgets.filmstrip_list import FilmstripModel, Index, Shown
from segstudio.widgets.status_mark import Mark
from segstudio.widgets.words import time_left

_PATIENCE_MS = 30
"""A flung filmstrip asks for the thumbnails of where it comes to rest, not of all it passed."""


class Filmstrip(QFrame):
    """Shows what it is given; asks for thumbnails of what is in view only."""

    image_chosen = Signal(str)
    selection_changed = Signal(list)
    """list[str]: the selected names, in order."""
    thumbnail_wanted = Signal(str)
    """Answer with `set_thumbnail`; a null image says that there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, Look.PANEL)
        self.model = FilmstripModel(self)
        self.view = FilmstripView(self.model)
        self.counts = label("", Look.MUTED)
        self.time_left = label("", Look.MUTED)
        self.bar = ProgressBar()
        self.search = QLineEdit()
        self.status_filter = QComboBox()
        self._build_header()
        self._build_body()
        self.model.counts_changed.connect(self._on_counts_changed)
        self.model.modelReset.connect(self._on_reset)
        self.model.thumbnail_wanted.connect(self.thumbnail_wanted)
        self.view.chosen.connect(self.image_chosen)
        self.view.selectionModel().selectionChanged.connect(self._on_selection_changed)
        self.search.textChanged.connect(self._on_filter_changed)
        self.status_filter.currentIndexChanged.connect(self._on_filter_changed)
        self._on_counts_changed()
        self._on_reset()

    # -- in

    def set_images(
        self, names: Sequence[str], marks: Mapping[str, Mark] | None = None, held_out: Collection[str] = ()
    ) -> None:
        """Show the images `names`, in this order."""
        self.model.set_images(names, marks or {}, held_out)

    def set_mark(self, name: str, mark: Mark) -> None:
        """Give image `name` another status."""
        self.model.set_mark(name, mark)

    def set_marks(self, marks: Mapping[str, Mark]) -> None:
        """Give many images another status at once."""
        self.model.set_marks(marks)

    def set_held_out(self, name: str, held_out: bool) -> None:
        """Say whether image `name` is held out."""
        self.model.set_held_out(name, held_out)

    def set_thumbnail(self, name: str, image: QImage) -> None:
        """The answer to `thumbnail_wanted`."""
        self.model.set_thumbnail(name, image)

    def refresh_thumbnail(self, name: str) -> None:
        """Forget the thumbnail of `name` and ask again where it is in view: its overlay changed."""
        self.model.drop_thumbnail(name)
        self.view.ask_soon()

    def refresh_thumbnails(self) -> None:
        """Forget all thumbnails and ask again for those in view: images are shown in another way."""
        self.model.drop_thumbnails()
        self.view.ask_soon()

    def set_current(self, name: str) -> None:
        """Say which image is open and bring it into view, without telling anybody."""
        self.model.set_open(name)
        self.view.show_row(self.model.row_of(name))

    def set_time_left(self, seconds: float | None) -> None:
        """How long the images that are left will take, where that can be told."""
        self.time_left.setText("" if seconds is None else tr("about {left}", left=time_left(seconds)))
        self.time_left.setVisible(seconds is not None)

    # -- questions

    def selected_names(self) -> list[str]:
        """The selected names, in order."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        return [self.model.name_at(row) for row in rows]

    def neighbour(self, name: str, step: int) -> str | None:
        """The name `step` places after (before, where negative) `name` among those shown, or None at the ends."""
        row = self.model.row_of(name)
        wanted = row + step if row >= 0 else 0
        return self.model.name_at(wanted) if 0 <= wanted < self.model.rowCount() else None

    def start_search(self) -> None:
        """Give the keys to the search; what is typed replaces what stands there."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def show_all(self) -> None:
        """Clear search and filter."""
        self.search.clear()
        self.status_filter.setCurrentIndex(0)

    # -- inside

    def _build_header(self) -> None:
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(20 * GRID)
        explain(self.bar, tr("Progress"), tr("The share of the images that are accepted."))
        self.search.setPlaceholderText(tr("Search names…"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedWidth(24 * GRID)
        leading = QLineEdit.ActionPosition.LeadingPosition
        self._search_icon = self.search.addAction(icon("search", Role.TEXT_MUTED), leading)
        set_icon(self._search_icon, "search", Role.TEXT_MUTED)
        explain(
            self.search,
            tr("Search image names"),
            tr("Shows the images whose name contains these letters."),
            commands="find_image",
        )
        for text, shown in (
            (tr("All images"), Shown.ALL),
            (tr("Unlabelled"), Shown.UNLABELLED),
            (tr("Proposed"), Shown.PROPOSED),
            (tr("Draft"), Shown.DRAFT),
            (tr("Unreviewed"), Shown.UNREVIEWED),
            (tr("Accepted"), Shown.ACCEPTED),
            (tr("Held out"), Shown.HELD_OUT),
        ):
            self.status_filter.addItem(text, shown)
        explain(self.status_filter, tr("Status filter"), tr("Shows the images of one status only."))
        self.header = QHBoxLayout()
        self.header.setSpacing(GRID)
        self.header.addWidget(label(tr("Images"), Look.HEADING))
        self.header.addSpacing(GRID)
        self.header.addWidget(self.counts)
        self.header.addWidget(self.bar)
        self.header.addWidget(self.time_left)
        self.header.addStretch(1)
        self.header.addWidget(self.search)
        self.header.addWidget(self.status_filter)
        self.time_left.hide()

    def _build_body(self) -> None:
        self.empty_text = label("", Look.MUTED)
        self.empty_button = push_button(tr("Show all images"), tr("Clears the search and the filter."))
        self.empty_button.clicked.connect(self.show_all)
        empty = QWidget()
        row = QHBoxLayout(empty)
        row.setSpacing(2 * GRID)
        row.addStretch(1)
        row.addWidget(self.empty_text)
        row.addWidget(self.empty_button)
        row.addStretch(1)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, GRID, GRID // 2)
        column.setSpacing(GRID // 2)
        column.addLayout(self.header)
        column.addLayout(self._stack)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _on_counts_changed(self) -> None:
        accepted, total = self.model.count(Mark.ACCEPTED), self.model.total
        unreviewed = self.model.count(Mark.UNREVIEWED)
        text = tr("{accepted} accepted of {total}", accepted=accepted, total=total)
        if unreviewed:
            text = tr("{done}, {count} unreviewed", done=text, count=unreviewed)
        self.counts.setText(text if total else "")
        self.bar.setVisible(total > 0)
        self.bar.setRange(0, max(total, 1))
        self.bar.setValue(accepted)
        self.bar.setToolTip(tr("{accepted} accepted of {total}", accepted=accepted, total=total))

    def _on_reset(self) -> None:
        found = self.model.rowCount() > 0
        self._stack.setCurrentIndex(0 if found else 1)
        self.empty_button.setVisible(self.model.total > 0)
        self.empty_text.setText(
            tr("No image matches the search and the filter.")
            if self.model.total
            else tr("No images yet. Open a folder and its images line up here.")
        )

    def _on_filter_changed(self) -> None:
        self.model.set_filter(self.search.text(), self.status_filter.currentData())

    def _on_selection_changed(self) -> None:
        self.selection_changed.emit(self.selected_names())


class FilmstripView(QListView):
    """One row of cells, scrolled sideways by wheel, keys and bar."""

    chosen = Signal(str)

    def __init__(self, model: FilmstripModel) -> None:
        super().__init__()
        self._model = model
        self._silent = False
        self.setModel(model)
        self.setItemDelegate(FilmstripDelegate(self))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        set_look(self, Look.BARE)
        self.setMouseTracking(True)
        self.setFixedHeight(CELL.height() + 16)
        self.setAccessibleName(tr("Images"))
        self.setAccessibleDescription(tr("Arrow keys open the images beside; Ctrl or Shift selects several."))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PATIENCE_MS)
        self._timer.timeout.connect(self._ask)
        self.horizontalScrollBar().valueChanged.connect(self.ask_soon)
        model.modelReset.connect(self._on_reset)
        model.rowsInserted.connect(self.ask_soon)

    def ask_soon(self) -> None:
        """Ask for the thumbnails in view once the view has come to rest."""
        self._timer.start()

    def visible_rows(self) -> range:
        """The rows of which at least a part is in view."""
        if not self.isVisible():
            return range(0)
        left = self.horizontalScrollBar().value()
        right = left + self.viewport().width()
        return range(left // CELL.width(), min(self._model.rowCount(), -(-right // CELL.width())))

    def show_row(self, row: int) -> None:
        """Make `row` current and bring it into view without telling anybody; -1: no row."""
        self._silent = True
        index = self._model.index(row) if row >= 0 else QModelIndex()
        self.setCurrentIndex(index)
        if index.isValid():
            self.scrollTo(index, QListView.ScrollHint.EnsureVisible)
        self._silent = False

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Draw what changed. QListView would lay out every row again, but all cells are of one size for ever."""
        QAbstractItemView.dataChanged(self, first, last, roles)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(6 * CELL.width(), self.height())

    def currentChanged(self, current: Index, previous: Index) -> None:
        """A plain click or arrow key opens an image; with Ctrl or Shift it only selects."""
        super().currentChanged(current, previous)
        selecting = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        if current.isValid() and not self._silent and not QGuiApplication.keyboardModifiers() & selecting:
            self.chosen.emit(self._model.name_at(current.row()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down have no meaning in a single row: the window may use them."""
        if event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            event.ignore()
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Letters choose tools; names are found by the search box."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel that turns up and down moves the row sideways."""
        turned = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta()
        by = turned.x() if abs(turned.x()) > abs(turned.y()) else turned.y()
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() - by)
        event.accept()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """More may have come into view."""
        super().resizeEvent(event)
        self.ask_soon()

    def _on_reset(self) -> None:
        self.ask_soon()

    def _ask(self) -> None:
        self._model.want(self.visible_rows())
