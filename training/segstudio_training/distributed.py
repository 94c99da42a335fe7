"""Several processes that teach one network, or predict with it: agreeing, sharing a loss, noticing that one is gone.

A round asks a `Ranks` and reads the same whether it runs alone or under ``torchrun``. Owns all use of
`torch.distributed`. Gradients are averaged by DistributedDataParallel, over NCCL on CUDA and gloo on processors.

Batch norm: on CUDA the statistics are those of the whole batch (SyncBatchNorm). Gloo has no synchronised batch norm, so
on processors each process normalises by its own share of the batch, and the checkpoint carries the first one's
statistics: a batch of 4 over 2 processes behaves as 2 in that respect. With batch norm frozen there is no difference.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from segstudio.core.errors import InputError, marked
from segstudio_training.device import pick_device
from segstudio_training.launch import LostRankError, Place, place_of_process
from segstudio_training.losses.cross_entropy import label_weight
from segstudio_training.losses.cross_entropy_dice import CrossEntropyDice

T = TypeVar("T")

PATIENCE = datetime.timedelta(minutes=30)
"""How long a process waits for the others; the first may score that long. One that ended is noticed at once."""
SIGNS_OF_LOSS = ("gloo", "nccl", "connection", "timed out")
"""What torch's errors of a lost process say; gloo's have no class of their own."""


class Ranks:
    """What a round asks of the processes that teach together. This is one alone: every answer is its own.

    Args:
        place: which of how many.
        device: where this process computes.
    """

    def __init__(self, place: Place, device: torch.device) -> None:
        self.place = place
        self.device = device

    @property
    def is_first(self) -> bool:
        """Whether this process speaks, scores, judges and saves."""
        return self.place.is_first

    def batch_norm(self, frozen: bool) -> str:
        """What batch norm normalises by: "fixed" statistics, the "whole_batch"'s, or each "process"'s own share's."""
        return "fixed" if frozen else "whole_batch"

    def agreed(self, *values: float) -> tuple[float, ...]:
        """The first process's `values`, on all of them; what the others say does not count."""
        return values

    def result_of_first(self, result: T | None) -> T:
        """The first process's `result`, on all of them."""
        assert result is not None
        return result

    def wrapped(self, network: nn.Module, frozen: bool) -> nn.Module:
        """`network` as it is called while teaching; its weights stay the same tensors.

        `frozen` says that its batch norms keep their statistics.
        """
        return network

    def shared(self, loss: nn.Module, class_weights: Tensor) -> nn.Module:
        """`loss` scaled so that averaged gradients are those of the loss over the whole batch."""
        return loss

    def mean(self, value: Tensor) -> float:
        """The mean of a scalar over the processes."""
        return float(value)


class _JoinedRanks(Ranks):
    """One of several."""

    def batch_norm(self, frozen: bool) -> str:
        if frozen or self.device.type == "cuda":
            return super().batch_norm(frozen)
        return "process"

    def agreed(self, *values: float) -> tuple[float, ...]:
        # A sum to which the others add nothing: unlike a broadcast, it also tells the first that all are still there.
        given = values if self.is_first else [0.0] * len(values)
        total = torch.tensor(given, dtype=torch.float64, device=self.device)
        distributed.all_reduce(total)
        return tuple(total.tolist())

    def result_of_first(self, result: T | None) -> T:
        box = [result]
        distributed.broadcast_object_list(box, src=0)
        assert box[0] is not None
        return box[0]

    def wrapped(self, network: nn.Module, frozen: bool) -> nn.Module:
        if self.device.type == "cuda" and not frozen:
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
        return DistributedDataParallel(network)

    def shared(self, loss: nn.Module, class_weights: Tensor) -> nn.Module:
        return _SharedLoss(loss, class_weights, self.place.count)

    def mean(self, value: Tensor) -> float:
        total = value.detach().to(torch.float64)
        distributed.all_reduce(total)
        return float(total) / self.place.count


class _SharedLoss(nn.Module):
    """A loss over a share of the batch, times ``count · w / W``: w the weight of the share's labels, W of all.

    DistributedDataParallel takes the mean of the gradients. A weighted cross-entropy is S / w on its share, so the mean
    is that of ``ΣS / W``, the loss of the whole batch, to rounding. A Dice term is of the whole batch by itself. Of
    another loss it is the mean weighted by w.
    """

    class_weights: Tensor

    def __init__(self, loss: nn.Module, class_weights: Tensor, count: int) -> None:
        super().__init__()
        self.loss = loss
        self.register_buffer("class_weights", class_weights)
        self._count = count

    def forward(self, scores: Tensor, labels: Tensor) -> Tensor:
        weight = label_weight(labels, self.class_weights)
        total = weight.clone()
        distributed.all_reduce(total)
        share = self._count * weight / total.clamp_min(1e-6)
        if isinstance(self.loss, CrossEntropyDice):
            from torch.distributed.nn.functional import all_reduce  # not in every build of torch

            return self.loss.shared(scores, labels, share, all_reduce)
        return self.loss(scores, labels) * share


@contextlib.contextmanager
def joined_ranks(device: str) -> Iterator[Ranks]:
    """The processes that ``torchrun`` started, joined for the time of the block; one alone without it.

    Args:
        device: a name of `DEVICES`.

    Raises:
        InputError: a device that this machine does not have, or not for so many processes.
        LostRankError: torch said inside the block that another process is gone.
    """
    place = place_of_process()
    if place.count == 1:
        yield Ranks(place, pick_device(device))
        return
    own = _device_of(place, device)
    try:
        distributed.init_process_group("nccl" if own.type == "cuda" else "gloo", timeout=PATIENCE)
        yield _JoinedRanks(place, own)
        distributed.destroy_process_group()
    except RuntimeError as error:
        # The group is left as it is: taking leave of a process that is gone could wait for ever.
        _raise_if_lost(error, place.count)
        raise


@contextlib.contextmanager
def told_when_lost(ranks: Ranks) -> Iterator[None]:
    """Turn torch's error of a process that is gone into `LostRankError` while the round can still keep its state."""
    try:
        yield
    except RuntimeError as error:
        _raise_if_lost(error, ranks.place.count)
        raise


def _raise_if_lost(error: RuntimeError, count: int) -> None:
    """Raises `LostRankError` where `error` is of a lost process."""
    said = str(error).lower()
    if count > 1 and (isinstance(error, distributed.DistError) or any(sign in said for sign in SIGNS_OF_LOSS)):
        raise LostRankError(count) from error


def _device_of(place: Place, name: str) -> torch.device:
    """The device of one process of several: its own GPU, or the processor."""
    device = pick_device(name)
    if device.type == "cuda":
        if place.local_rank >= torch.cuda.device_count():
            raise InputError(
                marked(
                    "This machine has {gpus} GPUs, too few for so many processes. Start one process for each "
                    "GPU, or use --device cpu."
                ),
                gpus=torch.cuda.device_count(),
            )
        torch.cuda.set_device(place.local_rank)  # what "cuda" means from here on
    elif device.type == "mps" and name == "auto":
        return torch.device("cpu")
    elif device.type == "mps":
        raise InputError(marked("Several processes cannot share an Apple GPU. Start one, or use --device cpu."))
    return device


def check_batch(size: int, place: Place) -> None:
    """Check that a batch of `size` images has one for each process.

    Raises:
        InputError: it has not.
    """
    if size < place.count:
        raise InputError(
            marked("A batch of {size} images cannot be shared by {count} processes. Start at most {size}."),
            size=size,
            count=place.count,
        )
