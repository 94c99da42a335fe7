"""Rare against frequent classes at prediction: what to add to the scores so that the one or the other is favoured.

Acts without retraining. What is learnt from the accepted images is only how often each class occurs there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from segstudio.core.class_table import VOID


def pixel_shares(label_maps: Iterable[npt.NDArray[np.uint8]], num_classes: int) -> tuple[float, ...]:
    """The share (0 to 1) of the labelled pixels that each of `num_classes` classes has; void counts nowhere."""
    pixels = np.zeros(num_classes, dtype=np.int64)
    for labels in label_maps:
        pixels += np.bincount(labels.ravel(), minlength=VOID + 1)[:num_classes]
    return tuple(float(count) / max(1, int(pixels.sum())) for count in pixels)


def balance_offsets(shares: Sequence[float], balance: float) -> npt.NDArray[np.float32]:
    """(C,) float32 to add to the class scores: ``-balance · log(share)``, centred on the classes that occur.

    Positive `balance` favours rare classes, negative frequent ones, 0 changes nothing; at 1 a network that had learnt
    the true probabilities would answer as if all classes were equally frequent. Centred, so that a class of share 0,
    whose log there is none of, is left where a class of middling frequency is left. Source: Menon et al., "Long-tail
    Learning via Logit Adjustment", ICLR 2021, equation 9.
    """
    known = np.asarray(shares, dtype=np.float64)
    present = known > 0
    logs = np.log(known, where=present, out=np.zeros_like(known))
    if present.any():
        logs[present] -= logs[present].mean()
    return (-balance * logs).astype(np.float32)
