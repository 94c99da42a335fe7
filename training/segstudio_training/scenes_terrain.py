"""The land of a drawn scene: noise, the camera's view of the ground, and what grows where.

Owns everything that is a function of the place on the ground. The ground is sampled on a grid that fans out from
the camera (one column per image column, depth growing geometrically), so that near and far get the same detail.
It draws no object that stands on the ground and writes no file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segstudio_training.scenes_style import Rgb, Style

Floats = npt.NDArray[np.floating[Any]]

SKY, GRASS, TREE, ROCK, WATER, PATH, HUT, POWER_LINE = range(8)

_LATTICE = 256


class Noise:
    """Value noise over the plane, the same for the same generator state; values from about -1 to 1."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._lattice = (rng.random((_LATTICE, _LATTICE), dtype=np.float32) * 2 - 1).ravel()
        self._offsets = rng.random((64, 2)) * _LATTICE

    def value(self, x: Floats, z: Floats) -> Floats:
        """Smoothly interpolated lattice values at `x`, `z` (same shape, lattice units)."""
        x0, z0 = np.floor(x), np.floor(z)
        fx, fz = x - x0, z - z0
        fx *= fx * (3 - 2 * fx)
        fz *= fz * (3 - 2 * fz)
        column = x0.astype(np.int32) & (_LATTICE - 1)
        row = (z0.astype(np.int32) & (_LATTICE - 1)) * _LATTICE
        right = (column + 1) & (_LATTICE - 1)
        below = (row + _LATTICE) & (_LATTICE * _LATTICE - 1)
        take = self._lattice.take
        top = take(row + column) * (1 - fx) + take(row + right) * fx
        bottom = take(below + column) * (1 - fx) + take(below + right) * fx
        return np.asarray(top + (bottom - top) * fz, dtype=np.float32)

    def fractal(
        self, x: Floats, z: Floats, wavelength: float, octaves: int, field: int, footprint: Floats | None = None
    ) -> Floats:
        """Octaves of `value`, each half as long and half as strong; `field` picks an independent pattern.

        `footprint` is the size in metres of what one sample stands for: octaves finer than that fade out.
        """
        total = np.zeros_like(x)
        weight, norm = 1.0, 0.0
        for octave in range(octaves):
            dx, dz = (np.float32(offset) for offset in self._offsets[(field * 5 + octave) % len(self._offsets)])
            # Where a whole row has faded out there is nothing to work out.
            rows = slice(None) if footprint is None else footprint.min(axis=1) < wavelength
            layer = self.value(x[rows] / np.float32(wavelength) + dx, z[rows] / np.float32(wavelength) + dz)
            if footprint is not None:
                layer = layer * np.clip(wavelength / (2 * footprint[rows]) - 0.5, 0, 1)
            total[rows] += np.float32(weight) * layer
            norm += weight
            weight, wavelength = weight * 0.5, wavelength * 0.5
        return total / np.float32(norm)


@dataclass(frozen=True)
class View:
    """A level pinhole camera. Rows and columns are those of the oversampled picture; metres elsewhere."""

    height: int
    width: int
    focal: float
    horizon: float
    eye: float
    """Metres above the zero level of the land."""

    def project(self, x: float, y: float, z: float) -> tuple[float, float]:
        """(column, row) of the point `x` right, `y` up, `z` ahead."""
        return self.width / 2 + self.focal * x / z, self.horizon + self.focal * (self.eye - y) / z


@dataclass(frozen=True)
class Weather:
    """What one scene took out of its style's ranges."""

    sun: Floats
    """Unit vector (right, up, ahead) towards the sun."""
    sun_color: Floats
    sky_top: Floats
    sky_low: Floats
    cloudiness: float
    visibility: float


def smoothstep(value: Floats, low: float, high: float) -> Floats:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def mix(first: Floats | Rgb, second: Floats | Rgb, share: Floats) -> Floats:
    """`first` and `second` (RGB) mixed by `share` (no channel axis)."""
    a, b = np.asarray(first, dtype=np.float32), np.asarray(second, dtype=np.float32)
    return np.asarray(a + (b - a) * share[..., None], dtype=np.float32)


