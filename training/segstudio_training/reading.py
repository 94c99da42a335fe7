"""How label maps are read off a network's scores: what may change without the network. Data only; no torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """One way of reading off.

    Attributes:
        min_island: islands of fewer pixels are merged into what surrounds them; their confidence stays.
        balance: 0 is the checkpoint's own trade-off; above it rare classes are favoured, below it frequent ones
            (see `balance_offsets`).
        keep_thin: whether thin and long islands are spared (`merge_islands`).
        follow_edges: whether borders are drawn to the image's edges (`along_edges`).
    """

    min_island: int = 0
    balance: float = 0.0
    keep_thin: bool = False
    follow_edges: bool = True


AS_TAUGHT = Reading()
"""Nothing is changed or left out; what networks are scored by."""
