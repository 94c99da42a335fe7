"""The brush cursor: the outline of the very pixels that a click would paint, or of the area that is being drawn.

Owns no position and paints no label.
"""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF, QTransform

from segstudio.canvas.magnify import premultiplied
from segstudio.core.geometry import Box
from segstudio.core.lines import Line
from segstudio.core.raster import MaskRegion, Polygon, ReducedMask, Spans, rectangle
from segstudio.services.theme import Role, color
from segstudio.tools.tool import Outline

CURSOR_MARGIN = 4
"""How far the cursor's lines reach beyond the outline, in view pixels."""

_TINY = 6.0
"""An outline smaller than this, in view pixels, is hard to see: a cross stands in for it."""

_DOT_FROM = 32.0
"""From this size on, in view pixels, the centre is marked."""


def outline_polygon(spans: Spans) -> QPolygonF:
    """The border of `spans` (one run a row, without gaps between rows) along the edges of its pixels.

    Image coordinates; empty where no pixel is covered.
    """
    held = np.flatnonzero(spans.ends > spans.starts)
    if held.size == 0:
        return QPolygonF()
    first, last = int(held[0]), int(held[-1])
    top = spans.y0 + first
    right = _staircase(spans.ends[first : last + 1], top)
    left = _staircase(spans.starts[first : last + 1], top)
    return QPolygonF([QPointF(x, y) for x, y in right + left[::-1]])


def _staircase(edges: np.ndarray, top: int) -> list[tuple[int, int]]:
    """The corners of a line that goes down along `edges`, one column a row."""
    turns = np.flatnonzero(np.diff(edges)) + 1
    begins = [0, *turns.tolist()]
    ends = [*turns.tolist(), len(edges)]
    corners: list[tuple[int, int]] = []
    for begin, end in zip(begins, ends, strict=True):
        x = int(edges[begin])
        corners += [(x, top + begin), (x, top + end)]
    return corners


