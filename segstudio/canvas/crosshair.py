"""Aiming: a pointer whose hot spot is the very pixel that is meant, and lines through it across the whole view.

Owns no position. Both are light between dark, so that they show on anything.
"""

from __future__ import annotations

import math
from functools import lru_cache

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QCursor, QPainter, QPixmap, QRegion

from segstudio.services.theme import Role, color

_ARM = 12
"""View pixels from the hot spot to the end of each arm of the pointer."""
_GAP = 2
"""So many view pixels around the hot spot are left free, as it is what one looks at."""
_LINE_GAP = 14
"""View pixels around the pointer that the lines across the view leave free."""
_REACH = 2
"""View pixels beside a line that its dark edges may take."""


@lru_cache(maxsize=4)
def precise_pointer(ratio: float) -> QCursor:
    """A cross with a free middle, for a screen of `ratio` device pixels per view pixel."""
    side = 2 * _ARM + 1
    pixmap = QPixmap(math.ceil(side * ratio), math.ceil(side * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    for shade, edge in ((color(Role.CURSOR_DARK), 1), (color(Role.CURSOR_LIGHT), 0)):
        length, width = _ARM - _GAP - 1 + 2 * edge, 1 + 2 * edge
        for begin in (1 - edge, _ARM + 1 + _GAP - edge):
            painter.fillRect(begin, _ARM - edge, length, width, shade)
            painter.fillRect(_ARM - edge, begin, width, length, shade)
    painter.end()
    return QCursor(pixmap, _ARM, _ARM)


def crosshair_region(pointer: QPointF, view: QRect) -> QRegion:
    """What `draw_crosshair` may touch: two strips across `view`."""
    x, y = math.floor(pointer.x()), math.floor(pointer.y())
    across = QRect(view.left(), y - _REACH, view.width(), 2 * _REACH + 1)
    down = QRect(x - _REACH, view.top(), 2 * _REACH + 1, view.height())
    return (QRegion(across) + QRegion(down)).intersected(view)


def draw_crosshair(painter: QPainter, pointer: QPointF, view: QRect, ratio: float) -> None:
    """A line across `view` and one down it, through the device pixel under `pointer` (view pixels).

    As wide as there are whole device pixels in a view pixel, as `ratio` says.
    """
    thin = max(1, int(ratio)) / ratio
    x, y = (math.floor(part * ratio) / ratio for part in (pointer.x(), pointer.y()))
    edge, middle = color(Role.CURSOR_DARK, 0.5), color(Role.CURSOR_LIGHT, 0.9)
    for start, end in ((view.left(), x - _LINE_GAP), (x + thin + _LINE_GAP, view.right() + 1)):
        painter.fillRect(QRectF(start, y - thin, end - start, 3 * thin), edge)
        painter.fillRect(QRectF(start, y, end - start, thin), middle)
    for start, end in ((view.top(), y - _LINE_GAP), (y + thin + _LINE_GAP, view.bottom() + 1)):
        painter.fillRect(QRectF(x - thin, start, 3 * thin, end - start), edge)
        painter.fillRect(QRectF(x, start, thin, end - start), middle)
