"""When the network goes on learning by itself: rounds one after the other, called laps. No Qt.

A lap is worth its time where something is new to learn, or where the laps before it still gained.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from segstudio_training.rounds import RoundResult, Verdict

LEAST_GAIN = 0.002
"""A held-out mean IoU that rises by less is no gain; the gate's own word for noise."""
PATIENCE = 2
"""After so many laps without gain learning waits for something new."""


def gained(result: RoundResult) -> bool:
    """Whether the lap's network is a better one: it took over and scores higher, or is the first there is.

    Where nothing was scored nobody knows, and that is no gain: else a folder without held-out images would never rest.
    """
    if not result.taken:
        return False
    before, after = ((scores or {}).get("miou") for scores in (result.old_scores, result.new_scores))
    if before is None or after is None:
        return result.verdict is Verdict.FIRST
    return bool(after > before + LEAST_GAIN)


@dataclass
class Laps:
    """The laps of one learning session, from a click on Fine-tune on.

    Attributes:
        number: of the lap that was begun last, from 1 on.
        waiting: images accepted, or accepted anew, that no lap has taken up yet.
        without_gain: how many laps in a row gained nothing.
    """

    number: int = 0
    waiting: set[str] = field(default_factory=set)
    without_gain: int = 0

    @property
    def is_worthwhile(self) -> bool:
        """Whether another lap is."""
        return bool(self.waiting) or self.without_gain < PATIENCE

    def begin(self) -> int:
        """A lap begins, with everything that is accepted so far; its number."""
        self.waiting.clear()
        self.number += 1
        return self.number

    def accept(self, name: str) -> None:
        """There is something new to learn."""
        self.waiting.add(name)
        self.without_gain = 0

    def taken_up(self, names: Iterable[str]) -> None:
        """The lap under way teaches `names` now."""
        self.waiting.difference_update(names)

    def end(self, has_gained: bool) -> None:
        """The lap is over."""
        self.without_gain = 0 if has_gained else self.without_gain + 1
