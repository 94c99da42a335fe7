"""The commands train, evaluate and predict. Parses and reports; torch is imported only inside a command."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segstudio.core.errors import InputError, marked
from segstudio_training.command_line import cancel_watch, print_json, told_errors
from segstudio_training.launch import place_of_process

if TYPE_CHECKING:
    from segstudio.project.voc_folder import VocFolder

DEFAULT_SECONDS = 120.0
"""The time budget where neither seconds nor steps are limited."""

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Teach, score and use networks, without a window.")

Folder = Annotated[Path, typer.Argument(help="The VOC folder.")]
Split = Annotated[str | None, typer.Option(help="Name of a list in ImageSets/Segmentation.")]
Workspace = Annotated[Path | None, typer.Option(help="Where everything is written, for folders that are read-only.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", callback=lambda value: _one_of("device", value))]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")]


@app.command("train")
def train_command(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Where the new checkpoint goes.")],
    start: Annotated[Path | None, typer.Option("--from", help="The checkpoint to go on from.")] = None,
    network: Annotated[str, typer.Option(help="segnet", callback=lambda value: _one_of("network", value))] = "segnet",
    width: Annotated[int | None, typer.Option(min=1, max=1024, help="Channels of the first stage.")] = None,
    dropout: Annotated[float, typer.Option(min=0, max=0.9)] = 0.0,
    split: Split = None,
    heldout_split: Split = None,
    job: Annotated[Path | None, typer.Option(help='JSON file {"train": [names], "heldout": [names]}.')] = None,
    workspace: Workspace = None,
    max_seconds: Annotated[float | None, typer.Option(min=1, help="Time budget, final scoring included.")] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="All steps, those before a stop included.")] = None,
    stop_after: Annotated[int | None, typer.Option(min=1, help="Stop for now at this step; see --resume.")] = None,
    resume: Annotated[Path | None, typer.Option(help="The stopped round (CKPT.state) to go on with.")] = None,
    class_weights: Annotated[str, typer.Option(callback=lambda value: _one_of("rule", value))] = "median_frequency",
    loss: Annotated[str, typer.Option(callback=lambda value: _one_of("loss", value))] = "cross_entropy",
    encoder_weights: Annotated[str, typer.Option(help="none, imagenet or a file.")] = "none",
    freeze_batch_norm: Annotated[
        bool, typer.Option("--freeze-batch-norm", help="Keep the statistics of the checkpoint gone on from.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Device = "auto",
    events: Annotated[bool, typer.Option("--events", help="JSON lines while it works.")] = False,
    json_: Json = False,
) -> None:
    """Teach a network the accepted images of FOLDER."""
    with told_errors(events):
        source, train, heldout = _teaching_names(folder, workspace, split, heldout_split, job)
        from segstudio_training.fine_tune import fine_tune
        from segstudio_training.job import Job, described

        asked = Job(
            source=source,
            train=train,
            heldout=heldout,
            out=out,
            start=start,
            network=network,
            width=width,
            dropout=dropout,
            encoder_weights=encoder_weights,
            freeze_batch_norm=freeze_batch_norm,
            max_seconds=DEFAULT_SECONDS if max_seconds is None and max_steps is None else max_seconds,
            max_steps=max_steps,
            stop_after=stop_after,
            resume=resume,
            class_weights=class_weights,
            loss=loss,
            seed=seed,
            device=device,
        )
        tell: Callable[[dict[str, Any]], None] = print_json if events else _tell_person if not json_ else _say_nothing
        with cancel_watch(out.with_name(out.name + ".cancel"), watch_stdin=events, events=events) as cancelled:
            result = fine_tune(asked, tell, cancelled)
        if json_ and place_of_process().is_first:
            print_json(described(result))


@app.command("evaluate")
def evaluate_command(
    folder: Folder,
    checkpoint: Annotated[Path, typer.Option(help="What to score.")],
    split: Split = None,
    workspace: Workspace = None,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Score a checkpoint on the held-out images of FOLDER, or on those of a list."""
    with told_errors():
        source, names = _held_out_names(folder, workspace, split)
        from segstudio_training.checkpoint import follow_classes, load_checkpoint
        from segstudio_training.evaluate import evaluate
        from segstudio_training.predictor import Predictor

        followed = follow_classes(load_checkpoint(checkpoint), source.classes)
        scores = evaluate(Predictor(followed, device), source, names)
        if json_:
            print_json(scores)
        else:
            _tell_person({"event": "evaluation", **scores})


