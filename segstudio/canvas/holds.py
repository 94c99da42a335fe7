"""Keys that act while they are held: erase, hide the overlay, pan. Owns only which of them are down."""

from __future__ import annotations

from enum import Enum, auto


class Hold(Enum):
    """What is done for as long as a key is held."""

    ERASE = auto()
    HIDE_OVERLAY = auto()
    PAN = auto()


_TOGGLES = frozenset({Hold.ERASE, Hold.HIDE_OVERLAY})


class Holds:
    """Which holds are on. With `as_toggles` each press of a key (panning's excepted) switches instead of holding."""

    def __init__(self) -> None:
        self.as_toggles = False
        self._on: set[Hold] = set()
        self._codes: dict[int, Hold] = {}

    def __contains__(self, hold: Hold) -> bool:
        return hold in self._on

    def set_as_toggles(self, as_toggles: bool) -> None:
        """Change the way keys hold. What is on goes off with it: nothing would end it in the other way."""
        if as_toggles != self.as_toggles:
            self._on.clear()
        self.as_toggles = as_toggles

    def press(self, hold: Hold, code: int = 0) -> None:
        """Its key went down; `code` is the place of the key on the keyboard, 0 where that is not known."""
        if code:
            self._codes[code] = hold
        if self.as_toggles and hold in _TOGGLES:
            self._on ^= {hold}
        else:
            self._on.add(hold)

    def release(self, hold: Hold) -> None:
        """Its key came up."""
        self._codes = {code: other for code, other in self._codes.items() if other is not hold}
        if not (self.as_toggles and hold in _TOGGLES):
            self._on.discard(hold)

    def of_code(self, code: int) -> Hold | None:
        """What was pressed at this place of the keyboard: Shift let go in between gives the key another name."""
        return self._codes.get(code)

    def clear(self) -> bool:
        """Let go of every held key, as its release may never be seen; True where one was held. Toggles stay."""
        held = {hold for hold in self._on if not (self.as_toggles and hold in _TOGGLES)}
        self._on -= held
        self._codes.clear()
        return bool(held)