def border_lines(region: MaskRegion) -> list[QLineF]:
    """The border of `region` along the edges of its pixels, holes too; image coordinates."""
    padded = np.pad(region.inside, 1)
    lines = []
    for is_across, grid in ((True, padded), (False, padded.T)):
        # A line runs where the pixels on its two sides differ; where it begins and ends, that changes along it.
        differ = (grid[1:] != grid[:-1])[:, 1:-1]
        turns = np.diff(np.pad(differ, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        rows, begins = np.nonzero(turns == 1)
        ends = np.nonzero(turns == -1)[1]
        for row, begin, end in zip(rows.tolist(), begins.tolist(), ends.tolist(), strict=True):
            lines.append(QLineF(begin, row, end, row) if is_across else QLineF(row, begin, row, end))
    return [line.translated(region.box.x0, region.box.y0) for line in lines]


class BrushCursor:
    """The outline to show, kept in image coordinates so that zooming and panning need no new one."""

    def __init__(self) -> None:
        self._polygon = QPolygonF()
        self._shape: tuple[bytes, bytes] | None = None
        self._corner = (0, 0)
        self._tint = QColor(Qt.GlobalColor.transparent)
        self._is_area = False
        self._is_line = False
        self._is_waiting = False
        self._region: MaskRegion | ReducedMask | None = None
        self._border: list[QLineF] = []

    @property
    def polygon(self) -> QPolygonF:
        """The outline in image coordinates; empty where there is nothing to show."""
        return self._polygon

    def show(
        self,
        outline: Outline | None,
        tint: QColor,
        bounds: Box,
        is_area: bool = False,
        part: MaskRegion | None = None,
        is_waiting: bool = False,
    ) -> None:
        """Outline the pixels of `outline`, spans only within `bounds` (image pixels); None shows nothing.

        `is_area`: it is being drawn, and does not stand for the pointer. `part` is tinted beside a line.
        `is_waiting`: nobody knows yet what comes of it.
        """
        self._tint, self._is_area, self._is_waiting = tint, is_area, is_waiting
        self._is_line = isinstance(outline, Line)
        self._region = outline if isinstance(outline, MaskRegion | ReducedMask) else part
        self._border = border_lines(outline) if isinstance(outline, MaskRegion) and not is_area else []
        if isinstance(outline, MaskRegion | ReducedMask):
            outline = rectangle(outline.box)
        if isinstance(outline, Polygon | Line):
            self._polygon, self._shape = QPolygonF([QPointF(x, y) for x, y in outline.points.tolist()]), None
            return
        inner = None if outline is None else outline.clipped(bounds)
        if inner is None or inner.box.is_empty:
            self._polygon, self._shape = QPolygonF(), None
            return
        box = inner.box
        # The same brush a little further on: moving the outline is cheaper than drawing it up anew.
        rows = slice(box.y0 - inner.y0, box.y1 - inner.y0)
        shape = ((inner.starts[rows] - box.x0).tobytes(), (inner.ends[rows] - box.x0).tobytes())
        corner = (box.x0, box.y0)
        if shape == self._shape:
            self._polygon.translate(corner[0] - self._corner[0], corner[1] - self._corner[1])
        else:
            self._polygon = outline_polygon(inner)
        self._shape, self._corner = shape, corner

    def _paint_region(self, painter: QPainter, to_view: QTransform, region: MaskRegion | ReducedMask) -> None:
        """Tint the pixels of `region`, no finer than the screen is: faintly where lines go round them, else more, and
        their border most."""
        step = max(1, int(1 / math.hypot(to_view.m11(), to_view.m12())))
        seen = to_view.inverted()[0].mapRect(QRectF(painter.window())).toAlignedRect()
        box = Box(seen.left(), seen.top(), seen.right() + 1, seen.bottom() + 1).expanded(step).intersection(region.box)
        if box.is_empty:
            return
        inside = region.thinned(box, step)
        border = inside.copy()
        border[1:-1, 1:-1] &= ~(inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:])
        fill, line = QColor(self._tint), color(Role.CURSOR_LIGHT)
        fill.setAlphaF(0.6 if not self._border else fill.alphaF() * 0.25)
        if self._border:
            line = fill
        shades = np.array([0, premultiplied(fill), premultiplied(line)], dtype=np.uint32)
        pixels = np.ascontiguousarray(shades[inside.astype(np.uint8) + (border & inside)])
        height, width = pixels.shape
        picture = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        painter.save()
        painter.setTransform(QTransform.fromTranslate(box.x0, box.y0) * to_view, combine=True)
        painter.scale(step, step)
        painter.drawImage(0, 0, picture)
        painter.restore()

    def _paint_border(self, painter: QPainter, to_view: QTransform) -> None:
        lines = [to_view.map(line) for line in self._border]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for shade, width in ((color(Role.CURSOR_DARK, 0.85), 3), (color(Role.CURSOR_LIGHT), 1)):
            painter.setPen(QPen(shade, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
            painter.drawLines(lines)

    def _paint_line(self, painter: QPainter, way: QPolygonF) -> None:
        """Light within dark, so that it shows on anything."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for shade, width in ((color(Role.CURSOR_DARK, 0.85), 3.0), (color(Role.CURSOR_LIGHT), 1.5)):
            painter.setPen(
                QPen(shade, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
            )
            painter.drawPolyline(way)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def rect(self, to_view: QTransform) -> QRectF:
        """What the cursor takes up of the view."""
        if self._polygon.isEmpty():
            return QRectF()
        around = to_view.map(self._polygon).boundingRect()
        if self._is_line and self._region is not None:
            box = self._region.box
            around = around.united(to_view.mapRect(QRectF(box.x0, box.y0, box.width, box.height)))
        return around.adjusted(-CURSOR_MARGIN, -CURSOR_MARGIN, CURSOR_MARGIN, CURSOR_MARGIN)

    def replaces_pointer(self, to_view: QTransform) -> bool:
        """Whether the outline is large enough to do without the system's pointer."""
        if self._is_area or self._border:  # what lies around the pointer does not say where it is
            return False
        size = to_view.map(self._polygon).boundingRect()
        return not self._polygon.isEmpty() and min(size.width(), size.height()) >= _TINY

    def paint(self, painter: QPainter, to_view: QTransform) -> None:
        """Draw the outline: light within dark, so that it shows on anything, and a breath of the label's colour."""
        if self._polygon.isEmpty():
            return
        if self._region is not None:
            self._paint_region(painter, to_view, self._region)
        self._paint_border(painter, to_view)
        if self._is_line:
            self._paint_line(painter, to_view.map(self._polygon))
        if self._is_line or self._region is not None:
            return
        polygon = to_view.map(self._polygon)
        tint = QColor(self._tint)
        tint.setAlphaF(tint.alphaF() * 0.25)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        dark, light = color(Role.CURSOR_DARK, 0.85), color(Role.CURSOR_LIGHT)
        painter.setPen(QPen(dark, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin))
        painter.setBrush(tint)
        painter.drawPolygon(polygon)
        line = QPen(light, 1)
        if self._is_waiting:
            line.setDashPattern([6, 6])
        painter.setPen(line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(polygon)
        around = polygon.boundingRect()
        if not self._is_area and min(around.width(), around.height()) >= _DOT_FROM:
            middle = around.center()
            painter.fillRect(QRectF(middle.x() - 1.5, middle.y() - 1.5, 3, 3), dark)
            painter.fillRect(QRectF(middle.x() - 0.5, middle.y() - 0.5, 1, 1), light)
