"""What surrounds the image: frame and badge that tell the state of its mask by shape, hatching, and the pixel grid."""

from __future__ import annotations

import math
from enum import Enum, auto
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF

from segstudio.canvas.magnify import premultiplied
from segstudio.canvas.view_transform import ViewTransform
from segstudio.core.geometry import Box
from segstudio.services.theme import GRID, Role, color

FRAME_MARGIN = 6
"""How far frame and badge reach beyond the image, in view pixels."""

GRID_FROM_ZOOM = 16.0
"""From this zoom on, in device pixels per image pixel, lines part the image pixels."""

_HATCH_PERIOD = 10
"""From stripe to stripe, in view pixels along each axis."""


_DASHES = 64.0
"""Beyond what is exposed so much of the frame is drawn, in view pixels."""


_TIE = 1e-4
"""Device pixels that a border may be off for rounding's sake alone."""


class MaskState(Enum):
    """What a mask is, shown without relying on colour."""

    DRAFT = auto()
    PROPOSAL = auto()
    ACCEPTED = auto()


def draw_frame(painter: QPainter, rect: QRectF, state: MaskState, exposed: QRectF) -> None:
    """The line around the image at `rect`: thin for a draft, dashed for a proposal, thick for accepted work.

    Only what crosses `exposed` is drawn: at high zoom the frame is hundreds of thousands of pixels long.
    """
    styles = {
        MaskState.DRAFT: (Role.CONTROL, 1.0, Qt.PenStyle.SolidLine),
        MaskState.PROPOSAL: (Role.ACCENT, 2.0, Qt.PenStyle.CustomDashLine),
        MaskState.ACCEPTED: (Role.SUCCESS, 3.0, Qt.PenStyle.SolidLine),
    }
    role, width, style = styles[state]
    pen = QPen(color(role), width, style, Qt.PenCapStyle.FlatCap)
    if style is Qt.PenStyle.CustomDashLine:
        pen.setDashPattern([4, 3])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    out = width / 2 + 1
    frame = rect.adjusted(-out, -out, out, out)
    seen = frame.intersected(exposed.adjusted(-_DASHES, -_DASHES, _DASHES, _DASHES))
    for start, end in (
        (QPointF(seen.left(), frame.top()), QPointF(seen.right(), frame.top())),
        (QPointF(seen.left(), frame.bottom()), QPointF(seen.right(), frame.bottom())),
        (QPointF(frame.left(), seen.top()), QPointF(frame.left(), seen.bottom())),
        (QPointF(frame.right(), seen.top()), QPointF(frame.right(), seen.bottom())),
    ):
        pen.setDashOffset((start.x() - frame.left() + start.y() - frame.top()) / width)
        painter.setPen(pen)
        painter.drawLine(start, end)


def badge_rect(image_rect: QRectF, view: QRectF) -> QRectF:
    """Where the badge of accepted work lies: in the image's top right corner, or in the view's if that is nearer."""
    side = 3.0 * GRID
    seen = image_rect.intersected(view)
    return QRectF(seen.right() - side - GRID, seen.top() + GRID, side, side)


def draw_badge(painter: QPainter, rect: QRectF) -> None:
    """A disc with a check mark."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(color(Role.CURSOR_LIGHT), 2))
    painter.setBrush(color(Role.CURSOR_DARK, 0.85))
    painter.drawEllipse(rect)
    unit, left, top = rect.width() / 24, rect.left(), rect.top()
    mark = QPolygonF([QPointF(left + x * unit, top + y * unit) for x, y in ((7, 12.5), (10.5, 16), (17, 8.5))])
    pen = QPen(color(Role.CURSOR_LIGHT), 2.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolyline(mark)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def hatch_brush(device_pixel_ratio: float) -> QBrush:
    """Diagonal stripes for the areas of a proposal, for a painter in device pixels."""
    return QBrush(_hatch_tile(max(4, round(_HATCH_PERIOD * device_pixel_ratio)), color(Role.HATCH, 0.6).rgba()))


@lru_cache(maxsize=8)
def _hatch_tile(period: int, rgba: int) -> QImage:
    """One period of the stripes, drawn four times as large and reduced, so that they are smooth and join."""
    large = QImage(period * 4, period * 4, QImage.Format.Format_ARGB32_Premultiplied)
    large.fill(Qt.GlobalColor.transparent)
    painter = QPainter(large)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    side = large.width()
    painter.setPen(QPen(QColor.fromRgba(rgba), side * 0.16))
    for shift in (-side, 0, side):
        painter.drawLine(QPointF(shift - side, 2 * side), QPointF(shift + 2 * side, -side))
    painter.end()
    return large.scaled(
        period, period, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )


def draw_grid(painter: QPainter, transform: ViewTransform, box: Box, ratio: float) -> None:
    """Hairlines between the image pixels of `box`: dark on one side of each border, light on the other.

    So they show on anything, and say exactly where a pixel ends: at a zoom that is no whole number some are wider than
    others. `ratio`: device pixels per view pixel; a line is as many of them wide as make one view pixel.
    """
    to_view = transform.to_view
    rect = to_view.mapRect(QRectF(box.x0, box.y0, box.width, box.height))
    columns = _borders(rect.left() * ratio, rect.right() * ratio, transform.zoom, to_view.m11() + to_view.m21())
    rows = _borders(rect.top() * ratio, rect.bottom() * ratio, transform.zoom, to_view.m12() + to_view.m22())
    thick = np.arange(max(1, int(ratio)))[:, None]
    left, top = columns[0] - len(thick), rows[0] - len(thick)
    # One picture of all of them: Qt blends narrow rectangles with much ado.
    lines = np.zeros((rows[-1] - top + len(thick), columns[-1] - left + len(thick)), dtype=np.uint32)
    for role, begin in ((Role.CURSOR_DARK, 0), (Role.CURSOR_LIGHT, len(thick))):
        shade = premultiplied(color(role, 0.18))
        lines[:, (columns - columns[0] + begin + thick).ravel()] = shade
        lines[(rows - rows[0] + begin + thick).ravel()] = shade
    height, width = lines.shape
    picture = QImage(lines.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
    picture.setDevicePixelRatio(ratio)
    painter.drawImage(QPointF(left / ratio, top / ratio), picture)


def _borders(start: float, end: float, side: float, direction: float) -> npt.NDArray[np.int64]:
    """The first device pixel behind each border from `start` to `end`, one every `side` device pixels.

    A pixel whose centre lies on the border goes to the side that `draw_magnified` gives it; `direction` is below zero
    where the image runs the other way.
    """
    places = start + side * np.arange(round((end - start) / side) + 1)
    return np.ceil(places - 0.5 - math.copysign(_TIE, direction)).astype(np.int64)
