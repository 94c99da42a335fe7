"""What the commands are given: their common options, the folder, and the names of the images that they are about.

Imports no torch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segstudio.core.errors import InputError, marked

if TYPE_CHECKING:
    from segstudio.project.voc_folder import VocFolder
    from segstudio_training.data.teaching_set import Pixels

DEFAULT_SECONDS = 120.0
"""The time budget where neither seconds nor steps are limited."""


def one_of(what: str, value: str | None) -> str | None:
    """`value` where the table of `what` has it, or where none was given; wrong usage (exit code 2) where not."""
    from segstudio_training.class_weights import RULES
    from segstudio_training.data.augment import AUGMENTATIONS
    from segstudio_training.device import DEVICES
    from segstudio_training.losses import LOSSES
    from segstudio_training.networks import NETWORKS
    from segstudio_training.recipes import RECIPES

    tables: dict[str, Iterable[str]] = {
        "network": NETWORKS,
        "loss": LOSSES,
        "rule": RULES,
        "device": DEVICES,
        "recipe": RECIPES,
        "augmentation": AUGMENTATIONS,
    }
    known = list(tables[what])
    if value is not None and value not in known:
        raise typer.BadParameter(f'there is no {what} called "{value}"; choose one of: {", ".join(known)}')
    return value


def channel_numbers(value: str) -> list[int]:
    """The channels of a list such as "0,3,4"; wrong usage (exit code 2) where it cannot be read."""
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts) or len(set(map(int, parts))) < len(parts):
        raise typer.BadParameter("name each channel once, counted from 0, as in 0,3,4")
    return [int(part) for part in parts]


def finite(value: float | None) -> float | None:
    """`value`; wrong usage (exit code 2) where it is infinite or no number, as "inf" and "nan" are read."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter("give a number of seconds")
    return value


Folder = Annotated[Path, typer.Argument(help="The VOC folder.")]
Split = Annotated[str | None, typer.Option(help="Name of a list in ImageSets/Segmentation.")]
Workspace = Annotated[Path | None, typer.Option(help="Where everything is written, for folders that are read-only.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", callback=lambda value: one_of("device", value))]
RecipeName = Annotated[str, typer.Option(help="How to teach.", callback=lambda value: one_of("recipe", value))]
Balance = Annotated[
    float, typer.Option(min=-2, max=2, help="Above 0 favours rare classes, below 0 frequent ones; 0: as trained.")
]
PlainBorders = Annotated[
    bool, typer.Option("--plain-borders", help="Borders as the network draws them, not drawn to the image's edges.")
]
Seed = Annotated[int, typer.Option(min=0, max=(1 << 32) - 1, help="Runs of one seed are equal.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")]


@dataclass(frozen=True)
class JobNames:
    """Whose label maps a round is about: who teaches, who is held out, who of the first is new to the network, and the
    drafts whose touched pixels teach.
    """

    train: list[str]
    heldout: list[str]
    fresh: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)


def open_folder(folder: Path, workspace: Path | None) -> VocFolder:
    """The VOC folder; errors as `VocFolder.open`."""
    from segstudio.project.voc_folder import VocFolder

    return VocFolder.open(folder, workspace)


def teaching_names(
    folder: Path, workspace: Path | None, split: str | None, heldout_split: str | None, job: Path | None
) -> tuple[VocFolder, JobNames]:
    """The folder; who teaches and who does not, by the most particular thing that was given."""
    source = open_folder(folder, workspace)
    if job is not None:
        return source, _read_job(job)
    train = source.read_list(split) if split else None
    heldout = source.read_list(heldout_split) if heldout_split else None
    if train is None or heldout is None:
        from segstudio.project.project import Project

        project = Project.open(folder, workspace)
        try:
            train = project.teaching_names() if train is None else train
            heldout = project.held_out_names() if heldout is None else heldout
        finally:
            project.close()
    return source, JobNames(train, heldout)


def maps_of_drafts(folder: Path, workspace: Path | None, names: list[str]) -> dict[str, Pixels]:
    """What a person touched of the drafts `names`, as it is now."""
    from segstudio.project.project import Project
    from segstudio_training.data.drafts import touched_maps

    project = Project.open(folder, workspace)
    try:
        return touched_maps(project, names)
    finally:
        project.close()


def held_out_names(folder: Path, workspace: Path | None, split: str | None) -> tuple[VocFolder, list[str]]:
    """The folder, and the images to score on: those of list `split`, else the held-out ones.

    Raises:
        InputError: none of them has a mask.
    """
    source = open_folder(folder, workspace)
    if split:
        names = source.read_list(split)
    else:
        from segstudio.project.project import Project

        project = Project.open(folder, workspace)
        try:
            names = project.held_out_names()
        finally:
            project.close()
    names = [name for name in names if source.has_mask(name)]
    if not names:
        raise InputError(
            marked('"{folder}" has no held-out image with a mask to score on. Name a list with --split.'), folder=folder
        )
    return source, names


def _read_job(path: Path) -> JobNames:
    """The names in a job file.

    Raises:
        InputError: missing or not of the form {"train": [names], "heldout": [names], …}, of which all but the first may
            be left out.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        lists = [content["train"], *(content.get(key, []) for key in ("heldout", "fresh", "drafts"))]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(marked('"{path}" is not a job file that can be read.'), path=path) from error
    if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists):
        raise InputError(marked('"{path}" is not a job file that can be read.'), path=path)
    return JobNames(*lists)
