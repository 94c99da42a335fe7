"""The rule that says whether a round's checkpoint should replace the one that it started from.

Both are compared on the same held-out images, with an interval (see `bootstrap`). The new one wins unless it is worse
beyond noise or loses a class, for where the two cannot be told apart the newer one has seen more images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from segstudio.project.held_out import neighbour_groups
from segstudio_training.bootstrap import LEVEL, Comparison, Difference, compare
from segstudio_training.evaluate import ImageScores
from segstudio_training.verdict import Verdict

LEAST_HELD_OUT = 4
"""With fewer held-out images the scores say more about those images than about the network."""
LEAST_GROUPS = 4
"""The same for groups of neighbours, of images and of those that show a class: of three groups even the widest interval
that resampling can give, from the worst of them to the best, holds the truth in three cases of four only."""
ENOUGH_CLASS_GROUPS = 8
"""A class that is seen in fewer groups must fall by `LOST_IN_FEW`. Resampling images does not know how much one class
goes up and down from one training to the next; in five or six scenes that alone is 10 points and more."""
NOISE = 0.002
"""A mean IoU that differs by less than this counts as equal, however sure the difference is."""
LOST = 0.05
"""A class is lost where its IoU has fallen by more than this, beyond noise."""
LOST_IN_FEW = 0.2
"""The same where less than `ENOUGH_CLASS_GROUPS` show it."""
COLLAPSE_FROM, COLLAPSE_TO = 0.2, 0.02
"""A class falls over where its IoU was at least the first and is at most the second; no interval is asked then."""


@dataclass(frozen=True)
class Judgement:
    """A verdict and its reason.

    Attributes:
        verdict: what is to be done.
        reason: one or two English sentences with the numbers.
        images: how many held-out images were scored.
        groups: how many groups of neighbours they make; 0 where nothing was compared.
        difference: of the mean IoU, new minus old, with its interval of `LEVEL`; None where nothing was compared.
        per_class: the same of each class's IoU, by name.
        lost: the names of the classes that are lost.
    """

    verdict: Verdict
    reason: str
    images: int = 0
    groups: int = 0
    difference: Difference | None = None
    per_class: dict[str, Difference] | None = None
    lost: tuple[str, ...] = ()


def judge(old: ImageScores | None, new: ImageScores | None) -> Judgement:
    """Compare the scores of the old checkpoint, if any, and the new one on the same held-out images, if any."""
    images = len(new.names) if new is not None else 0
    too_few = images < LEAST_HELD_OUT
    few = f"Only {images} held-out images so far: at least {LEAST_HELD_OUT} are needed to compare."
    if old is None or new is None or not images:
        if too_few:
            return Judgement(Verdict.CANNOT_JUDGE, few, images)
        return Judgement(Verdict.BETTER, "This is the first checkpoint.", images)
    compared = compare(old.tallies, new.tallies, neighbour_groups(new.names, new.looks), new.names)
    lost = tuple(new.class_names[index] for index in _lost(old, new, compared))
    change = _change(old, new, compared)
    verdict = Verdict.WORSE if lost or compared.miou.high < -NOISE else Verdict.BETTER
    if lost:
        falls = (f"{name} ({_change_of(old, new, name)})" for name in lost)
        reason = f"It loses {', '.join(falls)}. {change}"
    elif verdict is Verdict.BETTER and compared.miou.low <= 0:
        reason = f"{change} That is within noise, and the new network has seen more images."
    else:
        reason = change
    if too_few or compared.groups < LEAST_GROUPS:
        scenes = (
            f"The {images} held-out images show only {compared.groups} different scenes: at least {LEAST_GROUPS} are "
            "needed to compare."
        )
        verdict, reason = Verdict.CANNOT_JUDGE, f"{few if too_few else scenes} {change}"
    by_name = {new.class_names[index]: difference for index, difference in compared.per_class.items()}
    return Judgement(verdict, reason, images, compared.groups, compared.miou, by_name, lost)


def described_judgement(judgement: Judgement) -> dict[str, Any]:
    """`judgement` under the keys of the gate event; differences are fractions, intervals are [low, high]."""
    difference = judgement.difference
    return {
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "images": judgement.images,
        "groups": judgement.groups,
        "level": LEVEL,
        "difference": difference.measured if difference is not None else None,
        "interval": [difference.low, difference.high] if difference is not None else None,
        "class_intervals": {name: [each.low, each.high] for name, each in (judgement.per_class or {}).items()},
        "lost": list(judgement.lost),
    }


def _lost(old: ImageScores, new: ImageScores, compared: Comparison) -> list[int]:
    """The indices of the classes that fell over, or fell by more than `LOST` or `LOST_IN_FEW` beyond noise."""
    before, after = old.result["per_class_iou"], new.result["per_class_iou"]
    found = []
    for index, difference in compared.per_class.items():
        name = new.class_names[index]
        fell_over = before.get(name, 0.0) >= COLLAPSE_FROM and after.get(name, 0.0) <= COLLAPSE_TO
        groups = compared.groups_with[index]
        most = LOST if groups >= ENOUGH_CLASS_GROUPS else LOST_IN_FEW
        if groups >= LEAST_GROUPS and (fell_over or difference.high < -most):
            found.append(index)
    return found


def _change(old: ImageScores, new: ImageScores, compared: Comparison) -> str:
    low, high = (f"{100 * value:+.1f}" for value in (compared.miou.low, compared.miou.high))
    return (
        f"Mean IoU went from {_percent(old.result['miou'])} to {_percent(new.result['miou'])} (difference {low} to "
        f"{high} points over {len(new.names)} held-out images in {compared.groups} groups)."
    )


def _change_of(old: ImageScores, new: ImageScores, name: str) -> str:
    before, after = (_percent(scores.result["per_class_iou"].get(name, 0.0)) for scores in (old, new))
    return f"IoU {before} to {after}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
