"""What surrounds the image: frame and badge that tell the state of its mask by shape, hatching, and the pixel grid."""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF

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


def draw_grid(painter: QPainter, transform: ViewTransform, box: Box) -> None:
    """Hairlines between the image pixels of `box`, dark beside light so that they show on anything."""
    for role, nudge in ((Role.CURSOR_DARK, 0.0), (Role.CURSOR_LIGHT, 1.0)):
        painter.setPen(QPen(color(role, 0.18), 0))
        lines = [QLineF(x, box.y0, x, box.y1) for x in range(box.x0, box.x1 + 1)]
        lines += [QLineF(box.x0, y, box.x1, y) for y in range(box.y0, box.y1 + 1)]
        mapped = [transform.to_view.map(line).translated(nudge, nudge) for line in lines]
        painter.drawLines(mapped)
