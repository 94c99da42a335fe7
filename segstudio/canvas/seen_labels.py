"""What labels are seen: the document's, proposed ones in their place, or only those that differ from another mask's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segstudio.core.class_table import VOID
from segstudio.core.document import Document
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels

_VOID = np.uint8(VOID)


@dataclass(frozen=True)
class SeenLabels:
    """Reads `document` together with a proposal and a mask to compare with, each (height, width) uint8 or None.

    All methods give every `step`-th label of a box, in both directions, as overlays read them.
    """

    document: Document
    proposal: Labels | None = None
    compared: Labels | None = None

    def own(self, box: Box, step: int = 1) -> Labels:
        """The document's."""
        return self.document.label_map.read(box)[::step, ::step]

    def seen(self, box: Box, step: int = 1) -> Labels:
        """The document's or, where that is void, the proposal's."""
        labels = self.own(box, step)
        if self.proposal is None:
            return labels
        return np.where(labels == VOID, self.proposal[box.slices][::step, ::step], labels)

    def proposed(self, box: Box, step: int = 1) -> Labels:
        """The proposal's where the document is void, void elsewhere."""
        return np.where(self.own(box, step) == VOID, _thinned(self.proposal, box, step), _VOID)

    def differing(self, box: Box, step: int = 1) -> Labels:
        """0 where what is seen differs from what it is compared with, void elsewhere."""
        return np.where(self.seen(box, step) != _thinned(self.compared, box, step), np.uint8(0), _VOID)

    def changed(self, box: Box, step: int = 1) -> Labels:
        """What is seen where it differs from what it is compared with, void elsewhere."""
        seen = self.seen(box, step)
        return np.where(seen != _thinned(self.compared, box, step), seen, _VOID)

    def removed(self, box: Box, step: int = 1) -> Labels:
        """What there is to compare with where nothing is seen, void elsewhere."""
        return np.where(self.seen(box, step) == VOID, _thinned(self.compared, box, step), _VOID)


def _thinned(labels: Labels | None, box: Box, step: int) -> Labels:
    assert labels is not None, "there is nothing to read"
    return labels[box.slices][::step, ::step]
