"""Connects the session with the canvas, the panels and the filmstrip: what is open, painted, accepted. No logic."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Slot

from segstudio.actions import Actions
from segstudio.canvas.hover_info import HoverInfo
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.errors import marked
from segstudio.project.project import Project, Status
from segstudio.services.notifier import Notifier
from segstudio.services.open_image import OpenImage
from segstudio.services.session import Session
from segstudio.services.settings import (
    CROSSHAIR,
    HOLD_TOGGLES,
    OUTLINE,
    OVERLAY_OPACITY,
    Settings,
)
from segstudio.services.thumbnails import ThumbnailService
from segstudio.services.translation import tr
from segstudio.tools import TOOLS
from segstudio.widgets.status_mark import Mark, mark_text
from segstudio.widgets.words import class_name
from segstudio.window_parts import WindowParts

_SHARES_MS = 50
"""Every pixel is counted for the shares of the classes: once after several changes."""


class ImageFlow(QObject):
    """Everything around one image."""

    def __init__(
        self,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        settings: Settings,
        notifier: Notifier,
        thumbnails: ThumbnailService,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._actions = actions
        self._session = session
        self._settings = settings
        self._notifier = notifier
        self._thumbnails = thumbnails
        self._can_paint = True
        self._undecided: list[str] = []
        self._shares_timer = QTimer(self)
        self._shares_timer.setSingleShot(True)
        self._shares_timer.setInterval(_SHARES_MS)
        self._shares_timer.timeout.connect(self._on_shares_due)
        self._connect_session()
        self._connect_canvas()
        self._connect_panels()
        self._connect_actions()
        self._apply_settings()
        self.choose_tool("brush")

    # -- connections --------------------------------------------------------------------------------------

    def _connect_session(self) -> None:
        session = self._session
        session.project_opened.connect(self._on_project_opened)
        session.project_closed.connect(self._on_project_closed)
        session.classes_changed.connect(self._on_classes_changed)
        session.leaving.connect(self._parts.canvas.finish_stroke)
        session.image_opened.connect(self._on_image_opened)
        session.image_renewed.connect(self._on_image_renewed)
        session.channels_changed.connect(self._on_channels_changed)
        session.image_failed.connect(self._on_image_failed)
        session.proposal_changed.connect(self.show_proposal)
        session.status_changed.connect(self._on_status_changed)
        session.state_changed.connect(self._on_state_changed)
        session.void_left.connect(self._on_void_left)
        session.tally.changed.connect(self._on_counted)

    def _connect_canvas(self) -> None:
        canvas = self._parts.canvas
        canvas.painting_began.connect(self._on_stroke_on_proposal)
        canvas.stroke_finished.connect(self._on_stroke_on_proposal)
        canvas.stroke_finished.connect(self._session.show_wanted, Qt.ConnectionType.QueuedConnection)
        canvas.hovered.connect(self._on_hovered)
        canvas.zoom_changed.connect(self._parts.status.set_zoom)
        canvas.class_picked.connect(self._on_class_picked)
        canvas.told.connect(self._notifier.info)

    def _connect_panels(self) -> None:
        parts, canvas = self._parts, self._parts.canvas
        parts.classes.current_changed.connect(self.choose_class)
        parts.classes.visibility_changed.connect(self._on_visibility_changed)
        parts.brush.opacity_changed.connect(canvas.set_overlay_opacity)
        canvas.overlay_opacity_changed.connect(parts.brush.set_opacity)
        for changed in (parts.brush.opacity_changed, canvas.overlay_opacity_changed):
            changed.connect(lambda value: self._settings.set(OVERLAY_OPACITY, value))
        parts.brush.outline_changed.connect(self._actions["outline"].setChecked)
        parts.filmstrip.image_chosen.connect(self._session.open_image)
        parts.filmstrip.thumbnail_wanted.connect(self._thumbnails.request)
        self._thumbnails.ready.connect(parts.filmstrip.set_thumbnail)
        parts.void_bar.fill_clicked.connect(self._on_fill_chosen)
        parts.void_bar.accept_clicked.connect(lambda: self._session.accept(allow_void=True))
        parts.void_bar.dismissed.connect(canvas.setFocus)

    def _connect_actions(self) -> None:
        actions, session, canvas = self._actions, self._session, self._parts.canvas
        actions["undo"].triggered.connect(self._undo)
        actions["redo"].triggered.connect(session.redo)
        actions["apply_proposal"].triggered.connect(session.adopt_proposal)
        actions["replace_by_proposal"].triggered.connect(session.replace_by_proposal)
        actions["clear"].triggered.connect(session.clear)
        actions["fill_rest"].triggered.connect(lambda: session.fill_void(self._parts.classes.current()))
        actions["previous_class"].triggered.connect(lambda: self._step_class(-1))
        actions["next_class"].triggered.connect(lambda: self._step_class(1))
        actions["fit"].triggered.connect(canvas.fit)
        actions["actual_size"].triggered.connect(canvas.actual_size)
        actions["zoom_in"].triggered.connect(lambda: canvas.zoom_by(1.25))
        actions["zoom_out"].triggered.connect(lambda: canvas.zoom_by(0.8))
        actions["overlay"].setChecked(True)
        actions["overlay"].toggled.connect(canvas.set_overlay_visible)
        actions["outline"].toggled.connect(self._on_outline_toggled)
        actions["crosshair"].toggled.connect(canvas.set_crosshair)
        actions["crosshair"].toggled.connect(lambda shown: self._settings.set(CROSSHAIR, shown))
        actions["next"].triggered.connect(lambda: session.open_next())
        actions["previous"].triggered.connect(session.open_previous)
        actions["next_unfinished"].triggered.connect(lambda: session.open_next(only_unfinished=True))
        actions["find_image"].triggered.connect(self._parts.filmstrip.start_search)
        actions["find_image"].setEnabled(False)
        actions["accept"].triggered.connect(lambda: self.accept())
        actions.tools.triggered.connect(lambda action: self.choose_tool(action.data()))
        for index in range(10):
            actions[f"class.{index}"].triggered.connect(lambda _=False, index=index: self.choose_class(index))

    def _apply_settings(self) -> None:
        get, parts = self._settings.get, self._parts
        parts.brush.set_opacity(get(OVERLAY_OPACITY))
        parts.canvas.set_overlay_opacity(get(OVERLAY_OPACITY))
        parts.canvas.set_holds_as_toggles(get(HOLD_TOGGLES))
        self._actions["outline"].setChecked(get(OUTLINE))
        self._actions["crosshair"].setChecked(get(CROSSHAIR))

    # -- what a person does -------------------------------------------------------------------------------

    def choose_tool(self, tool_id: str) -> None:
        """Make `tool_id` the canvas' tool."""
        self._actions[f"tool.{tool_id}"].setChecked(True)
        self._parts.canvas.set_tool(TOOLS[tool_id].factory())

    def choose_class(self, index: int) -> None:
        """Paint with class `index` from now on; an index beyond the table is ignored."""
        project = self._session.project
        if project is None or not 0 <= index < len(project.classes):
            return
        self._parts.classes.set_current(index)
        self._parts.canvas.set_class_index(index)
        chosen = self._actions.tools.checkedAction()
        if chosen is None or not TOOLS[chosen.data()].uses_class:
            self._parts.canvas.finish_stroke()  # what the other tool has painted so far is not lost
            self.choose_tool("brush")

    @Slot()
    def _undo(self) -> None:
        """Take back the latest corner of what is being drawn, else the last edit."""
        if not self._parts.canvas.step_back():
            self._session.undo()

    def _step_class(self, by: int) -> None:
        """Go `by` classes on, and round at the ends."""
        count = len(self._parts.classes.model.classes)
        if count:
            self.choose_class((self._parts.classes.current() + by) % count)

    def accept(self) -> None:
        """Accept the open image; without classes, ask for them first."""
        project = self._session.project
        if project is not None and not project.classes:
            self._parts.classes.add_class_requested.emit()
            return
        if self._parts.canvas.is_tool_waiting:
            self._notifier.info(tr("The tool is still at work. Accept once it is done, or take back what it works on."))
            return
        self._session.accept()

    # -- what happens -------------------------------------------------------------------------------------

    @Slot(object)
    def _on_project_opened(self, project: Project) -> None:
        self._thumbnails.set_project(project)
        marks = {name: Mark(project.status(name).value) for name in project.names}
        sides = {name: project.is_held_out(name) for name in project.names if project.folder.has_mask(name)}
        # Deciding the other sides opens masks; `tally` does that in the background.
        self._undecided = [name for name, held_out in sides.items() if held_out is None]
        self._actions["find_image"].setEnabled(True)
        self._parts.filmstrip.set_images(project.names, marks, {name for name, held_out in sides.items() if held_out})
        self._on_classes_changed(project.classes)

    @Slot()
    def _on_counted(self) -> None:
        project = self._session.project
        if project is not None:
            for name in self._undecided:
                self._parts.filmstrip.set_held_out(name, bool(project.is_held_out(name)))
        self._undecided = []
        self._parts.filmstrip.set_time_left(self._session.tally.seconds_left)

    @Slot()
    def _on_project_closed(self) -> None:
        self._undecided = []
        self._parts.filmstrip.set_time_left(None)
        self._thumbnails.set_project(None)
        self._actions["find_image"].setEnabled(False)
        self._parts.filmstrip.set_images([])
        self._parts.canvas.set_document(None, None)
        self._parts.status.set_image("")
        self._parts.status.set_state("")
        self._parts.void_bar.hide()

    @Slot(object)
    def _on_classes_changed(self, classes: ClassTable) -> None:
        current = max(0, self._parts.classes.current())
        self._parts.classes.set_classes(classes)
        self._parts.canvas.set_classes(classes)
        self._parts.model.set_classes(classes)
        for index in range(10):
            action = self._actions[f"class.{index}"]
            action.setEnabled(index < len(classes))
            if index < len(classes):
                action.setText(tr("Class {number}: {name}", number=index + 1, name=classes[index].name))
        for tool_id, tool in TOOLS.items():
            self._actions[f"tool.{tool_id}"].setEnabled(len(classes) > 0 or not tool.paints)
        if len(classes) and not self._can_paint:
            self.choose_tool("brush")
        elif not len(classes):
            self.choose_tool("pick")
        self._can_paint = len(classes) > 0
        if len(classes):
            self._parts.classes.set_current(min(current, len(classes) - 1))
            self._parts.canvas.set_class_index(min(current, len(classes) - 1))

    @Slot(object)
    def _on_image_opened(self, opened: OpenImage) -> None:
        parts = self._parts
        parts.void_bar.hide()
        parts.canvas.set_document(opened.image, opened.document, opened.orientation, opened.reduced)
        height, width = opened.document.label_map.shape
        parts.status.set_image(opened.name, width, height)
        parts.filmstrip.set_current(opened.name)
        self.show_proposal()
        self._on_status_changed(opened.name)

    @Slot(object)
    def _on_image_renewed(self, opened: OpenImage) -> None:
        self._parts.canvas.set_image(opened.image, opened.reduced)

    @Slot(bool)
    def _on_channels_changed(self, is_shown_anew: bool) -> None:
        if not is_shown_anew:
            return
        self._thumbnails.set_project(self._session.project)  # what is being made shows the channels from before
        self._parts.filmstrip.refresh_thumbnails()

    @Slot(str)
    def _on_image_failed(self, _name: str) -> None:
        if self._session.current is not None:
            self._parts.filmstrip.set_current(self._session.current.name)

    @Slot()
    def show_proposal(self) -> None:
        """Show the open image's proposal, where it has one that is not an edit yet."""
        opened, proposal = self._session.current, self._session.shown_proposal
        if opened is not None and opened.document is not self._parts.canvas.document:
            return  # it is about to be shown; what the canvas still has is the image before
        if proposal is None:
            self._parts.canvas.set_proposal(None, None)
        else:
            self._parts.canvas.set_proposal(proposal.labels, proposal.confidence)
        self._on_state_changed()

    @Slot(str)
    def _on_status_changed(self, name: str) -> None:
        project = self._session.project
        if project is None:
            return
        changed = [name] if name else project.names
        self._parts.filmstrip.set_marks({one: Mark(self._session.status(one).value) for one in changed})
        if name:
            self._parts.filmstrip.set_held_out(name, bool(project.is_held_out(name)))
        opened = self._session.current
        if name and (opened is None or opened.name != name):
            self._parts.filmstrip.refresh_thumbnail(name)
        elif name:
            self._parts.void_bar.hide()  # what it counted is no longer so
        self._on_state_changed()

    @Slot()
    def _on_state_changed(self) -> None:
        opened = self._session.current
        document = opened.document if opened is not None else None
        self._actions["undo"].setEnabled(document is not None and document.can_undo)
        self._actions["redo"].setEnabled(document is not None and document.can_redo)
        has_proposal = opened is not None and opened.proposal is not None
        self._actions["apply_proposal"].setEnabled(has_proposal)
        self._actions["replace_by_proposal"].setEnabled(has_proposal)
        if opened is not None:
            status = self._session.status(opened.name)
            self._parts.canvas.set_accepted(status is Status.ACCEPTED)
            if self._session.shown_proposal is not None:
                self._parts.status.set_state(tr("proposal, not accepted"), Mark.PROPOSED)
            else:
                mark = Mark.UNLABELLED if opened.is_blank else Mark(status.value)
                self._parts.status.set_state(mark_text(mark), mark)
            if not self._shares_timer.isActive():
                self._shares_timer.start()

    @Slot()
    def _on_shares_due(self) -> None:
        if self._session.current is not None:
            self._parts.classes.set_shares(self._session.current.class_shares())

    @Slot()
    def _on_stroke_on_proposal(self) -> None:
        """A stroke makes a shown proposal part of the label map; one that comes to nothing shows it again."""
        if self._session.current is not None and self._session.current.proposal is not None:
            self.show_proposal()
        self._on_state_changed()  # while an edit is being made there is nothing to undo

    @Slot(object)
    def _on_hovered(self, info: HoverInfo | None) -> None:
        project = self._session.project
        if info is None or project is None:
            self._parts.status.clear_hover()
        else:
            self._parts.status.set_hover(info.x, info.y, class_name(project.classes, info.value), info.confidence)

    @Slot(int)
    def _on_class_picked(self, value: int) -> None:
        if not self._can_paint:
            self._parts.classes.add_class_requested.emit()  # a click on the image says: I want to paint
        elif value == VOID:
            self.choose_tool("void_brush")
        else:
            self.choose_class(value)

    @Slot(bool)
    def _on_outline_toggled(self, outline: bool) -> None:
        self._parts.canvas.set_outline(outline)
        self._parts.brush.set_outline(outline)
        self._settings.set(OUTLINE, outline)

    @Slot(int, bool)
    def _on_visibility_changed(self, index: int, visible: bool) -> None:
        project = self._session.project
        if project is not None:
            self._session.set_classes(project.classes.with_visible(index, visible))

    @Slot(float)
    def _on_void_left(self, share: float) -> None:
        project = self._session.project
        if project is None:
            return
        if share == 1.0:
            self._notifier.warning(
                self._actions.key_names.fill(
                    marked("There is nothing to accept yet: paint first, or press {key[propose]} for a proposal.")
                    if self._actions.key_names.first("propose")
                    else marked("There is nothing to accept yet: paint first, or ask for a proposal.")
                )
            )
            return
        suggested = project.classes.background_index
        current = self._parts.classes.current()
        self._parts.void_bar.offer(share, project.classes, current if suggested is None else suggested)

    @Slot(int)
    def _on_fill_chosen(self, index: int) -> None:
        self._session.fill_void(index)
        self._session.accept()
