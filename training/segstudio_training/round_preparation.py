"""What a round consists of before its first step: who teaches, at which size, by which weights, and which network.

Owns what is decided once. The round in progress is `fine_tune`'s; nothing here is changed by it but the network's
weights and what the teaching set has decoded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from segstudio.core.errors import TrainingError, marked
from segstudio_training.balance import pixel_shares
from segstudio_training.checkpoint import Checkpoint, follow_classes, load_checkpoint
from segstudio_training.class_weights import Frequencies, class_frequencies, class_weights, score_offsets
from segstudio_training.data.inputs import chosen_normalisation, kept_normalisation
from segstudio_training.data.teaching_set import TeachingSet, check_pair, working_scale
from segstudio_training.device import usable_cores
from segstudio_training.encoder_weights import NONE as NO_ENCODER_WEIGHTS
from segstudio_training.encoder_weights import load_encoder_weights, suited_width
from segstudio_training.engine import freeze_stages
from segstudio_training.evaluate import evenly_spaced
from segstudio_training.job import Job
from segstudio_training.networks import RGB_CHANNELS, Argument, build_network, chosen_arguments
from segstudio_training.normalisation import Normalisation
from segstudio_training.training_state import TrainingState, check_settings
from segstudio_training.working_size import suited_side

FREQUENCY_IMAGES = 400
"""Class frequencies are counted over at most so many teaching images."""


@dataclass(frozen=True)
class LabelCount:
    """What the label maps of the teaching images show.

    Attributes:
        frequencies: (C,) as `class_frequencies` gives them.
        shares: of the labelled pixels, one number a class, as in a checkpoint.
        weights: (C,) what each class weighs in the loss; 0 for one that is in no image.
        crop: (h, w) in pixels at working size, such as suits the images.
    """

    frequencies: Frequencies
    shares: tuple[float, ...]
    weights: Frequencies
    crop: tuple[int, int]


@dataclass(frozen=True)
class PreparedRound:
    """A round that is ready for its first step.

    Attributes:
        job: what was asked for; a round that is gone on with keeps its seed.
        names: who teaches, the accepted images before the drafts.
        accepted: how many of them are accepted images.
        start: the checkpoint to go on from, with the folder's classes; None for a fresh network.
        side: pixels of the longer side at which images are worked on.
        scale: the factor, at most 1, that this means for them.
        normalisation: how the input is made.
        teaching: `names`, to be read.
        count: what their label maps show.
        network_name, network_arguments: as in a checkpoint.
        network: on the round's device; its frozen stages are frozen.
    """

    job: Job
    names: tuple[str, ...]
    accepted: int
    start: Checkpoint | None
    side: int
    scale: float
    normalisation: Normalisation
    teaching: TeachingSet
    count: LabelCount
    network_name: str
    network_arguments: dict[str, Any]
    network: nn.Module

    @property
    def peak_rate(self) -> float:
        """The learning rate that the schedule goes up to."""
        return self.job.recipe.continued_rate if self.start is not None else self.job.recipe.rate

    @property
    def offsets(self) -> torch.Tensor:
        """(C,) float: what to take from the class scores so that predictions forget the weights in part."""
        return _offsets(self.job, self.count)


def prepare_round(job: Job, device: torch.device, stopped: TrainingState | None = None) -> PreparedRound:
    """Read what has to be read and build what is taught; draws from torch's generator, as a fresh network does.

    Args:
        job: what to do.
        device: where it computes.
        stopped: the round that is gone on with, which keeps its seed, size and input; its weights are not in the
            network yet.

    Raises:
        TrainingError: nothing to learn from.
        CheckpointError, InputError: a start that cannot be used, an image that cannot be read, a bad argument, or one
            that is not what `stopped` was taught with.
    """
    accepted, names = _teaching_names(job)
    if stopped is not None:
        check_settings(stopped, job)
        job = replace(job, seed=stopped.seed)
    start = follow_classes(load_checkpoint(job.start), job.source.classes, job.seed) if job.start else None
    if stopped is not None:
        side, scale, normalisation = stopped.side, stopped.scale, stopped.normalisation
    else:
        side = _side(job, start, device)
        scale = job.recipe.working_scale or working_scale(job.source, names, side)
        normalisation = (
            kept_normalisation(start.normalisation, job.channels)
            if start is not None
            else chosen_normalisation(job.source, names, job.channels)
        )
    teaching = TeachingSet(job.source, names, scale, normalisation=normalisation)
    count = _counted(job, teaching)
    if start is not None:
        network_name, arguments = start.network_name, dict(start.network_arguments)
        network = _continued(start, _offsets(job, count))
    else:
        network_name = job.network
        arguments = _fresh_arguments(job, device, normalisation.count)
        network = build_network(job.network, len(job.source.classes), arguments)
        load_encoder_weights(network, job.encoder_weights)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    if start is not None or job.encoder_weights != NO_ENCODER_WEIGHTS:
        freeze_stages(network, job.recipe.frozen_stages)
    return PreparedRound(
        job=job,
        names=names,
        accepted=accepted,
        start=start,
        side=side,
        scale=scale,
        normalisation=normalisation,
        teaching=teaching,
        count=count,
        network_name=network_name,
        network_arguments=arguments,
        network=network,
    )


def check_held_out(job: Job) -> None:
    """Check that every held-out image can be scored, as far as the headers tell, before any time goes into the round.

    Raises:
        InputError: one has no mask, or one that is broken or of another size.
    """
    for name in job.heldout:
        check_pair(job.source, name)


def _teaching_names(job: Job) -> tuple[int, tuple[str, ...]]:
    """How many accepted images teach, and the names of all that do."""
    if not job.train:
        raise TrainingError(marked("No image is accepted yet. Accept at least one image, then fine-tune."))
    held_out = set(job.heldout)
    accepted = [name for name in job.train if name not in held_out]
    if not accepted:
        raise TrainingError(
            marked("All accepted images are held out for scoring. Accept at least one more, then fine-tune.")
        )
    drafts = [name for name in job.drafts if name not in held_out and name not in accepted]
    return len(accepted), (*accepted, *drafts)


def _side(job: Job, start: Checkpoint | None, device: torch.device) -> int:
    """Pixels of the longer side at which images are worked on."""
    if job.recipe.working_side is not None:
        return job.recipe.working_side
    if start is not None:
        width = int(start.network_arguments.get("width", 16))
        return suited_side(job.max_seconds, job.recipe.batch_size, device, width, start.working_side)
    chosen = _fresh_arguments(job, device)
    return suited_side(job.max_seconds, job.recipe.batch_size, device, int(chosen.get("width", 16)))


def _fresh_arguments(job: Job, device: torch.device, channels: int = RGB_CHANNELS) -> dict[str, Argument]:
    width = suited_width(job.network, job.width, job.encoder_weights)
    return chosen_arguments(job.network, width, job.dropout, device.type != "cpu", channels)


def _counted(job: Job, teaching: TeachingSet) -> LabelCount:
    """What the label maps show; decodes the images into the cache."""
    classes = job.source.classes
    positions = positions_looked_at(teaching.names)
    with ThreadPoolExecutor(usable_cores()) as pool:
        samples = list(pool.map(lambda position: teaching[position].labels, positions))
    frequencies = class_frequencies(samples, len(classes))
    present = [name for name, share in zip(classes.names, frequencies, strict=True) if share > 0]
    is_whole = len(positions) == len(teaching)
    if len(present) < 2 and is_whole:
        raise TrainingError(
            marked(
                "The accepted images show only one class ({names}). Paint at least two classes, accept, and "
                "fine-tune again."
            )
            if present
            else marked("The accepted images have no labelled pixel. Paint some, accept, and fine-tune again."),
            names=", ".join(present),
        )
    shapes = np.array([labels.shape for labels in samples])
    height, width = np.median(shapes, axis=0)
    area = job.recipe.crop_pixels
    factor = math.sqrt(area / (height * width)) if area else 1.0
    return LabelCount(
        frequencies,
        pixel_shares(samples, len(classes)),
        _weights(job, frequencies, is_whole and job.file is None),
        (_crop_side(height, factor), _crop_side(width, factor)),
    )


def _weights(job: Job, frequencies: Frequencies, is_whole: bool) -> Frequencies:
    """(C,) what each class weighs; `is_whole` says that all images which will teach were counted.

    Where some were not, or more may come while the round runs, a class that was not seen may be in one of those, and is
    rare: it weighs as much as the heaviest one. Where it is in none of them no pixel has that weight.
    """
    weights = class_weights(job.class_weights, frequencies, job.recipe.most_over_least)
    return weights if is_whole else np.where(frequencies > 0, weights, weights.max() or 1.0)


def positions_looked_at(names: Sequence[str]) -> list[int]:
    """Positions of at most `FREQUENCY_IMAGES` of `names`, evenly spread."""
    positions = {name: position for position, name in enumerate(names)}
    return [positions[name] for name in evenly_spaced(names, FREQUENCY_IMAGES)]


def _continued(start: Checkpoint, offsets: torch.Tensor) -> nn.Module:
    """The network of `start` as it was taught: a checkpoint's scores forget the class weights in part."""
    network = start.build()
    with torch.no_grad():
        network.get_parameter("classifier.bias").add_(offsets)
    return network


def _offsets(job: Job, count: LabelCount) -> torch.Tensor:
    return torch.from_numpy(score_offsets(count.weights, job.recipe.prior_returned)).float()


def _crop_side(length: float, factor: float) -> int:
    """A crop's side: a multiple of 32 that is not above the image's own, rounded up."""
    return max(32, min(round(length * factor / 32), math.ceil(length / 32)) * 32)
