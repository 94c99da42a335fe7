"""What a pointing device did, in image coordinates. Owns no behaviour and knows no toolkit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, Flag, auto

from segstudio.core.raster import Point


class Phase(Enum):
    """Where in a press–drag–release an event stands."""

    HOVER = auto()
    PRESS = auto()
    MOVE = auto()
    RELEASE = auto()
    CANCEL = auto()
    """What was begun is to be taken back: Escape, lost focus, another image."""
    CONFIRM = auto()
    """What was begun click by click is finished: Enter, a double click, leaving the image."""
    STEP_BACK = auto()
    """Its latest click is to be taken back: Backspace, Undo."""
    READY = auto()
    """Something that the tool waits for is in the context now: segments, or the result of its work."""


class Modifiers(Flag):
    """The keys held with the pointer."""

    NONE = 0
    SHIFT = auto()
    CTRL = auto()
    ALT = auto()


@dataclass(frozen=True, slots=True)
class PointerEvent:
    """One event at (x, y) in image coordinates: pixel (row i, column j) covers [j, j + 1) × [i, i + 1).

    Points outside the image are allowed: a stroke may leave it and come back. `pressure`, 0 to 1, is a stylus'; 1 where
    nothing presses, or how hard is not to matter.
    """

    x: float
    y: float
    phase: Phase
    modifiers: Modifiers = Modifiers.NONE
    pressure: float = 1.0

    @property
    def point(self) -> Point:
        """(x, y)."""
        return (self.x, self.y)
