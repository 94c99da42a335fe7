"""One image in memory: its pixels, its document, its journal and what the network thinks of it. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID
from segstudio.core.document import Document
from segstudio.core.edits import APPLY_PROPOSAL, PROPOSED, REPLACE_BY_PROPOSAL, Edit
from segstudio.core.errors import marked
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.core.pixel_sets import PackedPixels
from segstudio.project.journal import Journal
from segstudio.project.project import Proposal

_COUNTED_PIXELS = 500_000
"""Pixels at which class shares are counted at most."""


@dataclass(frozen=True, eq=False, repr=False)
class Preview:
    """What is seen of a large image before all of it is read."""

    name: str
    pixels: npt.NDArray[np.uint8]
    """(h, w, 3) uint8 RGB in the label map's frame."""
    size: tuple[int, int]
    """(width, height) of the image itself."""
    orientation: int
    """EXIF orientation 1 to 8 that the view applies."""


@dataclass(eq=False, repr=False)  # signals compare and print what they are connected with; arrays are slow at both
class OpenImage:
    """What is worked on. Each of its edits is one edit of the document, or None where nothing changed."""

    name: str
    image: npt.NDArray[np.uint8]
    """(height, width, 3) uint8 RGB in the label map's frame."""
    orientation: int
    """EXIF orientation 1 to 8 that the view applies."""
    document: Document
    journal: Journal | None
    """None where it could not be had, as its image or mask broke after they were read: only drafts are kept then."""
    proposal: Proposal | None
    saving: bool = False
    """Whether its pixels are on their way to the disk right now."""
    is_record_lost: bool = False
    """Whether the journal could not be written the last time."""
    reduced: tuple[npt.NDArray[np.uint8], ...] = ()
    """The image's `halvings`: made while it was read, so that showing it need not wait for them."""
    is_failure_told: bool = False
    """Whether the person knows that its pixels cannot be written."""
    channel_names: tuple[str, ...] = ()
    """One a channel, "" where the file tells none; empty where the image offers no choice of channels."""
    accepted: PackedPixels | None = None
    """The pixels that have a class in the mask that a person accepted; None where there is no such mask."""

    version: int = 0
    """Another one whenever pixels have changed."""

    _known_blank: bool | None = None
    _applied_confidence: Labels | None = None

    @property
    def is_blank(self) -> bool:
        """Whether no pixel has a label yet."""
        if self._known_blank is None:
            self._known_blank = self.document.label_map.holds_only(VOID)
        return self._known_blank

    def on_changed(self, _box: Box) -> None:
        """Pixels changed: look again whether any has a label."""
        self._known_blank = None
        self.version += 1

    def on_edited(self, edit: Edit) -> None:
        """Where it was a proposal that became part of the label map, remember how sure that was."""
        if edit.name in PROPOSED and self.proposal is not None:
            self._applied_confidence = self.proposal.confidence

    @property
    def confidence(self) -> Labels | None:
        """(height, width) uint8, 0 to 255: how sure the proposal was that is shown, else the one that was applied last.

        Where none was applied since the image was opened, that of the proposal there is; None without any.
        """
        if self._applied_confidence is not None and self.shown_proposal is None:
            return self._applied_confidence
        return self.proposal.confidence if self.proposal is not None else None

    @property
    def is_safe(self) -> bool:
        """Whether the disk holds what the document holds."""
        return not self.saving and not self.document.is_modified

    @property
    def has_unsaved(self) -> bool:
        """Whether it is to be saved when it is left. Edits that were taken back count, or it would stay a draft."""
        return self.document.is_modified or (self.journal is not None and self.journal.has_unsaved)

    @property
    def shown_proposal(self) -> Proposal | None:
        """The proposal that is shown: there is one, and nothing was painted yet."""
        return self.proposal if self.proposal is not None and self.is_blank else None

    def void_share(self) -> float:
        """The share (0 to 1) of the pixels that have no label."""
        labels = self.document.label_map.array
        return float(np.count_nonzero(labels == VOID)) / labels.size

    def class_shares(self) -> dict[int, float]:
        """The share (0 to 1) of the pixels in sight that each class has; large images are counted on a grid."""
        proposal = self.shown_proposal
        labels = proposal.labels if proposal is not None else self.document.label_map.array
        step = max(1, round((labels.size / _COUNTED_PIXELS) ** 0.5))
        counts = np.bincount(labels[::step, ::step].reshape(-1), minlength=VOID + 1)
        return {int(value): counts[value] / counts.sum() for value in np.flatnonzero(counts[:VOID])}

    def adopt_proposal(self) -> Edit | None:
        """Apply the proposal; where something was painted, only to what is void."""
        proposal = self.proposal
        if proposal is None:
            return None
        return self._apply(APPLY_PROPOSAL, lambda present: np.where(present == VOID, proposal.labels, present), False)

    def replace_by_proposal(self) -> Edit | None:
        """Apply the proposal to every pixel, painted ones too."""
        proposal = self.proposal
        return self._apply(REPLACE_BY_PROPOSAL, lambda _: proposal.labels) if proposal is not None else None

    def clear(self) -> Edit | None:
        """Make every pixel void."""
        return self._apply(marked("Clear"), lambda present: np.full_like(present, VOID))

    def fill_void(self, value: int) -> Edit | None:
        """Give every void pixel the label `value`."""

        def filled(present: Labels) -> Labels:
            return np.where(present == VOID, np.uint8(value), present)

        return self._apply(marked("Fill the rest"), filled, False)

    def _apply(self, name: str, change: Callable[[Labels], Labels], guarded: bool = True) -> Edit | None:
        """Change all pixels as one edit; without `guarded`, one that changes void alone, which nothing guards."""
        if self.document.is_editing:
            return None
        return self.document.apply_labels(name, change(self.document.label_map.array), guarded)
