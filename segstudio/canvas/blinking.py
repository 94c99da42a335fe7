"""One class blinks on a viewport, so that the eye finds it. Owns the rhythm; the scene knows how it is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtWidgets import QStyle

from segstudio.canvas.viewport import ImageViewport

HALF_MS = 333
"""From bright to dark and from dark to bright: 1.5 times a second, as nothing may blink more than three times."""


class Blinking(QObject):
    """Blinks on all `viewports` alike, while it has a class, one of them is to be seen, and no tool is at work."""

    def __init__(self, viewports: Sequence[ImageViewport], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewports = tuple(viewports)
        self._index: int | None = None
        self._is_tool_at_work = False
        self._is_lit = True
        self._timer = QTimer(self)
        self._timer.setInterval(HALF_MS)
        self._timer.timeout.connect(self._on_half)
        for viewport in self._viewports:
            viewport.installEventFilter(self)

    @property
    def is_running(self) -> bool:
        """Whether it blinks right now."""
        return self._timer.isActive()

    @property
    def is_lit(self) -> bool:
        """Whether the class is in its plain colour right now, where it blinks."""
        return self._is_lit

    def set_class(self, index: int | None) -> None:
        """Let this class blink, beginning anew; None: none."""
        self._index = index
        self._go_on()

    def set_tool_at_work(self, at_work: bool) -> None:
        """While a tool is at work nothing blinks."""
        self._is_tool_at_work = at_work
        self._go_on()

    def _go_on(self) -> None:
        """Begin anew, bright, or stop; where the desktop wants no motion the class stays bright."""
        is_seen = any(viewport.isVisible() for viewport in self._viewports)
        may_blink = self._index is not None and not self._is_tool_at_work and is_seen
        self._show(self._index if may_blink else None, True)
        if may_blink and self._is_motion_wanted():
            self._timer.start()
        else:
            self._timer.stop()

    def _is_motion_wanted(self) -> bool:
        viewport = self._viewports[0]
        return viewport.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, viewport) > 0

    def _show(self, index: int | None, is_lit: bool) -> None:
        self._is_lit = is_lit
        for viewport in self._viewports:
            viewport.set_blink(index, is_lit)

    @Slot()
    def _on_half(self) -> None:
        self._show(self._index, not self._is_lit)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Not for nobody to see."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide):
            self._go_on()
        return False
