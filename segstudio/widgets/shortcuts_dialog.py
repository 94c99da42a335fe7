"""All keys and what they do, searchable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from segstudio.services.theme import GRID, Role, icon
from segstudio.services.translation import tr
from segstudio.widgets.controls import explain


@dataclass(frozen=True)
class ShortcutRow:
    """One line: `group` "Tools", `name` "Brush", `keys` "B"."""

    group: str
    name: str
    keys: str


class ShortcutsDialog(QDialog):
    """Groups in the order given."""

    def __init__(self, rows: Sequence[ShortcutRow], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard and mouse"))
        self.resize(60 * GRID, 70 * GRID)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search commands or keys…"))
        self.search.setClearButtonEnabled(True)
        self.search.addAction(icon("search", Role.TEXT_MUTED), QLineEdit.ActionPosition.LeadingPosition)
        explain(self.search, tr("Search"), tr("By what it does or by its key."))
        self.tree = QTreeWidget()
        self.tree.setColumnCount(2)
        self.tree.setHeaderLabels([tr("What"), tr("Keys")])
        self.tree.setRootIsDecorated(False)
        self.tree.setIndentation(2 * GRID)
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.header().setStretchLastSection(False)
        self.tree.setAccessibleName(tr("Keyboard and mouse"))
        self._fill(rows)
        self.search.textChanged.connect(self._filter)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(self.search)
        column.addWidget(self.tree, 1)
        column.addWidget(buttons)

    def _fill(self, rows: Sequence[ShortcutRow]) -> None:
        groups: dict[str, QTreeWidgetItem] = {}
        for row in rows:
            if row.group not in groups:
                head = QTreeWidgetItem([row.group, ""])
                font = head.font(0)
                font.setWeight(font.Weight.DemiBold)
                head.setFont(0, font)
                self.tree.addTopLevelItem(head)
                groups[row.group] = head
            groups[row.group].addChild(QTreeWidgetItem([row.name, row.keys]))
        self.tree.expandAll()

    def _filter(self, text: str) -> None:
        wanted = text.casefold()
        for group in (self.tree.topLevelItem(row) for row in range(self.tree.topLevelItemCount())):
            if group is None:
                continue
            found = 0
            for child in group.takeChildren():
                group.addChild(child)
                fits = wanted in child.text(0).casefold() or wanted in child.text(1).casefold()
                child.setHidden(not fits)
                found += fits
            group.setHidden(not found)
