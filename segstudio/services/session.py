"""The open folder, the open image, and everything a person does to its label map.

Owns the order of things: what opening and closing a folder bring with them, when a draft is kept, what follows from
accepting. It knows no widgets. Which image is open is up to the `Course`, which proposals there are to
`FolderProposals`; reading (`ImageShelf`) and writing (`Keeper`) happen off the GUI thread.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.core.class_table import ClassTable
from segstudio.core.edits import Edit
from segstudio.core.errors import SegStudioError
from segstudio.core.label_map import Labels
from segstudio.project.channels import ChannelChoice
from segstudio.project.project import Project, Proposal, Status
from segstudio.services.background import TaskRunner
from segstudio.services.course import Course
from segstudio.services.folder_opener import FolderOpener
from segstudio.services.folder_proposals import FolderProposals
from segstudio.services.image_shelf import ImageShelf
from segstudio.services.keeper import Keeper
from segstudio.services.notifier import Notifier
from segstudio.services.open_image import OpenImage
from segstudio.services.settings import PIXEL_LIMIT, Settings
from segstudio.services.tally import Tally
from segstudio.services.translation import tr
from segstudio.services.work_clock import WorkClock


class Session(QObject):
    """One folder at a time, one image at a time."""

    project_opened = Signal(object)
    """Project."""
    closing = Signal()
    """The folder is about to be closed: begin nothing more in it."""
    project_closed = Signal()
    classes_changed = Signal(object)
    """ClassTable: renamed, recoloured, added to, or merely shown and hidden."""
    leaving = Signal()
    """The open image is about to be accepted, or left and kept as it is: what is being drawn on it ends now."""
    image_opened = Signal(object)
    """OpenImage, or None where there is none."""
    waiting = Signal(str)
    """The image of this name is being read, and none is open meanwhile."""
    previewed = Signal(object)
    """Preview of the image that is being read, where that is a large one."""
    channels_changed = Signal(bool)
    """Whether images are shown by other channels from now on; if not, a new network is to see others."""
    image_renewed = Signal(object)
    """OpenImage, the open one: its image has other pixels now, its label map is the same."""
    image_failed = Signal(str, object)
    """Image name and SegStudioError: it cannot be opened."""
    stranded = Signal()
    """No image is open, and none can be."""
    proposal_changed = Signal()
    """The open image's proposal came, went, or became an edit."""
    status_changed = Signal(str)
    """The name of an image whose status may be another one now."""
    state_changed = Signal()
    """Undo, redo, modified: look again."""
    void_left = Signal(float)
    """Accepting waits: this share (0 to 1) of the pixels is void."""
    accepted = Signal(str)
    """The name of an image whose label map is on disk as accepted."""
    masks_changed = Signal(list)
    """list[str]: the images whose masks are others now, though nobody accepted them; also unreviewed ones."""
    journaled = Signal()
    """Records of the journal have reached the disk."""

    def __init__(self, notifier: Notifier, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._settings = settings
        self._opener = TaskRunner(1, self)
        self._folders = FolderOpener(self._opener, self)
        self._folders.opened.connect(self._on_project_opened)
        self._folders.failed.connect(self._on_project_failed)
        self._keeper = Keeper(self)
        self._keeper.edited.connect(self._on_edited)
        self._keeper.kept.connect(self.status_changed)
        self._keeper.accepted.connect(self._on_accepted)
        self._keeper.failing.connect(self._on_failing)
        self._keeper.journaled.connect(self.journaled)
        self.tally = Tally(self._opener, settings, self)
        self._clock = WorkClock()
        self._is_closing = False
        self._shelf: ImageShelf | None = None
        self.project: Project | None = None
        self._course = Course(self.status, settings, self)
        self._course.leaving.connect(self._on_leaving)
        self._course.left.connect(self._on_left)
        self._course.entered.connect(self._on_entered)
        self._course.waiting.connect(self.waiting)
        self._course.waiting.connect(self.state_changed)
        self._course.previewed.connect(self.previewed)
        self._course.renewed.connect(self.image_renewed)
        self._course.failed.connect(self._on_image_failed)
        self._course.stranded.connect(self.stranded)
        self._proposals = FolderProposals(self._course, self._keeper, self.status, notifier, self)
        self._proposals.changed.connect(self.proposal_changed)
        self._proposals.status_changed.connect(self.status_changed)

    # -- folders ------------------------------------------------------------------------------------------

    def open_project(self, root: Path, workspace: Path | None = None) -> None:
        """Open the folder `root` in the background; `project_opened` or a notice follows."""
        if self.project is not None and self.project.folder.root.resolve() == root.resolve():
            self.close_project()  # first, so that what is written now is read then
        self._folders.open(root, workspace, self._settings.get(PIXEL_LIMIT))

    def close_project(self) -> None:
        """Keep the draft, write what waits to be written, tell what cannot be written, forget the folder."""
        if self.project is None or self._shelf is None:
            return
        project = self.project
        self._is_closing = True
        self.closing.emit()
        self._course.leave()
        for opened in self._shelf:
            opened.is_failure_told = False  # whoever closes wants to know, again where it fails again
            if opened.has_unsaved and not opened.saving:
                self._keeper.save_draft(opened)  # an earlier try had failed
        self._keeper.set_project(None)
        for error in self._shelf.close():
            self._notifier.error(error)
        self._shelf.deleteLater()
        self.project, self._shelf = None, None
        self._course.end()
        self.tally.set_project(None)
        self._is_closing = False
        self._opener.submit(project.close, None, self._notifier.error)  # behind the counting, which still uses it
        self.project_closed.emit()

    def stop(self) -> None:
        """Close the folder and end the threads; for quitting."""
        self.close_project()
        self._keeper.stop()
        self._opener.close()

    def set_classes(self, classes: ClassTable) -> None:
        """Take over another class table (names asked for, a class added, one hidden)."""
        if self.project is None or self._shelf is None:
            return
        self.project.set_classes(classes)
        for opened in self._shelf:
            opened.document.classes = classes
        self.classes_changed.emit(classes)

    def set_channels(self, choice: ChannelChoice) -> None:
        """Show images by other channels, or let new networks see others; both are kept with the folder."""
        if self.project is None or self._shelf is None or choice == self.project.folder.channels:
            return
        folder = self.project.folder
        is_shown_anew, folder.channels = choice.shown != folder.channels.shown, choice
        self._keeper.write(partial(folder.keep_channels, choice), None, self._notifier.error)
        if is_shown_anew:
            self._shelf.renew(self.current.name if self.current is not None else None)
            self._course.want_again()
        self.channels_changed.emit(is_shown_anew)

    @Slot(object)
    def _on_project_opened(self, project: Project) -> None:
        self.close_project()
        self.project = project
        self._keeper.set_project(project)
        self._shelf = ImageShelf(project, self._attach, self)
        self._course.begin(project, self._shelf)
        self._settings.add_recent_folder(project.folder.root)
        self.project_opened.emit(project)
        self.tally.set_project(project)
        first = next((name for name in project.names if self.status(name) is not Status.ACCEPTED), None)
        if project.names:
            self.open_image(first or project.names[0])

    @Slot(object, object)
    def _on_project_failed(self, root: Path, error: SegStudioError) -> None:
        self._settings.forget_recent_folder(root)
        self._notifier.error(error)

    @property
    def is_saving(self) -> bool:
        """Whether something is on its way to the disk."""
        return self._keeper.is_busy

    # -- images -------------------------------------------------------------------------------------------

    def status(self, name: str) -> Status:
        """The status of image `name`, what is not written yet included."""
        if self.project is None or self._shelf is None:
            return Status.UNLABELLED
        if self._keeper.is_accepting(name):
            return Status.ACCEPTED
        if name in self._course.aside:
            return self._course.aside[name]
        opened = self._shelf.get(name)
        if opened is not None and opened.document.is_modified:
            return Status.DRAFT
        return self.project.status(name, recorded=opened is None)

    @property
    def current(self) -> OpenImage | None:
        """The open image, or None where there is none."""
        return self._course.current

    def open_image(self, name: str) -> None:
        """Show image `name`: at once where it is in memory, else as soon as it is read; never within a stroke."""
        self._course.want(name)

    @Slot()
    def show_wanted(self) -> None:
        """Show the image asked for last, where it is in memory. While a stroke is made it waits: call again then."""
        self._course.show_wanted()

    def open_next(self, only_unfinished: bool = False) -> None:
        """Show the next image; with `only_unfinished` the next one that is not accepted, from the start again."""
        self._course.open_next(only_unfinished)

    def open_previous(self) -> None:
        """Show the image before the current one."""
        self._course.open_previous()

    def next_name(self, only_unfinished: bool = False) -> str | None:
        """The image that `open_next` would show, or None at the end."""
        return next(iter(self.upcoming(1, only_unfinished)), None)

    def upcoming(self, count: int, only_unfinished: bool = True) -> list[str]:
        """Up to `count` names of the images that come after the current one."""
        return self._course.upcoming(count, only_unfinished)

    def _attach(self, opened: OpenImage) -> None:
        assert self.project is not None
        try:
            opened.journal = self.project.journal(opened.name)
            if opened.journal.has_unsaved:
                opened.document.history.mark_unsaved()
        except SegStudioError as error:
            self._notifier.error(error)
        self._keeper.follow(opened)
        opened.document.history_changed.connect(self.state_changed.emit)

    @Slot(object)
    def _on_entered(self, opened: OpenImage) -> None:
        self._clock.start()
        self.image_opened.emit(opened)
        self.state_changed.emit()

    @Slot(object)
    def _on_leaving(self, opened: OpenImage) -> None:
        self.leaving.emit()
        seconds = self._clock.taken()
        if seconds is not None:  # merely looking at a folder writes nothing into it
            self._keeper.add_seconds(opened.name, seconds)

    @Slot(object)
    def _on_left(self, opened: OpenImage) -> None:
        if opened.has_unsaved and not self._keeper.is_accepting(opened.name):
            self._keeper.save_draft(opened)

    @Slot(str, object)
    def _on_image_failed(self, name: str, error: SegStudioError) -> None:
        self._notifier.error(error)
        self.image_failed.emit(name, error)

    # -- editing ------------------------------------------------------------------------------------------

    @property
    def shown_proposal(self) -> Proposal | None:
        """The proposal that the open image shows: it has one, and nothing was painted yet."""
        return self._proposals.shown

    def take_proposal(self, name: str, proposal: Proposal) -> None:
        """A proposal for image `name` has come in."""
        self._proposals.take(name, proposal)

    def forget_proposals(self, keep_shown: bool = True) -> None:
        """Drop all proposals, with `keep_shown` all but the shown one: another network will make better ones."""
        self._proposals.forget(keep_shown)

    def forget_other_proposals(self, then: Callable[[list[str]], None]) -> None:
        """Drop the proposals that nobody worked on but the open image's; see `FolderProposals.forget_others`."""
        self._proposals.forget_others(then)

    def adopt_proposal(self) -> Edit | None:
        """Apply the open image's proposal as one edit; where something was painted, only to what is void."""
        return self._change(OpenImage.adopt_proposal)

    def replace_by_proposal(self) -> Edit | None:
        """Apply the proposal to every pixel, painted ones too, as one edit."""
        return self._change(OpenImage.replace_by_proposal)

    def clear(self) -> Edit | None:
        """Make every pixel void, as one edit."""
        return self._change(OpenImage.clear)

    def fill_void(self, value: int) -> Edit | None:
        """Give every void pixel the label `value`, as one edit."""
        return self._change(lambda opened: opened.fill_void(value))

    def undo(self) -> None:
        """Undo the open image's last edit."""
        self._change(lambda opened: opened.document.undo())

    def redo(self) -> None:
        """Redo what was undone last."""
        self._change(lambda opened: opened.document.redo())

    def go_to_step(self, position: int, within: float) -> bool:
        """Undo or redo until the open image's history stands at `position`; see `Document.go_to`."""
        opened = self.current
        if opened is None:
            return True
        before = opened.document.history.position
        has_arrived = opened.document.go_to(position, within)
        if opened.document.history.position != before:
            self.proposal_changed.emit()
        return has_arrived

    def _change(self, change: Callable[[OpenImage], Edit | None]) -> Edit | None:
        """Let `change` make an edit of the open image; whether its proposal is shown may follow from it."""
        edit = change(self.current) if self.current is not None else None
        if edit is not None:
            self.proposal_changed.emit()
        return edit

    @Slot(object)
    def _on_edited(self, opened: OpenImage) -> None:
        self._clock.tick()
        self.status_changed.emit(opened.name)
        if opened is self.current and opened.proposal is not None:
            self.proposal_changed.emit()  # painting over it, or erasing everything, decides whether it is shown

    # -- keeping ------------------------------------------------------------------------------------------

    def accept(self, allow_void: bool = False) -> bool:
        """Accept the open image's label map and go on to the next image that is not accepted.

        A shown proposal is applied first. Returns False, after `void_left`, where pixels are void and that was not
        allowed; nothing is accepted then, nor while the next image is about to come.
        """
        opened = self.current
        if self.project is None or opened is None or opened.document.is_editing or self._course.is_going_on:
            return False
        self.leaving.emit()
        if self.shown_proposal is not None:
            self.adopt_proposal()
        void = opened.void_share()
        if void == 1.0 or (void > 0 and not allow_void):
            self.void_left.emit(void)
            return False
        self._clock.tick()
        self._keeper.accept(opened)
        self.status_changed.emit(opened.name)
        self._course.go_on_soon()
        return True

    def set_aside(self, name: str, shown_as: Status = Status.UNREVIEWED, even_wanted: bool = False) -> bool:
        """Forget image `name` and read it no more until `put_back`, because its mask is about to be written.

        False where it is open, holds work that is not on the disk, or is wanted: with `even_wanted` it is shown later.
        """
        return not self._keeper.is_accepting(name) and self._course.set_aside(name, shown_as, even_wanted)

    def in_memory(self, name: str) -> OpenImage | None:
        """Image `name`, where it is being worked on or was a little while ago: then its document is changed first."""
        return self._shelf.get(name) if self._shelf is not None else None

    def is_at_rest(self, name: str) -> bool:
        """Whether no edit of image `name` is being made, and nothing of it is on its way to the disk."""
        opened = self.in_memory(name)
        is_busy = opened is not None and (opened.saving or opened.document.is_editing)
        return not is_busy and not self._keeper.is_accepting(name) and name not in self._course.aside

    def keep_as_it_is(
        self,
        opened: OpenImage,
        shown_as: Status,
        write: Callable[[str, Labels, int | None], Any],
        done: Callable[[Any], None],
        failed: Callable[[SegStudioError], None],
    ) -> None:
        """Let `write` keep what `opened` holds, whose status stays `shown_as` until `put_back`; see `Keeper.keep`."""
        self._course.aside[opened.name] = shown_as
        self._keeper.keep(opened, write, done, failed)
        self.status_changed.emit(opened.name)

    def tell_masks_changed(self, names: list[str]) -> None:
        """The masks of `names` were changed otherwise than by accepting: count again, and learn them anew."""
        self.tally.count()
        if names:
            self.masks_changed.emit(names)

    def put_back(self, name: str) -> None:
        """The mask of image `name`, which was set aside, is written, or will not be."""
        self._course.aside.pop(name, None)
        self.status_changed.emit(name)
        if name == self._course.wanted:
            self._course.want_again()

    def write(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[SegStudioError], None]
    ) -> None:
        """Do `work` in the thread that writes to the disk, behind what waits there; see `TaskRunner.submit`."""
        self._keeper.write(work, done, failed)

    @Slot(str)
    def _on_accepted(self, name: str) -> None:
        self.tally.count()
        self.accepted.emit(name)

    @Slot(object, object)
    def _on_failing(self, opened: OpenImage, error: SegStudioError) -> None:
        if self._is_closing:
            self._notifier.error(error)
        else:
            self._notifier.error(error, tr("Show image"), lambda: self.open_image(opened.name))
