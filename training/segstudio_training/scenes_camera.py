"""The camera of a drawn scene: sky, the ground seen in perspective, reflections, and what the sensor makes of it.

Owns the way from a lit world to pixels. It places nothing and writes no file.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from segstudio_training.scenes_objects import Canvas, empty_canvas, haze, lit
from segstudio_training.scenes_style import Style
from segstudio_training.scenes_terrain import (
    POWER_LINE,
    WATER,
    Floats,
    Ground,
    Noise,
    View,
    Weather,
    mix,
    smoothstep,
)

FLATTENING = 2.5
"""How many times narrower the land behind a shore is in the reflection."""

OVERSAMPLING = 2
"""The picture is drawn this many times as wide and high, then averaged."""


def draw_sky(noise: Noise, view: View, weather: Weather) -> Floats:
    """(H, W, 3): a gradient with clouds that shrink towards the horizon and a glow on the sun's side."""
    rows = np.arange(view.height, dtype=np.float32)[:, None]
    above = np.clip((view.horizon + view.height * 0.04 - rows) / view.focal, 0.004, None)
    across = ((np.arange(view.width, dtype=np.float32) - view.width / 2) / view.focal)[None]
    gradient = np.broadcast_to(smoothstep(above, 0.0, 0.55), (view.height, view.width))
    sky = mix(weather.sky_low, weather.sky_top, gradient)
    x, z = across / (above + 0.06), np.broadcast_to(1 / (above + 0.06), sky.shape[:2])
    x = np.ascontiguousarray(np.broadcast_to(x, sky.shape[:2]))
    cover = noise.fractal(x, np.ascontiguousarray(z), 2.4, 6, 18)
    edge = 0.42 - 0.75 * weather.cloudiness
    cloud = smoothstep(cover, edge, edge + 0.35) * smoothstep(np.broadcast_to(above, cover.shape), 0.0, 0.1)
    belly = np.float32(0.97) - smoothstep(cover, edge + 0.15, edge + 0.8) * np.float32(0.30)
    bright = np.minimum(1, 0.5 + 0.5 * weather.sun_color / weather.sun_color.max())
    white = belly[..., None] * (0.55 * bright + 0.45 * (weather.sky_low * 0.6 + 0.4))
    sky = mix(sky, white, cloud * np.float32(0.9))
    glow = np.exp(-((across - weather.sun[0] * 1.1) ** 2) * 2 - above * 4) * max(0.0, float(weather.sun[2]) + 0.5)
    return np.asarray(np.clip(sky + glow[..., None] * weather.sun_color * 0.16, 0, 1), dtype=np.float32)


def render_ground(ground: Ground, sky: Floats, view: View, weather: Weather) -> Canvas:
    """The ground as the camera sees it: each pixel shows the first sample of its column that reaches up to it."""
    canvas = empty_canvas(sky, view, weather)
    rows = view.horizon + view.focal * (view.eye - ground.height) / ground.z[:, None]
    highest = np.minimum.accumulate(rows, axis=0)
    reach = np.clip(np.ceil(highest), 0, view.height).astype(np.int64)
    columns = np.broadcast_to(np.arange(view.width), reach.shape)
    counts = np.bincount((reach * view.width + columns).ravel(), minlength=(view.height + 1) * view.width)
    counts = counts.reshape(view.height + 1, view.width)
    first = np.cumsum(counts[::-1], axis=0)[::-1][1:]
    steps = len(ground.z)
    seen = first < steps
    step = np.minimum(first, steps - 1)
    column = np.broadcast_to(np.arange(view.width), step.shape)
    shaded = lit(ground.color, ground.light, weather)
    depth = ground.z[step]
    color = haze(shaded[step, column], depth, weather)
    canvas.color[seen] = color[seen]
    canvas.labels[seen] = ground.labels[step, column][seen]
    canvas.depth[seen] = depth[seen]
    return canvas