@dataclass
class Ground:
    """The sampled land: arrays of (depth steps, columns), colours with a last axis of 3."""

    x: Floats
    z: Floats
    """(depth steps,) metres ahead, ascending."""
    height: Floats
    labels: npt.NDArray[np.uint8]
    color: Floats
    light: Floats
    """Direct sunlight from 0 to 1, cast shadows and clouds included."""
    forest: Floats

    def index_at(self, x: float, z: float, view: View) -> tuple[int, int]:
        """(depth step, column) nearest to the place, clipped to the grid."""
        step = int(np.clip(np.searchsorted(self.z, z), 0, len(self.z) - 1))
        column = int(np.clip(round(view.width / 2 + view.focal * x / z), 0, view.width - 1))
        return step, column


NEAR, FAR, STEPS = 4.5, 4200.0, 640


def build_ground(noise: Noise, view: View, style: Style, weather: Weather, rng: np.random.Generator) -> Ground:
    """The land in front of the camera, coloured but not yet lit."""
    z = np.geomspace(NEAR, FAR, STEPS).astype(np.float32)
    across = ((np.arange(view.width) - view.width / 2) / view.focal).astype(np.float32)
    x = z[:, None] * across[None]
    zz = np.broadcast_to(z[:, None], x.shape).copy()
    height, level = _relief(noise, x, zz, rng)
    slope = _slope(height, x, z)
    footprint = zz / np.float32(view.focal)

    curve = noise.value(z / 170, np.full_like(z, 7.5)) * 30 + noise.value(z / 60, np.full_like(z, 3.5)) * 7
    start, lean, width = rng.uniform(-6, 6), rng.uniform(-0.35, 0.35), rng.uniform(2.6, 5.0)
    away = np.abs(x - (start + lean * z + curve - curve[0])[:, None])
    away = away + noise.fractal(x, zz, 3.0, 2, 1, footprint) * 0.7
    on_path = (away < width / 2) & (zz < 900) & (rng.random() < 0.75)

    rocky = slope + noise.fractal(x, zz, 70, 4, 2, footprint * 4) * 0.5 + smoothstep(height, 90, 260) * 0.35
    rock = smoothstep(rocky, 0.53, 0.60)
    wood = noise.fractal(x, zz, rng.uniform(110, 260), 4, 3, footprint * 4)
    threshold = rng.uniform(0.0, 0.34)
    forest = smoothstep(wood, threshold, threshold + 0.05) * (rock < 0.5) * (away > width) * (height < 150)
    forest = forest * smoothstep(zz, 32, 60)
    wet = height < level
    labels = np.full(x.shape, GRASS, dtype=np.uint8)
    labels[rock > 0.5] = ROCK
    labels[on_path] = PATH
    forest = np.where(wet | on_path, 0, forest).astype(np.float32)
    canopy = smoothstep(zz, 70, 170) * forest
    labels[canopy > 0.45] = TREE
    labels[wet] = WATER

    color = _colors(noise, x, zz, footprint, labels, away / width, style, rng)
    bumps = 0.65 + 0.35 * noise.fractal(x, zz, 9, 2, 4)
    height = np.where(wet, np.float32(level), height + canopy * 11 * bumps).astype(np.float32)
    light = _sunlight(noise, height, x, zz, z, weather, labels)
    return Ground(x, z, height, labels, color, light, forest)


def _relief(noise: Noise, x: Floats, z: Floats, rng: np.random.Generator) -> tuple[Floats, float]:
    """Height of the land and the water level, in metres."""
    rolling = noise.fractal(x, z, rng.uniform(160, 320), 6, 5) * rng.uniform(14, 34)
    ridges = 1 - np.abs(noise.fractal(x, z, rng.uniform(700, 1300), 6, 6)) * 2.2
    mountains = smoothstep(z, 450, rng.uniform(1600, 2600)) * ridges * rng.uniform(60, 420)
    valley = smoothstep(np.abs(x) / (z + 120), 0.1, 0.7) * rng.uniform(-4, 26) * smoothstep(z, 40, 300)
    rise = z * np.float32(rng.uniform(-0.015, 0.03))
    small = noise.fractal(x, z, 9, 3, 7) * 0.5
    height = rolling * smoothstep(z, -20, 220) + mountains + valley + rise + small
    level = -1e6
    if rng.random() < 0.66:
        middle = (z > 25) & (z < 500)
        level = float(np.quantile(height[middle], rng.uniform(0.06, 0.36)))
    return np.asarray(height - height[0].mean(), dtype=np.float32), level - float(height[0].mean())


