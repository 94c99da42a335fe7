"""What stands on the land of a drawn scene: trees, boulders, huts, power lines; and the canvas they are drawn on.

Owns the drawing of single objects with their occlusion by depth. It decides nothing about where they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from segstudio_training.scenes_terrain import (
    HUT,
    POWER_LINE,
    ROCK,
    SKY,
    TREE,
    Floats,
    Ground,
    View,
    Weather,
    mix,
    smoothstep,
)


@dataclass
class Canvas:
    """The oversampled picture while it is drawn: colour, truth, depth in metres, and cover of the thin class."""

    color: Floats
    labels: npt.NDArray[np.uint8]
    depth: Floats
    view: View
    weather: Weather

    def stamp(self, color: Floats, alpha: Floats, left: int, top: int, depth: float, label: int) -> None:
        """Lay a coloured cut-out (h, w, 3) with its alpha (h, w) where nothing nearer stands already."""
        h, w = alpha.shape
        x0, y0 = max(left, 0), max(top, 0)
        x1, y1 = min(left + w, self.view.width), min(top + h, self.view.height)
        if x0 >= x1 or y0 >= y1:
            return
        here = (slice(y0, y1), slice(x0, x1))
        there = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
        cover = alpha[there] * (self.depth[here] > depth)
        hazed = haze(color[there], np.full(cover.shape, depth, dtype=np.float32), self.weather)
        self.color[here] += (hazed - self.color[here]) * cover[..., None]
        solid = cover > 0.5
        self.labels[here][solid] = label
        self.depth[here][solid] = depth


def haze(color: Floats, depth: Floats, weather: Weather) -> Floats:
    """`color` seen through `depth` metres of air."""
    share = 1 - np.exp(-depth / np.float32(weather.visibility))
    return mix(color, weather.sky_low * np.float32(0.96), share.astype(np.float32))


def lit(color: Floats, light: Floats, weather: Weather) -> Floats:
    """`color` under `light` (0 to 1) of the sun and the light of the sky."""
    ambient = weather.sky_top * np.float32(0.34) + np.float32(0.32)
    return np.asarray(color * (ambient + weather.sun_color * (light * np.float32(1.2))[..., None]), dtype=np.float32)


def _rgb(red: float, green: float, blue: float) -> Floats:
    return np.array([red, green, blue], dtype=np.float32)


def _blur_noise(rng: np.random.Generator, height: int, width: int, cell: float) -> Floats:
    small = rng.random((max(2, int(height / cell) + 2), max(2, int(width / cell) + 2)), dtype=np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * 2 - 1, dtype=np.float32)


def draw_tree(
    canvas: Canvas,
    base: tuple[float, float, float],
    tall: float,
    color: Floats,
    conifer: bool,
    light: float,
    rng: np.random.Generator,
) -> None:
    """A tree whose foot is at `base` (right, up, ahead; metres), `tall` metres high, lit by `light` (0 to 1)."""
    scale = canvas.view.focal / base[2]
    h = max(4, int(tall * scale))
    w = max(3, int(h * (0.46 if conifer else rng.uniform(0.7, 1.0))))
    foliage, bulge = (_conifer if conifer else _broadleaf)(h, w, rng)
    side = np.linspace(-1, 1, w, dtype=np.float32)[None] * np.float32(canvas.weather.sun[0])
    above = np.linspace(1, -1, h, dtype=np.float32)[:, None] * np.float32(0.6)
    relief = _blur_noise(rng, h, w, max(1.6, h / 11)) * 0.5 + _blur_noise(rng, h, w, max(1.2, h / 28)) * 0.4
    shine = np.clip(0.50 + 0.46 * (side + above) * (0.5 + bulge) + relief * 0.42, 0.02, 1.1) * light
    leaf = color * (1 + relief * 0.28 + _blur_noise(rng, h, w, 1.3) * 0.2)[..., None]
    picture = lit(leaf, shine.astype(np.float32), canvas.weather)
    trunk = np.zeros((h, w), dtype=np.float32)
    half = max(1, round(h * 0.022))
    trunk[int(h * 0.55) :, w // 2 - half : w // 2 + half] = 1
    bark = lit(_rgb(0.25, 0.19, 0.15) * np.ones((h, w, 1), np.float32), shine * 0.6, canvas.weather)
    alpha = np.maximum(foliage, trunk)
    picture = mix(bark, picture, foliage)
    column, row = canvas.view.project(*base)
    canvas.stamp(picture, alpha, round(column - w / 2), round(row - h + h * 0.02), base[2], TREE)


def _broadleaf(h: int, w: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    yy, xx = yy / h, xx / w - 0.5
    field = np.full((h, w), -1.0, dtype=np.float32)
    for _ in range(13):
        angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.random())
        cx, cy = 0.27 * reach * np.cos(angle), 0.43 + 0.24 * reach * np.sin(angle)
        r = rng.uniform(0.13, 0.22)
        field = np.maximum(field, 1 - np.hypot((xx - cx) * 0.95, yy - cy) / r)
    rough = _blur_noise(rng, h, w, max(1.5, h / 16)) * 0.30 + _blur_noise(rng, h, w, max(1.2, h / 40)) * 0.22
    alpha = smoothstep(field + rough, 0.0, max(0.08, 4 / h))
    return alpha, np.clip(field + 0.2, 0, 1)


def _conifer(h: int, w: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    yy, xx = yy / h, np.abs(xx / w - 0.5) * 2
    tiers = (yy * rng.uniform(6, 9)) % 1.0
    edge = (0.04 + 0.86 * yy**0.85) * (0.72 + 0.28 * tiers) * (yy < 0.95)
    field = edge - xx
    rough = _blur_noise(rng, h, w, max(1.4, h / 30)) * 0.16 + _blur_noise(rng, h, w, max(1.2, h / 60)) * 0.12
    return smoothstep(field + rough, 0.0, max(0.06, 3 / h)), np.clip(field * 1.4, 0, 1)


def draw_boulder(
    canvas: Canvas,
    base: tuple[float, float, float],
    size: float,
    color: Floats,
    light: float,
    rng: np.random.Generator,
) -> None:
    """A boulder `size` metres wide."""
    w = max(4, int(size * canvas.view.focal / base[2]))
    h = max(3, int(w * rng.uniform(0.5, 0.75)))
    yy, xx = np.mgrid[0:h, 0:w].astype(np.float32)
    yy, xx = yy / h * 1.5 - 1, xx / w * 2 - 1
    angle = np.arctan2(yy, xx)
    outline = 0.88 + sum(0.07 / k * np.cos(k * angle + rng.uniform(0, 6.3)) for k in (2, 3, 5))
    radius = np.hypot(xx, yy)
    alpha = smoothstep((outline - radius).astype(np.float32), 0.0, max(0.06, 3 / w)) * (yy < 0.42)
    facets = _blur_noise(rng, h, w, max(2, w / 4)) * 0.45 + _blur_noise(rng, h, w, max(1.3, w / 16)) * 0.35
    shine = np.clip(0.45 + 0.5 * (xx * canvas.weather.sun[0] - yy * 0.8) + facets * 0.4, 0.03, 1.1) * light
    shine = shine * smoothstep(0.6 - yy, 0.0, 0.5)
    picture = lit(color * (1 + facets * 0.3)[..., None], shine.astype(np.float32), canvas.weather)
    column, row = canvas.view.project(*base)
    canvas.stamp(picture, alpha.astype(np.float32), round(column - w / 2), round(row - h * 0.92), base[2], ROCK)


@dataclass(frozen=True)
class Hut:
    """A hut with a gable roof: place, turn in radians, size in metres, RGB of its walls and roof."""

    base: tuple[float, float, float]
    turn: float
    length: float
    width: float
    tall: float
    wall: Floats
    roof: Floats


Corners = npt.NDArray[np.float64]
"""(4, 3): the corners of a face in order, each (right, up, ahead) in metres."""


def _hut_faces(hut: Hut) -> list[tuple[Corners, bool]]:
    """The walls, gables and the two sides of the roof; True for the roof."""
    a, b, t, ridge = hut.length / 2, hut.width / 2, hut.tall, hut.tall + hut.width * 0.42
    eave = 0.35
    low = t - eave * 0.84
    local: list[tuple[list[tuple[float, float, float]], bool]] = []
    for sign in (-1, 1):
        side, end, out = sign * b, sign * a, sign * (b + eave)
        local.append(([(-a, side, t), (a, side, t), (a, side, -1), (-a, side, -1)], False))
        local.append(([(end, -b, t), (end, b, t), (end, b, -1), (end, -b, -1)], False))
        local.append(([(end, 0, ridge), (end, 0, ridge), (end, b, t), (end, -b, t)], False))
        local.append(([(-a - eave, 0, ridge), (a + eave, 0, ridge), (a + eave, out, low), (-a - eave, out, low)], True))
    c, s = np.cos(hut.turn), np.sin(hut.turn)
    turned = np.array([[c, 0, s], [-s, 0, c], [0, 1, 0]])
    return [(np.array(corners) @ turned + np.array(hut.base), is_roof) for corners, is_roof in local]


def draw_hut(canvas: Canvas, hut: Hut, light: float, rng: np.random.Generator) -> None:
    """The faces of `hut` that look at the camera, farthest first."""
    eye = np.array([0.0, canvas.view.eye, 0.0])
    faces = _hut_faces(hut)
    faces.sort(key=lambda face: -float(np.linalg.norm(np.mean(face[0], axis=0) - eye)) - (0 if face[1] else 0.5))
    middle = np.array([hut.base[0], hut.base[1] + hut.tall * 0.6, hut.base[2]])
    for corners, is_roof in faces:
        normal = np.cross(corners[1] - corners[2], corners[3] - corners[2])
        normal = normal / (np.linalg.norm(normal) + 1e-9)
        center = np.mean(corners, axis=0)
        if normal @ (center - middle) < 0:
            normal = -normal
        if normal @ (eye - center) > 0 or is_roof:
            facing = float(np.clip(normal @ canvas.weather.sun, 0, 1))
            _draw_face(canvas, corners, hut.roof if is_roof else hut.wall, is_roof, facing * light, rng)


def _draw_face(
    canvas: Canvas,
    corners: Corners,
    color: Floats,
    is_roof: bool,
    light: float,
    rng: np.random.Generator,
) -> None:
    size = 96
    grain = _blur_noise(rng, size, size, 3) * 0.10 + rng.normal(0, 0.035, (size, size)).astype(np.float32)
    ramp = np.arange(size, dtype=np.float32)
    if is_roof:
        grain += (0.09 * np.sin(ramp * 2 * np.pi / 8))[:, None] + _blur_noise(rng, size, size, 20) * 0.14
    else:
        grain += (0.08 * np.sign(np.sin(ramp * 2 * np.pi / 9)))[None] + (-0.16 * smoothstep(ramp, 70, 96))[:, None]
    texture = (color * (1 + grain)[..., None]).astype(np.float32)
    if not is_roof:
        for left in rng.choice([14, 40, 64], size=2, replace=False):
            texture[30:52, left : left + 14] = (0.80, 0.78, 0.72)
            texture[32:50, left + 2 : left + 12] = (0.13, 0.16, 0.20)
    flat = [canvas.view.project(float(p[0]), float(p[1]), max(float(p[2]), 1.0)) for p in corners]
    target = np.array(flat, dtype=np.float32)
    x0, y0 = np.floor(target.min(axis=0)).astype(int)
    x1, y1 = np.ceil(target.max(axis=0)).astype(int) + 1
    if x1 <= 0 or y1 <= 0 or x0 >= canvas.view.width or y0 >= canvas.view.height or (x1 - x0) > 3000:
        return
    alpha = np.zeros((y1 - y0, x1 - x0), dtype=np.uint8)
    cv2.fillConvexPoly(alpha, np.round((target - (x0, y0)) * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    if np.allclose(target[0], target[1]):  # a gable: the texture of the rectangle around it
        target[0, 0], target[1, 0] = target[3, 0], target[2, 0]
    source = np.array([[0, 0], [size, 0], [size, size], [0, size]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(source, (target - (x0, y0)).astype(np.float32))
    picture = cv2.warpPerspective(texture, matrix, (x1 - x0, y1 - y0), borderMode=cv2.BORDER_REPLICATE)
    shaded = lit(np.asarray(picture, dtype=np.float32), np.full(alpha.shape, light, dtype=np.float32), canvas.weather)
    depth = float(np.mean([p[2] for p in corners])) - 2.0
    canvas.stamp(shaded, alpha.astype(np.float32) / 255, int(x0), int(y0), depth, HUT)


def draw_power_line(
    canvas: Canvas,
    ground: Ground,
    start: tuple[float, float],
    step: tuple[float, float],
    spans: int,
    tall: float,
    light: float,
) -> None:
    """Masts from `start` on, each `step` (right, ahead; metres) from the last, and the cables between them."""
    feet = []
    for i in range(spans + 1):
        x, z = start[0] + step[0] * i, start[1] + step[1] * i
        if z < 14:
            continue
        feet.append((x, float(ground.height[ground.index_at(x, z, canvas.view)]), z))
    across = np.array([-step[1], step[0]]) / (np.hypot(*step) + 1e-9)
    wood = lit(_rgb(0.33, 0.28, 0.25)[None], np.array([light * 0.6], dtype=np.float32), canvas.weather)[0]
    wire = _rgb(0.16, 0.16, 0.18)
    arms = (-1.3, 0.0, 1.3)
    for x, y, z in feet:
        thick = max(1.9, 0.32 * canvas.view.focal / z)
        _draw_rod(canvas, (x, y - 1, z), (x, y + tall, z), thick, wood)
        bar = [(x + across[0] * o, y + tall - 0.8, z + across[1] * o) for o in (arms[0] * 1.15, arms[2] * 1.15)]
        _draw_rod(canvas, bar[0], bar[1], max(1.7, thick * 0.8), wood)
    for (xa, ya, za), (xb, yb, zb) in pairwise(feet):
        t = np.linspace(0, 1, 25)
        sag = 4 * 0.035 * np.hypot(xb - xa, zb - za) * t * (1 - t)
        for o in arms:
            points = np.stack(
                [
                    xa + (xb - xa) * t + across[0] * o,
                    ya + (yb - ya) * t + tall - 0.6 - sag,
                    za + (zb - za) * t + across[1] * o,
                ],
                axis=1,
            )
            for first, second in pairwise(points):
                depth = float(first[2] + second[2]) / 2
                thick = float(np.clip(0.11 * canvas.view.focal / depth, 1.15, 3.0))
                _draw_rod(canvas, tuple(first), tuple(second), thick, wire)


def _draw_rod(canvas: Canvas, first: tuple[float, ...], second: tuple[float, ...], thick: float, color: Floats) -> None:
    """A thin straight thing between two points, hidden where something nearer stands."""
    if min(first[2], second[2]) < 3:
        return
    a, b = canvas.view.project(*first), canvas.view.project(*second)
    reach = thick / 2 + 2
    x0, y0 = int(min(a[0], b[0]) - reach), int(min(a[1], b[1]) - reach)
    w, h = int(abs(a[0] - b[0]) + 2 * reach) + 2, int(abs(a[1] - b[1]) + 2 * reach) + 2
    if x0 > canvas.view.width or y0 > canvas.view.height or x0 + w < 0 or y0 + h < 0 or w * h > 4_000_000:
        return
    yy, xx = np.mgrid[y0 : y0 + h, x0 : x0 + w].astype(np.float32)
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = np.clip(((xx - a[0]) * dx + (yy - a[1]) * dy) / (dx * dx + dy * dy + 1e-6), 0, 1)
    away = np.hypot(xx - a[0] - t * dx, yy - a[1] - t * dy)
    alpha = np.clip(thick / 2 + 0.5 - away, 0, 1).astype(np.float32)
    picture = np.broadcast_to(color, (h, w, 3)).astype(np.float32)
    canvas.stamp(picture, alpha, x0, y0, (first[2] + second[2]) / 2 - 0.5, POWER_LINE)


def empty_canvas(sky: Floats, view: View, weather: Weather) -> Canvas:
    """A canvas that shows nothing but the sky."""
    shape = (view.height, view.width)
    depth = np.full(shape, np.inf, dtype=np.float32)
    return Canvas(sky.copy(), np.full(shape, SKY, dtype=np.uint8), depth, view, weather)
