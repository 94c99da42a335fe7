"""The panels beside the image, one above the other, and how they share the height. They know nothing of each other."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from segstudio.services.theme import GRID
from segstudio.widgets.brush_panel import BrushPanel
from segstudio.widgets.classes_panel import ClassesPanel
from segstudio.widgets.model_panel import ModelPanel

_WIDTH = 34 * GRID
_LEAST_CLASSES_HEIGHT = 28 * GRID


class SidePanel(QScrollArea):
    """Classes, brush and model. What the model has to show, a round's result above all, can be taller than the window.

    It scrolls then, and the classes keep their half of what the brush leaves, as far as they need it: one paints with
    them all the time. Where even the least of each does not fit, the whole scrolls.
    """

    def __init__(
        self, classes: ClassesPanel, brush: BrushPanel, model: ModelPanel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._classes, self._brush = classes, brush
        panel = QWidget()
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(classes, 1)
        column.addWidget(brush)
        column.addWidget(model)
        self.setWidget(panel)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(_WIDTH)
        classes.rows_changed.connect(self._share)
        self._share()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share another height."""
        super().resizeEvent(event)
        self._share()

    def _share(self) -> None:
        half = (self.height() - self._brush.sizeHint().height()) // 2
        self._classes.setMinimumHeight(max(_LEAST_CLASSES_HEIGHT, min(half, self._classes.full_height())))
