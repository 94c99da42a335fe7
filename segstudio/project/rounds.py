"""Rounds: what each fine-tune made, from what, and how well it does."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Taught:
    """How a round was taught; all empty for a checkpoint from elsewhere.

    Attributes:
        rule, loss, augmentation: rows of the training's tables, as chosen for the round.
        class_weights: what each class weighed in the loss, by class name.
        before: the scores of the checkpoint that the round started from, on the same held-out images as the round's
            own; None where there was none.
        automatic: whether the round followed another one by itself, because learning goes on while the person works.
    """

    rule: str = ""
    loss: str = ""
    augmentation: str = ""
    class_weights: dict[str, float] = field(default_factory=dict)
    before: dict[str, Any] | None = None
    automatic: bool = False


@dataclass(frozen=True)
class Round:
    """One fine-tune from a checkpoint to a new one.

    Attributes:
        id: unlike any other round's of the folder.
        checkpoint: the file it made.
        parent: the id of the round whose checkpoint it started from; None for a start from scratch.
        created: when, as ISO 8601 in UTC.
        images: how many images taught.
        seconds: how long it took.
        scores: the held-out scores with the keys of `evaluate`; None where nothing was held out.
        kept: whether the gate (or the person) let it replace its parent.
        note: what the person wrote about it.
        judgement: what the gate said, with the keys of its event (verdict, images, groups, interval and more); None
            where it was not asked.
        taught: how it was taught.
    """

    id: str
    checkpoint: Path
    parent: str | None = None
    created: str = ""
    images: int = 0
    seconds: float = 0.0
    scores: dict[str, Any] | None = None
    kept: bool = True
    note: str = ""
    judgement: dict[str, Any] | None = None
    taught: Taught = Taught()


def fresh_names(teaching: Sequence[str], parent_job: Path | None) -> list[str]:
    """Those of `teaching` that did not teach the round whose job file is `parent_job`, in the same order.

    None are fresh where there is no such round or its job file is gone or damaged: then nobody knows, and all images
    are treated alike. An image whose mask was corrected since counts as taught.
    """
    taught: object = None
    if parent_job is not None:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            taught = json.loads(parent_job.read_text(encoding="utf-8"))["train"]
    if not isinstance(taught, list):
        return []
    known = {name for name in taught if isinstance(name, str)}
    return [name for name in teaching if name not in known]


def lineage(rounds: Sequence[Round], round_id: str) -> list[Round]:
    """The round of that id and those it goes back to, the oldest first; empty where there is none of that id."""
    by_id = {made.id: made for made in rounds}
    line: list[Round] = []
    current = by_id.get(round_id)
    while current is not None and current not in line:
        line.append(current)
        current = by_id.get(current.parent or "")
    return line[::-1]


def score_of(scores: dict[str, Any] | None, class_name: str) -> float | None:
    """The IoU of a class in `scores`, None where it was in no held-out image."""
    return (scores or {}).get("per_class_iou", {}).get(class_name)
