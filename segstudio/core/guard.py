"""What is guarded against every tool: which pixels may be changed, told by the label that they have now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from segstudio.core.label_map import Labels


@dataclass(frozen=True)
class Guard:
    """By itself it guards nothing.

    Attributes:
        locked: labels whose pixels keep them.
        only_over: the one label whose pixels may be changed; None for any.
    """

    locked: frozenset[int] = frozenset()
    only_over: int | None = None

    @classmethod
    def of(cls, locked: Iterable[int], only_over: int | None = None) -> Guard:
        """With `locked` from anything that can be gone through."""
        return cls(frozenset(locked), only_over)

    @cached_property
    def _may_change(self) -> npt.NDArray[np.bool_]:
        """(256,) by label."""
        table = np.full(256, self.only_over is None)
        if self.only_over is not None:
            table[self.only_over] = True
        table[list(self.locked)] = False
        return table

    @property
    def guards(self) -> bool:
        """Whether there is anything that may not be changed."""
        return bool(self.locked) or self.only_over is not None

    def allows(self, label: int) -> bool:
        """Whether a pixel that has `label` may be changed."""
        return bool(self._may_change[label])

    def free(self, labels: Labels) -> npt.NDArray[np.bool_]:
        """Of the shape of `labels` (uint8): True where a pixel may be changed."""
        return self._may_change[labels]


NO_GUARD = Guard()
