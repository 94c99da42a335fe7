"""What the window lists without torch is what the training knows, and only what differs becomes an option."""

from __future__ import annotations

import subprocess
import sys

from segstudio_training.choices import (
    AUGMENTATION_CHOICES,
    CLASS_WEIGHT_CHOICES,
    LOSS_CHOICES,
    OPTIONS,
    RoundChoices,
    chosen_options,
    default_key,
    differing,
)
from segstudio_training.class_weights import DEFAULT_RULE, RULES
from segstudio_training.data.augment import AUGMENTATIONS, Augmentation
from segstudio_training.job import Job
from segstudio_training.losses import DEFAULT_LOSS, LOSSES


def test_every_row_of_the_tables_is_listed_and_no_other() -> None:
    assert {row.key for row in CLASS_WEIGHT_CHOICES} == set(RULES)
    assert {row.key for row in LOSS_CHOICES} == set(LOSSES)
    assert {row.key for row in AUGMENTATION_CHOICES} == set(AUGMENTATIONS)
    assert default_key(CLASS_WEIGHT_CHOICES) == DEFAULT_RULE and default_key(LOSS_CHOICES) == DEFAULT_LOSS
    assert default_key(LOSS_CHOICES) == Job.__dataclass_fields__["loss"].default
    assert AUGMENTATIONS[default_key(AUGMENTATION_CHOICES)] == Augmentation()


def test_every_row_says_why_in_one_line() -> None:
    for _, _, rows in OPTIONS:
        for row in rows:
            assert row.title and row.why.endswith(".") and "\n" not in row.why and len(row.why) < 100


def test_only_what_differs_from_the_defaults_is_asked_for() -> None:
    assert chosen_options(RoundChoices()) == []
    assert chosen_options(RoundChoices(DEFAULT_RULE, DEFAULT_LOSS)) == []
    assert chosen_options(RoundChoices("none", DEFAULT_LOSS)) == ["--class-weights", "none"]
    assert differing(RoundChoices(DEFAULT_RULE, DEFAULT_LOSS)) == RoundChoices()


def test_listing_the_choices_imports_no_torch() -> None:
    code = "import sys, segstudio_training.choices; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
