"""The filmstrip's rows: names, statuses and a bounded store of thumbnails. Knows no project and reads no file."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QImage, QPixmap

from segstudio.services.translation import tr
from segstudio.widgets.status_mark import Mark, mark_text

Index = QModelIndex | QPersistentModelIndex

MARK_ROLE = Qt.ItemDataRole.UserRole
HELD_OUT_ROLE = Qt.ItemDataRole.UserRole + 1
OPEN_ROLE = Qt.ItemDataRole.UserRole + 2
THUMBNAIL_ROLE = Qt.ItemDataRole.UserRole + 3

KEPT_THUMBNAILS = 512
"""About 12 MB of 96 × 72 pixels at a scale of 1."""


class Shown(Enum):
    """Which images the filmstrip shows."""

    ALL = "all"
    UNLABELLED = "unlabelled"
    PROPOSED = "proposed"
    DRAFT = "draft"
    UNREVIEWED = "unreviewed"
    ACCEPTED = "accepted"
    HELD_OUT = "held_out"


class FilmstripModel(QAbstractListModel):
    """Thousands of images: filtering is one pass over a list of lower-case names, no row is an object."""

    counts_changed = Signal()
    thumbnail_wanted = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._names: list[str] = []
        self._folded: list[str] = []
        self._number: dict[str, int] = {}
        self._marks: list[Mark] = []
        self._held_out: set[str] = set()
        self._counts: Counter[Mark] = Counter()
        self._rows: list[int] = []
        self._row_of: dict[int, int] = {}
        self._thumbnails: OrderedDict[str, QPixmap] = OrderedDict()
        self._asked: set[str] = set()
        self._open = ""
        self._text = ""
        self._shown = Shown.ALL

    # -- what is shown

    def set_images(self, names: Sequence[str], marks: Mapping[str, Mark], held_out: Collection[str]) -> None:
        """Show `names` in this order; names without a mark are unlabelled."""
        self.beginResetModel()
        self._names = list(names)
        self._folded = [name.casefold() for name in names]
        self._number = {name: number for number, name in enumerate(names)}
        self._marks = [marks.get(name, Mark.UNLABELLED) for name in names]
        self._held_out = set(held_out)
        self._counts = Counter(self._marks)
        self._thumbnails.clear()
        self._asked.clear()
        self._filter()
        self.endResetModel()
        self.counts_changed.emit()

    def set_filter(self, text: str, shown: Shown) -> None:
        """Show only the names that contain `text` (in any case) and are `shown`."""
        if (text.casefold(), shown) == (self._text, self._shown):
            return
        self.beginResetModel()
        self._text, self._shown = text.casefold(), shown
        self._filter()
        self.endResetModel()

    def set_mark(self, name: str, mark: Mark) -> None:
        """Give image `name` another status. It stays in view even where the filter no longer fits, so nothing jumps."""
        self.set_marks({name: mark})

    def set_marks(self, marks: Mapping[str, Mark]) -> None:
        """As `set_mark` for many images, drawn and counted once."""
        changed = [name for name, mark in marks.items() if self._change_mark(name, mark)]
        if len(changed) == 1:
            self._tell(changed[0])
        elif changed:
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))
        if changed:
            self.counts_changed.emit()

    def _change_mark(self, name: str, mark: Mark) -> bool:
        number = self._number.get(name)
        if number is None or self._marks[number] is mark:
            return False
        self._counts[self._marks[number]] -= 1
        self._counts[mark] += 1
        self._marks[number] = mark
        return True

    def set_held_out(self, name: str, held_out: bool) -> None:
        """Say whether image `name` is held out."""
        if (name in self._held_out) is not held_out:
            (self._held_out.add if held_out else self._held_out.discard)(name)
            self._tell(name)

    def set_open(self, name: str) -> None:
        """Say which image is open; empty for none."""
        before, self._open = self._open, name
        self._tell(before)
        self._tell(name)

    # -- thumbnails

    def want(self, rows: range) -> None:
        """Ask for the thumbnails of `rows` that are neither here nor asked for; forget requests for other rows."""
        visible = {self.name_at(row) for row in rows if 0 <= row < len(self._rows)}
        self._asked &= visible
        for row in rows:
            if not 0 <= row < len(self._rows):
                continue
            name = self.name_at(row)
            if name in self._thumbnails:
                self._thumbnails.move_to_end(name)
            elif name not in self._asked:
                self._asked.add(name)
                self.thumbnail_wanted.emit(name)

    def set_thumbnail(self, name: str, image: QImage) -> None:
        """Keep `image` for `name`; the one that was needed longest ago makes room. A null image: there is none."""
        if name not in self._number:
            return
        self._asked.discard(name)
        self._thumbnails[name] = QPixmap.fromImage(image)
        self._thumbnails.move_to_end(name)
        while len(self._thumbnails) > KEPT_THUMBNAILS:
            self._thumbnails.popitem(last=False)
        self._tell(name)

    def thumbnail(self, name: str) -> QPixmap | None:
        """The thumbnail of `name`; None where it is not in memory."""
        return self._thumbnails.get(name)

    def drop_thumbnail(self, name: str) -> None:
        """Forget the thumbnail of `name`, because its picture changed."""
        self._thumbnails.pop(name, None)
        self._asked.discard(name)
        self._tell(name)

    def drop_thumbnails(self) -> None:
        """Forget all thumbnails."""
        self._thumbnails.clear()
        self._asked.clear()
        if self.rowCount():
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    @property
    def kept_thumbnails(self) -> int:
        """How many thumbnails are in memory."""
        return len(self._thumbnails)

    # -- questions

    @property
    def total(self) -> int:
        """The number of images, shown or not."""
        return len(self._names)

    def count(self, mark: Mark) -> int:
        """The number of images of this status, shown or not."""
        return self._counts[mark]

    def name_at(self, row: int) -> str:
        """The name in `row`."""
        return self._names[self._rows[row]]

    def row_of(self, name: str) -> int:
        """The row of `name`, or -1 where it is not shown."""
        return self._row_of.get(self._number.get(name, -1), -1)

    def shown_names(self) -> list[str]:
        """The names that pass the filter, in order."""
        return [self._names[number] for number in self._rows]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """The number of images shown."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Name, status, held-out, open, thumbnail, and a sentence for tooltips and screen readers."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        number = self._rows[index.row()]
        name = self._names[number]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == MARK_ROLE:
            return self._marks[number]
        if role == HELD_OUT_ROLE:
            return name in self._held_out
        if role == OPEN_ROLE:
            return name == self._open
        if role == THUMBNAIL_ROLE:
            return self._thumbnails.get(name)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            state = mark_text(self._marks[number])
            if name in self._held_out:
                return tr("{name}: {status}, held out (never teaches)", name=name, status=state)
            return tr("{name}: {status}", name=name, status=state)
        return None

    def _filter(self) -> None:
        rows: Sequence[int] = range(len(self._names))
        if self._text:
            rows = [number for number in rows if self._text in self._folded[number]]
        if self._shown is Shown.HELD_OUT:
            rows = [number for number in rows if self._names[number] in self._held_out]
        elif self._shown is not Shown.ALL:
            mark = Mark(self._shown.value)
            rows = [number for number in rows if self._marks[number] is mark]
        self._rows = list(rows)
        self._row_of = {number: row for row, number in enumerate(self._rows)}

    def _tell(self, name: str) -> None:
        row = self.row_of(name)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row))
