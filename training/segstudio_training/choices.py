"""What a person can choose for a round, in words: rows of the training's tables with a title and one line of why.

Knows no torch, so that the window can list the choices before torch is loaded; a test holds the rows to the tables.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from segstudio.core.errors import marked


@dataclass(frozen=True)
class Choice:
    """One row: the key of a table, what it is called on screen, and why one would choose it."""

    key: str
    title: str
    why: str


CLASS_WEIGHT_CHOICES = (
    Choice("sqrt_median_frequency", marked("Rare classes count more"), marked("The rarer the more, with measure: right "
           "for most images.")),
    Choice("median_frequency", marked("Rare classes count most"), marked("Seldom things are found sooner, at the cost "
           "of specks.")),
    Choice("effective_number", marked("By effective number"), marked("Between the first two: many alike pixels count "
           "as few.")),
    Choice("none", marked("Every pixel counts the same"), marked("The most pixels right; what is rare is often "
           "missed.")),
)  # fmt: skip
"""Rows of `class_weights.RULES`, the default first."""

LOSS_CHOICES = (
    Choice("cross_entropy_dice", marked("Pixels and regions"), marked("Cross-entropy and soft Dice: small classes "
           "matter as wholes.")),
    Choice("cross_entropy", marked("Pixel by pixel"), marked("Weighted cross-entropy alone.")),
    Choice("lovasz_softmax", marked("Overlap (IoU)"), marked("Adds Lovász-softmax, which aims at the IoU itself.")),
    Choice("focal", marked("Hard pixels first"), marked("Focal: pixels that are sure already count little.")),
)  # fmt: skip
"""Rows of `losses.LOSSES`, the default first."""

AUGMENTATION_CHOICES = (
    Choice("standard", marked("Usual"), marked("Scale, mirror and colour: right for most images.")),
    Choice("none", marked("None"), marked("For images that always look alike.")),
    Choice("light", marked("Little"), marked("For very short rounds.")),
    Choice("strong", marked("Strong"), marked("Turns, blur and noise too: for long rounds.")),
)
"""Rows of `data.augment.AUGMENTATIONS`, the default first."""


@dataclass(frozen=True)
class RoundChoices:
    """What was chosen for a round; an empty key: whatever the training does by itself."""

    class_weights: str = ""
    loss: str = ""
    augmentation: str = ""


AS_USUAL = RoundChoices()
"""Nothing was chosen."""

OPTIONS = (
    ("class_weights", "--class-weights", CLASS_WEIGHT_CHOICES),
    ("loss", "--loss", LOSS_CHOICES),
    ("augmentation", "--augmentation", AUGMENTATION_CHOICES),
)
"""Field of `RoundChoices`, option of ``train``, and the rows; the first row is the default."""


def default_key(rows: tuple[Choice, ...]) -> str:
    """The key of the default; empty where there is nothing to choose."""
    return rows[0].key if rows else ""


def differing(choices: RoundChoices) -> RoundChoices:
    """`choices` with empty keys for what is the default anyway."""
    changes = {field: "" for field, _, rows in OPTIONS if getattr(choices, field) == default_key(rows)}
    return replace(choices, **changes)


def chosen_options(choices: RoundChoices) -> list[str]:
    """The options of ``train`` for what differs from the defaults."""
    kept = differing(choices)
    return [part for field, option, _ in OPTIONS if (key := getattr(kept, field)) for part in (option, key)]
