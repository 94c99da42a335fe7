"""Connects the menu of a region, which a right click on the image opens, with the operations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.edits import Edit
from segstudio.core.errors import marked
from segstudio.services.session import Session
from segstudio.services.settings import MIN_ISLAND, Settings
from segstudio.services.translation import tr
from segstudio.tools import ToolContext
from segstudio.tools.region_operations import OPERATIONS, RegionOperation, Scope, operate, relabel
from segstudio.widgets.swatch import swatch
from segstudio.widgets.words import class_name
from segstudio.window_parts import WindowParts

_RELABEL_REGION, _ERASE_REGION = marked("Relabel region"), marked("Erase region")
_RELABEL_ALL = marked("Relabel a class")


class RegionFlow(QObject):
    """What can be done with the region, and with the class, under the pointer."""

    def __init__(self, parts: WindowParts, session: Session, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._parts = parts
        self._session = session
        self._settings = settings
        self.menu = QMenu(parts.canvas)
        self.menu.setToolTipsVisible(True)
        parts.canvas.menu_wanted.connect(self.show_menu)
        # Its entries are about what was under the pointer then.
        for changed in (session.leaving, session.image_opened, session.project_closed, session.proposal_changed):
            changed.connect(self.menu.close)

    @Slot(QPoint, int, int)
    def show_menu(self, place: QPoint, x: int, y: int) -> None:
        """Open the menu of pixel (x, y) of the image at `place` on the screen."""
        project, context = self._session.project, self._parts.canvas.tool_context()
        if project is None or context is None or not project.classes:
            return
        value = context.value_at(x, y)
        if value is None:
            return
        self._fill(project.classes, value, x, y)
        self.menu.popup(place)

    def _fill(self, classes: ClassTable, value: int, x: int, y: int) -> None:
        self.menu.clear()
        name, current = class_name(classes, value), self._parts.classes.current()
        self._head(tr("This region: {name}", name=name))
        is_other = 0 <= current < len(classes) and current != value
        if is_other:
            made = tr("Make it {name}", name=classes[current].name)
            change = partial(_relabelled, Scope.REGION, x, y, current)
            action = self._add(made, tr("The region gets the current class"), change)
            action.setIcon(swatch(classes[current].color))
        if value != classes.erase_value:
            erased = class_name(classes, classes.erase_value)
            self._add(
                tr("Erase it"),
                tr("The region becomes {name}", name=erased),
                lambda context: relabel(context, x, y, classes.erase_value, _ERASE_REGION),
            )
        if value == VOID:
            return
        self._add_operations(Scope.REGION, x, y)
        self.menu.addSeparator()
        self._head(tr("All of {name}", name=name))
        if is_other:
            made = tr("Make all of it {name}", name=classes[current].name)
            change = partial(_relabelled, Scope.LABEL, x, y, current)
            self._add(made, tr("In this image; a merge of two classes"), change).setIcon(action.icon())
        self._add_operations(Scope.LABEL, x, y)
        if value < len(classes):
            self.menu.addSeparator()
            merge = self.menu.addAction(tr("Merge or swap {name}…", name=name))
            merge.setEnabled(len(classes) > 1)
            merge.triggered.connect(lambda: self._parts.classes.change_wanted.emit(value))
            lock = tr("Unlock {name}", name=name) if classes[value].locked else tr("Lock {name}", name=name)
            self.menu.addAction(lock).triggered.connect(lambda: self._parts.classes.lock_toggled.emit(value))

    def _head(self, text: str) -> None:
        """A line that only says what the next ones work on; not all styles draw the text of a section."""
        self.menu.addAction(text).setEnabled(False)

    def _add_operations(self, scope: Scope, x: int, y: int) -> None:
        for operation in OPERATIONS.values():
            if operation.scope is not scope:
                continue
            least = self._settings.get(MIN_ISLAND)
            title = tr(operation.title)
            if operation.id == "remove_small":
                title = tr("Remove regions below {pixels} px", pixels=least)

            self._add(title, tr(operation.hint), partial(_operated, operation, x, y, least))

    def _add(self, title: str, hint: str, change: Callable[[ToolContext], Edit | None]) -> QAction:
        action = self.menu.addAction(title)
        action.setToolTip(hint)
        action.triggered.connect(lambda: self._parts.canvas.operate(change))
        return action


def _relabelled(scope: Scope, x: int, y: int, value: int, context: ToolContext) -> Edit | None:
    return relabel(context, x, y, value, _RELABEL_REGION if scope is Scope.REGION else _RELABEL_ALL, scope)


def _operated(operation: RegionOperation, x: int, y: int, least: int, context: ToolContext) -> Edit | None:
    return operate(operation, context, x, y, least)
