"""Connects merging and swapping classes with the menu, the dialog, the progress bar and the notices. No logic."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from segstudio.actions import Actions
from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.class_table import ClassTable
from segstudio.project.class_change_log import Plan
from segstudio.project.class_counts import Affected, ImageCounts, affected
from segstudio.services.class_changes import ChangeReport, ClassChanges
from segstudio.services.class_survey import ClassSurvey, SmallPicture
from segstudio.services.notifier import Level, Notice, Notifier
from segstudio.services.session import Session
from segstudio.services.translation import tr, tr_error
from segstudio.tools.region_operations import change_classes
from segstudio.widgets.before_after import MOST_PAIRS, Pair
from segstudio.widgets.class_change_dialog import ClassChangeDialog
from segstudio.widgets.status_bar import BusyJob
from segstudio.widgets.words import class_name, images_of, pixels_of
from segstudio.window_parts import WindowParts

_LARGE, _SMALL = 360, 160
"""Longest sides of the pictures of this image and of the most affected ones, in pixels."""


class ClassChangeFlow(QObject):
    """Everything around merging and swapping."""

    ended = Signal()
    """A change, or taking one back, is over: done, cancelled or failed."""

    def __init__(
        self, window: QWidget, parts: WindowParts, actions: Actions, session: Session, notifier: Notifier
    ) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._session = session
        self._notifier = notifier
        self._ask_action, self._undo_action = actions["change_classes"], actions["take_back_classes"]
        self._protect = actions["protect_accepted"]
        self._undo_title = self._undo_action.text()
        self.changes = ClassChanges(session, self)
        self._survey = ClassSurvey(self)
        self._dialog: ClassChangeDialog | None = None
        self._job: BusyJob | None = None
        self._forget()
        self._ask_action.triggered.connect(lambda: self.ask(parts.classes.current()))
        self._undo_action.triggered.connect(self._take_back)
        parts.classes.change_wanted.connect(self.ask)
        self.changes.record_changed.connect(self._refresh_actions)
        self.changes.finished.connect(self._on_finished)
        self.changes.interrupted.connect(self._on_interrupted)
        self._survey.advanced.connect(self._on_counting)
        self._survey.counted_all.connect(self._on_counted_all)
        self._survey.counted_one.connect(self._on_counted_one)
        self._survey.pictured.connect(self._on_pictured)
        for signal in (session.project_opened, session.project_closed, session.classes_changed):
            signal.connect(self._refresh_actions)
        session.closing.connect(self._on_closing)
        self._refresh_actions()

    def stop(self) -> None:
        """End what runs in the background; for quitting."""
        self._survey.stop()

    # -- asking -------------------------------------------------------------------------------------------

    @Slot(int)
    def ask(self, source: int) -> None:
        """Ask what is to become of class `source`, and where."""
        project, canvas = self._session.project, self._parts.canvas
        if project is None or not self._ask_action.isEnabled():
            return
        canvas.finish_stroke()
        self._forget()
        context, opened = canvas.tool_context(), self._session.current
        dialog = ClassChangeDialog(project.classes, max(0, source), context is not None, self._window)
        self._dialog = dialog
        dialog.choice_changed.connect(self._refresh)
        dialog.accepted.connect(self._on_accepted)
        dialog.finished.connect(self._on_dialog_closed)
        if context is not None and opened is not None:
            self._pixels = context.document.label_map.box.area
            self._survey.look_at(project, opened.name, context.seen().copy(), _LARGE)
        self._refresh()
        dialog.open()

    def _forget(self) -> None:
        """Nothing is known for the next dialog."""
        self._survey.forget()
        self._here: dict[int, int] | None = None
        self._pixels = 0
        self._all: list[ImageCounts] | None = None
        self._found: dict[ClassChange, Affected] = {}
        self._is_counting = False
        self._pictures: dict[tuple[str, int], SmallPicture] = {}
        self._wanted: set[str] = set()

    @Slot()
    def _refresh(self) -> None:
        """Show what is known of what is chosen, and ask for the rest."""
        dialog, project = self._dialog, self._session.project
        if dialog is None or project is None:
            return
        choice = dialog.choice()
        if choice.change is None:
            return
        dialog.set_obstacle(self._obstacle(choice.change, choice.everywhere, project.classes))
        dialog.set_notes(self._notes(choice.everywhere))
        if choice.everywhere and self._all is None:
            dialog.show_counting(0, len(project.names))
            if not self._is_counting:
                self._is_counting = True
                self._survey.count(project)
        elif choice.everywhere:
            dialog.show_affected(self._affected(choice.change))
        elif self._here is not None:
            dialog.show_pixels(sum(self._here.get(label, 0) for label in choice.change.moving), self._pixels)
        self._show_pairs()

    def _obstacle(self, change: ClassChange, everywhere: bool, classes: ClassTable) -> str:
        """What is guarded against `change`, or empty: it is made as a whole or not at all."""
        over, opened = self._parts.brush.over, self._session.current
        locked = [class_name(classes, label) for label in change.moving if classes[label].locked]
        if len(locked) == 2:
            return tr("{one} and {other} are locked. Unlock them first.", one=locked[0], other=locked[1])
        if locked:
            return tr("{name} is locked. Unlock it first.", name=locked[0])
        only = over.only_over()
        if only is not None and change.moving != (only,):
            return tr("Paint over allows {name} only. Choose everything there first.", name=class_name(classes, only))
        if over.is_unsure_only:
            return tr("Paint over allows unsure pixels only. Choose everything there first.")
        if self._protect.isChecked() and (everywhere or (opened is not None and opened.accepted is not None)):
            return tr("Accepted pixels are protected. Stop protecting them first.")
        return ""

    def _affected(self, change: ClassChange) -> Affected:
        """What is known to change in all images; worked out once for each choice."""
        if change not in self._found:
            self._found[change] = affected(self._all or [], change)
        return self._found[change]

    def _notes(self, everywhere: bool) -> list[str]:
        project, notes = self._session.project, []
        if everywhere:
            if project is not None and project.proposed_names():
                notes.append(tr("Proposals keep the network's classes."))
            notes.append(tr("One undo takes it back in all images, also after a restart."))
            log = self.changes.log
            if self.changes.revocable and log is not None:
                notes.append(tr("The {what} can then no longer be undone.", what=_told_plan(log.plan)))
        return notes

    def _show_pairs(self) -> None:
        """Show the pictures there are, and ask for those that are missing."""
        dialog, project, opened = self._dialog, self._session.project, self._session.current
        if dialog is None or project is None or dialog.choice().change is None:
            return
        choice = dialog.choice()
        assert choice.change is not None
        if not choice.everywhere:
            here = self._pictures.get((opened.name, _LARGE)) if opened is not None else None
            dialog.show_pairs([self._pair(here, choice.change, project.classes)] if here is not None else [])
        elif self._all is not None:
            found = self._affected(choice.change)
            most = dict(zip(found.names[:MOST_PAIRS], found.pixels, strict=False))
            missing = [name for name in most if name not in self._wanted]
            self._wanted.update(missing)
            self._survey.picture(project, missing, _SMALL)
            pictures = [self._pictures[name, _SMALL] for name in most if (name, _SMALL) in self._pictures]
            dialog.show_pairs([self._pair(each, choice.change, project.classes, most[each.name]) for each in pictures])

    @staticmethod
    def _pair(picture: SmallPicture, change: ClassChange, classes: ClassTable, pixels: int = 0) -> Pair:
        before, after = picture.before_and_after(change, classes)
        told = f"{picture.name}: {pixels_of(pixels)}" if pixels else picture.name
        return Pair(before, after, picture.name, told)

    @Slot(int, int)
    def _on_counting(self, done: int, of: int) -> None:
        if self._dialog is not None and self._all is None and self._dialog.choice().everywhere:
            self._dialog.show_counting(done, of)

    @Slot(list)
    def _on_counted_all(self, counts: list[ImageCounts]) -> None:
        self._all = counts
        self._refresh()

    @Slot(object)
    def _on_counted_one(self, counts: dict[int, int]) -> None:
        self._here = counts
        self._refresh()

    @Slot(object)
    def _on_pictured(self, picture: SmallPicture) -> None:
        self._pictures[picture.name, picture.side] = picture
        self._show_pairs()

    @Slot()
    def _on_dialog_closed(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
        self._dialog = None
        self._forget()

    # -- doing --------------------------------------------------------------------------------------------

    @Slot()
    def _on_accepted(self) -> None:
        choice = self._dialog.choice() if self._dialog is not None else None
        if choice is None or choice.change is None:
            return
        if not choice.everywhere:
            self._parts.canvas.operate(partial(change_classes, change=choice.change))
            return
        is_merge = choice.change.kind is ChangeKind.MERGE
        self._show_progress(tr("Merging") if is_merge else tr("Swapping"))
        self.changes.start(choice.change, self._affected(choice.change).names)

    @Slot()
    def _take_back(self) -> None:
        if self.changes.revocable:
            self._show_progress(tr("Undoing"))
            self.changes.take_back()

    @Slot()
    def _go_on(self) -> None:
        if not self.changes.is_running and self.changes.log is not None and self.changes.log.is_interrupted:
            self._show_progress(tr("Going on"))
            self.changes.go_on()

    def _show_progress(self, title: str) -> None:
        self._hide_progress()
        self._job = self._parts.status.busy.start(title, self.changes.cancel)
        self.changes.advanced.connect(self._job.set_progress)

    def _hide_progress(self) -> None:
        if self._job is not None:
            self.changes.advanced.disconnect(self._job.set_progress)
            self._job.stop()
            self._job = None

    @Slot()
    def _on_closing(self) -> None:
        self._hide_progress()
        if self._dialog is not None:
            self._dialog.reject()

    # -- telling ------------------------------------------------------------------------------------------

    @Slot(object)
    def _on_finished(self, report: ChangeReport) -> None:
        self._hide_progress()
        if self._session.current is not None:  # that of the open image is else made anew when it is left
            self._parts.filmstrip.refresh_thumbnail(self._session.current.name)
        told = _told(report)
        if report.is_taking_back or not report.images:
            self._notifier.success(told)
        else:
            self._notifier.say(Notice(Level.SUCCESS, told, tr("Undo"), lambda: self._take_back_if_latest(report.plan)))
        if report.kept_in:
            self._notifier.warning(_told_kept(report.kept_in))
        if report.failed:
            self._notifier.warning(_told_failed(report))
        if report.stopped_by is not None and report.can_go_on:
            self._notifier.error(report.stopped_by, tr("Go on"), self._go_on)
        elif report.stopped_by is not None:
            self._notifier.error(report.stopped_by)
        self.ended.emit()

    def _take_back_if_latest(self, plan: Plan) -> None:
        if self.changes.log is not None and self.changes.log.plan is plan:
            self._take_back()

    @Slot(object)
    def _on_interrupted(self, plan: Plan) -> None:
        log = self.changes.log
        what = _told_plan(plan)
        if log is not None and log.is_taking_back:
            text = tr("Undoing the {what} was cut short: it is not taken back in all images.", what=what)
        else:
            text = tr("The {what} was cut short: it is not done in all images.", what=what)
        # It waits until it is read, for nothing else offers to go on.
        self._notifier.say(Notice(Level.ERROR, text, tr("Go on"), self._go_on))

    @Slot()
    def _refresh_actions(self) -> None:
        project, log = self._session.project, self.changes.log
        self._ask_action.setEnabled(project is not None and len(project.classes) > 1 and not self.changes.is_running)
        images = self.changes.revocable
        self._undo_action.setEnabled(images > 0)
        title = self._undo_title
        if images and log is not None:
            what = tr("Undo {what} in {images}", what=_told_plan(log.plan), images=images_of(images))
            title = what.replace("&", "&&")
        self._undo_action.setText(title)


def _told_plan(plan: Plan) -> str:
    if plan.change.kind is ChangeKind.MERGE:
        return tr("merge of {source} into {target}", source=plan.source, target=plan.target)
    return tr("swap of {source} and {target}", source=plan.source, target=plan.target)


def _told(report: ChangeReport) -> str:
    """What came of it."""
    what, images = _told_plan(report.plan), images_of(report.images)
    if report.is_taking_back:
        return tr("Undone: {what}, in {images}.", what=what, images=images)
    if not report.images:
        return tr("Nothing was changed.")
    if report.is_cancelled:
        return tr("Cancelled: {what}, done in {images}; the others are as they were.", what=what, images=images)
    names = {"source": report.plan.source, "target": report.plan.target}
    if report.plan.change.kind is ChangeKind.MERGE:
        return tr("Merged {source} into {target} in {images}.", images=images, **names)
    return tr("Swapped {source} and {target} in {images}.", images=images, **names)


def _told_kept(images: int) -> str:
    if images == 1:
        return tr("In 1 image pixels were painted since. Those stay as they are.")
    return tr("In {count} images pixels were painted since. Those stay as they are.", count=images)


def _told_failed(report: ChangeReport) -> str:
    reason = tr_error(report.failed[0][1])
    if len(report.failed) == 1:
        return tr("{name} is left as it is. {reason}", name=report.failed[0][0], reason=reason)
    return tr("{count} images are left as they are. The first: {reason}", count=len(report.failed), reason=reason)
