"""What following the image's edges is worth: smart brush beside brush, scissors beside polygon, on images with truth.

`python -m tests.benchmarks.edges [--json]`. SEGSTUDIO_TEST_DATA names the folder that holds `camvid-voc`. Clicks and
short strokes of the brushes run inside true regions, nearer to their border than the brush's radius; scissors and
polygon get the same clicks, every k-th point of a true region's border, each beside it by up to 1.5 pixels.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap
from segstudio.tools import TOOLS, Phase, PointerEvent, ToolContext
from tests.benchmarks._report import report, wants_json

IMAGES = 8
RADII = (6, 12, 24, 40)
STROKES = 3
"""For each image and radius."""
SPACINGS = (15, 30, 60)
"""Pixels of the border from click to click."""
OFF = 1.5
LEAST_REGION = 800
REACH = 3.6
"""As in a window that shows 480 × 360 pixels at 220 %."""

Points = list[tuple[float, float]]


def folder() -> Path:
    """The folder of images with truth; ends the program with exit code 1 where there is none."""
    found = Path(os.environ.get("SEGSTUDIO_TEST_DATA", ""), "camvid-voc")
    if not (found / "SegmentationClass").is_dir():
        raise SystemExit("SEGSTUDIO_TEST_DATA names no folder that holds camvid-voc")
    return found


def pictures(root: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Images, RGB, and their true labels, spread over the folder."""
    masks = sorted((root / "SegmentationClass").glob("*.png"))
    for mask in masks[len(masks) // IMAGES // 2 :: len(masks) // IMAGES][:IMAGES]:
        image = Image.open(root / "JPEGImages" / f"{mask.stem}.jpg").convert("RGB")
        yield np.asarray(image), np.asarray(Image.open(mask))


def regions(labels: np.ndarray) -> Iterator[np.ndarray]:
    """(height, width) bool each: what hangs together and has one class, but for what is small."""
    for value in set(np.unique(labels).tolist()) - {VOID}:
        _, parts, stats, _ = cv2.connectedComponentsWithStats((labels == value).astype(np.uint8), connectivity=4)
        for part in np.flatnonzero(stats[1:, cv2.CC_STAT_AREA] >= LEAST_REGION) + 1:
            yield parts == part


def painted(tool_id: str, image: np.ndarray, points: Points, size: int = 1) -> np.ndarray:
    """(height, width) bool: what the tool paints, dragged or clicked along `points`."""
    document = Document("picture", LabelMap(*image.shape[:2], 0), ClassTable.from_names(["rest", "this"]))
    context, tool = ToolContext(document, 1, size, reach=REACH, image=image), TOOLS[tool_id].factory()
    for number, (x, y) in enumerate(points):
        tool.handle(PointerEvent(x, y, Phase.MOVE if number and not tool.is_stepwise else Phase.PRESS), context)
        if tool.is_stepwise:
            tool.handle(PointerEvent(x, y, Phase.RELEASE), context)
    tool.handle(PointerEvent(*points[-1], Phase.CONFIRM if tool.is_stepwise else Phase.RELEASE), context)
    return np.asarray(document.label_map.array == 1)


def ways_along(region: np.ndarray, radius: int, random: np.random.Generator) -> Iterator[Points]:
    """Ways of two brush widths inside the region, a part of the radius from its border; none at the image's side."""
    inner = cv2.distanceTransform(np.pad(region, 1, mode="edge").astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    core = (inner >= max(radius * random.uniform(0.3, 0.8), 1.5)).astype(np.uint8)
    borders, _ = cv2.findContours(core, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    height, width = region.shape
    for border in borders:
        way = np.roll(border[:, 0], -int(random.integers(len(border))), axis=0)[: 4 * radius]
        if len(way) == 4 * radius and (way >= radius).all() and (way < (width - radius, height - radius)).all():
            yield [(x + 0.5, y + 0.5) for x, y in way[:: max(1, radius // 2)].tolist()]


def brush_figures() -> dict[str, float]:
    """Shares of the painted pixels that are right, for a click and a stroke; and of the right ones that are taken."""
    random = np.random.default_rng(3)
    shares: dict[str, list[float]] = {}
    for image, labels in pictures(folder()):
        found = list(regions(labels))
        for radius in RADII:
            ways = [(way, region) for region in found for way in ways_along(region, radius, random)]
            for number in random.permutation(len(ways))[:STROKES]:
                way, region = ways[number]
                for kind, points in (("click", way[:1]), ("stroke", way)):
                    known = labels != VOID
                    plain, smart = (
                        painted(name, image, points, 2 * radius) & known for name in ("brush", "smart_brush")
                    )
                    shares.setdefault(f"brush_{kind}_inside", []).append((plain & region).sum() / plain.sum())
                    shares.setdefault(f"smart_{kind}_inside", []).append((smart & region).sum() / smart.sum())
                    taken = (smart & region).sum() / (plain & region).sum()
                    shares.setdefault(f"smart_{kind}_taken", []).append(taken)
    return {name: float(np.mean(values)) for name, values in shares.items()}


def outline_figures() -> dict[str, float]:
    """IoU with the true regions, holes filled."""
    random = np.random.default_rng(4)
    overlaps: dict[str, list[float]] = {}
    for image, labels in list(pictures(folder()))[: IMAGES // 2]:
        for region in regions(labels):
            outer, _ = cv2.findContours(region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            true = cv2.drawContours(np.zeros(region.shape, np.uint8), outer, -1, 1, -1) > 0
            border = max(outer, key=len)[:, 0] + 0.5
            for spacing in SPACINGS:
                clicks = border[::spacing]
                clicks = clicks + random.uniform(-OFF, OFF, clicks.shape)
                if len(clicks) >= 4:
                    for name in ("polygon", "scissors"):
                        mask = painted(name, image, [(x, y) for x, y in clicks.tolist()])
                        overlap = (mask & true).sum() / (mask | true).sum()
                        overlaps.setdefault(f"{name}_iou_{spacing}", []).append(overlap)
    return {name: float(np.mean(values)) for name, values in overlaps.items()}


def milliseconds(work: Callable[[], object], times: int = 20) -> float:
    """The median of some."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return 1e3 * float(np.median(taken))


def time_figures() -> dict[str, float]:
    """What an event costs at the most, on 12 megapixels."""
    image, _ = next(pictures(folder()))
    large = np.tile(image, (9, 9, 1))[:3000, :4000]
    document = Document("picture", LabelMap(3000, 4000, 0), ClassTable.from_names(["rest", "this"]))
    figures = {}
    for size in (24, 500):
        tool, context = TOOLS["smart_brush"].factory(), ToolContext(document, 1, size, image=large)
        over = partial(tool.handle, PointerEvent(1500.0, 1200.0, Phase.HOVER), context)
        figures[f"smart_hover_ms_{size}"] = milliseconds(over)
    tool, context = TOOLS["scissors"].factory(), ToolContext(document, 1, image=large)
    tool.handle(PointerEvent(1500.0, 1200.0, Phase.PRESS), context)
    tool.handle(PointerEvent(1500.0, 1200.0, Phase.RELEASE), context)
    hover = PointerEvent(1570.0, 1230.0, Phase.HOVER)

    def first_hover() -> None:
        tool._way.forget()  # type: ignore[attr-defined]
        tool.handle(hover, context)

    figures["scissors_first_hover_ms"] = milliseconds(first_hover)
    figures["scissors_hover_ms"] = milliseconds(partial(tool.handle, hover, context))
    return figures


NOTES = {
    "brush_click_inside": "share of the pixels of a click that lie in the true region",
    "smart_click_inside": "the same of the smart brush",
    "smart_click_taken": "share of the brush's right pixels that the smart brush takes too",
    "brush_stroke_inside": "share of the pixels of a stroke along the border that lie in the true region",
    "smart_stroke_inside": "the same of the smart brush",
    "smart_stroke_taken": "share of the brush's right pixels that the smart brush takes too",
    **{f"polygon_iou_{k}": f"IoU of a polygon with a click every {k} pixels of the border" for k in SPACINGS},
    **{f"scissors_iou_{k}": "the same clicks with the scissors" for k in SPACINGS},
    "smart_hover_ms_24": "the smart brush's outline, 24 pixels across",
    "smart_hover_ms_500": "the same, 500 pixels across",
    "scissors_first_hover_ms": "the ways from a new corner, and the outline to the pointer",
    "scissors_hover_ms": "the outline to the pointer, further on",
}

if __name__ == "__main__":
    as_json = wants_json(__doc__)
    report("edges", {**brush_figures(), **outline_figures(), **time_figures()}, as_json, NOTES)