def reflect_in_water(canvas: Canvas, noise: Noise) -> None:
    """Water shows what stands above its far shore, upside down, broken by ripples."""
    water = canvas.labels == WATER
    if not water.any():
        return
    rows = np.broadcast_to(np.arange(canvas.view.height)[:, None], water.shape)
    shore = np.maximum.accumulate(np.where(water, -1, rows), axis=0)
    columns = np.broadcast_to(np.arange(canvas.view.width), water.shape)
    depth = np.where(np.isfinite(canvas.depth), canvas.depth, 1).astype(np.float32)
    across = ((columns - canvas.view.width / 2) / canvas.view.focal).astype(np.float32) * depth
    footprint = depth / np.float32(canvas.view.focal)
    ripple = noise.fractal(across, depth * 2.2, 2.6, 3, 19, footprint)
    gust = noise.fractal(across, depth * 1.5, 34, 3, 20) * 0.5 + 0.5
    lift = np.clip(rows - shore, 0, None) * (1 + ripple * 0.25) + ripple * 5
    # Flat land behind the shore is seen at a grazing angle from the water: it takes little of the reflection.
    land = np.clip(shore - canvas.view.horizon, 0, None)
    lift = np.where(lift * FLATTENING < land, lift * FLATTENING, lift + land * (1 - 1 / FLATTENING))
    source = np.clip(np.round(shore - lift), 0, canvas.view.height - 1).astype(np.int64)
    sideways = np.clip(columns + np.round(ripple * 4).astype(np.int64), 0, canvas.view.width - 1)
    mirrored = canvas.color[source, sideways]
    deep = np.array([0.10, 0.17, 0.18], dtype=np.float32) + canvas.weather.sky_top * np.float32(0.12)
    share = np.clip(0.50 + smoothstep(depth, 15, 120) * 0.32 - gust * 0.15, 0, 1).astype(np.float32)
    away = np.clip((canvas.view.horizon - rows) / canvas.view.focal, -0.4, 0.0)
    heaven = mix(canvas.weather.sky_low, canvas.weather.sky_top, (-away * 2).astype(np.float32))
    mirrored = mix(mirrored, heaven, np.float32(0.42) + ripple * 0.3)
    surface = mix(deep, mirrored, share) * (1 + ripple * 0.10 + gust * 0.10)[..., None]
    canvas.color[water] = haze(surface.astype(np.float32), depth, canvas.weather)[water]


def photograph(
    canvas: Canvas, style: Style, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """What a small camera makes of it: exposure, vignette, blur, sensor noise and JPEG; and the truth beside it."""
    n = OVERSAMPLING
    height, width = canvas.view.height // n, canvas.view.width // n
    color = cv2.resize(canvas.color, (width, height), interpolation=cv2.INTER_AREA)
    yy, xx = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    gain = (0.50 / float(color.mean())) ** 0.75 * rng.uniform(*style.exposure)
    color = color * (1 - 0.10 * (xx * xx + yy * yy))[..., None] * gain
    color = color * np.asarray(style.tint, dtype=np.float32)
    grey = color.mean(axis=2, keepdims=True)
    color = grey + (color - grey) * rng.uniform(*style.saturation)
    color = np.clip(color, 0, 1.4)
    color = color / (1 + np.clip(color - 0.75, 0, None) * 0.55)
    color = cv2.GaussianBlur(color, (0, 0), float(rng.uniform(0.25, 0.65)))
    level = rng.uniform(0.004, 0.012)
    color = color + rng.normal(0, 1, color.shape) * level * (0.5 + np.sqrt(np.clip(color, 0, 1)))
    image = np.clip(np.round(color * 255), 0, 255).astype(np.uint8)
    _, packed = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(80, 94))])
    image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)[..., ::-1]
    parts = canvas.labels.reshape(height, n, width, n).transpose(0, 2, 1, 3).reshape(height, width, n * n)
    labels = parts[..., 0].copy()
    thin = POWER_LINE
    pairs = (parts == thin).sum(axis=2)
    labels[labels == thin] = parts[..., 3][labels == thin]
    labels[pairs >= n] = thin
    return np.ascontiguousarray(image), labels
