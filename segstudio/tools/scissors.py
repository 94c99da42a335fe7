"""Intelligent scissors: a polygon whose outline keeps to the edges of the image. Owns the way along the edges.

The way is the cheapest one over the pixels, where edges cost little (Mortensen & Barrett, "Intelligent scissors for
image composition", SIGGRAPH 1995; OpenCV's `IntelligentScissorsMB`). The cheapest ways from a corner are laid once
for a window round it, of a bounded number of pixels: a pointer further away is served from a window of coarser ones.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.raster import Point
from segstudio.tools.polygon import PolygonTool
from segstudio.tools.tool import Tool, ToolContext

Pixels = npt.NDArray[np.uint8]

WINDOW_REACH = 80
"""From a corner to the side of its window, in pixels of the window: laying the ways takes some 0.3 µs a pixel."""
PER_REACH = 8
"""So many pixels of the finest window make up the reach of a click: it is no finer than the screen."""

_BLUR = 1.0
"""Standard deviation of the Gaussian that takes the noise away, in pixels of the window."""
_HIGH_SHARE, _LOW_RATIO = 0.8, 0.4
"""An edge begins among the fifth of the pixels with the steepest gradients, found for each window by itself, and goes
on down to 0.4 of that gradient (the two thresholds of Canny, 1986; Matlab's `edge` has them found so too)."""
_FAINTEST = 40.0
"""What is less steep begins no edge anywhere, in units of Sobel's filter: some ten grey levels across the edge."""
_STEEP = 2.0
"""So many times the gradient where edges begin is as steep as counts: one hard edge must not hide the others."""
_LEAST, _OFF_EDGE = 0.5, 0.375
"""What a pixel costs in any case, and what it costs more beside edges; the rest to 1 is for want of a gradient. The
paper charges next to nothing on an edge, so that its way makes detours of five times the length; this one, of two."""
_SHORTEST = 4
"""The way follows an edge for so many pixels at least; in between it goes straight on."""


def sampled(image: Pixels, box: Box, step: int) -> Pixels:
    """The pixels of `box`, which lies within the (height, width, 3) `image`, averaged over `step` × `step`.

    Of many, a few are looked at, so that the cost does not grow with `step`.
    """
    import cv2  # here, so that the window need not wait for it

    every = max(1, step // 2)
    thinned = np.ascontiguousarray(image[box.slices][::every, ::every])
    size = (-(-box.width // step), -(-box.height // step))
    return thinned if step == 1 else np.asarray(cv2.resize(thinned, size, interpolation=cv2.INTER_AREA), np.uint8)


def edges_and_costs(small: Pixels) -> tuple[Pixels, npt.NDArray[np.float32]]:
    """Where the edges of `small`, (height, width, 3), are, and what a way over each pixel costs.

    Returns:
        (height, width) uint8, not 0 on edges; (height, width) float32, from `_LEAST` to 1.
    """
    import cv2  # as above

    smooth = cv2.GaussianBlur(small, (0, 0), _BLUR)
    across, down = cv2.Sobel(smooth, cv2.CV_16S, 1, 0), cv2.Sobel(smooth, cv2.CV_16S, 0, 1)
    steepness = (np.abs(across) + np.abs(down)).max(axis=2)
    high = max(_FAINTEST, float(np.quantile(steepness, _HIGH_SHARE)))
    found = np.asarray(cv2.Canny(across, down, _LOW_RATIO * high, high), np.uint8)
    flat = 1 - np.minimum(steepness / np.float32(_STEEP * high), np.float32(1))
    costs = np.float32(_LEAST) + np.float32(_OFF_EDGE) * (found == 0) + np.float32(1 - _LEAST - _OFF_EDGE) * flat
    return found, costs.astype(np.float32)


class _Window:
    """The ways from one point of the image, over the pixels around it."""

    def __init__(self, image: Pixels, start: Point, step: int) -> None:
        import cv2  # as above

        height, width = image.shape[:2]
        x, y = int(start[0]), int(start[1])
        around = Box(x, y, x + 1, y + 1).expanded(WINDOW_REACH * step)
        self._box = around.intersection(Box.of_size(width, height))
        small = sampled(image, self._box, step)
        self._size = small.shape[1], small.shape[0]
        self._scale = self._box.width / self._size[0], self._box.height / self._size[1]
        self._edges, costs = edges_and_costs(small)
        self._ways = cv2.segmentation.IntelligentScissorsMB()
        # All costs in one feature, none of them near nothing: with OpenCV's own, and its limit of the gradient
        # (`setGradientMagnitudeMaxLimit`), some ways run in circles, which it reports as "Map is invalid".
        self._ways.setWeights(0.0, 0.0, 1.0)
        self._ways.applyImageFeatures((self._edges == 0).astype(np.uint8), None, costs, small)
        self._ways.buildMap(self._pixel(start))

    def way_to(self, end: Point) -> list[Point]:
        """Between the start and `end`, which lies within the window."""
        import cv2  # as above

        # OpenCV 5 gives (N, 2), OpenCV 4 gives (N, 1, 2).
        way = self._ways.getContour(self._pixel(end)).reshape(-1, 2)
        way = way[self._on_edges(way)]
        if len(way) > 2:
            way = cv2.approxPolyDP(way.reshape(-1, 1, 2), 0.75, False).reshape(-1, 2)
        points = (way + 0.5) * self._scale + (self._box.x0, self._box.y0)
        return [(float(x), float(y)) for x, y in points]

    def _on_edges(self, way: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """(N,): whether a pixel of the way belongs to a piece of it that follows an edge."""
        on = self._edges[way[:, 1], way[:, 0]] > 0
        turns = np.flatnonzero(np.diff(np.concatenate([[0], on, [0]])))
        for begin, end in turns.reshape(-1, 2):
            on[begin:end] = end - begin >= _SHORTEST
        return on

    def _pixel(self, point: Point) -> tuple[int, int]:
        column, row = (point[0] - self._box.x0) / self._scale[0], (point[1] - self._box.y0) / self._scale[1]
        return min(max(int(column), 0), self._size[0] - 1), min(max(int(row), 0), self._size[1] - 1)


class EdgeWay:
    """Along the edges of the image; straight where there are none, and beside the image."""

    def __init__(self) -> None:
        self._windows: dict[int, _Window] = {}
        self._made_for: tuple[Pixels, Point] | None = None

    def between(self, start: Point, end: Point, context: ToolContext) -> list[Point]:
        """Along the edges from `start` to `end`."""
        if context.image is None:
            return [end]
        begin, aim = _inside(start, context.image), _inside(end, context.image)
        far = max(abs(aim[0] // 1 - begin[0] // 1), abs(aim[1] // 1 - begin[1] // 1))
        step = _finest_step(context)
        while far > WINDOW_REACH * step:
            step *= 2
        return [*self._window(context.image, begin, step).way_to(aim), end]

    def forget(self) -> None:
        """Let go of the windows, and of the image."""
        self._windows, self._made_for = {}, None

    def _window(self, image: Pixels, start: Point, step: int) -> _Window:
        if self._made_for is None or self._made_for[0] is not image or self._made_for[1] != start:
            self._windows, self._made_for = {}, (image, start)
        if step not in self._windows:
            self._windows[step] = _Window(image, start, step)
        return self._windows[step]


def _finest_step(context: ToolContext) -> int:
    """How many image pixels a pixel of the finest window is wide: a power of two."""
    return 1 << max(0, math.floor(math.log2(max(context.reach / PER_REACH, 1.0))))


def _inside(point: Point, image: Pixels) -> Point:
    """`point`, or the point of the image that is next to it."""
    height, width = image.shape[:2]
    return min(max(point[0], 0.0), width - 1e-3), min(max(point[1], 0.0), height - 1e-3)


def scissors() -> Tool:
    """New ones."""
    return PolygonTool(marked("Scissors"), EdgeWay())
