"""What a person can choose for a round, in words: the rows of `RULES` and `LOSSES` with a title and one line of why.

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
    Choice("median_frequency", marked("Rare classes count more"), marked("Seldom things are learnt at the cost of a "
           "few specks: right for most images.")),
    Choice("sqrt_median_frequency", marked("Rare classes count a little more"), marked("Calmer masks; very rare "
           "things may be missed.")),
    Choice("none", marked("Every pixel counts the same"), marked("The most pixels right; what is rare is often "
           "missed.")),
)  # fmt: skip
"""Rows of `class_weights.RULES`, the default first."""

LOSS_CHOICES = (
    Choice("cross_entropy", marked("Pixel by pixel"), marked("Weighted cross-entropy: steady, also with few "
           "images.")),
)  # fmt: skip
"""Rows of `losses.LOSSES`, the default first."""

AUGMENTATION_CHOICES: tuple[Choice, ...] = ()
"""How far images are varied; empty while there is one way only."""


@dataclass(frozen=True)
class RoundChoices:
    """What was chosen for a round; an empty key: whatever the training does by itself."""

    class_weights: str = ""
    loss: str = ""
    augmentation: str = ""


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
