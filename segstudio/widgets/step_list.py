"""The rows of the history of one image: its steps, which of them are done, and a bounded store of what each looks like.

Knows no document and changes no pixel. A step is known by its edit, which never changes, so what it looks like holds
for as long as the edit lives, on whatever image.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QPixmap

from segstudio.core.class_table import ClassTable
from segstudio.core.edits import Edit
from segstudio.services.step_pictures import StepLook
from segstudio.services.translation import tr
from segstudio.widgets.words import class_name, data_size, whole_number

Index = QModelIndex | QPersistentModelIndex

LOOK_ROLE = Qt.ItemDataRole.UserRole
PIXMAP_ROLE = Qt.ItemDataRole.UserRole + 1
STEP_ROLE = Qt.ItemDataRole.UserRole + 2
"""The Edit of a row; None for the state before all steps."""
PRESENT_ROLE = Qt.ItemDataRole.UserRole + 3
"""Whether the row is where the image stands."""
UNDONE_ROLE = Qt.ItemDataRole.UserRole + 4
SAVED_ROLE = Qt.ItemDataRole.UserRole + 5
GIVEN_ROLE = Qt.ItemDataRole.UserRole + 6
"""What the changed pixels got, in words."""

KEPT_LOOKS = 400
"""Some 10 MB at most."""


class StepListModel(QAbstractListModel):
    """Row 0 is the state before all kept steps, row n the one after the n-th; the newest is at the bottom."""

    looks_wanted = Signal(object)
    """A list of rows, of which it is not known what they look like."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.classes = ClassTable([])
        self._edits: list[Edit] = []
        self._forgotten = 0
        self._row = 0
        self._saved: int | None = None
        self._looks: OrderedDict[int, tuple[Edit, StepLook, QPixmap]] = OrderedDict()
        self._start: tuple[StepLook, QPixmap] | None = None
        self._asked: set[int] = set()

    # -- what is shown

    def set_steps(self, edits: Sequence[Edit], forgotten: int, row: int, saved: int | None) -> bool:
        """Show these steps, before which so many were forgotten; `row` is where the image stands, `saved` what is kept.

        Steps that were shown already keep their rows. Returns whether the image stands elsewhere than before.
        """
        has_moved = row != self._row or forgotten != self._forgotten
        if forgotten != self._forgotten:
            self._forget(forgotten)
        same = _same(self._edits, edits)
        if same < len(self._edits):
            self.beginRemoveRows(QModelIndex(), same + 1, len(self._edits))
            del self._edits[same:]
            self.endRemoveRows()
        if same < len(edits):
            self.beginInsertRows(QModelIndex(), same + 1, len(edits))
            self._edits.extend(edits[same:])
            self.endInsertRows()
        if (row, saved) != (self._row, self._saved):
            self._row, self._saved = row, saved
            self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))
        return has_moved

    def start_over(self) -> None:
        """Show no step: another image comes."""
        self.beginResetModel()
        self._edits, self._forgotten, self._row, self._saved, self._start = [], 0, 0, None, None
        self._asked.clear()
        self.endResetModel()

    def set_classes(self, classes: ClassTable) -> None:
        """Colours and names; the pictures are made anew in them."""
        self.classes = classes
        self._looks.clear()
        self._asked.clear()
        self._start = None
        self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def _forget(self, forgotten: int) -> None:
        gone = forgotten - self._forgotten
        self._forgotten, self._start = forgotten, None
        self._asked.clear()
        if 0 < gone <= len(self._edits):
            self.beginRemoveRows(QModelIndex(), 1, gone)
            del self._edits[:gone]
            self.endRemoveRows()

    # -- what it looks like

    def want(self, rows: Iterable[int]) -> None:
        """Ask for the looks of `rows` that are neither known nor asked for; forget what was asked for other rows."""
        shown = [row for row in rows if 0 <= row < self.rowCount()]
        missing = []
        for row in shown:
            key = self._key(row)
            if row and key in self._looks:
                self._looks.move_to_end(key)
            elif key not in self._asked and (row or self._start is None):
                missing.append(row)
        self._asked = {key for key in map(self._key, shown) if key in self._asked} | set(map(self._key, missing))
        if missing:
            self.looks_wanted.emit(missing)

    def set_looks(self, looks: Iterable[tuple[Edit | None, StepLook]]) -> None:
        """Keep what steps look like; those that were looked at longest ago make room."""
        for edit, look in looks:
            pixmap = QPixmap.fromImage(look.picture)
            self._asked.discard(id(edit) if edit is not None else 0)
            if edit is None:
                self._start = look, pixmap
            else:
                self._looks[id(edit)] = edit, look, pixmap
        while len(self._looks) > KEPT_LOOKS:
            self._looks.popitem(last=False)
        self.dataChanged.emit(self.index(0), self.index(self.rowCount() - 1))

    def forget_asked(self) -> None:
        """What was asked for will not come."""
        self._asked.clear()

    @property
    def kept_looks(self) -> int:
        """How many are in memory."""
        return len(self._looks)

    # -- questions

    @property
    def present_row(self) -> int:
        """Where the image stands."""
        return self._row

    @property
    def forgotten(self) -> int:
        """How many steps before row 0 were forgotten."""
        return self._forgotten

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """The number of steps, and one for the state before them."""
        return 0 if parent.isValid() else len(self._edits) + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The step's name, look and state, and a sentence for tooltips and screen readers."""
        if not index.isValid() or index.row() >= self.rowCount():
            return None
        row = index.row()
        edit = self._edits[row - 1] if row else None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self._name(edit)
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleTextRole:
                return self._told(row, edit)
            case _ if role == STEP_ROLE:
                return edit
            case _ if role == LOOK_ROLE:
                return self._known(row)[0]
            case _ if role == PIXMAP_ROLE:
                return self._known(row)[1]
            case _ if role == PRESENT_ROLE:
                return row == self._row
            case _ if role == UNDONE_ROLE:
                return row > self._row
            case _ if role == SAVED_ROLE:
                return row == self._saved
            case _ if role == GIVEN_ROLE:
                return self._given(row)
        return None

    def _key(self, row: int) -> int:
        return id(self._edits[row - 1]) if row else 0

    def _known(self, row: int) -> tuple[StepLook | None, QPixmap | None]:
        found = self._looks.get(self._key(row)) if row else None
        if found is not None:
            return found[1:]
        return self._start if not row and self._start is not None else (None, None)

    def _name(self, edit: Edit | None) -> str:
        if edit is not None:
            return tr(edit.name)
        return tr("Oldest step kept") if self._forgotten else tr("Opened")

    def _given(self, row: int) -> str:
        look = self._known(row)[0]
        if not row:
            if self._forgotten == 1:
                return tr("1 older one forgotten")
            return tr("{count} older ones forgotten", count=whole_number(self._forgotten)) if self._forgotten else ""
        if look is None:
            return ""
        return class_name(self.classes, look.labels[0]) if len(look.labels) == 1 else tr("several classes")

    def _told(self, row: int, edit: Edit | None) -> str:
        lines = [self._name(edit)]
        look = self._known(row)[0]
        if look is not None and edit is not None:
            names = ", ".join(class_name(self.classes, label) for label in look.labels)
            lines.append(tr("{pixels} px now {classes}", pixels=whole_number(look.pixels), classes=names))
        if edit is not None:
            lines.append(tr("Takes {size} of memory", size=data_size(edit.nbytes)))
        if row == self._row:
            lines.append(tr("The image stands here"))
        elif row > self._row:
            lines.append(tr("Undone; a click makes it again"))
        if row == self._saved:
            lines.append(tr("On the disk as it was here"))
        return "\n".join(lines)


def _same(old: Sequence[Edit], new: Sequence[Edit]) -> int:
    """How many edits `old` and `new` begin alike with. Two chains that part never meet again."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[middle - 1] is new[middle - 1]:
            low = middle
        else:
            high = middle - 1
    return low
