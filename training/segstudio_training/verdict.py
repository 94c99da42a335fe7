"""What the gate says of a round's checkpoint. No torch: the window reads it too."""

from __future__ import annotations

from enum import Enum


class Verdict(Enum):
    """What follows from comparing a round's checkpoint with the one that it started from."""

    FIRST = "first"
    """There is nothing to compare it with."""
    BETTER = "better"
    """Better beyond noise, or not to be told apart from the old one."""
    WORSE = "worse"
    CANNOT_JUDGE = "cannot_judge"
    """Too few held-out images."""
