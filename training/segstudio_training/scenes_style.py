"""The looks a drawn scene can have: colours, light, weather and how much of each thing stands in it.

Owns numbers only. A `Style` holds ranges; a scene draws one value out of each. Colours are RGB from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

Rgb = tuple[float, float, float]
Range = tuple[float, float]


@dataclass(frozen=True)
class Style:
    """Ranges that one family of scenes is drawn from."""

    grass: tuple[Rgb, ...]
    foliage: tuple[Rgb, ...]
    needles: tuple[Rgb, ...]
    rock: tuple[Rgb, ...]
    path: tuple[Rgb, ...]
    wall: tuple[Rgb, ...]
    roof: tuple[Rgb, ...]
    sky_top: tuple[Rgb, ...]
    sky_low: tuple[Rgb, ...]
    sun_elevation: Range
    """Degrees above the horizon."""
    sun_warmth: Range
    """0: white sunlight, 1: the orange of a low sun."""
    cloudiness: Range
    """0: clear, 1: overcast."""
    visibility: Range
    """Metres at which haze has taken 63 % of the contrast."""
    exposure: Range
    saturation: Range
    tint: Rgb
    """What the camera makes of white."""
    power_lines: Range
    """How many power lines cross a scene; the share of scenes for values below 1."""
    conifers: float
    """Share of the trees that are conifers."""


class StyleName(Enum):
    """The families of scenes that the command can draw."""

    SUMMER = "summer"
    AUTUMN = "autumn"


SUMMER = Style(
    grass=((0.34, 0.46, 0.18), (0.42, 0.50, 0.22), (0.30, 0.42, 0.20)),
    foliage=((0.15, 0.27, 0.11), (0.20, 0.33, 0.13), (0.12, 0.24, 0.14)),
    needles=((0.10, 0.21, 0.11), (0.14, 0.24, 0.15)),
    rock=((0.50, 0.49, 0.47), (0.44, 0.43, 0.42), (0.55, 0.51, 0.45)),
    path=((0.62, 0.55, 0.43), (0.56, 0.52, 0.46)),
    wall=((0.42, 0.29, 0.19), (0.80, 0.77, 0.70), (0.34, 0.26, 0.21)),
    roof=((0.52, 0.24, 0.17), (0.34, 0.33, 0.34)),
    sky_top=((0.27, 0.48, 0.76), (0.34, 0.54, 0.80)),
    sky_low=((0.72, 0.82, 0.91), (0.78, 0.85, 0.90)),
    sun_elevation=(32.0, 62.0),
    sun_warmth=(0.05, 0.35),
    cloudiness=(0.05, 0.7),
    visibility=(1500.0, 5000.0),
    exposure=(0.92, 1.10),
    saturation=(0.92, 1.10),
    tint=(1.0, 1.0, 1.0),
    power_lines=(0.55, 1.6),
    conifers=0.45,
)
"""Green and bright: what the starter checkpoint is trained on."""

AUTUMN = Style(
    grass=((0.56, 0.50, 0.24), (0.42, 0.46, 0.20), (0.64, 0.56, 0.32), (0.47, 0.48, 0.22)),
    foliage=((0.60, 0.35, 0.10), (0.66, 0.46, 0.14), (0.47, 0.23, 0.11), (0.24, 0.28, 0.13)),
    needles=((0.13, 0.21, 0.12), (0.20, 0.25, 0.13), (0.42, 0.36, 0.12)),
    rock=((0.46, 0.42, 0.40), (0.52, 0.46, 0.40), (0.39, 0.38, 0.40)),
    path=((0.66, 0.55, 0.42), (0.58, 0.50, 0.42)),
    wall=((0.48, 0.33, 0.22), (0.74, 0.68, 0.60), (0.50, 0.20, 0.15)),
    roof=((0.42, 0.22, 0.17), (0.30, 0.29, 0.30), (0.50, 0.43, 0.36)),
    sky_top=((0.34, 0.50, 0.72), (0.47, 0.54, 0.66), (0.28, 0.44, 0.70)),
    sky_low=((0.95, 0.81, 0.64), (0.86, 0.82, 0.79), (0.96, 0.74, 0.58)),
    sun_elevation=(11.0, 32.0),
    sun_warmth=(0.25, 0.8),
    cloudiness=(0.25, 0.95),
    visibility=(700.0, 2400.0),
    exposure=(0.88, 1.08),
    saturation=(0.95, 1.2),
    tint=(1.01, 0.96, 0.89),
    power_lines=(1.0, 2.6),
    conifers=0.3,
)
"""Ochre and hazy under a low sun, with more power lines: what the sample folder shows."""

STYLES: dict[StyleName, Style] = {StyleName.SUMMER: SUMMER, StyleName.AUTUMN: AUTUMN}
