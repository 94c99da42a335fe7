"""This process's place among those that ``torchrun`` started for one command, losing one, and ending. No torch."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from segstudio.core.errors import TrainingError, marked

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Which of how many processes this is; alone without ``torchrun``.

    Attributes:
        rank: 0 is the first, which alone speaks, scores, judges and saves.
        count: processes in all, on all machines.
        local_rank: the rank on this machine, which chooses its GPU.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this is the process that speaks for all."""
        return self.rank == 0

    def share_of(self, items: Sequence[T]) -> list[T]:
        """Every `count`-th of `items`, from the `rank`-th on; the shares differ by one at most."""
        return list(items[self.rank :: self.count])


ALONE = Place()


def place_of_process() -> Place:
    """Read off the environment that ``torchrun`` sets; only that launcher's, for clusters set some of it themselves."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return ALONE
    rank, count, local_rank = (int(os.environ[name]) for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    return Place(rank, count, local_rank)


class LostRankError(TrainingError):
    """Another process that takes part is gone."""

    def __init__(self, count: int) -> None:
        super().__init__(
            marked(
                "One of the {count} processes that work together ended or cannot be reached, so the others ended too. "
                "What was there before is untouched; start again."
            ),
            count=count,
        )


def end_at_once(code: int) -> NoReturn:
    """End this process with `code` and without the interpreter's tidying up, once what it said is written.

    For a process among several. DistributedDataParallel keeps gloo's threads alive after the group is left; one that
    still holds a tensor then would give it back to an interpreter that is half gone, which aborts the process although
    its work is done.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)
