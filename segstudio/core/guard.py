"""What is guarded against every tool: which pixels may be changed, told by the label they have now and by their place.

Whoever paints asks for the pixels of a box, so a guard costs what is touched, whatever the size of the image.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID
from segstudio.core.geometry import Box
from segstudio.core.label_map import Labels
from segstudio.core.pixel_sets import PixelSet


class Reason(Enum):
    """Why a pixel may not be changed."""

    LOCKED = auto()
    """Its class is locked."""
    ANOTHER_LABEL = auto()
    """Only another label may be painted over."""
    SURE = auto()
    """Only unsure pixels may be painted over, and this is none."""
    ACCEPTED = auto()
    """It has a class in the accepted mask."""


@dataclass(frozen=True)
class Refusal:
    """What kept an edit from changing anything: the label of a pixel that it would have changed, and why it did not."""

    reason: Reason
    label: int


@dataclass(frozen=True, eq=False)
class Guard:
    """By itself it guards nothing.

    Attributes:
        locked: labels whose pixels keep them.
        only_over: the one label whose pixels may be changed; None for any.
        sure: pixels that keep the class they have, as the proposal was sure of them; None for no pixel.
        accepted: pixels that keep the class they have, as they have one in the accepted mask; None for no pixel.
    """

    locked: frozenset[int] = frozenset()
    only_over: int | None = None
    sure: PixelSet | None = None
    accepted: PixelSet | None = None

    @classmethod
    def of(
        cls,
        locked: Iterable[int],
        only_over: int | None = None,
        sure: PixelSet | None = None,
        accepted: PixelSet | None = None,
    ) -> Guard:
        """With `locked` from anything that can be gone through."""
        return cls(frozenset(locked), only_over, sure, accepted)

    @cached_property
    def _may_change(self) -> npt.NDArray[np.bool_]:
        """(256,) by label: whether its pixels may be changed as far as that tells."""
        table = np.full(256, self.only_over is None)
        if self.only_over is not None:
            table[self.only_over] = True
        table[list(self.locked)] = False
        return table

    @property
    def guards(self) -> bool:
        """Whether there is anything that may not be changed."""
        return bool(self.locked) or self.only_over is not None or bool(self._places)

    @property
    def _places(self) -> list[tuple[Reason, PixelSet]]:
        found = ((Reason.SURE, self.sure), (Reason.ACCEPTED, self.accepted))
        return [(reason, pixels) for reason, pixels in found if pixels is not None]

    def free(self, labels: Labels, box: Box) -> npt.NDArray[np.bool_]:
        """True where a pixel of `box` may be changed; `labels` (its height × width, uint8) are what they have now."""
        free = self._may_change[labels]
        for _, kept in self._places:
            free &= ~kept.mask(box) | (labels == VOID)
        return free

    def refusal(self, label: int, x: int, y: int) -> Refusal | None:
        """Why pixel (x, y), which has `label`, may not be changed; None where it may."""
        if label in self.locked:
            return Refusal(Reason.LOCKED, label)
        if not self._may_change[label]:
            return Refusal(Reason.ANOTHER_LABEL, label)
        here = Box(x, y, x + 1, y + 1)
        reasons = (reason for reason, kept in self._places if label != VOID and kept.mask(here).any())
        reason = next(reasons, None)
        return Refusal(reason, label) if reason is not None else None


NO_GUARD = Guard()
