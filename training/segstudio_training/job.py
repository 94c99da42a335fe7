"""What a round is asked to do, and what it gives back. Data only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from segstudio_training.class_weights import DEFAULT_RULE, MOST_OVER_LEAST
from segstudio_training.data.augment import Augmentation
from segstudio_training.data.teaching_set import LabelSource
from segstudio_training.engine import Optimizer, Schedule
from segstudio_training.gate import Judgement
from segstudio_training.losses import DEFAULT_LOSS


@dataclass(frozen=True)
class Recipe:
    """How a network is taught; the defaults were chosen by experiment for short rounds on few images.

    Attributes:
        working_side: pixels of the longer side at which images are worked on; None follows the budget (`suited_side`).
        crop_pixels: area of a crop at working size, in pixels; its shape follows the images'. None: whole images.
        batch_size: crops per step.
        rate: peak learning rate of a network trained from nothing.
        continued_rate: the same where the round starts from a checkpoint.
        weight_decay: the optimizer's.
        most_over_least: cap on the class weights.
        prior_returned: share of the class weights that is taken back when predicting, at most 1; below 0 they are
            gone on with, towards rare classes.
        augmentation: how far crops are varied.
        working_scale: a factor, at most 1, to work at instead of `working_side`.
        rare_crops: share (0 to 1) of the crops that are cut around a pixel of a class drawn by how rare it is.
        fresh_share: share (0 to 1) of the crops that are cut from images the network has not learnt from before
            (`Job.fresh`), where there are such and others; 0 takes every image once before any comes again.
        averaged: whether the checkpoint is the running average of the weights; False takes the last ones.
        schedule: how the learning rate goes over the budget.
        optimizer: what turns gradients into steps.
        frozen_stages: so many of the encoder's first stages keep weights and batch-norm statistics, where the round
            starts from a checkpoint or from encoder weights; a start from nothing freezes none.
    """

    working_side: int | None = None
    crop_pixels: int | None = None
    batch_size: int = 4
    rate: float = 3e-3
    continued_rate: float = 2e-3
    weight_decay: float = 1e-2
    most_over_least: float = MOST_OVER_LEAST
    prior_returned: float = -0.5
    augmentation: Augmentation = field(default_factory=Augmentation)
    working_scale: float | None = None
    rare_crops: float = 0.0
    fresh_share: float = 0.0
    averaged: bool = True
    schedule: Schedule = Schedule.COSINE
    optimizer: Optimizer = Optimizer.MUON
    frozen_stages: int = 0


@dataclass(frozen=True)
class Job:
    """One round.

    Attributes:
        source: the folder, open (segstudio.project.VocFolder).
        train: names of the accepted images that teach.
        heldout: names of the held-out images; none of them teaches, even where `train` lists it.
        out: where the new checkpoint goes.
        start: checkpoint to go on from, None for a fresh network.
        network, width, dropout: the network of a fresh start; width None takes what suits the device.
        encoder_weights: "none", "imagenet" or a file, for a fresh start.
        freeze_batch_norm: batch norms keep the statistics that they start with; their scales and offsets still learn.
            For going on from a checkpoint with few or small batches; a fresh network is then not normalised at all.
        max_seconds: wall-clock budget, the final scoring included; None for no limit.
        max_steps: limit of steps, those before a stop included; the learning rate is planned for so many. None for no
            limit.
        stop_after: stop for now after so many of the steps: the checkpoint so far is written, and the state to go on.
        resume: a stopped round to go on with; its seed goes on too. With the same `max_steps` (and no `max_seconds`)
            the end is bit for bit that of a round never stopped, on one machine's processor; with a larger one the
            learning rate follows the longer plan from there on.
        class_weights, loss: rows of `RULES` and `LOSSES`.
        seed: two runs of one seed and `max_steps` on one machine are equal.
        device: a name of `DEVICES`.
        recipe: how to teach.
        drafts: drafts that teach beside `train`: `source` gives them a label map that is void where nobody touched it.
        channels: the images' channels that a fresh network sees, counted from 0; empty: all.
        fresh: those of `train` that did not teach `start`; the recipe may give them a share of their own.
        file: the job file, where the round is to take up what is added to it meanwhile (see `newcomers`); None to
            teach `train` to the end.
    """

    source: LabelSource
    train: Sequence[str]
    heldout: Sequence[str]
    out: Path
    start: Path | None = None
    network: str = "segnet"
    width: int | None = None
    dropout: float = 0.0
    encoder_weights: str = "none"
    freeze_batch_norm: bool = False
    max_seconds: float | None = None
    max_steps: int | None = None
    stop_after: int | None = None
    resume: Path | None = None
    class_weights: str = DEFAULT_RULE
    loss: str = DEFAULT_LOSS
    seed: int = 0
    device: str = "auto"
    recipe: Recipe = field(default_factory=Recipe)
    channels: Sequence[int] = ()
    drafts: Sequence[str] = ()
    fresh: Sequence[str] = ()
    file: Path | None = None

    @property
    def state_path(self) -> Path:
        """Where the round keeps what `resume` needs, until it is done."""
        return self.out.with_name(self.out.name + ".state")


class Ending(Enum):
    """Why a round stopped teaching."""

    TIME = "time"
    STEPS = "steps"
    STOPPED = "stopped"
    """For now, as was asked for; `resume` goes on."""


@dataclass(frozen=True)
class Result:
    """What a round gave: where the checkpoint is, what it took, and how it scores (keys of `evaluate`, or empty)."""

    checkpoint: Path
    network: str
    seconds: float
    steps: int
    images: int
    heldout: dict[str, Any]
    judgement: Judgement
    ending: Ending


def described(result: Result) -> dict[str, Any]:
    """`result` under the keys of ``train --json``."""
    return {
        "checkpoint": str(result.checkpoint),
        "network": result.network,
        "seconds": result.seconds,
        "steps": result.steps,
        "images": result.images,
        "heldout": result.heldout,
    }