@app.command("predict")
def predict_command(
    folder: Folder,
    checkpoint: Annotated[Path, typer.Option(help="What to predict with.")],
    out: Annotated[Path, typer.Option(help="Folder for the masks (palette PNG).")],
    split: Split = None,
    workspace: Workspace = None,
    min_island: Annotated[int, typer.Option(min=0, help="Smaller islands are merged, in pixels.")] = 0,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Write the masks that a checkpoint proposes for the images of FOLDER; torchrun's processes share them."""
    with told_errors():
        source = _open_folder(folder, workspace)
        names = source.read_list(split) if split else list(source.names)
        from segstudio_training.checkpoint import load_checkpoint
        from segstudio_training.distributed import joined_ranks
        from segstudio_training.predict_folder import predict_folder
        from segstudio_training.predictor import Predictor

        loaded = load_checkpoint(checkpoint)
        with joined_ranks(device) as ranks:
            # One plan for all, the first one's: the masks are then those of one process, bit for bit.
            measured = Predictor(loaded, ranks.device.type) if ranks.is_first else None
            plan = ranks.result_of_first(measured.plan if measured is not None else None)
            predictor = measured or Predictor(loaded, ranks.device.type, plan)
            began = time.perf_counter()
            predict_folder(predictor, source, ranks.place.share_of(names), out, min_island)
            ranks.agreed(0.0)  # once all are done
        if not ranks.is_first:
            return
        seconds = time.perf_counter() - began
        figures = {"images": len(names), "seconds": seconds, "images_per_second": len(names) / max(seconds, 1e-9)}
        if json_:
            print_json(figures)
        else:
            typer.echo(f"{len(names)} masks in {seconds:.1f} s, in {out}")


def main() -> None:
    """Run the command line."""
    app(prog_name="segstudio_training")


def _open_folder(folder: Path, workspace: Path | None) -> VocFolder:
    from segstudio.project.voc_folder import VocFolder

    return VocFolder.open(folder, workspace)


def _teaching_names(
    folder: Path, workspace: Path | None, split: str | None, heldout_split: str | None, job: Path | None
) -> tuple[VocFolder, list[str], list[str]]:
    """The folder, and the names that teach and that are held out, by the most particular thing that was given."""
    source = _open_folder(folder, workspace)
    if job is not None:
        return source, *_read_job(job)
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
    return source, train, heldout


def _held_out_names(folder: Path, workspace: Path | None, split: str | None) -> tuple[VocFolder, list[str]]:
    source = _open_folder(folder, workspace)
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


def _read_job(path: Path) -> tuple[list[str], list[str]]:
    """The names in a job file.

    Raises:
        InputError: missing or not of the form {"train": [names], "heldout": [names]}.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        train, heldout = content["train"], content.get("heldout", [])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(marked('"{path}" is not a job file that can be read.'), path=path) from error
    if not all(isinstance(names, list) and all(isinstance(name, str) for name in names) for names in (train, heldout)):
        raise InputError(marked('"{path}" is not a job file that can be read.'), path=path)
    return train, heldout


def _one_of(what: str, value: str) -> str:
    """`value` where the table of `what` has it; wrong usage (exit code 2) where not."""
    from segstudio_training.class_weights import RULES
    from segstudio_training.device import DEVICES
    from segstudio_training.losses import LOSSES
    from segstudio_training.networks import NETWORKS

    known = {"network": list(NETWORKS), "loss": list(LOSSES), "rule": list(RULES), "device": list(DEVICES)}[what]
    if value not in known:
        raise typer.BadParameter(f'there is no {what} called "{value}"; choose one of: {", ".join(known)}')
    return value


def _tell_person(event: dict[str, Any]) -> None:
    if event["event"] == "start":
        typer.echo(f"Learning from {event['images']} images; {event['heldout']} are held out.")
        if event["batch_norm"] == "process":
            typer.echo(
                f"{event['processes']} processes on processors: batch norm's statistics are each process's own. "
                "--freeze-batch-norm keeps those of the checkpoint instead."
            )
    elif event["event"] in {"evaluation", "baseline"}:
        step = f"step {event['step']}: " if "step" in event else ""
        typer.echo(
            f"{step}mean IoU {event['miou']:.1%}, class accuracy {event['class_accuracy']:.1%}, "
            f"pixel accuracy {event['pixel_accuracy']:.1%}"
        )
    elif event["event"] == "gate":
        typer.echo(event["reason"])
    elif event["event"] == "stopped":
        typer.echo(f"Stopped for now at step {event['step']}. To go on: --resume {event['state']}")
    elif event["event"] == "done":
        typer.echo(f"{event['steps']} steps in {event['seconds']:.0f} s: {event['checkpoint']}")


def _say_nothing(_event: dict[str, Any]) -> None:
    pass
