"""Connects the history of the open image with the panel that lists its steps. It does nothing while that is hidden."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, QTimer, Slot

from segstudio.actions import Actions
from segstudio.core.class_table import ClassTable
from segstudio.core.document import Document
from segstudio.project.project import Project
from segstudio.services.session import Session
from segstudio.services.settings import SHOW_HISTORY, Settings
from segstudio.services.step_pictures import StepPictures
from segstudio.window_parts import WindowParts

_REFRESH_MS = 30
"""The list follows once after several changes."""
_SLICE_S = 0.010
"""A long way is gone in slices, so that the window stays in use."""


class StepsFlow(QObject):
    """The steps of one image at a time."""

    def __init__(
        self, parts: WindowParts, actions: Actions, session: Session, settings: Settings, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._panel, self._session, self._settings = parts.steps, session, settings
        self._pictures = StepPictures(self)
        self._goal: int | None = None
        self._left_at = 0
        """Where the last slice of a long way ended: anybody else's move ends the way."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._refresh)
        self._way = QTimer(self)
        self._way.setSingleShot(True)
        self._way.timeout.connect(self._go_on)
        self._action = actions["steps"]
        self._action.setChecked(settings.get(SHOW_HISTORY))
        self._action.toggled.connect(self._on_toggled)
        self._panel.closed.connect(lambda: self._action.setChecked(False))
        self._panel.step_chosen.connect(self.go_to_row)
        self._panel.model.looks_wanted.connect(self._on_looks_wanted)
        self._pictures.ready.connect(self._on_pictures_ready)
        parts.canvas.stroke_finished.connect(self._timer.start)
        parts.canvas.about_to_press.connect(self._arrive)
        session.leaving.connect(self._arrive)
        session.state_changed.connect(self._on_state_changed)
        session.image_opened.connect(self._on_image_changed)
        session.waiting.connect(self._on_image_changed)
        session.project_closed.connect(self._on_image_changed)
        session.project_opened.connect(self._on_project_opened)
        session.classes_changed.connect(self._on_classes_changed)
        session.image_renewed.connect(lambda opened: self._on_classes_changed(opened.document.classes))

    def stop(self) -> None:
        """End the thread; for quitting."""
        self._timer.stop()
        self._way.stop()
        self._pictures.stop()

    @property
    def _document(self) -> Document | None:
        return self._session.current.document if self._session.current is not None else None

    # -- going there --------------------------------------------------------------------------------------

    @Slot(int)
    def go_to_row(self, row: int) -> None:
        """Go to the state in `row` of the list: at once, or in slices where it is far."""
        document = self._document
        if document is not None and not document.is_editing:
            self._goal, self._left_at = document.history.forgotten + row, document.history.position
            self._go_on()

    @Slot()
    def _arrive(self) -> None:
        """Go the rest of a long way at once: a stroke made on the way would cut off the steps ahead."""
        if self._goal is not None:
            self._go(math.inf)

    @Slot()
    def _go_on(self) -> None:
        self._go(_SLICE_S)

    def _go(self, within: float) -> None:
        """Go on towards the goal for some `within` seconds."""
        document, goal = self._document, self._goal
        self._goal = None
        if document is None or goal is None or document.history.position != self._left_at:
            return
        if not self._session.go_to_step(goal, within):
            self._goal, self._left_at = goal, document.history.position
            self._way.start(0)

    # -- what is shown ------------------------------------------------------------------------------------

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        self._settings.set(SHOW_HISTORY, shown)
        self._refresh()

    @Slot()
    def _on_state_changed(self) -> None:
        if self._action.isChecked() and not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _on_image_changed(self) -> None:
        self._goal = None
        self._panel.model.start_over()
        self._refresh()

    @Slot(object)
    def _on_project_opened(self, project: Project) -> None:
        self._on_classes_changed(project.classes)

    @Slot(object)
    def _on_classes_changed(self, classes: ClassTable) -> None:
        self._panel.model.set_classes(classes)
        self._panel.list.ask_soon()

    @Slot()
    def _refresh(self) -> None:
        """Show the history as it is; not within a stroke, after which it is done anyway."""
        document = self._document
        if not self._action.isChecked() or (document is not None and document.is_editing):
            return
        if document is None:
            self._panel.set_summary(0, 0)
            return
        history, model = document.history, self._panel.model
        steps, forgotten = history.steps, history.forgotten
        saved = history.saved - forgotten if history.saved is not None else None
        has_moved = model.set_steps(steps, forgotten, history.position - forgotten, saved)
        self._panel.set_summary(len(steps), history.nbytes)
        if has_moved:
            self._panel.list.show_present()
        self._panel.list.ask_soon()

    @Slot(object)
    def _on_looks_wanted(self, rows: list[int]) -> None:
        opened = self._session.current
        if opened is None or opened.document.is_editing:
            self._panel.model.forget_asked()  # the end of the stroke asks again
        else:
            self._pictures.request(opened, rows)

    @Slot(object, object)
    def _on_pictures_ready(self, document: Document, looks: list[object]) -> None:
        if document is self._document:
            self._panel.model.set_looks(looks)  # type: ignore[arg-type]
