"""The keys that the canvas takes itself: those that act while they are held, and those for what is being drawn.

Owns which key means what there, as a person may have chosen it. Which of them are down is `Holds`' to know.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from segstudio.canvas.holds import Hold
from segstudio.core.errors import marked
from segstudio.services.key_text import pressed, without_shift
from segstudio.tools import Phase, Tool


@dataclass(frozen=True)
class CanvasKey:
    """One row: what the key does, and the key by default. Of `hold` and `phase` one is set."""

    id: str
    title: str
    hint: str
    default: str
    hold: Hold | None = None
    phase: Phase | None = None


CANVAS_KEYS: tuple[CanvasKey, ...] = (
    CanvasKey("hold.erase", marked("Erase for a moment"), marked("Any tool erases while it is down"), "X", Hold.ERASE),
    CanvasKey("hold.hide_overlay", marked("Hide the overlay for a moment"), marked("The image alone, while it is down"),
              "H", Hold.HIDE_OVERLAY),
    CanvasKey("hold.pan", marked("Pan"), marked("Drag the image while it is down"), "Space", Hold.PAN),
    CanvasKey("drawing.finish", marked("Finish what is drawn"), marked("Between the clicks of a tool such as Polygon"),
              "Return", phase=Phase.CONFIRM),
    CanvasKey("drawing.step_back", marked("Take the last corner back"), marked("As Undo does while something is drawn"),
              "Backspace", phase=Phase.STEP_BACK),
)  # fmt: skip

_DEFAULTS = {row.id: (row.default,) for row in CANVAS_KEYS}


class CanvasKeys:
    """Which key means what on the canvas.

    Args:
        keys: by the ids of `CANVAS_KEYS`, each key as `key_text` spells it.
        undo: the keys of Undo: while something is drawn they take its last corner back.
        others: keys that mean something to the window; Shift with a held key holds it too, unless it is one of them.
    """

    def __init__(
        self,
        keys: Mapping[str, Collection[str]] = _DEFAULTS,
        undo: Collection[str] = ("Ctrl+Z", "Z"),
        others: Collection[str] = (),
    ) -> None:
        self._holds = {key: row.hold for row in CANVAS_KEYS if row.hold is not None for key in keys[row.id]}
        self._phases = dict.fromkeys(undo, Phase.STEP_BACK)
        self._phases |= {key: row.phase for row in CANVAS_KEYS if row.phase is not None for key in keys[row.id]}
        self._others = frozenset(others)

    def hold_of(self, event: QKeyEvent) -> Hold | None:
        """What the key of `event` holds, or None."""
        key = pressed(event)
        if key is None:
            return None
        if key in self._holds or key in self._others:
            return self._holds.get(key)
        return self._holds.get(without_shift(key))

    def hold_released(self, event: QKeyEvent) -> Hold | None:
        """What the key of `event` holds whatever else is down: a release must not be missed for a modifier."""
        plain = QKeyEvent(event.type(), event.key(), Qt.KeyboardModifier.NoModifier)
        return self._holds.get(pressed(plain) or "")

    def phase_of(self, event: QKeyEvent, tool: Tool) -> Phase | None:
        """What the key means for what `tool` is drawing; None where it draws nothing, or the key has another use."""
        if not tool.is_busy:
            return None
        if event.key() == Qt.Key.Key_Escape:
            return Phase.CANCEL
        return self._phases.get(pressed(event) or "") if tool.is_stepwise else None
