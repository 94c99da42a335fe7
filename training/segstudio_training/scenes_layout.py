"""One drawn scene: which things stand where, and the order they are drawn in.

An imaginary valley seen from the air: land, water, woods, huts and, thin and rare, power lines. Everything follows
from the seed. `scenes_terrain` makes the land, `scenes_objects` draws what stands on it, `scenes_camera` takes the
picture, `scenes_style` holds the looks.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from segstudio_training.scenes_camera import OVERSAMPLING, draw_sky, photograph, reflect_in_water, render_ground
from segstudio_training.scenes_objects import (
    Canvas,
    Hut,
    draw_boulder,
    draw_hut,
    draw_power_line,
    draw_tree,
)
from segstudio_training.scenes_style import STYLES, Range, Style, StyleName
from segstudio_training.scenes_terrain import (
    GRASS,
    PATH,
    TREE,
    WATER,
    Ground,
    Noise,
    View,
    Weather,
    build_ground,
    pick,
    smoothstep,
)

DEFAULT_SIZE = (320, 240)
"""(width, height) in pixels."""


def draw_scene(
    seed: int, size: tuple[int, int] = DEFAULT_SIZE, style: Style = STYLES[StyleName.SUMMER]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """One scene: its image (H, W, 3) uint8 RGB and its truth (H, W) uint8, class indices as in `scenes_terrain`.

    `size` is (width, height) in pixels. The same arguments give the same arrays.
    """
    rng = np.random.default_rng(seed)
    noise = Noise(rng)
    width, height = size[0] * OVERSAMPLING, size[1] * OVERSAMPLING
    weather = _weather(style, rng)
    view = View(
        height, width, width * rng.uniform(0.72, 1.0), height * rng.uniform(0.24, 0.46), float(rng.uniform(5, 17))
    )
    ground = build_ground(noise, view, style, weather, rng)
    huts = _place_huts(ground, view, style, rng)
    trees = _place_trees(ground, view, rng)
    _cast_shadows(ground, weather, [(t[0], t[1], t[2] * 0.3, t[2]) for t in trees])
    _cast_shadows(ground, weather, [(h.base[0], h.base[2], h.length * 0.5, h.tall * 1.2) for h in huts])
    sky = draw_sky(noise, view, weather)
    canvas = render_ground(ground, sky, view, weather)
    _draw_objects(canvas, ground, huts, trees, style, rng)
    for _ in range(_count(style.power_lines, rng)):
        _cross_with_power_line(canvas, ground, rng)
    reflect_in_water(canvas, noise)
    return photograph(canvas, style, rng)


def _between(limits: Range, rng: np.random.Generator) -> float:
    return float(rng.uniform(*limits))


def _count(limits: Range, rng: np.random.Generator) -> int:
    wanted = _between(limits, rng)
    return int(wanted) + int(rng.random() < wanted % 1)


def _weather(style: Style, rng: np.random.Generator) -> Weather:
    elevation = np.deg2rad(_between(style.sun_elevation, rng))
    azimuth = np.deg2rad(rng.uniform(35, 140) * rng.choice([-1, 1]))
    sun = np.array(
        [np.sin(azimuth) * np.cos(elevation), np.sin(elevation), np.cos(azimuth) * np.cos(elevation)],
        dtype=np.float32,
    )
    warmth = _between(style.sun_warmth, rng)
    color = np.array([1.0, 0.97 - 0.20 * warmth, 0.92 - 0.46 * warmth], dtype=np.float32)
    low = np.float32(1.0 + 0.35 * (1 - np.sin(elevation)))
    return Weather(
        sun,
        color * low,
        pick(style.sky_top, rng),
        pick(style.sky_low, rng),
        _between(style.cloudiness, rng),
        _between(style.visibility, rng),
    )


def _place_huts(ground: Ground, view: View, style: Style, rng: np.random.Generator) -> list[Hut]:
    huts: list[Hut] = []
    wanted = int(rng.choice([0, 1, 1, 2, 3]))
    for _ in range(40):
        if len(huts) == wanted:
            break
        z = float(rng.uniform(26, 150))
        x = float(rng.uniform(-0.42, 0.42) * z * view.width / view.focal)
        at = ground.index_at(x, z, view)
        if ground.labels[at] != GRASS or any(np.hypot(x - h.base[0], z - h.base[2]) < 13 for h in huts):
            continue
        size = float(rng.uniform(0.8, 1.5))
        base = (x, float(ground.height[at]), z)
        colors = pick((style.wall[int(rng.integers(len(style.wall)))],), rng), pick(style.roof, rng)
        huts.append(Hut(base, float(rng.uniform(0, np.pi)), 7 * size, 4.6 * size, 2.7 * size, *colors))
    return huts


Place = tuple[float, float, float]


def _place_trees(ground: Ground, view: View, rng: np.random.Generator) -> list[Place]:
    """(right, ahead, height) of the single trees, farthest first: dense in the woods, few in the open."""
    lonely = rng.uniform(0.003, 0.035)
    z = np.exp(rng.uniform(np.log(27), np.log(420), 1300))
    x = rng.uniform(-0.56, 0.56, len(z)) * z * view.width / view.focal
    tall = rng.uniform(5.5, 12, len(z))
    luck = rng.random(len(z))
    places: list[Place] = []
    for xi, zi, ti, li in zip(x, z, tall, luck, strict=True):
        at = ground.index_at(float(xi), float(zi), view)
        if ground.labels[at] in (GRASS, TREE) and li < lonely + 0.22 * ground.forest[at]:
            places.append((float(xi), float(zi), float(ti)))
    return sorted(places, key=lambda place: -place[1])


def _cast_shadows(ground: Ground, weather: Weather, casters: list[tuple[float, float, float, float]]) -> None:
    """Darken the ground beside each caster (right, ahead, radius, height), away from the sun."""
    sun = weather.sun
    stretch = min(4.0, 1 / max(0.15, float(sun[1])))
    for x, z, radius, tall in casters:
        length = tall * 0.55 * stretch
        cx, cz = x - sun[0] * length * 0.8, z - sun[2] * length * 0.8
        reach = radius + length
        d0, d1 = np.searchsorted(ground.z, [cz - reach, cz + reach])
        if d0 >= d1:
            continue
        dx, dz = ground.x[d0:d1] - cx, (ground.z[d0:d1] - cz)[:, None]
        norm = float(np.hypot(sun[0], sun[2])) + 1e-6
        along = (dx * sun[0] + dz * sun[2]) / norm
        beside = (dx * sun[2] - dz * sun[0]) / norm
        distance = np.hypot(along / (length * 0.8 + radius), beside / (radius * 1.15))
        ground.light[d0:d1] *= 1 - 0.78 * smoothstep(-distance.astype(np.float32), -1.1, -0.75)


def _draw_objects(
    canvas: Canvas, ground: Ground, huts: list[Hut], trees: list[Place], style: Style, rng: np.random.Generator
) -> None:
    """Trees, huts and boulders, from the farthest to the nearest."""
    palette = [pick(style.foliage, rng) for _ in range(4)]
    needles = pick(style.needles, rng)
    stone = pick(style.rock, rng)
    conifers = float(np.clip(style.conifers + rng.uniform(-0.35, 0.35), 0, 1))
    boulders: list[Place] = []
    for _ in range(int(rng.choice([0, 0, 4, 12, 25]))):
        z = float(np.exp(rng.uniform(np.log(18), np.log(160))))
        x = float(rng.uniform(-0.5, 0.5) * z * canvas.view.width / canvas.view.focal)
        if ground.labels[ground.index_at(x, z, canvas.view)] not in (PATH, TREE, WATER):
            boulders.append((x, z, float(rng.uniform(0.8, 3.6))))
    queue: list[tuple[float, Place | Hut, bool]] = [(t[1], t, True) for t in trees]
    queue += [(b[1], b, False) for b in boulders] + [(h.base[2], h, False) for h in huts]
    for _, thing, is_tree in sorted(queue, key=lambda entry: -entry[0]):
        if isinstance(thing, Hut):
            light = float(ground.light[ground.index_at(thing.base[0], thing.base[2], canvas.view)])
            draw_hut(canvas, thing, min(1.0, 0.45 + light), rng)
            continue
        x, z, size = thing
        at = ground.index_at(x, z, canvas.view)
        base = (x, float(ground.height[at]), z)
        light = 0.35 + 0.65 * float(np.clip(ground.light[at] * 1.5, 0, 1))
        if is_tree:
            conifer = bool(rng.random() < conifers)
            color = needles if conifer else palette[int(rng.integers(len(palette)))]
            draw_tree(canvas, base, size, color * np.float32(rng.uniform(0.85, 1.2)), conifer, light, rng)
        else:
            draw_boulder(canvas, base, size, stone * np.float32(rng.uniform(0.8, 1.15)), light, rng)


def _cross_with_power_line(canvas: Canvas, ground: Ground, rng: np.random.Generator) -> None:
    side = float(rng.choice([-1, 1]))
    z = float(rng.uniform(24, 95))
    x = -side * float(rng.uniform(0.35, 0.75)) * z * canvas.view.width / canvas.view.focal
    turn = np.deg2rad(rng.uniform(-12, 62))
    span = float(rng.uniform(32, 58))
    step = (side * span * float(np.cos(turn)), span * float(np.sin(turn)))
    draw_power_line(canvas, ground, (x, z), step, 9, float(rng.uniform(9, 14)), float(rng.uniform(0.5, 1)))
