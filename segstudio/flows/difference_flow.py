"""Connects the view of differences with the canvas, and with the masks that are compared."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Slot

from segstudio.actions import Actions
from segstudio.core.difference import DifferenceCount
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.services.other_masks import OtherMask, OtherMasks
from segstudio.services.session import Session
from segstudio.services.settings import DIFFERENCE_FROM, Settings
from segstudio.services.translation import tr
from segstudio.widgets.pane_head import missing_note
from segstudio.widgets.words import differing_pixels
from segstudio.window_parts import WindowParts

_COUNTED_PIXELS = 1_000_000
"""So many pixels are compared between two turns of the event loop: some milliseconds' work."""


class DifferenceFlow(QObject):
    """What the current mask is compared with, and the count of pixels that differ."""

    def __init__(
        self,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        settings: Settings,
        others: OtherMasks,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._canvas, self._bar = parts.canvas, parts.difference
        self._session, self._settings, self._others = session, settings, others
        self._compared: Document | None = None
        self._count: DifferenceCount | None = None
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.timeout.connect(self._go_on)
        self._bar.box.choose(OtherMask(settings.get(DIFFERENCE_FROM)))
        self._action = actions["difference"]
        self._action.toggled.connect(self._on_toggled)
        self._bar.closed.connect(lambda: self._action.setChecked(False))
        self._bar.box.chosen.connect(self._on_chosen)
        others.changed.connect(self.refresh)
        self._canvas.labels_changed.connect(self._on_labels_changed)

    @Slot()
    def refresh(self) -> None:
        """Compare the open image's mask with what is chosen, where the canvas shows it."""
        opened, other = self._session.current, self._bar.box.choice()
        if not self._action.isChecked() or opened is None or opened.document is not self._canvas.document:
            self._compare_nothing()
            self._bar.set_text("")
            return
        labels = self._others.labels(other)
        if labels is not None:
            self._compare(opened.document, labels)
        else:
            self._compare_nothing()
            self._bar.set_text(missing_note(other, self._others))

    def _compare(self, document: Document, labels: Labels) -> None:
        scene = self._canvas.scene
        if self._count is not None and self._compared is document and scene.compared is labels:
            return
        self._canvas.set_compared(labels)
        height, width = labels.shape
        self._compared = document
        self._count = DifferenceCount(width, height, scene.labels_seen, lambda box: labels[box.slices])
        self._bar.set_text(tr("counting…"))
        self._counting.start(0)

    def _compare_nothing(self) -> None:
        self._compared = self._count = None
        self._canvas.set_compared(None)

    @Slot(object)
    def _on_labels_changed(self, box: Box) -> None:
        if self._count is not None:
            self._count.changed(box)
            if not self._counting.isActive():
                self._counting.start(0)

    @Slot()
    def _go_on(self) -> None:
        if self._count is None or self._compared is not self._canvas.document:
            return
        if not self._count.go_on(_COUNTED_PIXELS):
            self._counting.start(0)
        elif self._count.total is not None:
            self._bar.set_text(differing_pixels(self._count.total, self._count.pixels))

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        self._bar.setVisible(shown)
        if shown:
            self._bar.place()
            self._bar.raise_()
        self.refresh()

    @Slot(object)
    def _on_chosen(self, other: OtherMask) -> None:
        self._settings.set(DIFFERENCE_FROM, other.value)
        self.refresh()
