"""How alike two images look, from a tiny grey picture of each.

Owns the measure that tells near-duplicates and neighbouring frames; what follows from it is `held_out`'s decision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

_SIDE = 16
_BYTES = _SIDE * _SIDE + 3

DUPLICATE_CORRELATION = 0.98
"""Two images of any names that correlate so much, in nearly one colour, count as near-duplicates."""

NEIGHBOUR_CORRELATION = 0.9
"""Two images that follow each other in numbering count as neighbouring frames from here on. Of street scenes filmed at
one frame a second, three in five following frames lie above it, and of random pairs three in a hundred."""

SERIES_CORRELATION = 0.8
"""Frames of one series that correlate so much count as one scene when scores are compared (sides have the rule above).
Of street scenes filmed at one frame a second, nine following frames in ten lie above it."""

_COLOUR_DISTANCE = 12.0
_FLAT = 2.0


@dataclass(frozen=True)
class Look:
    """A 16 × 16 grey picture and the mean colour of an image, as bytes for the index."""

    data: bytes

    @classmethod
    def of(cls, thumbnail: npt.NDArray[np.uint8]) -> Look:
        """The look of an image from its thumbnail, (h, w, 3) uint8 RGB."""
        picture = Image.fromarray(thumbnail)
        grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.BOX)
        mean = thumbnail.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
        return cls(grey.tobytes() + mean.tobytes())

    @classmethod
    def from_bytes(cls, data: bytes | None) -> Look | None:
        """The look that was kept, or None where it is missing or of another version."""
        return cls(data) if data is not None and len(data) == _BYTES else None

    def likeness(self, other: Look) -> float:
        """Correlation of the two grey pictures, -1 to 1; two flat pictures count as 1 and one flat one as 0."""
        first, second = self._grey(), other._grey()
        spread = first.std(), second.std()
        if min(spread) < _FLAT:
            return 1.0 if max(spread) < _FLAT else 0.0
        return float(((first - first.mean()) * (second - second.mean())).mean() / (spread[0] * spread[1]))

    def has_color_of(self, other: Look) -> bool:
        """Whether the mean colours differ by at most 12 of 255 in every channel (flat pictures: by 3)."""
        far = max(abs(first - second) for first, second in zip(self.data[-3:], other.data[-3:], strict=True))
        if far > _COLOUR_DISTANCE:
            return False
        flat = max(self._grey().std(), other._grey().std()) < _FLAT
        return far <= 3 or not flat

    def is_duplicate_of(self, other: Look) -> bool:
        """Whether the two images count as near-duplicates."""
        return self.has_color_of(other) and self.likeness(other) >= DUPLICATE_CORRELATION

    def _grey(self) -> npt.NDArray[np.float64]:
        return np.frombuffer(self.data[:-3], dtype=np.uint8).astype(np.float64)
