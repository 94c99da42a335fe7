"""Merging or swapping two classes in many images, in the background, and taking it back in all of them at once.

Owns the order and the giving up: one image after the other, in the thread that writes, behind what waits there. For an
image in memory that thread works out what changes; it becomes an edit of its document and is then written. While a
stroke is made on it, or it is on its way to the disk, the others come first. What is written, and how it is taken back,
is the project's part (`ImageChanger`); the record of it survives the program, so a change that was cut short is gone on
with, and can be taken back in another session.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segstudio.core.class_change import ClassChange
from segstudio.core.errors import SaveError, SegStudioError, marked
from segstudio.core.label_map import Labels
from segstudio.project.class_change import Done, ImageChanger, Prepared
from segstudio.project.class_change_log import LOG_NAME, ClassChangeLog, Plan
from segstudio.project.project import Project, Status
from segstudio.services.open_image import OpenImage
from segstudio.services.session import Session

_log = logging.getLogger(__name__)

_AGAIN_MS = 50
"""So long is waited for a stroke to end where nothing else is left to do."""


class _Step(Enum):
    CHANGE = auto()
    TAKE_BACK = auto()


@dataclass(frozen=True)
class ChangeReport:
    """What came of a change, or of taking one back.

    Attributes:
        plan: what was changed.
        is_taking_back: whether it was taken back.
        images: in how many images something is changed now or, where it was taken back, was changed by that.
        kept_in: in how many of them pixels that were painted since stayed as they are.
        failed: the images that are as they were, and why.
        stopped_by: why nothing more could be written; None where all was tried.
        is_cancelled: whether the person cancelled it.
        can_go_on: whether `ClassChanges.go_on` goes on with it: something was begun, and not all is tried.
    """

    plan: Plan
    is_taking_back: bool
    images: int
    kept_in: int
    failed: tuple[tuple[str, SegStudioError], ...]
    stopped_by: SegStudioError | None
    is_cancelled: bool
    can_go_on: bool


class ClassChanges(QObject):
    """One change at a time, for the open folder."""

    advanced = Signal(int, int)
    """How many images are done, of how many."""
    finished = Signal(object)
    """ChangeReport: it is over."""
    record_changed = Signal()
    """`revocable` may be another one."""
    interrupted = Signal(object)
    """Plan: the folder that was opened has a change that was cut short; `go_on` goes on with it."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.log: ClassChangeLog | None = None
        """The record of the latest change, of this session or an earlier one; None where there is nothing of it."""
        self.is_running = False
        self._run = 0
        self._waiting: list[tuple[_Step, str]] = []
        self._images: set[str] = set()
        self._masks: set[str] = set()
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self._go_on)
        session.project_opened.connect(self._on_project_opened)
        session.closing.connect(self._on_closing)
        session.classes_changed.connect(self.record_changed)

    @property
    def revocable(self) -> int:
        """In how many images the latest change can be taken back; 0 while one is under way."""
        project, log = self._session.project, self.log
        if self.is_running or project is None or log is None or not log.plan.fits(project.classes):
            return 0
        return len(log.changed)

    def start(self, change: ClassChange, names: Sequence[str]) -> None:
        """Begin to change the images `names`, in place of what could be taken back until now; `finished` follows.

        Whoever asks has looked at the guards. Nothing where a change is under way.
        """
        project = self._session.project
        if self.is_running or project is None:
            return
        plan = Plan.of(change, project.classes, names)
        self._begin_run()
        self._write(
            partial(ClassChangeLog.begin, project.state_dir / LOG_NAME, plan),
            partial(self._on_begun, _Step.CHANGE),
            lambda error: self._end(plan, False, error),
        )

    def go_on(self) -> None:
        """Go on with a change, or with taking one back, that was cut short; `finished` follows."""
        log = self.log
        if self.is_running or log is None or not log.is_interrupted:
            return
        if log.is_taking_back:
            self.take_back()
        else:
            self._begin_run()
            self._on_begun(_Step.CHANGE, log)

    def take_back(self) -> None:
        """Take the latest change back in all images in which that is to be done; `finished` follows."""
        log = self.log
        if not self.revocable or log is None:
            return
        self._begin_run()
        self._write(
            log.begin_taking_back,
            lambda _: self._on_begun(_Step.TAKE_BACK, log),
            lambda error: self._end(log.plan, True, error),
        )

    @Slot()
    def cancel(self) -> None:
        """Leave what is not done yet as it is."""
        self._is_cancelled = bool(self._waiting)
        self._waiting.clear()

    # -- one image after the other --------------------------------------------------------------------------

    def _begin_run(self) -> None:
        self.is_running, self._is_cancelled = True, False
        self._run += 1
        self._images, self._masks = set(), set()
        self._kept_in = 0
        self._failed: list[tuple[str, SegStudioError]] = []
        self.record_changed.emit()

    def _on_begun(self, step: _Step, log: ClassChangeLog) -> None:
        project = self._session.project
        assert project is not None
        self.log = log
        self._changer = ImageChanger(project, log)
        if step is _Step.CHANGE:
            self._waiting = [(step, name) for name in log.left]
        else:
            # What a crash left half done is done first: then there is one state to go back from.
            half = [(_Step.CHANGE, name) for name in log.changed if not log.is_done(name)]
            self._waiting = [*half, *((step, name) for name in log.changed)]
        self._total, self._is_taking_back = len(self._waiting), step is _Step.TAKE_BACK
        self._go_on()

    @Slot()
    def _go_on(self) -> None:
        """Begin with the first image that can be begun with now."""
        run = self._run
        self.advanced.emit(self._total - len(self._waiting), self._total)
        if run != self._run or not self.is_running:
            return  # who heard of it closed the folder
        busy: set[str] = set()
        for place, (step, name) in enumerate(self._waiting):
            if name not in busy and self._session.is_at_rest(name) and self._begin(step, name, place):
                return
            busy.add(name)
        if self._waiting:
            self._again.start()
        else:
            self._close_log(None)

    def _begin(self, step: _Step, name: str, place: int) -> bool:
        """Begin with one image; False where its turn comes later."""
        session, changer = self._session, self._changer
        status, opened = session.status(name), session.in_memory(name)
        is_change, failed = step is _Step.CHANGE, partial(self._on_failed, self._run, name)
        if opened is None:
            if not session.set_aside(name, status, even_wanted=True):
                return False
            work: Callable[[], Any] = partial(changer.change if is_change else changer.take_back, name)
            done: Callable[[Any], None] = partial(self._on_done, self._run, step, name)
        else:
            labels, is_draft = opened.document.label_map.array.copy(), status is Status.DRAFT
            prepare = changer.prepare if is_change else changer.prepare_taking_back
            work = partial(prepare, name, labels, is_draft)
            done = partial(self._on_prepared, self._run, step, opened, opened.version, status)
        del self._waiting[place]
        session.write(partial(_safely, name, work), done, failed)
        return True

    def _on_prepared(
        self, run: int, step: _Step, opened: OpenImage, version: int, status: Status, prepared: Prepared | None
    ) -> None:
        """What is to be done to an open image is worked out: do it, unless the image is another one by now."""
        session, name = self._session, opened.name
        if run != self._run or not self.is_running:
            return
        is_same = session.in_memory(name) is opened and opened.version == version and session.status(name) is status
        if not is_same or not session.is_at_rest(name):
            if not self._is_cancelled:
                self._waiting.insert(0, (step, name))
            self._go_on()
            return
        done, failed = partial(self._on_done, run, step, name), partial(self._on_failed, run, name)
        try:
            write = self._change_open(step, opened, status is Status.DRAFT, prepared)
        except SegStudioError as error:
            failed(error)
        else:
            session.keep_as_it_is(opened, status, partial(_safely, name, write), done, failed)

    def _change_open(
        self, step: _Step, opened: OpenImage, is_draft: bool, prepared: Prepared | None
    ) -> Callable[[str, Labels, int | None], Done]:
        """Change the document of an image in memory; returns what then writes it."""
        changer = self._changer
        if step is _Step.CHANGE:
            changer.begin_open(opened.document, prepared, is_draft)
            return lambda name, labels, mark: changer.keep_open(name, labels, mark, is_draft, prepared)
        assert prepared is not None
        changer.take_back_open(opened.document, prepared)
        return lambda name, labels, mark: changer.keep_taken_back_open(name, labels, mark, is_draft, prepared)

    def _on_done(self, run: int, step: _Step, name: str, done: Done) -> None:
        if run != self._run or not self.is_running:
            return
        if (step is _Step.TAKE_BACK) is self._is_taking_back:
            self._images.update({name} if done.changed else ())
            self._kept_in += bool(done.kept)
        if done.mask_changed:
            self._masks.add(name)
        self._session.put_back(name)
        self._go_on()

    def _on_failed(self, run: int, name: str, error: SegStudioError) -> None:
        """An image that has a problem of its own costs that one; where the disk does not take it the rest is left."""
        if run != self._run or not self.is_running:
            return
        self._session.put_back(name)
        if isinstance(error, SaveError) and isinstance(error.__cause__, OSError):
            self._waiting.clear()
            self._close_log(error)
        else:
            self._failed.append((name, error))
            self._go_on()

    # -- the end --------------------------------------------------------------------------------------------

    def _close_log(self, error: SegStudioError | None) -> None:
        log = self.log
        assert log is not None
        # What could not be written stays in the record as undone, so that it can be gone on with.
        closing = partial(_closed, log, self._is_taking_back, is_stopped=error is not None)
        self._write(
            closing,
            lambda _: self._end(log.plan, self._is_taking_back, error),
            lambda late: self._end(log.plan, self._is_taking_back, error or late),
        )

    def _end(self, plan: Plan, is_taking_back: bool, error: SegStudioError | None) -> None:
        if not self.is_running:
            return
        self.is_running = False
        images, log, can_go_on = len(self._images), self.log, False
        if log is not None and log.plan is plan:  # where it could not even be begun, there is still the one before
            if not is_taking_back:
                images = sum(map(log.is_done, log.changed))
            self.log = log if log.changed else None
            can_go_on = bool(log.changed) and log.is_interrupted and log.is_taking_back is is_taking_back
        if self._masks:
            project = self._session.project
            names = project.names if project is not None else []
            self._session.tell_masks_changed([name for name in names if name in self._masks])
        self.record_changed.emit()
        failed = tuple(self._failed)
        self.finished.emit(
            ChangeReport(plan, is_taking_back, images, self._kept_in, failed, error, self._is_cancelled, can_go_on)
        )

    def _write(
        self, work: Callable[[], Any], done: Callable[[Any], None], failed: Callable[[SegStudioError], None]
    ) -> None:
        """Do `work` in the thread that writes; what comes of it after the folder is closed is dropped."""
        run = self._run
        self._session.write(
            work,
            lambda result: done(result) if run == self._run else None,
            lambda error: failed(error) if run == self._run else None,
        )

    @Slot(object)
    def _on_project_opened(self, project: Project) -> None:
        self._write(partial(ClassChangeLog.open, project.state_dir / LOG_NAME), self._on_log_read, lambda _: None)

    def _on_log_read(self, log: ClassChangeLog | None) -> None:
        self.log = log
        self.record_changed.emit()
        project = self._session.project
        if log is not None and log.is_interrupted and project is not None and log.plan.fits(project.classes):
            self.interrupted.emit(log.plan)

    @Slot()
    def _on_closing(self) -> None:
        """The image under way is still written; the record says what is left."""
        self._run += 1
        self._again.stop()
        self._waiting.clear()
        self.is_running, self.log = False, None
        self.record_changed.emit()


def _safely(name: str, work: Callable[..., Any], *arguments: Any) -> Any:
    """Do `work`; whatever goes wrong with it is a SegStudioError."""
    try:
        return work(*arguments)
    except SegStudioError:
        raise
    except Exception as error:
        _log.exception("the classes of image %s could not be changed", name)
        raise SaveError(
            marked("The classes of {name} cannot be changed: an unexpected error, which the log tells."), name=name
        ) from error


def _closed(log: ClassChangeLog, is_taking_back: bool, is_stopped: bool) -> None:
    """Close the record, or remove it where nothing can be taken back any more."""
    if not log.changed:
        log.remove()
    elif not is_taking_back and not is_stopped:
        log.end()
