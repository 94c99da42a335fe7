"""What `--resume` needs to go on with a round that was stopped: weights, average, optimizer, position."""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from segstudio.core.errors import CheckpointError, marked
from segstudio.formats.atomic import write_atomically

FORMAT_VERSION = 3


@dataclass(frozen=True)
class TrainingState:
    """A round in the middle.

    Attributes:
        class_names: of the classes being taught, in index order.
        network_name, network_arguments: as in a checkpoint.
        seed, step: batch number `step` is the next.
        progress: share of the budget used, 0 to 1.
        next_scoring: share of the budget at which the next scoring on the way is due.
        network, average, optimizer: state dicts.
        average_steps: steps that went into the average.
        random: torch's generator state (dropout).
    """

    class_names: list[str]
    network_name: str
    network_arguments: dict[str, Any]
    seed: int
    step: int
    progress: float
    next_scoring: float | None
    network: dict[str, Tensor]
    average: dict[str, Tensor]
    average_steps: int
    optimizer: dict[str, Any]
    random: Tensor


def save_training_state(path: Path, state: TrainingState) -> None:
    """Write `state` to `path` at once and whole; SaveError where that fails."""
    buffer = io.BytesIO()
    content = {field: getattr(state, field) for field in TrainingState.__dataclass_fields__}
    torch.save({"format_version": FORMAT_VERSION, **content}, buffer)
    write_atomically(path, buffer.getvalue())


def load_training_state(path: Path) -> TrainingState:
    """The round stopped at `path`.

    Raises:
        CheckpointError: missing, damaged, or a pickle that would run code.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        version = content.pop("format_version")
        if version != FORMAT_VERSION:
            raise ValueError("version")
        return TrainingState(**content)
    except FileNotFoundError as error:
        raise CheckpointError(marked('There is no stopped round at "{path}".'), path=path) from error
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, LookupError, ValueError, TypeError) as error:
        raise CheckpointError(
            marked('"{path}" cannot be gone on with: it is damaged or not a stopped round. Start a new one.'), path=path
        ) from error
