"""How far a round is, how long it may go on, and when it is scored on the way.

Owns the counting of steps and seconds. Knows no network and no image.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from segstudio_training.job import Ending

EVALUATIONS = 4
"""Scorings on the way, evenly spread over the budget."""


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
        next_scoring: share of the budget at which the next scoring is due; None until `begin`.
    """

    max_seconds: float | None
    max_steps: int | None
    stop_after: int | None
    began: float
    step: int = 0
    first_step: int = 0
    first_progress: float = 0.0
    reserved_seconds: float = 0.0
    next_scoring: float | None = None

    def begin(self, progress: float) -> None:
        """Steps begin at `progress`; a round that was stopped keeps its next scoring, a new one is given it."""
        if self.next_scoring is None:
            self.next_scoring = (math.floor(progress * EVALUATIONS) + 1) / EVALUATIONS

    def progress(self) -> float:
        """Share of the budget used, by time or by steps, whichever is further; above 1 where it is overdrawn."""
        shares = [0.0]
        if self.max_steps is not None:
            shares.append(self.step / self.max_steps)
        if self.max_seconds is not None:
            available = max(0.1, self.max_seconds - self.reserved_seconds)
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

    def scored(self) -> None:
        """The scoring that was due is done."""
        assert self.next_scoring is not None
        self.next_scoring += 1 / EVALUATIONS

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
