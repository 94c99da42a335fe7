"""How large the brush is: a number of pixels of the image, or of the screen. Owns no brush and no setting."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto

from segstudio.tools import LARGEST_BRUSH, SMALLEST_BRUSH

LARGEST_ON_IMAGE = 1000
"""Pixels of the image that a brush sized on the screen covers at most: a larger one could not keep up with the hand."""

_SIZE_PER_NOTCH = 1.12


class SizeUnit(Enum):
    """What a brush's size counts."""

    IMAGE = auto()
    """Pixels of the image: the brush grows on the screen as one zooms in."""
    SCREEN = auto()
    """Pixels of the screen: the brush looks the same at every zoom."""


@dataclass(frozen=True)
class BrushSize:
    """`value` pixels across, 1 to 500, of what `unit` says. A zoom is screen pixels per image pixel."""

    value: int = 24
    unit: SizeUnit = SizeUnit.IMAGE

    def on_image(self, zoom: float) -> int:
        """In whole pixels of the image, one at least."""
        if self.unit is SizeUnit.IMAGE:
            return self.value
        return min(max(round(self.value / zoom), SMALLEST_BRUSH), LARGEST_ON_IMAGE)

    def in_unit(self, unit: SizeUnit, zoom: float) -> BrushSize:
        """As large as this one at `zoom`, as far as the limits allow, counted in `unit`."""
        if unit is self.unit:
            return self
        covered = self.on_image(zoom)
        return BrushSize(_limited(covered * zoom if unit is SizeUnit.SCREEN else covered), unit)

    def stepped(self, notches: float) -> BrushSize:
        """After so many notches of a wheel: larger or smaller by shares, and by a pixel at least."""
        wanted = round(self.value * _SIZE_PER_NOTCH**notches)
        if wanted == self.value and notches:
            wanted += 1 if notches > 0 else -1
        return replace(self, value=_limited(wanted))

    def widened(self, screen_pixels: float, zoom: float) -> BrushSize:
        """Wider by `screen_pixels` (below 0: narrower), as seen at `zoom`."""
        by = screen_pixels / zoom if self.unit is SizeUnit.IMAGE else screen_pixels
        return replace(self, value=_limited(self.value + by))


def _limited(value: float) -> int:
    return min(max(round(value), SMALLEST_BRUSH), LARGEST_BRUSH)
