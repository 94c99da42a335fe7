"""What a round needs of other packages, loaded while nobody waits for it. It computes nothing."""

from __future__ import annotations

import importlib

NEEDED = (
    "segstudio_training.fine_tune",
    "segstudio_training.recipes",
    "segstudio.project.project",
    "safetensors.torch",
)
"""`fine_tune` brings torch; the others are imported by the commands only when they need them."""


def import_for_training() -> None:
    """Import everything that a round needs."""
    for name in NEEDED:
        importlib.import_module(name)
