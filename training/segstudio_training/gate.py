"""The rule that says whether a round's checkpoint should replace the one that it started from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

LEAST_HELD_OUT = 4
"""With fewer held-out images the scores say more about those images than about the network."""
NOISE = 0.002
"""A mean IoU lower by less than this counts as equal; the newer one, which saw more images, then wins."""
COLLAPSE_FROM, COLLAPSE_TO = 0.2, 0.02
"""A class falls over where its IoU was at least the first and is at most the second."""


class Verdict(Enum):
    """What the gate says of the new checkpoint."""

    BETTER = "better"
    WORSE = "worse"
    CANNOT_JUDGE = "cannot_judge"


@dataclass(frozen=True)
class Judgement:
    """A verdict and its reason, one English sentence."""

    verdict: Verdict
    reason: str


def judge(old: Mapping[str, Any] | None, new: Mapping[str, Any], heldout: int) -> Judgement:
    """Compare the scores (keys of `evaluate`) of the old checkpoint, if any, and the new one on `heldout` images."""
    if heldout < LEAST_HELD_OUT:
        return Judgement(
            Verdict.CANNOT_JUDGE,
            f"Only {heldout} held-out images so far: at least {LEAST_HELD_OUT} are needed to compare.",
        )
    if old is None:
        return Judgement(Verdict.BETTER, "This is the first checkpoint.")
    before, after = old["per_class_iou"], new["per_class_iou"]
    lost = [name for name, iou in before.items() if iou >= COLLAPSE_FROM and after.get(name, 0.0) <= COLLAPSE_TO]
    change = f"Mean IoU went from {old['miou']:.1%} to {new['miou']:.1%}."
    if lost:
        return Judgement(Verdict.WORSE, f"It no longer finds {', '.join(lost)}. {change}")
    if new["miou"] < old["miou"] - NOISE:
        return Judgement(Verdict.WORSE, change)
    return Judgement(Verdict.BETTER, change)
