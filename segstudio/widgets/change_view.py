"""An image under the old and the new network's proposal, and where they differ. Paints; computes no proposal."""

from __future__ import annotations

from enum import Enum

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from segstudio.core.class_table import VOID, ClassTable
from segstudio.services.stylesheet import Look
from segstudio.services.theme import GRID, Role, color
from segstudio.services.translation import tr
from segstudio.widgets.controls import label, push_button

UInt8Array = npt.NDArray[np.uint8]

_OPACITY = 0.55


class Side(Enum):
    """What lies over the image."""

    OLD = "old"
    NEW = "new"
    DIFFERENCE = "difference"


class ChangeView(QWidget):
    """Old, New and Difference as three buttons above one picture."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes = ClassTable([])
        self._arrays: tuple[UInt8Array, UInt8Array, UInt8Array] | None = None
        self.picture = _Picture()
        self.title = label("", Look.HEADING)
        self.buttons = {
            Side.OLD: push_button(tr("Old"), tr("What the network before proposes.")),
            Side.NEW: push_button(tr("New"), tr("What the network of this round proposes.")),
            Side.DIFFERENCE: push_button(tr("Difference"), tr("Only what changed, in the colours of the new one.")),
        }
        group = QButtonGroup(self)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        row.addWidget(self.title)
        row.addStretch(1)
        for button in self.buttons.values():
            button.setCheckable(True)
            group.addButton(button)
            row.addWidget(button)
        self.buttons[Side.DIFFERENCE].setChecked(True)
        group.buttonToggled.connect(lambda _button, checked: self._redraw() if checked else None)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addLayout(row)
        column.addWidget(self.picture, 1)

    @property
    def side(self) -> Side:
        """What lies over the image now."""
        return next(side for side, button in self.buttons.items() if button.isChecked())

    def set_classes(self, classes: ClassTable) -> None:
        """Take the colours of `classes`."""
        self._classes = classes
        self._redraw()

    def show_change(self, title: str, image: UInt8Array, before: UInt8Array, after: UInt8Array) -> None:
        """Show (h, w, 3) RGB `image` under (h, w) labels `before` and `after`."""
        self.title.setText(title)
        self._arrays = image, before, after
        self._redraw()

    def clear(self, title: str) -> None:
        """Show nothing, and `title` for why."""
        self.title.setText(title)
        self._arrays = None
        self._redraw()

    def _redraw(self) -> None:
        for button in self.buttons.values():
            button.setEnabled(self._arrays is not None)
        if self._arrays is None:
            self.picture.set_pixels(None)
            return
        image, before, after = self._arrays
        covered = after if self.side is not Side.OLD else before
        marked = covered != VOID
        if self.side is Side.DIFFERENCE:
            # Grey and pale where nothing changed, so that changes show whatever their colour.
            grey = image.mean(axis=2, keepdims=True) * 0.5 + 96
            image, marked = np.repeat(grey, 3, axis=2).astype(np.uint8), marked & (before != after)
        colors = self._classes.palette()[covered]
        opacity = 0.9 if self.side is Side.DIFFERENCE else _OPACITY
        mixed = image * (1 - opacity) + colors * opacity
        self.picture.set_pixels(np.where(marked[..., None], mixed, image).astype(np.uint8))


class _Picture(QWidget):
    """Pixels, as large as fits."""

    def __init__(self) -> None:
        super().__init__()
        self._pixels: UInt8Array | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Old against new proposal"))

    def sizeHint(self) -> QSize:
        """Room enough to see something."""
        return QSize(50 * GRID, 34 * GRID)

    def minimumSizeHint(self) -> QSize:
        """Less will do."""
        return QSize(30 * GRID, 20 * GRID)

    def set_pixels(self, pixels: UInt8Array | None) -> None:
        """Show (h, w, 3) uint8 RGB, or nothing."""
        self._pixels = None if pixels is None else np.ascontiguousarray(pixels)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what there is, in its own shape."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), color(Role.CANVAS_BACKGROUND))
        if self._pixels is None:
            return
        height, width = self._pixels.shape[:2]
        picture = QImage(self._pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        size = picture.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRectF(
            (self.width() - size.width()) / 2, (self.height() - size.height()) / 2, size.width(), size.height()
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, size.width() < width)
        painter.drawImage(place, picture)
