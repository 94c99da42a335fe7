"""Batches made ahead by one thread while the network computes.

One thread suffices: making a batch costs a few percent of a training step, and torch's operations release the
interpreter lock. More threads, or processes, would take cores from the step that they feed.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from segstudio_training.data.augment import Augmentation, augmented
from segstudio_training.data.teaching_set import TeachingSet
from segstudio_training.data.turns import VARIATION, Turns
from segstudio_training.launch import ALONE, Place
from segstudio_training.normalisation import Normalisation

BATCHES_AHEAD = 3


@dataclass(frozen=True)
class BatchPlan:
    """What a batch is: size, crop (h, w) in pixels, augmentation, normalisation, seed, and whose share is made.

    `turns` says which image comes when; None takes every image once before any comes again.
    """

    size: int
    crop: tuple[int, int]
    augmentation: Augmentation
    normalisation: Normalisation
    seed: int
    turns: Turns | None = None
    place: Place = ALONE


def make_batch(teaching: TeachingSet, plan: BatchPlan, step: int) -> tuple[Tensor, Tensor]:
    """Batch number `step`: (N, C, h, w) float32 channels_last and (N, h, w) int64. The same for the same seed.

    Where several processes share the batch, the images are the same and each process makes its own share of them. An
    image that cannot be read is passed over for the next one that can (`TeachingSet.readable`).

    Raises:
        InputError: no image can be read.
    """
    turns = plan.turns or Turns(len(teaching), plan.seed)
    images, labels = [], []
    for place in plan.place.share_of(range(step * plan.size, (step + 1) * plan.size)):
        turn = turns.at(place)
        random = np.random.default_rng((plan.seed, VARIATION, place))
        position, sample = teaching.readable(turn.image)
        around = turn.around if position == turn.image else None
        image, label = augmented(sample, plan.crop, random, plan.augmentation, around)
        images.append(image)
        labels.append(label)
    batch = torch.stack(images)
    if not plan.normalisation.is_measured:
        batch = _normalised(batch, plan.normalisation)
    return batch.contiguous(memory_format=torch.channels_last), torch.stack(labels).to(torch.int64)


def _normalised(images: Tensor, normalisation: Normalisation) -> Tensor:
    """(N, 3, h, w) uint8 images as float32."""
    mean = torch.tensor(normalisation.mean).view(1, 3, 1, 1) * 255
    std = torch.tensor(normalisation.std).view(1, 3, 1, 1) * 255
    return (images.to(torch.float32) - mean) / std


class BatchStream:
    """Iterates batches from `first_step` on for ever; use as a context manager, which ends its thread."""

    def __init__(self, teaching: TeachingSet, plan: BatchPlan, first_step: int = 0) -> None:
        self._teaching = teaching
        self._plan = plan
        self._step = first_step
        self._ready: queue.Queue[tuple[Tensor, Tensor] | BaseException] = queue.Queue(BATCHES_AHEAD)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="batches", daemon=True)

    def follow(self, turns: Turns) -> None:
        """Take the images by `turns` from now on; what is made ahead comes before that."""
        self._plan = replace(self._plan, turns=turns)

    def __enter__(self) -> BatchStream:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        while self._thread.is_alive():
            try:
                self._ready.get(timeout=0.05)
            except queue.Empty:
                continue
        self._thread.join()

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            item = self._ready.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    def _work(self) -> None:
        torch.set_num_threads(1)  # holds for the operations that this thread starts
        while not self._ending.is_set():
            try:
                self._ready.put(make_batch(self._teaching, self._plan, self._step))
            except Exception as error:  # noqa: BLE001 - raised again where the batch is waited for
                self._ready.put(error)
                return
            self._step += 1
