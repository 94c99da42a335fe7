"""The whole image in small, over a corner of the view, with the part that is in sight. It is moved by dragging."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF, Qt, QTimer
from PySide6.QtGui import (
    QContextMenuEvent,
    QEnterEvent,
    QHideEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPointerEvent,
    QTransform,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from segstudio.canvas.pointer_input import wheel_zoom
from segstudio.canvas.view_transform import orientation_transform
from segstudio.canvas.viewport import ImageViewport
from segstudio.core.geometry import EMPTY_BOX, Box
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr

_LARGEST = (24 * GRID, 18 * GRID)
"""Width and height that it takes up at most, in view pixels; and never more than a share of the view."""
_LARGEST_SHARE = 0.33
_LATER_MS = 150
"""What is painted shows here after this time, many changes at once."""
_KEPT_AWAY = 2 * GRID
"""So near, in view pixels, a tool that is at work may come before the minimap makes room."""
_MOVES = (QEvent.Type.MouseMove, QEvent.Type.TabletMove, QEvent.Type.TouchUpdate)
"""What moves a tool."""
_SMALLEST_SIGHT = 6.0
"""The rectangle of what is in sight is drawn no smaller, in view pixels."""


class Minimap(QWidget):
    """Lies over a viewport, shown while that does not show the whole image. Hidden until `set_wanted`.

    Attributes:
        labels_read: how many labels it has looked at since it was made.
    """

    def __init__(self, viewport: ImageViewport) -> None:
        super().__init__(viewport)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)  # what lies beneath would be painted
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("Minimap"))
        self.setAccessibleDescription(tr("The whole image; drag to move what is in sight."))
        self.labels_read = 0
        self._viewport = viewport
        self._is_wanted = self._is_tool_at_work = self._is_at_right = False
        self._shown: tuple[object, ...] = ()
        self._step = 1
        self._pixels = np.zeros((1, 1), dtype=np.uint32)
        self._dirty = EMPTY_BOX
        self._grip: QPointF | None = None
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_LATER_MS)
        self._later.timeout.connect(self.update)
        viewport.moved.connect(self._on_moved)
        viewport.looks_changed.connect(self._on_looks_changed)
        viewport.labels_changed.connect(self._on_labels_changed)
        viewport.installEventFilter(self)
        self.hide()

    def set_wanted(self, wanted: bool) -> None:
        """Whether it is shown at all."""
        self._is_wanted = wanted
        self._on_moved()

    def set_tool_at_work(self, at_work: bool) -> None:
        """While a tool is at work the minimap makes room for the pointer."""
        self._is_tool_at_work = at_work

    def go_home(self) -> None:
        """Back to the left corner."""
        self._is_at_right = False
        self.place()

    def place(self) -> None:
        """Keep to a lower corner of the view, at the size that suits the image."""
        width, height = self._upright_size()
        view = self._viewport.rect()
        most_width = min(_LARGEST[0], _LARGEST_SHARE * view.width())
        most_height = min(_LARGEST[1], _LARGEST_SHARE * view.height())
        scale = min(most_width / width, most_height / height)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        x = view.width() - size[0] - 2 * GRID if self._is_at_right else 2 * GRID
        self.setGeometry(QRect(x, view.height() - size[1] - 2 * GRID, *size))

    # What is shown

    def _on_moved(self) -> None:
        scene = self._viewport.scene
        shown = (scene.image, scene.document, scene.proposal)
        if any(new is not old for new, old in zip(shown, self._shown or (None,) * 3, strict=True)):
            self._shown = shown
            self._dirty = self._whole()
        if scene.size is not None:
            self.place()
        self.setVisible(self._is_wanted and scene.image is not None and not self._viewport.is_whole_in_sight)
        self.update()

    def _on_looks_changed(self) -> None:
        self._dirty = self._whole()
        self.update()

    def _on_labels_changed(self, box: Box) -> None:
        self._dirty = self._dirty.union(box)
        if self.isVisible() and not self._later.isActive():
            self._later.start()

    def _whole(self) -> Box:
        return Box.of_size(*(self._viewport.scene.size or (0, 0)))

    def _upright_size(self) -> tuple[int, int]:
        width, height = self._viewport.scene.size or (1, 1)
        return (height, width) if self._viewport.orientation >= 5 else (width, height)

    def _to_here(self) -> QTransform:
        """Image to minimap coordinates."""
        whole = self._whole()
        upright = orientation_transform(self._viewport.orientation, max(1, whole.width), max(1, whole.height))
        width, height = self._upright_size()
        return upright * QTransform.fromScale(self.width() / width, self.height() / height)

    def _read_changes(self) -> None:
        """Take over the labels that changed, as many as there are pixels here."""
        whole = self._whole()
        step = max(1, int(max(whole.width, whole.height) / self._longer_side()))
        shape = (-(-whole.height // step), -(-whole.width // step))
        if step != self._step or shape != self._pixels.shape:
            self._step, self._pixels, self._dirty = step, np.zeros(shape, dtype=np.uint32), whole
        dirty = self._dirty.intersection(whole)
        self._dirty = EMPTY_BOX
        if not dirty.is_empty:
            x, y = dirty.x0 // step, dirty.y0 // step
            found = self._viewport.scene.colors_seen(Box(x * step, y * step, dirty.x1, dirty.y1), step)
            self._pixels[y : y + found.shape[0], x : x + found.shape[1]] = found
            self.labels_read += found.size

    def _longer_side(self) -> float:
        """In device pixels."""
        return max(1, self.width(), self.height()) * self.devicePixelRatioF()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the image, its labels, and what is in sight."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), color(Role.CANVAS_BACKGROUND))
        scene, to_here = self._viewport.scene, self._to_here()
        if scene.size is not None:
            scene.draw_image(painter, self._whole(), to_here, self._longer_side() / max(scene.size))
            if scene.is_overlay_shown and scene.document is not None:
                self._read_changes()
                self._draw_labels(painter, to_here, scene.opacity)
            self._draw_sight(painter, to_here)
        painter.setPen(QPen(color(Role.CONTROL), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def _draw_labels(self, painter: QPainter, to_here: QTransform, opacity: float) -> None:
        height, width = self._pixels.shape
        image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied)
        painter.save()
        painter.setOpacity(opacity)
        painter.setTransform(QTransform.fromScale(self._step, self._step) * to_here)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.drawImage(0, 0, image)
        painter.restore()

    def _draw_sight(self, painter: QPainter, to_here: QTransform) -> None:
        sight = self._sight(to_here)
        outside = QPainterPath()
        outside.addRect(QRectF(self.rect()))
        outside.addRect(sight)
        painter.fillPath(outside, color(Role.CURSOR_DARK, 0.45))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for role, width in ((Role.CURSOR_DARK, 3.0), (Role.CURSOR_LIGHT, 1.0)):
            pen = QPen(color(role), width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRect(sight)

    def _sight(self, to_here: QTransform) -> QRectF:
        """What is in sight, in minimap coordinates."""
        inside = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        found = to_here.mapRect(self._viewport.part_in_sight)
        size = max(found.width(), _SMALLEST_SIGHT), max(found.height(), _SMALLEST_SIGHT)
        middle = found.center()
        return QRectF(middle.x() - size[0] / 2, middle.y() - size[1] / 2, *size).intersected(inside)

    # The pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take what is in sight where it is, or bring it to the pointer."""
        if event.button() is not Qt.MouseButton.LeftButton:
            return
        middle = self._to_here().map(QPointF(*self._viewport.centre))
        is_inside = self._sight(self._to_here()).contains(event.position())
        self._grip = middle - event.position() if is_inside else QPointF()
        self._move_to(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on moving it."""
        if self._grip is not None:
            self._move_to(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._grip = None

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the middle of the view."""
        self._viewport.zoom_by(wheel_zoom(event))
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Not for what lies beneath."""
        event.accept()

    def enterEvent(self, event: QEnterEvent) -> None:
        """The pointer is over no pixel of the image; a tool at work gets room."""
        if self._is_tool_at_work:
            self._make_room()
        else:
            QApplication.sendEvent(self._viewport, QEvent(QEvent.Type.Leave))
        super().enterEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """Whoever held it holds nothing now."""
        self._grip = None
        self._later.stop()
        super().hideEvent(event)

    def _move_to(self, point: QPointF) -> None:
        back, _ = self._to_here().inverted()
        found = back.map(point + (self._grip or QPointF()))
        whole = self._whole()
        self._viewport.look_at(min(max(found.x(), 0.0), whole.width), min(max(found.y(), 0.0), whole.height))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the corner, and out of the way of what is drawn."""
        if event.type() == QEvent.Type.Resize:
            self.place()
        elif self._is_tool_at_work and event.type() in _MOVES and isinstance(event, QPointerEvent) and self.isVisible():
            near = self.geometry().adjusted(-_KEPT_AWAY, -_KEPT_AWAY, _KEPT_AWAY, _KEPT_AWAY)
            if any(near.contains(point.position().toPoint()) for point in event.points()):
                self._make_room()
        return False

    def _make_room(self) -> None:
        self._is_at_right = not self._is_at_right
        self.place()
