"""The strip below everything: what is under the pointer at the left, what comes next at the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QRectF, QSize, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, set_icon
from segstudio.services.translation import tr
from segstudio.widgets.controls import ElidedLabel, ProgressBar, explain, label, push_button, set_look
from segstudio.widgets.status_mark import Mark, mark_text, paint_mark
from segstudio.widgets.words import percent, time_left

_SEPARATOR = " · "


class ImageStatus(QFrame):
    """The open image, the pixel under the pointer, the state of its label map, and the one primary action."""

    primary_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_look(self, Look.BAR)
        self._image = ""
        self._zoom = ""
        self._hover = ""
        self._primary: tuple[str, str, bool, str, str] | None = None
        self.left = ElidedLabel()
        self.left.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.busy = BusyIndicator()
        self.mark = MarkView()
        self.state = label("", Look.MUTED)
        self.primary_button = push_button(tr("Propose"), "", "propose", Look.PRIMARY)
        self.primary_button.setMinimumWidth(144)
        self.primary_button.clicked.connect(self.primary_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self.left, 1)
        row.addWidget(self.busy)
        row.addSpacing(GRID)
        row.addWidget(self.mark)
        row.addWidget(self.state)
        row.addSpacing(GRID)
        row.addWidget(self.primary_button)
        self.set_state("", None)

    def set_image(self, name: str, width: int = 0, height: int = 0) -> None:
        """Show the open image's name and its size in pixels, if known; an empty name: none is open."""
        self._image = _SEPARATOR.join([name, f"{width}×{height}"] if width else [name])
        self._hover = ""
        self._refresh()

    def set_zoom(self, zoom: float) -> None:
        """Show how large the image is shown: screen pixels per image pixel."""
        value = round(100 * zoom, 1 if zoom < 0.1 else None)
        text = tr("{value} %", value=value)
        if text != self._zoom:
            self._zoom = text
            self._refresh()

    def set_hover(self, x: int, y: int, class_name: str, confidence: int | None = None) -> None:
        """Show the pixel under the pointer, its class, and the proposal's `confidence` (0 to 255) if any."""
        parts = [tr("x {x} y {y}", x=x, y=y), class_name]
        if confidence is not None:
            parts.append(tr("sure {percent}", percent=percent(confidence / 255)))
        self._hover = _SEPARATOR.join(parts)
        self._refresh()

    def clear_hover(self) -> None:
        """The pointer left the image."""
        self._hover = ""
        self._refresh()

    def set_state(self, text: str, mark: Mark | None = None) -> None:
        """Say what the label map is, e.g. "proposal from round 3 · not accepted", with its mark."""
        self.state.setText(text)
        self.mark.set_mark(mark)

    def set_primary(self, text: str, icon_name: str, enabled: bool, hint: str, shortcut: str = "") -> None:
        """Name the primary action by what it does; `hint` says why, or why it cannot be done."""
        if self._primary == (text, icon_name, enabled, hint, shortcut):
            return
        self._primary = (text, icon_name, enabled, hint, shortcut)
        self.primary_button.setText(text)
        set_icon(self.primary_button, icon_name, Role.ACCENT_TEXT)
        self.primary_button.setEnabled(enabled)
        explain(self.primary_button, text, hint, shortcut)

    def _refresh(self) -> None:
        zoom = self._zoom if self._image else ""
        self.left.setText(_SEPARATOR.join(part for part in (self._image, zoom, self._hover) if part))


class MarkView(QWidget):
    """One status mark."""

    def __init__(self) -> None:
        super().__init__()
        self._mark: Mark | None = None
        self.setFixedSize(QSize(16, 16))
        self.setVisible(False)

    def set_mark(self, mark: Mark | None) -> None:
        """Show `mark`, or nothing."""
        if mark is self._mark:
            return
        self._mark = mark
        self.setVisible(mark is not None)
        if mark is not None:
            self.setToolTip(mark_text(mark))
            self.setAccessibleName(mark_text(mark))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        if self._mark is not None:
            paint_mark(QPainter(self), self._mark, QRectF(self.rect()).adjusted(1, 1, -1, -1))


class BusyJob(QObject):
    """One piece of long work, from `BusyIndicator.start` to `stop`; told of its end, it takes no progress any more."""

    _changed = Signal(object)
    _ended = Signal(object)

    def __init__(self, text: str, cancel: Callable[[], None]) -> None:
        super().__init__()
        self.text = text
        self.cancel = cancel
        self.done = self.total = 0
        self.seconds_left: float | None = None

    @Slot(int, int)
    def set_progress(self, done: int, total: int, seconds_left: float | None = None) -> None:
        """`done` of `total` pieces; `seconds_left` where it can be told."""
        self.done, self.total, self.seconds_left = done, max(total, 1), seconds_left
        self._changed.emit(self)

    def stop(self) -> None:
        """The work is over."""
        self._ended.emit(self)


class BusyIndicator(QWidget):
    """Long work: what it is, how far, how long still, and Cancel. Hidden while there is none.

    Of several jobs the one that began last is shown; when it ends, the one before it is shown again.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[BusyJob] = []
        self.text = label("", Look.MUTED)
        self.bar = ProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(20 * GRID)
        self.left = label("", Look.MUTED)
        self.cancel_button = push_button(
            tr("Cancel"), tr("Stops at once; what is done so far is kept."), "cancel", Look.QUIET
        )
        self.cancel_button.clicked.connect(self._on_cancel_clicked)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        for widget in (self.text, self.bar, self.left, self.cancel_button):
            row.addWidget(widget)
        self.hide()

    def start(self, text: str, cancel: Callable[[], None]) -> BusyJob:
        """Begin to show work called `text`, of unknown length; `cancel` is called where the person cancels it."""
        job = BusyJob(text, cancel)
        job._changed.connect(self._on_changed)
        job._ended.connect(self._on_ended)
        self._jobs.append(job)
        self._show_last()
        return job

    def _show_last(self) -> None:
        if not self._jobs:
            # An indeterminate bar has a timer of its own; a fixed range ends it.
            self.bar.setRange(0, 1)
            self.hide()
            return
        job = self._jobs[-1]
        self.text.setText(job.text)
        self.bar.setAccessibleName(job.text)
        self.bar.setRange(0, job.total)  # 0 of 0: of unknown length
        self.bar.setValue(job.done)
        parts = [tr("{done} of {total}", done=job.done, total=job.total)] if job.total else []
        if job.seconds_left is not None:
            parts.append(time_left(job.seconds_left))
        self.left.setText(_SEPARATOR.join(parts))
        self.show()

    @Slot(object)
    def _on_changed(self, job: BusyJob) -> None:
        if self._jobs and job is self._jobs[-1]:
            self._show_last()

    @Slot(object)
    def _on_ended(self, job: BusyJob) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
            self._show_last()

    @Slot()
    def _on_cancel_clicked(self) -> None:
        if self._jobs:
            self._jobs[-1].cancel()
