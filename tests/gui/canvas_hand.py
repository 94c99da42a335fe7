"""A hand for the canvas tests: sends real mouse, wheel and key events at image coordinates."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.label_map import LabelMap

NONE = Qt.KeyboardModifier.NoModifier
LEFT, MIDDLE, RIGHT, NO_BUTTON = (
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.MiddleButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.NoButton,
)
CLASSES = ClassTable.from_names(["background", "road", "pole"])


def document(height: int = 90, width: int = 120, classes: ClassTable = CLASSES, fill: int = VOID) -> Document:
    return Document("picture", LabelMap(height, width, fill), classes)


def picture(height: int = 90, width: int = 120) -> np.ndarray:
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)


def ready_canvas(qtbot: QtBot, shown: Document) -> CanvasView:
    """A canvas of 400 × 300 pixels on screen, with the focus: class 1, a brush of 5 pixels, `shown` over a picture."""
    view = CanvasView()
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.set_document(picture(), shown)
    view.set_class_index(1)
    view.set_brush_size(5)
    with qtbot.waitExposed(view):
        view.show()
    view.activateWindow()
    view.setFocus()
    return view


def labels(canvas: CanvasView) -> np.ndarray:
    assert canvas.document is not None
    return canvas.document.label_map.array


class Hand:
    """Moves the pointer on one canvas."""

    def __init__(self, canvas: CanvasView) -> None:
        self.canvas = canvas

    def mouse(self, kind: QEvent.Type, view: QPointF, button=LEFT, modifiers=NONE) -> None:  # type: ignore[no-untyped-def]
        released = kind is QEvent.Type.MouseButtonRelease
        moved_only = kind is QEvent.Type.MouseMove
        event = QMouseEvent(
            kind,
            view,
            QPointF(self.canvas.mapToGlobal(view.toPoint())),
            NO_BUTTON if moved_only else button,
            NO_BUTTON if released else button,
            modifiers,
        )
        QApplication.sendEvent(self.canvas, event)

    def press(self, x: float, y: float, button=LEFT, modifiers=NONE) -> None:  # type: ignore[no-untyped-def]
        self.mouse(QEvent.Type.MouseButtonPress, self.canvas.image_to_view(x, y), button, modifiers)

    def move(self, x: float, y: float, button=LEFT, modifiers=NONE) -> None:  # type: ignore[no-untyped-def]
        self.mouse(QEvent.Type.MouseMove, self.canvas.image_to_view(x, y), button, modifiers)

    def hover(self, x: float, y: float, modifiers=NONE) -> None:  # type: ignore[no-untyped-def]
        self.move(x, y, NO_BUTTON, modifiers)

    def release(self, x: float, y: float, button=LEFT, modifiers=NONE) -> None:  # type: ignore[no-untyped-def]
        self.mouse(QEvent.Type.MouseButtonRelease, self.canvas.image_to_view(x, y), button, modifiers)

    def stroke(self, *points: tuple[float, float], modifiers=NONE) -> None:  # type: ignore[no-untyped-def]
        self.press(*points[0], modifiers=modifiers)
        for point in points[1:]:
            self.move(*point, modifiers=modifiers)
        self.release(*points[-1], modifiers=modifiers)

    def wheel(self, view: QPointF, angle: int = 0, pixels: QPoint | None = None, modifiers=NONE) -> None:  # type: ignore[no-untyped-def]
        event = QWheelEvent(
            view,
            QPointF(self.canvas.mapToGlobal(view.toPoint())),
            pixels or QPoint(),
            QPoint(0, angle),
            NO_BUTTON,
            modifiers,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.canvas, event)


def grabbed(canvas: CanvasView) -> np.ndarray:
    """(height, width, 3) uint8: what is on screen."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), dtype=np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()
