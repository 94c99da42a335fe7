"""The proposals of the open folder: taken in as they are made, dropped when better ones will be made.

Owns which proposals are dropped, in memory and on the disk. It makes none, and applies none.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from segstudio.project.project import Proposal, Status
from segstudio.services.course import Course
from segstudio.services.keeper import Keeper
from segstudio.services.notifier import Notifier

_TOLD_SINGLY = 50
"""Where so many statuses changed at once, looking at all again is less work."""


class FolderProposals(QObject):
    """The proposals of the folder that `course` goes through, none where it goes through none."""

    changed = Signal()
    """The open image's proposal came or went."""
    status_changed = Signal(str)
    """The name of an image whose status may be another one now; "" for all."""

    def __init__(
        self,
        course: Course,
        keeper: Keeper,
        status: Callable[[str], Status],
        notifier: Notifier,
        parent: QObject | None = None,
    ) -> None:
        """`status` tells how far an image is, what is not written yet included."""
        super().__init__(parent)
        self._course = course
        self._keeper = keeper
        self._status = status
        self._notifier = notifier

    @property
    def shown(self) -> Proposal | None:
        """The proposal that the open image shows: it has one, and nothing was painted yet."""
        opened = self._course.current
        return opened.shown_proposal if opened is not None else None

    def take(self, name: str, proposal: Proposal) -> None:
        """A proposal for image `name` has come in."""
        if self._course.shelf is None:
            return
        self._course.shelf.take_proposal(name, proposal)
        opened = self._course.current
        if opened is not None and opened.name == name:
            self.changed.emit()
        self.status_changed.emit(name)

    def forget(self, keep_shown: bool = True) -> None:
        """Drop all proposals, the shown one excepted: another network will make better ones.

        What the person looks at stays in sight until its successor has come, but where `keep_shown` is not set.
        """
        project, shelf, opened = self._course.project, self._course.shelf, self._course.current
        if project is None or shelf is None:
            return
        shown = opened.name if keep_shown and opened is not None and self.shown is not None else None
        shelf.forget_proposals({name for name in project.names if name != shown})
        dropped = [name for name in project.proposed_names() if name != shown]
        self._keeper.write(
            partial(project.drop_proposals, dropped), lambda _: self.status_changed.emit(""), self._notifier.error
        )
        self.changed.emit()

    def forget_others(self, then: Callable[[list[str]], None]) -> None:
        """Drop the proposals that nobody worked on, the open image's excepted, and call `then` with their names.

        For proposals that will be made in another way from now on.
        """
        project, shelf, opened = self._course.project, self._course.shelf, self._course.current
        if project is None or shelf is None:
            return
        here = opened.name if opened is not None else None
        names = {name for name in project.proposed_names() if name != here and self._status(name) is Status.PROPOSED}
        shelf.forget_proposals(names)

        def dropped(_: object) -> None:
            for name in names if len(names) < _TOLD_SINGLY else [""]:
                self.status_changed.emit(name)
            if project is self._course.project:
                then([name for name in project.names if name in names])

        self._keeper.write(partial(project.drop_proposals, names), dropped, self._notifier.error)