def _slope(height: Floats, x: Floats, z: Floats) -> Floats:
    gx, gz = gradients(height, x, z)
    return np.hypot(gx, gz).astype(np.float32)


def gradients(height: Floats, x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Slopes to the right and ahead (metres per metre) on the fanned-out grid, by the chain rule."""
    across = x[0, 1:2] / z[0] - x[0, 0:1] / z[0]
    gx = np.gradient(height, axis=1) / (z[:, None] * across)
    step = np.gradient(z)[:, None]
    gz = (np.gradient(height, axis=0) - gx * (x / z[:, None]) * step) / step
    return gx.astype(np.float32), gz.astype(np.float32)


def pick(colors: tuple[Rgb, ...], rng: np.random.Generator) -> Floats:
    """A colour between two of `colors`."""
    first, second = (np.asarray(colors[i], dtype=np.float32) for i in rng.integers(len(colors), size=2))
    share = np.float32(rng.random())
    return np.asarray(first * (1 - share) + second * share, dtype=np.float32)


def _colors(
    noise: Noise,
    x: Floats,
    z: Floats,
    footprint: Floats,
    labels: npt.NDArray[np.uint8],
    from_path: Floats,
    style: Style,
    rng: np.random.Generator,
) -> Floats:
    """Unlit RGB of every sample, from its class and the place."""
    broad = noise.fractal(x, z, 45, 4, 8, footprint) * 0.5 + 0.5
    fine = noise.fractal(x, z, 1.1, 5, 9, footprint)
    blades = noise.fractal(x * 2.2, z * 0.7, 0.45, 2, 10, footprint)
    grass = mix(pick(style.grass, rng), pick(style.grass, rng) * np.float32(1.12), broad)
    grass *= (1 + fine * 0.45 + blades * 0.30)[..., None]
    bare = smoothstep(noise.fractal(x, z, 14, 3, 11, footprint), 0.25, 0.5) * np.float32(rng.uniform(0.1, 0.7))
    dirt = pick(style.path, rng)
    grass = mix(grass, dirt * (0.85 + fine[..., None] * 0.3), bare)
    strata = noise.fractal(x, z, 6, 4, 12, footprint)
    rock = pick(style.rock, rng) * (1 + strata * 0.42 + fine * 0.22)[..., None]
    rock = mix(rock, grass * np.float32(0.85), smoothstep(noise.fractal(x, z, 18, 3, 13, footprint), 0.15, 0.5) * 0.7)
    ruts = np.exp(-(((from_path - 0.27) / 0.10) ** 2))
    path = dirt * (0.98 + fine * 0.22 + noise.fractal(x, z, 12, 3, 14, footprint) * 0.2 - ruts * 0.16)[..., None]
    path = mix(path, grass, smoothstep(-from_path, -0.12, 0.0) * np.float32(rng.uniform(0, 0.7)))
    patch = noise.fractal(x, z, 12, 2, 15) * 0.5 + 0.5
    tree = mix(pick(style.foliage, rng), pick(style.foliage, rng), smoothstep(patch, 0.35, 0.65))
    tree *= (1 + noise.fractal(x, z, 5, 3, 16, footprint) * 0.5 + fine * 0.3)[..., None]
    color = grass
    for value, layer in ((ROCK, rock), (PATH, path), (TREE, tree)):
        color = np.where((labels == value)[..., None], layer, color)
    return np.clip(color, 0.02, 1).astype(np.float32)


def _sunlight(
    noise: Noise,
    height: Floats,
    x: Floats,
    z: Floats,
    depth: Floats,
    weather: Weather,
    labels: npt.NDArray[np.uint8],
) -> Floats:
    """Lambert's law, with the shadows of clouds; softened under an overcast sky."""
    gx, gz = gradients(height, x, depth)
    length = np.sqrt(gx * gx + gz * gz + 1)
    sun = weather.sun
    facing = np.clip((-gx * sun[0] + sun[1] - gz * sun[2]) / length, 0, 1)
    facing = np.where(labels == TREE, facing * 0.7 + 0.30, facing)
    clouds = smoothstep(noise.fractal(x, z, 420, 3, 17), -0.12, 0.22)
    shade = 1 - clouds * np.float32(0.75 * min(1.0, weather.cloudiness * 1.6))
    flat = np.float32(np.clip(weather.cloudiness * 1.5 - 0.75, 0, 0.7))
    return np.asarray((facing * shade) * (1 - flat) + flat * 0.45, dtype=np.float32)
