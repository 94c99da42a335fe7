"""The way through the images of the open folder: which one is open, which is wanted, and what is seen until it comes.

Owns when one image takes the other's place: as soon as it is read, but never within a stroke, and an image that takes
its time does not leave the one before in sight. Steps pass over what cannot be read. What entering and leaving an image
bring with them is up to whoever listens; reading is the `ImageShelf`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project, Status
from segstudio.services.image_shelf import ImageShelf
from segstudio.services.open_image import OpenImage, Preview
from segstudio.services.settings import LOOK_AHEAD, Settings

_BREATH_MS = 1
"""Between accepting an image and showing the next one."""
_PATIENCE_MS = 40
"""An image that takes longer to come is shown in small meanwhile, and the one before is left."""


class Course(QObject):
    """Goes through one folder at a time, from image to image."""

    leaving = Signal(object)
    """OpenImage, the current one, which is about to be left."""
    left = Signal(object)
    """OpenImage: it is the current one no more."""
    entered = Signal(object)
    """OpenImage: it is the current one now."""
    waiting = Signal(str)
    """The image of this name is being read, and none is open meanwhile."""
    previewed = Signal(object)
    """Preview of the image that is being read, where that is a large one."""
    renewed = Signal(object)
    """OpenImage, the current one: its image has other pixels now."""
    failed = Signal(str, object)
    """Image name and SegStudioError: the wanted image cannot be read."""

    stranded = Signal()
    """No image is open, and none is to come."""

    def __init__(self, status: Callable[[str], Status], settings: Settings, parent: QObject | None = None) -> None:
        """`status` tells how far an image is, what is not written yet included."""
        super().__init__(parent)
        self._status = status
        self._settings = settings
        self.project: Project | None = None
        """The open folder."""
        self.shelf: ImageShelf | None = None
        """Its images in memory."""
        self.current: OpenImage | None = None
        """The open image."""
        self.wanted: str | None = None
        """The name of the image asked for last: the open one, or the one that is to come."""
        self.aside: dict[str, Status] = {}
        """Images that are being written from elsewhere, and what they are shown as; nobody may read them meanwhile."""
        self.is_going_on = False
        """Whether the next image comes in the event loop's next turn, because this one was accepted."""
        self._before: str | None = None
        """The image that was left for the wanted one before that could be read."""
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.setInterval(_PATIENCE_MS)
        self._late.timeout.connect(self._on_late)
        self._unreadable: set[str] = set()
        """Images that could not be read when they were wanted; going on passes over them."""
        self._step_on: Callable[[], None] | None = None
        """What to do where the wanted image cannot be read: the step that wanted it, again."""
        self._is_renewal_due = False
        """Whether the open image has other pixels that are to be told after the stroke."""

    def begin(self, project: Project, shelf: ImageShelf) -> None:
        """Go through the images of `project`, which `shelf` reads; none is open yet."""
        self.project, self.shelf = project, shelf
        shelf.ready.connect(self._on_image_ready)
        shelf.renewed.connect(self._on_image_renewed)
        shelf.failed.connect(self._on_image_failed)
        shelf.previewed.connect(self._on_previewed)

    def end(self) -> None:
        """Forget the folder; `leave` the open image before."""
        self.project, self.current, self.shelf, self.wanted, self._before = None, None, None, None, None
        self._late.stop()
        self.is_going_on = False
        self.aside.clear()
        self._unreadable.clear()

    def want(self, name: str, step_on: Callable[[], None] | None = None) -> None:
        """Show image `name`: at once where it is in memory, else as soon as it is read; never within a stroke.

        Where it cannot be read `step_on` is called, which asks for another one.
        """
        self.is_going_on = False
        if self.shelf is None or (self.current is not None and self.current.name == name):
            return
        self.wanted, self._step_on = name, step_on
        if name in self.shelf:
            self.show_wanted()
        elif self._read_wanted():
            self._late.start()

    def want_again(self) -> None:
        """Have the wanted image read after all, where reading it was given up or had to wait."""
        if self.shelf is not None and self.wanted is not None and self.wanted not in self.shelf:
            self._read_wanted()

    def set_aside(self, name: str, shown_as: Status, even_wanted: bool) -> bool:
        """Forget image `name`, which is shown as `shown_as` meanwhile, and read it no more until it is put back.

        False where it is open or holds work that is not on the disk; or is wanted, unless `even_wanted` is set.
        """
        if self.shelf is None or (name == self.wanted and not even_wanted):
            return False
        if (self.current is not None and self.current.name == name) or not self.shelf.forget(name):
            return False
        self.aside[name] = shown_as
        return True

    def show_wanted(self) -> None:
        """Show the image asked for last, where it is in memory. While a stroke is made it waits: call again then."""
        name, opened = self.wanted, self.current
        if self._is_renewal_due and opened is not None:
            self._on_image_renewed(opened.name)
        if self.shelf is None or name is None or name not in self.shelf:
            return
        if opened is None or (opened.name != name and not opened.document.is_editing):
            self.leave()
            self._enter(self.shelf.take(name))

    def go_on_soon(self) -> None:
        """Show the next image that is not accepted in a turn of its own, unless another one is asked for before.

        Accepting and showing the next image at once would stop the window for too long.
        """
        self.is_going_on = True
        # Without any delay Qt would do it in this very turn.
        QTimer.singleShot(_BREATH_MS, self, self._go_on)

    def open_next(self, only_unfinished: bool = False) -> None:
        """Show the next image; with `only_unfinished` the next one that is not accepted, from the start again."""
        name = next(iter(self.upcoming(1, only_unfinished)), None)
        if name is not None:
            self.want(name, partial(self.open_next, only_unfinished))

    def open_previous(self) -> None:
        """Show the image before the current one."""
        here = self._here
        if self.project is not None and here is not None:
            before = self.project.names[: self.project.names.index(here)]
            name = next((name for name in reversed(before) if name not in self._unreadable), None)
            if name is not None:
                self.want(name, self.open_previous)

    def upcoming(self, count: int, only_unfinished: bool = True) -> list[str]:
        """Up to `count` names of the images that come after the current one."""
        if self.project is None:
            return []
        names = self.project.names
        here = self._here
        at = names.index(here) if here is not None else -1
        order = names[at + 1 :] + (names[: max(at, 0)] if only_unfinished else [])
        chosen = (
            name
            for name in order
            if name not in self._unreadable and (not only_unfinished or self._status(name) is not Status.ACCEPTED)
        )
        return [name for name, _ in zip(chosen, range(count), strict=False)]

    def leave(self) -> None:
        """Leave the open image, if there is one."""
        opened = self.current
        if opened is not None:
            self.leaving.emit(opened)
            self.current = None
            self.left.emit(opened)

    def _read_wanted(self) -> bool:
        """Have the wanted image read; False where it is set aside, and read when it is put back."""
        if self.shelf is None or self.wanted is None or self.wanted in self.aside:
            return False
        self.shelf.want(self.wanted)
        return True

    def _enter(self, opened: OpenImage) -> None:
        assert self.shelf is not None
        self.current, self._before = opened, None
        self._late.stop()
        self._unreadable.discard(opened.name)
        self.entered.emit(opened)
        ahead = self.upcoming(self._settings.get(LOOK_AHEAD))
        self.shelf.read_ahead([name for name in ahead if name not in self.aside])

    @property
    def _here(self) -> str | None:
        """The open image, or the one that it was left for and that is still being read; None at the start."""
        if self.current is not None:
            return self.current.name
        return self.wanted if self._before is not None else None

    @Slot()
    def _go_on(self) -> None:
        if self.is_going_on:
            self.is_going_on = False
            self.open_next(only_unfinished=True)

    @Slot()
    def _on_late(self) -> None:
        """The wanted image takes its time: show what there is of it, and do not let the one before pass for it."""
        name, opened = self.wanted, self.current
        if self.shelf is None or name is None or name in self.shelf:
            return
        if opened is not None and (opened.name == name or opened.document.is_editing):
            return
        if opened is not None:
            self._before = opened.name
            self.leave()
        self.shelf.preview(name)
        self.waiting.emit(name)

    @Slot(object)
    def _on_previewed(self, preview: Preview) -> None:
        if self.current is None and preview.name == self.wanted:
            self.previewed.emit(preview)

    @Slot(str)
    def _on_image_ready(self, name: str) -> None:
        if name == self.wanted:
            self.show_wanted()

    @Slot(str)
    def _on_image_renewed(self, name: str) -> None:
        opened = self.current
        if opened is not None and opened.name == name:
            self._is_renewal_due = opened.document.is_editing
            if not self._is_renewal_due:
                self.renewed.emit(opened)

    @Slot(str, object)
    def _on_image_failed(self, name: str, error: SegStudioError) -> None:
        if name != self.wanted:
            return
        self._unreadable.add(name)
        before = self._before
        if self.current is not None or before is None:
            self.wanted = self.current.name if self.current is not None else None
        self.failed.emit(name, error)
        step_on = self._step_on or (self.open_next if self.current is None and before is None else None)
        if step_on is not None:
            step_on()
        if self.current is None and before is not None and before != name and self.wanted == name:
            self.want(before)
        if self.current is None and self.wanted in (None, name):
            self.wanted = self._before = None
            self.stranded.emit()
