"""How far a round is, how long it may go on, and when it is scored on the way.

Owns the counting of steps and seconds. Knows no network and no image.

What the time budget holds: reading the images and the baseline's scoring; the steps; scorings on the way, at most
`ON_THE_WAY_SHARE` of the time so far; and what comes after the last step, for which `Budget.reserved` is kept back.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from dataclasses import dataclass, field

from segstudio_training.job import Ending

EVALUATIONS = 4
"""The budget is divided into so many parts; between two of them the round is scored."""
ON_THE_WAY_SHARE = 0.12
"""Share of the time so far that scorings on the way may have taken."""
SETTLING_STEPS = 3.0
"""Settling the averaged network's batch norms takes about two steps' time (measured on processors), hardly more."""
PACE_STEPS = 9
"""What a step takes is the median of so many of the latest."""


@dataclass
class Budget:
    """A round's position in its budget.

    Attributes:
        max_seconds: wall-clock limit, counted from `began`; None for none.
        max_steps: limit of steps, the plan that the learning rate follows; None for none.
        stop_after: where to stop for now, in steps; the plan stays `max_steps`.
        began: `time.monotonic()` at the start of the round.
        step: steps done, those before a stop included; batch number `step` is the next.
        first_step, first_progress: where this process took the round up.
        reserved_seconds: kept back for the final scoring.
        settling_steps: settling the averaged network, at every scoring, takes as long as so many steps.
        next_scoring: share of the budget at which the next scoring is due; None until `begin`.
        scoring_seconds: what scorings on the way have taken in this process.
    """

    max_seconds: float | None
    max_steps: int | None
    stop_after: int | None
    began: float
    step: int = 0
    first_step: int = 0
    first_progress: float = 0.0
    reserved_seconds: float = 0.0
    settling_steps: float = 0.0
    next_scoring: float | None = None
    scoring_seconds: float = 0.0
    _paces: deque[float] = field(default_factory=lambda: deque(maxlen=PACE_STEPS))

    def begin(self, progress: float) -> None:
        """Steps begin, or go on after a scoring, at `progress`: the next scoring is the first one beyond it.

        A round that was stopped keeps the one that it had.
        """
        if self.next_scoring is None:
            self.next_scoring = (math.floor(progress * EVALUATIONS) + 1) / EVALUATIONS

    def progress(self) -> float:
        """Share of the budget used, by time or by steps, whichever is further; above 1 where it is overdrawn."""
        shares = [0.0]
        if self.max_steps is not None:
            shares.append(self.step / self.max_steps)
        if self.max_seconds is not None:
            available = max(0.1, self.max_seconds - self.reserved())
            shares.append(self.first_progress + (1 - self.first_progress) * self.seconds() / available)
        return max(shares)

    def ending(self, progress: float) -> Ending | None:
        """Why the round stops teaching here, at `progress`; None where it goes on."""
        if progress >= 1 and self.step > self.first_step:  # a slow start still teaches one step
            at_limit = self.max_steps is not None and self.step >= self.max_steps
            return Ending.STEPS if at_limit else Ending.TIME
        if self.stop_after is not None and self.step >= self.stop_after:
            return Ending.STOPPED
        return None

    def is_scoring_due(self, progress: float) -> bool:
        """Whether `progress` has reached the next scoring on the way."""
        return self.next_scoring is not None and progress >= self.next_scoring

    def affords_scoring(self, seconds: float) -> bool:
        """Whether a scoring on the way of `seconds`, settling not included, keeps to `ON_THE_WAY_SHARE`."""
        if self.max_seconds is None:
            return True
        together = self.scoring_seconds + seconds + self._settling_seconds()
        return together <= ON_THE_WAY_SHARE * self.seconds()

    def scored(self, seconds: float = 0.0) -> None:
        """The scoring that was due took `seconds`; those that fell due meanwhile are left out (see `begin`)."""
        self.scoring_seconds += seconds
        self.next_scoring = None

    def stepped(self, seconds: float) -> None:
        """A step is done, of `seconds`; a process's first, in which memory is laid out, says nothing of the pace."""
        if self.step > self.first_step:
            self._paces.append(seconds)
        self.step += 1

    def rested(self, seconds: float) -> None:
        """The round was paused for `seconds`, which are not part of its budget."""
        self.began += seconds

    def reserved(self) -> float:
        """Seconds kept back for what comes after the last step: settling, and the final scoring."""
        return self.reserved_seconds + self._settling_seconds()

    def _settling_seconds(self) -> float:
        return self.settling_steps * statistics.median(self._paces) if self._paces else 0.0

    def seconds(self) -> float:
        """Seconds since the round began."""
        return time.monotonic() - self.began

    def seconds_left(self) -> float | None:
        """Seconds that the round will still take, None where nobody can say."""
        lefts: list[float] = []
        if self.max_seconds is not None:
            lefts.append(max(0.0, self.max_seconds - self.seconds()))
        if self.max_steps is not None:
            each = self.seconds() / max(1, self.step - self.first_step)
            lefts.append(each * (self.max_steps - self.step))
        return min(lefts, default=None)
