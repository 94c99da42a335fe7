"""Connects the guards (locked classes, what may be painted over) with the open image's document."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.core.class_table import ClassTable
from segstudio.core.guard import Guard
from segstudio.services.notifier import Notifier
from segstudio.services.session import Session
from segstudio.services.translation import tr
from segstudio.widgets.words import class_name
from segstudio.window_parts import WindowParts


class GuardFlow(QObject):
    """One guard for the window; every image that is opened gets it."""

    def __init__(
        self, parts: WindowParts, actions: Actions, session: Session, notifier: Notifier, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._session = session
        self._notifier = notifier
        self._lock = actions["lock_class"]
        self._lock.triggered.connect(lambda: self._toggle(parts.classes.current()))
        self._lock.setEnabled(False)
        parts.classes.lock_toggled.connect(self._toggle)
        # However it became the current one: `current_changed` tells of clicks alone.
        parts.classes.list.selectionModel().currentChanged.connect(lambda *_: self._refresh_action())
        parts.brush.over_changed.connect(self._apply)
        parts.canvas.came_to_nothing.connect(self._on_came_to_nothing)
        session.project_opened.connect(lambda project: self._on_classes_changed(project.classes))
        session.project_closed.connect(lambda: self._on_classes_changed(ClassTable([])))
        session.classes_changed.connect(self._on_classes_changed)
        session.image_opened.connect(self._apply)

    def _classes(self) -> ClassTable:
        project = self._session.project
        return project.classes if project is not None else ClassTable([])

    @Slot(int)
    def _toggle(self, index: int) -> None:
        classes = self._classes()
        if 0 <= index < len(classes):
            self._session.set_classes(classes.with_locked(index, not classes[index].locked))

    @Slot(object)
    def _on_classes_changed(self, classes: ClassTable) -> None:
        self._parts.brush.set_classes(classes)
        self._apply()

    @Slot()
    def _apply(self) -> None:
        classes = self._classes()
        guard = Guard.of((index for index, info in enumerate(classes) if info.locked), self._parts.brush.only_over())
        if self._session.current is not None:
            self._session.current.document.guard = guard
        self._refresh_action()

    @Slot(int)
    def _on_came_to_nothing(self, label: int) -> None:
        """Say why, where that may be a guard."""
        document = self._parts.canvas.document
        if document is not None and not document.guard.allows(label):
            name = class_name(self._classes(), label)
            self._notifier.info(tr("Nothing changed: {name} is locked, or not what may be painted over.", name=name))

    @Slot()
    def _refresh_action(self) -> None:
        classes, current = self._classes(), self._parts.classes.current()
        self._lock.setEnabled(0 <= current < len(classes))
        self._lock.setChecked(self._lock.isEnabled() and classes[current].locked)
