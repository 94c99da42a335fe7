"""What `--resume` needs to go on with a round that was stopped: weights, average, optimizer, position, and settings."""

from __future__ import annotations

import math
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, fields
from io import BytesIO
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from segstudio.core.errors import CheckpointError, InputError, marked
from segstudio.formats.atomic import write_atomically
from segstudio_training.checkpoint import described_normalisation, normalisation_of
from segstudio_training.job import Job
from segstudio_training.normalisation import Normalisation
from segstudio_training.plain_pickle import DamagedPickleError, read_plain_pickle

FORMAT_VERSION = 3
LONGEST_SHOWN = 40
"""Letters of a setting that a sentence quotes; longer ones are only named."""


@dataclass(frozen=True)
class TrainingState:
    """A round in the middle.

    Attributes:
        class_names: of the classes being taught, in index order.
        network_name, network_arguments: as in a checkpoint.
        settings: as `settings_of` gives them.
        side, scale, normalisation: as in a checkpoint; they follow from machine, time budget and images, and the round
            keeps the ones that it began with.
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
    settings: dict[str, str]
    side: int
    scale: float
    normalisation: Normalisation
    seed: int
    step: int
    progress: float
    next_scoring: float | None
    network: dict[str, Tensor]
    average: dict[str, Tensor]
    average_steps: int
    optimizer: dict[str, Any]
    random: Tensor


def settings_of(job: Job) -> dict[str, str]:
    """What must be asked for again for the steps to go on as they were: each option or part of the recipe as words.

    The network is not among them, which the weights tell, nor are budget, seed and images.
    """
    options = {
        "--from": job.start.name if job.start is not None else "",
        "--class-weights": job.class_weights,
        "--loss": job.loss,
        "--encoder-weights": job.encoder_weights,
        "--freeze-batch-norm": "yes" if job.freeze_batch_norm else "",
        "--channels": ",".join(map(str, job.channels)),
    }
    return options | {field.name: str(getattr(job.recipe, field.name)) for field in fields(job.recipe)}


def check_settings(state: TrainingState, job: Job) -> None:
    """Check that `job` asks for what the round of `state` was taught with.

    Raises:
        InputError: it does not; says what it was.
    """
    now = settings_of(job)
    differing = [_shown(name, value) for name, value in state.settings.items() if now.get(name) != value]
    if differing:
        raise InputError(
            marked("The stopped round was taught with {settings}. Ask for the same again, or start a new one instead."),
            settings=", ".join(differing),
        )


def _shown(name: str, value: str) -> str:
    if not value:
        return f"no {name}"
    return f"{name} {value}" if len(value) <= LONGEST_SHOWN else f"another {name}"


def save_training_state(path: Path, state: TrainingState) -> None:
    """Write `state` to `path` at once and whole; SaveError where that fails."""
    buffer = BytesIO()
    content = {field.name: getattr(state, field.name) for field in fields(state)}
    content["normalisation"] = described_normalisation(state.normalisation)
    torch.save({"format_version": FORMAT_VERSION, **content}, buffer)
    write_atomically(path, buffer.getvalue())


def load_training_state(path: Path) -> TrainingState:
    """The round stopped at `path`.

    Raises:
        CheckpointError: missing, damaged, or a pickle that would run code.
    """
    try:
        content = read_plain_pickle(path)
        if not isinstance(content, dict) or content.pop("format_version", None) != FORMAT_VERSION:
            raise ValueError("version")
        state = TrainingState(**{**content, "normalisation": normalisation_of(content["normalisation"])})
        if not _is_sound(state):
            raise ValueError("values")
    except FileNotFoundError as error:
        raise CheckpointError(marked('There is no stopped round at "{path}".'), path=path) from error
    except (
        DamagedPickleError,
        pickle.UnpicklingError,
        OSError,
        LookupError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
    ) as error:
        raise damaged_state(path) from error
    return state


def damaged_state(path: Path) -> CheckpointError:
    """The sentence for a file that is no stopped round, or does not hold together."""
    return CheckpointError(
        marked('"{path}" cannot be gone on with: it is damaged or not a stopped round. Start a new one.'), path=path
    )


def _is_sound(state: TrainingState) -> bool:
    """Whether every value is of its type and in its range; the tensors' shapes are the network's to check."""
    numbers = (state.seed, state.step, state.average_steps, state.side)
    shares = (state.progress, state.scale, 0.0 if state.next_scoring is None else state.next_scoring)
    return (
        isinstance(state.class_names, list)
        and isinstance(state.network_name, str)
        and isinstance(state.network_arguments, dict)
        and isinstance(state.settings, dict)
        and all(isinstance(word, str) for pair in state.settings.items() for word in pair)
        and all(isinstance(number, int) and 0 <= number < 1 << 63 for number in numbers)
        and all(isinstance(share, int | float) and math.isfinite(share) and share >= 0 for share in shares)
        and 0 < state.scale <= 1
        and _holds_tensors(state.network)
        and _holds_tensors(state.average)
        and isinstance(state.optimizer, dict)
        and isinstance(state.random, Tensor)
    )


def _holds_tensors(tensors: Any) -> bool:
    return isinstance(tensors, Mapping) and all(isinstance(tensor, Tensor) for tensor in tensors.values())


def optimizer_fits(optimizer: torch.optim.Optimizer) -> bool:
    """Whether what `optimizer` remembers of each parameter is a number or has that parameter's shape, in rows or not.

    `load_state_dict` takes any shapes; the next step would find them out.
    """
    inner = (value for value in vars(optimizer).values() if isinstance(value, torch.optim.Optimizer))
    return all(
        value.ndim == 0 or value.shape in (parameter.shape, parameter.flatten(min(1, parameter.ndim - 1)).shape)
        for one in (optimizer, *inner)
        for parameter, remembered in one.state.items()
        for value in remembered.values()
        if isinstance(value, Tensor)
    )
