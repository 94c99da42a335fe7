"""How bright an image is shown: a table from its grey levels to those on the screen. It changes no pixel. No Qt."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.uint8]

DARKEST, BRIGHTEST = 0.2, 5.0
"""The limits of gamma."""
_MIDDLE = 0.45
"""Where an automatic tone puts the middle of the image's grey levels, 0 to 1."""
_STEEPEST = 30.0
"""So many levels of the screen for one of the image, at most: beyond that there is nothing between black and white."""
_CUT = 0.5
"""Percent of the pixels that an automatic tone lets run into black, and into white."""
_SAMPLED = 200_000
"""Pixels that an automatic tone looks at, at most."""


@dataclass(frozen=True)
class Tone:
    """By itself it changes nothing.

    Attributes:
        gamma: 0.2 to 5, comes first; above 1 dark parts become brighter, black and white stay.
        brightness: then added to every level, -1 to 1.
        contrast: -1 (all grey) to 1 (black and white); the slope about the middle is tan((contrast + 1) π / 4).
    """

    brightness: float = 0.0
    contrast: float = 0.0
    gamma: float = 1.0

    @property
    def is_plain(self) -> bool:
        """Whether everything is shown as it is."""
        return self == PLAIN

    def table(self) -> Table:
        """(256,) uint8: what each grey level is shown as."""
        levels = np.linspace(0.0, 1.0, 256) ** (1 / min(max(self.gamma, DARKEST), BRIGHTEST))
        slope = math.tan((min(max(self.contrast, -1.0), 0.99) + 1) * math.pi / 4)
        shown = (levels + self.brightness - 0.5) * slope + 0.5
        return np.clip(np.rint(shown * 255), 0, 255).astype(np.uint8)


PLAIN = Tone()


def automatic(image: npt.NDArray[np.uint8]) -> Tone:
    """A tone that spreads the levels of `image`, (height, width, 3) uint8, from black to white, about their middle."""
    step = max(1, math.ceil(math.sqrt(image.shape[0] * image.shape[1] / _SAMPLED)))
    grey = image[::step, ::step].mean(axis=2) / 255
    low, middle, high = np.percentile(grey, (_CUT, 50, 100 - _CUT))
    if high - low < 1 / 64:
        return PLAIN
    powers = 1 / np.geomspace(DARKEST, BRIGHTEST, 97)
    spread = high**powers - low**powers
    powers = powers[spread >= min(1 / _STEEPEST, spread.max())]
    off = (middle**powers - low**powers) / (high**powers - low**powers) - _MIDDLE
    power = float(powers[np.abs(off).argmin()])
    slope = min(1 / float(high**power - low**power), _STEEPEST)
    brightness = 0.5 - 0.5 / slope - float(low**power)
    return Tone(brightness, math.atan(slope) * 4 / math.pi - 1, 1 / power)
