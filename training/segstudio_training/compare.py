"""Comparing networks by experiment: each is taught for as long on the same images and scored on the same others.

Owns the order of things, the events and what is kept of each entry. The held-out images only score: no entry is chosen,
stopped or kept by them on the way, so that all spend their whole budget and no score flatters. Drawing and writing of
the results is `compare_report`'s.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from segstudio.core.errors import Cancelled, InputError, TrainingError, marked
from segstudio.core.resources import resource_root
from segstudio_training.checkpoint import load_checkpoint, save_checkpoint
from segstudio_training.class_weights import DEFAULT_RULE
from segstudio_training.compare_report import Row, write_plots, write_tables
from segstudio_training.data.teaching_set import LabelSource, read_pair
from segstudio_training.device import pick_device
from segstudio_training.encoder_weights import IMAGENET, NONE, load_encoder_weights, suited_width
from segstudio_training.fine_tune import fine_tune
from segstudio_training.islands import merge_islands
from segstudio_training.job import Job, Recipe
from segstudio_training.losses import DEFAULT_LOSS
from segstudio_training.metrics import Labels, Scores
from segstudio_training.networks import Argument, build_network, chosen_arguments, network_entry
from segstudio_training.predictor import Predictor
from segstudio_training.rounds import MIN_ISLAND

Events = Callable[[dict[str, Any]], None]
Cancel = Callable[[], bool]
Person = Callable[[Labels, Labels], float]
"""Seconds that somebody takes to correct the first label map, which a network proposes, into the second, the truth."""

STARTER = "starter"
"""As encoder weights: those of the checkpoint that comes with the program."""


@dataclass(frozen=True)
class Entry:
    """One network to be tried; width None takes what suits the machine."""

    network: str
    width: int | None = None
    encoder_weights: str = NONE

    @property
    def label(self) -> str:
        """As on the command line, e.g. "segnet:16:starter", but of a file only its name without the ending."""
        encoder = self.encoder_name if self.encoder_weights != NONE else ""
        return ":".join([self.network, str(self.width or ""), encoder]).rstrip(":")

    @property
    def encoder_name(self) -> str:
        """What the encoder starts from in a few letters: of a file its name without the ending."""
        choice = self.encoder_weights
        return choice if choice in (NONE, IMAGENET, STARTER) else Path(choice).stem

    @property
    def encoder_choice(self) -> str:
        """The encoder weights as `load_encoder_weights` takes them."""
        return str(resource_root() / "starter.safetensors") if self.encoder_weights == STARTER else self.encoder_weights


@dataclass(frozen=True)
class Comparison:
    """What is asked for.

    Attributes:
        source: the folder, open (segstudio.project.VocFolder).
        train: names of the images that teach.
        heldout: names of the images, with label maps, that score; none of them teaches, even where `train` lists it.
        entries: the networks, in the order in which they are tried.
        out: the folder for checkpoints, tables and plots.
        max_seconds, max_steps: the budget of each entry; its final scoring is not part of it.
        class_weights, loss, seed, device, recipe: as in `Job`, the same for all.
    """

    source: LabelSource
    train: Sequence[str]
    heldout: Sequence[str]
    entries: Sequence[Entry]
    out: Path
    max_seconds: float | None = None
    max_steps: int | None = None
    class_weights: str = DEFAULT_RULE
    loss: str = DEFAULT_LOSS
    seed: int = 0
    device: str = "auto"
    recipe: Recipe = field(default_factory=Recipe)


def parse_entries(text: str, encoder_weights: str = NONE) -> list[Entry]:
    """The entries of a list such as "segnet:16:starter,unet,lraspp::imagenet": network, width, encoder weights.

    Args:
        text: entries between commas; of each only the network is needed.
        encoder_weights: for the entries that name none.

    Raises:
        InputError: an entry that cannot be read, is there twice, or names an unknown network.
    """
    entries: list[Entry] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        network, _, rest = part.partition(":")
        width, _, encoder = rest.partition(":")
        network_entry(network)
        if width and not (width.isascii() and width.isdigit() and int(width) > 0):
            raise InputError(
                marked('"{entry}" cannot be read. Write NETWORK, NETWORK:WIDTH or NETWORK:WIDTH:ENCODER_WEIGHTS.'),
                entry=part,
            )
        entry = Entry(network, int(width) if width else None, encoder or encoder_weights)
        if any(entry.label == other.label for other in entries):
            raise InputError(marked('"{entry}" is in the list twice. Name each entry once.'), entry=entry.label)
        entries.append(entry)
    if not entries:
        raise InputError(marked("There is no network to compare. Name some, such as segnet,unet,lraspp."))
    return entries


def compare(task: Comparison, events: Events, cancel: Cancel, person: Person | None = None) -> list[Row]:
    """Teach and score every entry; a row each, in their order.

    In `task.out` there are then a checkpoint an entry, ``compare.json``, ``compare.csv`` and plots as PNG. Tables are
    written after every entry, so that what is finished when somebody cancels stays.

    Args:
        task: what to do.
        events: called with dictionaries whose key "event" is start, entry, step, scoring, row, failed or done.
        cancel: asked at every step and image.
        person: says what correcting a proposal takes; without it the rows have no ``correction_seconds``.

    Raises:
        InputError, CheckpointError: no held-out image, or an entry that cannot be built; nothing was taught yet.
        TrainingError: nothing to learn from, or no entry could be taught.
        SaveError: a result could not be written.
        Cancelled: `cancel` said so.
    """
    task = replace(task, train=[name for name in task.train if name not in set(task.heldout)])
    if not task.heldout:
        raise InputError(marked("No held-out image has a mask to score on. Name a list with --heldout-split."))
    _check_entries(task)
    labels = [entry.label for entry in task.entries]
    events({"event": "start", "entries": labels, "images": len(task.train), "heldout": len(task.heldout)})
    rows: list[Row] = []
    trouble: TrainingError | None = None
    for number, entry in enumerate(task.entries, start=1):
        events({"event": "entry", "entry": entry.label, "number": number, "of": len(labels)})
        try:
            row = _tried(task, number, entry, events, cancel, person)
        except TrainingError as error:
            # A loss that breaks down with one network says nothing about the others.
            trouble = error
            events({"event": "failed", "entry": entry.label, "message": error.message})
            continue
        rows.append(row)
        write_tables(rows, _conditions(task), task.out)
        events({"event": "row", **row})
    if not rows and trouble is not None:
        raise trouble
    plots = write_plots(rows, task.out)
    events({"event": "done", "rows": rows, "plots": [str(path) for path in plots]})
    return rows


def _check_entries(task: Comparison) -> None:
    """Build every entry once, so that a mistake in the last one is told before the first is taught."""
    for entry in task.entries:
        arguments = _arguments(task, entry)
        load_encoder_weights(build_network(entry.network, len(task.source.classes), arguments), entry.encoder_choice)


def _arguments(task: Comparison, entry: Entry) -> dict[str, Argument]:
    width = suited_width(entry.network, entry.width, entry.encoder_choice)
    return chosen_arguments(entry.network, width, 0.0, pick_device(task.device).type != "cpu")


def _tried(task: Comparison, number: int, entry: Entry, events: Events, cancel: Cancel, person: Person | None) -> Row:
    """Teach one entry, score it, keep its scores in its checkpoint."""
    width = _arguments(task, entry).get("width")
    parts = [str(number), entry.network, str(width or ""), entry.encoder_name if entry.encoder_name != NONE else ""]
    name = "-".join(filter(None, parts))
    job = Job(
        source=task.source,
        train=task.train,
        heldout=(),
        out=task.out / f"{name}.safetensors",
        network=entry.network,
        width=entry.width,
        encoder_weights=entry.encoder_choice,
        max_seconds=task.max_seconds,
        max_steps=task.max_steps,
        class_weights=task.class_weights,
        loss=task.loss,
        seed=task.seed,
        device=task.device,
        recipe=task.recipe,
    )

    def forward(event: dict[str, Any]) -> None:
        if event["event"] == "step":
            events({**event, "entry": entry.label})

    try:
        taught = fine_tune(job, forward, cancel)
    finally:
        job.state_path.unlink(missing_ok=True)  # a comparison is not gone on with
    scores = _scored(task, job.out, entry, events, cancel, person)
    figures: dict[str, Any] = {
        key: scores.pop(key) for key in ("seconds_per_image", "correction_seconds") if key in scores
    }
    save_checkpoint(job.out, replace(load_checkpoint(job.out), scores=scores))
    return {
        "entry": entry.label,
        "network": entry.network,
        "width": width,
        "encoder_weights": entry.encoder_name,
        **scores,
        **figures,
        "megabytes": job.out.stat().st_size / 1e6,
        "steps": taught.steps,
        "seconds": taught.seconds,
        "checkpoint": str(job.out),
    }


def _scored(
    task: Comparison, checkpoint: Path, entry: Entry, events: Events, cancel: Cancel, person: Person | None
) -> dict[str, Any]:
    """The keys of `Scores.result`, ``seconds_per_image`` (median, as the program would propose), and, where there is a
    person, ``correction_seconds`` (mean over the images).
    """
    with torch.random.fork_rng(devices=[]):
        predictor = Predictor(load_checkpoint(checkpoint), task.device)
    scores = Scores(task.source.classes.names)
    seconds: list[float] = []
    corrections: list[float] = []
    for position, name in enumerate(task.heldout):
        if cancel():
            raise Cancelled
        pair = read_pair(task.source, name, predictor.checkpoint.normalisation)
        if not position:
            predictor.predict(pair.image, cancel=cancel)  # the first time, memory is laid out
        began = time.perf_counter()
        found = predictor.predict(pair.image, cancel=cancel).labels
        proposed = merge_islands(found, MIN_ISLAND)
        seconds.append(time.perf_counter() - began)
        scores.update(pair.labels, found)
        if person is not None:
            corrections.append(person(proposed, pair.labels))
        events({"event": "scoring", "entry": entry.label, "done": position + 1, "of": len(task.heldout)})
    result = {**scores.result(), "seconds_per_image": statistics.median(seconds)}
    return {**result, "correction_seconds": statistics.fmean(corrections)} if corrections else result


def _conditions(task: Comparison) -> dict[str, Any]:
    """What all entries had in common."""
    return {
        "images": len(task.train),
        "heldout": list(task.heldout),
        "max_seconds": task.max_seconds,
        "max_steps": task.max_steps,
        "class_weights": task.class_weights,
        "loss": task.loss,
        "seed": task.seed,
    }
