"""Connects the second pane with the canvas, and with the masks it can show."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from segstudio.actions import Actions
from segstudio.canvas.hover_info import HoverInfo
from segstudio.canvas.second_pane import nothing_painted, seen_document
from segstudio.core.label_map import Labels
from segstudio.project.project import Status
from segstudio.services.open_image import OpenImage
from segstudio.services.other_masks import OtherMask, OtherMasks
from segstudio.services.session import Session
from segstudio.services.settings import SECOND_PANE, Settings
from segstudio.widgets.pane_head import missing_note
from segstudio.widgets.words import class_name
from segstudio.window_parts import WindowParts


class SecondPaneFlow(QObject):
    """What the second pane shows, and that both panes show the same place."""

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
        self._canvas, self._pane, self._head = parts.canvas, parts.second, parts.second_head
        self._parts, self._status = parts, parts.status
        self._session, self._settings, self._others = session, settings, others
        self._shown: tuple[OpenImage, OtherMask, Labels | None] | None = None
        self._head.box.choose(OtherMask(settings.get(SECOND_PANE)))
        self._action = actions["second_pane"]
        self._action.toggled.connect(self._on_toggled)
        self._head.closed.connect(lambda: self._action.setChecked(False))
        self._head.box.chosen.connect(self._on_chosen)
        others.changed.connect(self.refresh)
        session.status_changed.connect(self._on_status_changed)
        session.image_renewed.connect(self._on_image_renewed)
        self._canvas.moved.connect(self._follow)
        self._canvas.looks_changed.connect(self._look_alike)
        self._canvas.hovered.connect(self._on_canvas_hovered)
        self._pane.steered.connect(self._on_steered)
        self._pane.hovered.connect(self._on_pane_hovered)

    @Slot()
    def refresh(self) -> None:
        """Show what is chosen of the open image; nothing is held while the pane is not shown."""
        opened, other = self._session.current, self._head.box.choice()
        if not self._action.isChecked() or opened is None:
            self._shown = None
            self._pane.set_document(None, None)
            return
        labels = self._others.labels(other)
        wanted = (opened, other, labels)
        if self._shown is None or any(new is not old for new, old in zip(wanted, self._shown, strict=True)):
            self._show(opened, other, labels)
        is_missing = labels is None and other is not OtherMask.NONE
        self._head.set_note(missing_note(other, self._others) if is_missing else "")

    def _show(self, opened: OpenImage, other: OtherMask, labels: Labels | None) -> None:
        self._shown = (opened, other, labels)
        is_proposal = other is OtherMask.PROPOSAL and labels is not None
        below = nothing_painted(opened.document.label_map.shape) if labels is None or is_proposal else labels
        document = seen_document(below, opened.document.classes)
        self._pane.set_document(opened.image, document, opened.orientation, opened.reduced)
        if is_proposal and opened.proposal is not None:
            self._pane.set_proposal(labels, opened.proposal.confidence)
        self._pane.set_labels_shown(labels is not None)
        self._mark_accepted(opened.name)
        self._look_alike()
        self._follow()

    @Slot(bool)
    def _on_toggled(self, shown: bool) -> None:
        self._pane.setVisible(shown)
        if shown:
            self._parts.panes.setSizes([1, 1])
        else:
            self._canvas.set_mark(None)
        self.refresh()

    @Slot(object)
    def _on_chosen(self, other: OtherMask) -> None:
        self._settings.set(SECOND_PANE, other.value)
        self.refresh()

    @Slot()
    def _on_image_renewed(self) -> None:
        self._shown = None
        self.refresh()

    @Slot(str)
    def _on_status_changed(self, name: str) -> None:
        if self._shown is not None and name in ("", self._shown[0].name):
            self._mark_accepted(self._shown[0].name)

    def _mark_accepted(self, name: str) -> None:
        is_saved = self._shown is not None and self._shown[1] is OtherMask.SAVED and self._shown[2] is not None
        self._pane.set_accepted(is_saved and self._session.status(name) is not Status.UNREVIEWED)

    @Slot()
    def _follow(self) -> None:
        if self._shown is not None and self._shown[0].document is self._canvas.document:
            self._pane.look_at(*self._canvas.centre, self._canvas.zoom)

    @Slot()
    def _on_steered(self) -> None:
        self._canvas.look_at(*self._pane.centre, self._pane.zoom)

    @Slot()
    def _look_alike(self) -> None:
        if self._shown is not None:
            self._pane.look_like(self._canvas)

    @Slot(object)
    def _on_canvas_hovered(self, info: HoverInfo | None) -> None:
        self._pane.set_mark(_middle(info))

    @Slot(object)
    def _on_pane_hovered(self, info: HoverInfo | None) -> None:
        self._canvas.set_mark(_middle(info))
        project = self._session.project
        if info is None or project is None or self._shown is None or self._shown[2] is None:
            self._status.clear_hover()
        else:
            self._status.set_hover(info.x, info.y, class_name(project.classes, info.value), info.confidence)


def _middle(info: HoverInfo | None) -> tuple[float, float] | None:
    """The middle of the pixel under the pointer."""
    return None if info is None else (info.x + 0.5, info.y + 0.5)
