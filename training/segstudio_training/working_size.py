"""At which size images are worked on: as large as leaves a round enough steps.

Seen larger, images teach and are predicted better; but a round of too few steps has not learnt to use it (README,
"Numbers"), and the larger the images are, the more steps it takes. What a step costs is a guess from what the machine
says of itself: measuring would take seconds from rounds that have few.
"""

from __future__ import annotations

import torch

from segstudio_training.device import computes_bfloat16, usable_cores

SIDES = (128, 160, 192, 224, 256, 320, 384, 448, 512)
"""Pixels of the longer side that a round may be given."""
DEFAULT_SIDE = 256
"""Where there is no time budget."""
LEAST_STEPS = 260
"""At `DEFAULT_SIDE`."""
STEPS_GROW = 5.0
"""They grow with this power of the side: half as large again takes some eight times as many."""
STEP_SECONDS_PER_PIXEL = 1.0e-6
"""A training step of SegNet, width 16, on two cores with AVX512-BF16, for each pixel of its batch."""
WITHOUT_BFLOAT16 = 1.7
"""So many times as long takes a step in float32."""
GPU_SPEED = 30.0
"""A graphics card against two cores, cautiously."""
NEAR = 1.4
"""A size within this factor of the one that the network was taught at is not worth the change."""


def suited_side(
    max_seconds: float | None, batch_size: int, device: torch.device, width: int, parent_side: int | None = None
) -> int:
    """Pixels of the longer side for a round.

    Args:
        max_seconds: its time budget; None for none.
        batch_size: images a step.
        device: where it computes.
        width: of the network; 16 is what the costs were taken with.
        parent_side: what the network that it goes on from was taught at, which it keeps where that is near enough.
    """
    if max_seconds is None:
        return parent_side or DEFAULT_SIDE
    affordable = [side for side in SIDES if max_seconds >= _round_seconds(side, batch_size, device, width)]
    side = max(affordable, default=SIDES[0])
    if parent_side is not None and 1 / NEAR <= parent_side / side <= NEAR:
        return parent_side
    return side


def _round_seconds(side: int, batch_size: int, device: torch.device, width: int) -> float:
    """What a round at `side` takes at least."""
    steps = LEAST_STEPS * (side / DEFAULT_SIDE) ** STEPS_GROW
    seconds = steps * batch_size * side * side * 0.75 * STEP_SECONDS_PER_PIXEL * (width / 16) ** 1.5
    if device.type != "cpu":
        return seconds / GPU_SPEED
    return seconds * (1.0 if computes_bfloat16(device) else WITHOUT_BFLOAT16) * 2 / usable_cores()
