"""Raw scores kept in memory, so that a proposal can be read off in another way without asking the network again."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segstudio_training.predictor import RawScores

KEPT_SCORES_BYTES = 128_000_000
"""Raw scores of the latest images are kept up to so many bytes; an image with more than a half of that is not kept."""


class ScoreShelf:
    """The raw scores of the latest images, newest last, within a byte budget."""

    def __init__(self, budget: int = KEPT_SCORES_BYTES) -> None:
        self._budget = budget
        self._kept: OrderedDict[str, RawScores] = OrderedDict()

    def has_room_for(self, values: int) -> bool:
        """Whether an image of so many float32 values would be kept."""
        return 2 * 4 * values <= self._budget

    def get(self, name: str) -> RawScores | None:
        """The scores of image `name`, or None."""
        return self._kept.get(name)

    def put(self, name: str, scores: RawScores) -> None:
        """Keep the scores of image `name` and forget the oldest beyond the budget."""
        self._kept[name] = scores
        self._kept.move_to_end(name)
        while sum(kept.nbytes for kept in self._kept.values()) > self._budget:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
