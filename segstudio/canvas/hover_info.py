"""What lies under the pointer. Data only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HoverInfo:
    """The image pixel under the pointer.

    Attributes:
        x, y: column and row in the stored frame.
        value: the label that is seen there: the document's or, where that is void, the proposal's.
        confidence: the network's, 0 to 255, or None where there is none.
        is_proposal: whether `value` is only proposed.
    """

    x: int
    y: int
    value: int
    confidence: int | None = None
    is_proposal: bool = False
