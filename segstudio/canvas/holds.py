"""Keys that act while they are held: erase, hide the overlay, pan. Owns only which of them are down."""

from __future__ import annotations

from enum import Enum, auto

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent


class Hold(Enum):
    """What is done for as long as a key is held."""

    ERASE = auto()
    HIDE_OVERLAY = auto()
    PAN = auto()


HOLD_KEYS: dict[Qt.Key, Hold] = {
    Qt.Key.Key_X: Hold.ERASE,
    Qt.Key.Key_H: Hold.HIDE_OVERLAY,
    Qt.Key.Key_Space: Hold.PAN,
}

_TOGGLES = frozenset({Hold.ERASE, Hold.HIDE_OVERLAY})


class Holds:
    """Which holds are on. With `as_toggles` each press of a key (panning's excepted) switches instead of holding."""

    def __init__(self) -> None:
        self.as_toggles = False
        self._on: set[Hold] = set()

    def __contains__(self, hold: Hold) -> bool:
        return hold in self._on

    @staticmethod
    def of(event: QKeyEvent) -> Hold | None:
        """What the key of `event` holds, or None."""
        plain = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
        return HOLD_KEYS.get(Qt.Key(event.key())) if plain == Qt.KeyboardModifier.NoModifier else None

    @staticmethod
    def key_of(event: QKeyEvent) -> Hold | None:
        """What the key of `event` holds whatever else is down: a release must not be missed for a modifier."""
        return HOLD_KEYS.get(Qt.Key(event.key()))

    def set_as_toggles(self, as_toggles: bool) -> None:
        """Change the way keys hold. What is on goes off with it: nothing would end it in the other way."""
        if as_toggles != self.as_toggles:
            self._on.clear()
        self.as_toggles = as_toggles

    def press(self, hold: Hold) -> None:
        """Its key went down."""
        if self.as_toggles and hold in _TOGGLES:
            self._on ^= {hold}
        else:
            self._on.add(hold)

    def release(self, hold: Hold) -> None:
        """Its key came up."""
        if not (self.as_toggles and hold in _TOGGLES):
            self._on.discard(hold)

    def clear(self) -> bool:
        """Let go of every held key, as its release may never be seen; True where one was held. Toggles stay."""
        held = {hold for hold in self._on if not (self.as_toggles and hold in _TOGGLES)}
        self._on -= held
        return bool(held)
