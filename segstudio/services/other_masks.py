"""The masks that the open image's one is compared with: its proposal, the saved one, the truth.

Owns reading them off the GUI thread, when somebody wants to see one, and forgetting them with the image.
"""

from __future__ import annotations

from enum import Enum
from functools import partial

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.core.errors import SegStudioError
from segstudio.core.label_map import Labels
from segstudio.project.original_masks import original_mask_path, read_original_mask
from segstudio.services.background import Task, TaskRunner
from segstudio.services.session import Session


class OtherMask(Enum):
    """What stands beside the current mask. The values are those of the settings."""

    PROPOSAL = "proposal"
    SAVED = "saved"
    TRUTH = "truth"
    NONE = "image"
    """None at all: the image alone."""


class OtherMasks(QObject):
    """Those of the session's open image."""

    changed = Signal()
    """Which of them there are, or what one holds, may be another."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._reader = TaskRunner(1, self)
        self._read: dict[OtherMask, Labels | SegStudioError] = {}
        self._reading: dict[OtherMask, Task] = {}
        session.image_opened.connect(self._on_another_image)
        session.waiting.connect(self._on_another_image)
        session.closing.connect(self._forget)
        session.project_closed.connect(self._on_another_image)
        session.proposal_changed.connect(self.changed)
        session.accepted.connect(lambda name: self._on_saved([name]))
        session.masks_changed.connect(self._on_saved)

    def stop(self) -> None:
        """End the thread; for quitting."""
        self._forget()
        self._reader.close()

    def is_there(self, other: OtherMask) -> bool:
        """Whether the open image has this one."""
        opened, project = self._session.current, self._session.project
        if opened is None or project is None:
            return False
        match other:
            case OtherMask.PROPOSAL:
                return opened.proposal is not None
            case OtherMask.SAVED:
                return project.folder.has_mask(opened.name)
            case OtherMask.TRUTH:
                return original_mask_path(project.folder, opened.name) is not None
            case OtherMask.NONE:
                return True

    def labels(self, other: OtherMask) -> Labels | None:
        """(height, width) uint8; None where it is not there, not to be read, or not read yet: `changed` follows."""
        opened = self._session.current
        if opened is None or other is OtherMask.NONE:
            return None
        if other is OtherMask.PROPOSAL:
            return opened.proposal.labels if opened.proposal is not None else None
        found = self._read.get(other)
        if found is None and self.is_there(other):
            self._begin_reading(other)
        is_good = not isinstance(found, SegStudioError | None) and found.shape == opened.document.label_map.shape
        return found if is_good else None  # type: ignore[return-value]  # as was just asked

    def is_reading(self, other: OtherMask) -> bool:
        """Whether this one is about to be there."""
        return other in self._reading

    def _begin_reading(self, other: OtherMask) -> None:
        opened, project = self._session.current, self._session.project
        if other in self._reading or opened is None or project is None:
            return
        read = (
            project.folder.read_label_map if other is OtherMask.SAVED else partial(read_original_mask, project.folder)
        )
        self._reading[other] = self._reader.submit(
            partial(read, opened.name), partial(self._take, other), partial(self._take, other)
        )

    def _take(self, other: OtherMask, found: Labels | SegStudioError) -> None:
        self._reading.pop(other, None)
        self._read[other] = found
        self.changed.emit()

    def _forget(self) -> None:
        for task in self._reading.values():
            task.cancel()
        self._reading.clear()
        self._read.clear()

    @Slot()
    def _on_another_image(self) -> None:
        self._forget()
        self.changed.emit()

    @Slot(list)
    def _on_saved(self, names: list[str]) -> None:
        """The saved masks of `names` are others now, perhaps that of the open image."""
        if self._session.current is not None and self._session.current.name in names:
            self._on_another_image()
