"""The commands of the training floor. Parses and reports; torch is imported only inside a command."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from segstudio.core.errors import InputError, marked
from segstudio_training.command_line import (
    READY_EVENT,
    WAITING_COMMAND,
    awaited_arguments,
    cancel_watch,
    print_json,
    told_errors,
)
from segstudio_training.launch import place_of_process

if TYPE_CHECKING:
    from segstudio.project.voc_folder import VocFolder
    from segstudio_training.data.teaching_set import Pixels

DEFAULT_SECONDS = 120.0
"""The time budget where neither seconds nor steps are limited."""


@dataclass(frozen=True)
class JobNames:
    """Whose label maps a round is about: who teaches, who is held out, who of the first is new to the network, and the
    drafts whose touched pixels teach.
    """

    train: list[str]
    heldout: list[str]
    fresh: list[str] = field(default_factory=list)
    drafts: list[str] = field(default_factory=list)


app = typer.Typer(add_completion=False, no_args_is_help=True, help="Teach, score and use networks, without a window.")

Folder = Annotated[Path, typer.Argument(help="The VOC folder.")]
Split = Annotated[str | None, typer.Option(help="Name of a list in ImageSets/Segmentation.")]
Workspace = Annotated[Path | None, typer.Option(help="Where everything is written, for folders that are read-only.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.", callback=lambda value: _one_of("device", value))]
RecipeName = Annotated[str, typer.Option(help="How to teach.", callback=lambda value: _one_of("recipe", value))]
Balance = Annotated[
    float, typer.Option(min=-2, max=2, help="Above 0 favours rare classes, below 0 frequent ones; 0: as trained.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")]


@app.command("train")
def train_command(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Where the new checkpoint goes.")],
    start: Annotated[Path | None, typer.Option("--from", help="The checkpoint to go on from.")] = None,
    network: Annotated[
        str, typer.Option(help="segnet, unet, lraspp or deeplabv3.", callback=lambda value: _one_of("network", value))
    ] = "segnet",
    width: Annotated[int | None, typer.Option(min=1, max=1024, help="Channels of the first stage.")] = None,
    dropout: Annotated[float, typer.Option(min=0, max=0.9)] = 0.0,
    split: Split = None,
    heldout_split: Split = None,
    job: Annotated[
        Path | None,
        typer.Option(help='JSON file {"train": [names], "heldout": …, "fresh": …, "drafts": …}.'),
    ] = None,
    follow_job: Annotated[
        bool, typer.Option("--follow-job", help="Take up what is added to the job file while the round runs.")
    ] = False,
    workspace: Workspace = None,
    max_seconds: Annotated[float | None, typer.Option(min=1, help="Time budget, final scoring included.")] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="All steps, those before a stop included.")] = None,
    stop_after: Annotated[int | None, typer.Option(min=1, help="Stop for now at this step; see --resume.")] = None,
    resume: Annotated[Path | None, typer.Option(help="The stopped round (CKPT.state) to go on with.")] = None,
    recipe: RecipeName = "default",
    class_weights: Annotated[
        str | None, typer.Option(help="The recipe's own.", callback=lambda value: _one_of("rule", value))
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="The recipe's own.", callback=lambda value: _one_of("loss", value))
    ] = None,
    augmentation: Annotated[
        str | None,
        typer.Option(help="How far images are varied.", callback=lambda value: _one_of("augmentation", value)),
    ] = None,
    encoder_weights: Annotated[str, typer.Option(help="none, imagenet or a file.")] = "none",
    freeze_batch_norm: Annotated[
        bool, typer.Option("--freeze-batch-norm", help="Keep the statistics of the checkpoint gone on from.")
    ] = False,
    channels: Annotated[
        str | None,
        typer.Option(
            help="Channels of the images that a fresh network sees, from 0, as in 0,3,4; else all.",
            callback=lambda value: value if value is None or _channels(value) else None,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Device = "auto",
    events: Annotated[bool, typer.Option("--events", help="JSON lines while it works.")] = False,
    json_: Json = False,
) -> None:
    """Teach a network the accepted images of FOLDER."""
    with told_errors(events):
        source, names = _teaching_names(folder, workspace, split, heldout_split, job)
        from segstudio_training.data.augment import augmentation_called
        from segstudio_training.data.drafts import SourceWithDrafts
        from segstudio_training.fine_tune import fine_tune
        from segstudio_training.job import Job, described
        from segstudio_training.recipes import teaching_called

        maps = _touched_maps(folder, workspace, names.drafts) if names.drafts else {}
        teaching = teaching_called(recipe)
        how = teaching.recipe
        if augmentation is not None:
            how = replace(how, augmentation=augmentation_called(augmentation))
        asked = Job(
            source=SourceWithDrafts(source, maps) if maps else source,
            train=names.train,
            heldout=names.heldout,
            fresh=names.fresh,
            drafts=list(maps),
            file=job if follow_job else None,
            channels=_channels(channels) if channels else (),
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
            class_weights=class_weights or teaching.class_weights,
            loss=loss or teaching.loss,
            seed=seed,
            device=device,
            recipe=how,
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
    balance: Balance = 0.0,
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
        scores = evaluate(Predictor(followed, device), source, names, balance=balance)
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
    balance: Balance = 0.0,
    keep_thin: Annotated[bool, typer.Option("--keep-thin", help="Thin and long islands are not merged.")] = False,
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
            predict_folder(
                predictor, source, ranks.place.share_of(names), out, min_island, balance=balance, keep_thin=keep_thin
            )
            ranks.agreed(0.0)  # once all are done
        if not ranks.is_first:
            return
        seconds = time.perf_counter() - began
        figures = {"images": len(names), "seconds": seconds, "images_per_second": len(names) / max(seconds, 1e-9)}
        if json_:
            print_json(figures)
        else:
            typer.echo(f"{len(names)} masks in {seconds:.1f} s, in {out}")


@app.command("simulate")
def simulate_command(
    folder: Folder,
    images: Annotated[int, typer.Option(min=1, help="How many images the person works through.")],
    round_size: Annotated[int, typer.Option("--round", min=1, help="A round runs after every so many images.")],
    max_seconds: Annotated[float, typer.Option(min=1, help="Cap on a round, which else takes the person's seconds.")],
    max_steps: Annotated[int | None, typer.Option(min=1, help="Cap on the steps of a round.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the order and of the rounds.")] = 0,
    orders: Annotated[int, typer.Option(min=1, help="Several seeds, from --seed on, with mean and spread.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for simulate.json and curves.png.")] = None,
    recipe: RecipeName = "default",
    split: Split = None,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Let a simulated person label FOLDER, which has the truth, and tell what the proposals save them."""
    with told_errors():
        source = _open_folder(folder, None)
        from segstudio.formats.atomic import write_atomically
        from segstudio_training.simulate import Simulation, simulate
        from segstudio_training.simulation_report import simulation_report

        asked = Simulation(source, images, round_size, max_seconds, max_steps, recipe, device, split)
        tell: Callable[[dict[str, Any]], None] = _say_nothing if json_ else _tell_of_simulation
        walks = [simulate(asked, seed + number, tell) for number in range(orders)]
        report = simulation_report(walks)
        if out is not None:
            from segstudio_training.simulation_plots import draw_curves

            draw_curves(walks, out / "curves.png")
            write_atomically(out / "simulate.json", json.dumps(report, indent=1, ensure_ascii=False).encode())
        if json_:
            print_json(report)
        else:
            _tell_of_simulation({"event": "report", **report})


@app.command("compare")
def compare_command(
    folder: Folder,
    networks: Annotated[
        str,
        typer.Option(
            help="NETWORK[:WIDTH[:ENCODER_WEIGHTS]] between commas, e.g. segnet:16:starter,unet,lraspp::imagenet.",
            callback=lambda value: _entries(value) and value,
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder for the checkpoints, tables and plots.")],
    split: Split = None,
    heldout_split: Split = None,
    job: Annotated[Path | None, typer.Option(help='JSON file {"train": [names], "heldout": [names]}.')] = None,
    workspace: Workspace = None,
    max_seconds: Annotated[float | None, typer.Option(min=1, help="Time budget of each network.")] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Steps of each network.")] = None,
    class_weights: Annotated[str, typer.Option(callback=lambda value: _one_of("rule", value))] = "median_frequency",
    loss: Annotated[str, typer.Option(callback=lambda value: _one_of("loss", value))] = "cross_entropy",
    encoder_weights: Annotated[
        str, typer.Option(help="For those that name none: none, imagenet, starter, a file.")
    ] = "none",
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Device = "auto",
    events: Annotated[bool, typer.Option("--events", help="JSON lines while it works.")] = False,
    json_: Json = False,
) -> None:
    """Teach several networks for as long on the same images of FOLDER, and score them on the held-out ones."""
    with told_errors(events):
        source, names = _teaching_names(folder, workspace, split, heldout_split, job)
        from segstudio_training.compare import Comparison, compare, parse_entries
        from segstudio_training.compare_report import terminal_table
        from segstudio_training.simulated_person import correction_seconds

        task = Comparison(
            source=source,
            train=names.train,
            heldout=[name for name in names.heldout if source.has_mask(name)],
            entries=parse_entries(networks, encoder_weights),
            out=out,
            max_seconds=DEFAULT_SECONDS if max_seconds is None and max_steps is None else max_seconds,
            max_steps=max_steps,
            class_weights=class_weights,
            loss=loss,
            seed=seed,
            device=device,
        )
        tell: Callable[[dict[str, Any]], None] = print_json if events else _tell_person if not json_ else _say_nothing
        with cancel_watch(out.with_name(out.name + ".cancel"), watch_stdin=events, events=events) as cancelled:
            rows = compare(task, tell, cancelled, correction_seconds)
        if json_:
            print_json({"rows": rows})
        elif not events:
            from rich.console import Console

            Console().print(terminal_table(rows))
            typer.echo(f"Checkpoints, tables and plots are in {out}")


@app.command(WAITING_COMMAND, hidden=True)
def wait_command() -> None:
    """Import what a round needs, then run the command that comes as {"arguments": [...]} on standard input."""
    from segstudio_training.warm_up import import_for_training

    import_for_training()
    print_json({"event": READY_EVENT})
    arguments = awaited_arguments()
    if arguments is not None:
        typer.main.get_command(app).main(args=arguments, prog_name="segstudio")


def main() -> None:
    """Run the command line."""
    app(prog_name="segstudio_training")


def _open_folder(folder: Path, workspace: Path | None) -> VocFolder:
    from segstudio.project.voc_folder import VocFolder

    return VocFolder.open(folder, workspace)


def _teaching_names(
    folder: Path, workspace: Path | None, split: str | None, heldout_split: str | None, job: Path | None
) -> tuple[VocFolder, JobNames]:
    """The folder; who teaches and who does not, by the most particular thing that was given."""
    source = _open_folder(folder, workspace)
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


def _touched_maps(folder: Path, workspace: Path | None, names: list[str]) -> dict[str, Pixels]:
    """What a person touched of the drafts `names`, as it is now."""
    from segstudio.project.project import Project
    from segstudio_training.data.drafts import touched_maps

    project = Project.open(folder, workspace)
    try:
        return touched_maps(project, names)
    finally:
        project.close()


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


def _one_of(what: str, value: str | None) -> str | None:
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


def _channels(value: str) -> list[int]:
    """The channels of a list such as "0,3,4"; wrong usage (exit code 2) where it cannot be read."""
    parts = [part.strip() for part in value.split(",")]
    if not all(part.isascii() and part.isdigit() for part in parts) or len(set(map(int, parts))) < len(parts):
        raise typer.BadParameter("name each channel once, counted from 0, as in 0,3,4")
    return [int(part) for part in parts]


def _entries(value: str) -> list[object]:
    """The networks to compare; wrong usage (exit code 2) where they cannot be read."""
    from segstudio_training.compare import parse_entries

    try:
        return list(parse_entries(value))
    except InputError as error:
        raise typer.BadParameter(error.message) from error


def _tell_person(event: dict[str, Any]) -> None:
    if event["event"] == "entry":
        typer.echo(f"{event['number']} of {event['of']}: {event['entry']}")
    elif event["event"] == "failed":
        typer.echo(f"{event['entry']}: {event['message']}", err=True)
    elif event["event"] == "start":
        typer.echo(f"Learning from {event['images']} images; {event['heldout']} are held out.")
        if event.get("batch_norm") == "process":
            typer.echo(
                f"{event['processes']} processes on processors: batch norm's statistics are each process's own. "
                "--freeze-batch-norm keeps those of the checkpoint instead."
            )
    elif event["event"] in {"evaluation", "baseline", "row"}:
        step = f"step {event['step']}: " if "step" in event else ""
        typer.echo(
            f"{step}mean IoU {event['miou']:.1%}, class accuracy {event['class_accuracy']:.1%}, "
            f"pixel accuracy {event['pixel_accuracy']:.1%}"
        )
    elif event["event"] == "gate":
        typer.echo(event["reason"])
    elif event["event"] == "stopped":
        typer.echo(f"Stopped for now at step {event['step']}. To go on: --resume {event['state']}")
    elif event["event"] == "done" and "steps" in event:
        typer.echo(f"{event['steps']} steps in {event['seconds']:.0f} s: {event['checkpoint']}")


def _tell_of_simulation(event: dict[str, Any]) -> None:
    if event["event"] == "image":
        typer.echo(
            f"{event['number']:4d} {event['name']}: {event['strokes']} strokes, {event['seconds']:.1f} s "
            f"(from nothing {event['blank_strokes']}, {event['blank_seconds']:.1f} s), {event['wrong']:.1%} wrong"
        )
    elif event["event"] == "round":
        took = f" {event['steps']} steps in {event['seconds']:.0f} s." if "steps" in event else ""
        kept = "takes over" if event["taken"] else "does not take over"
        typer.echo(f"Round {event['number']} {kept} ({event['verdict']}).{took} {event['reason']}")
    elif event["event"] == "report":
        from segstudio_training.simulation_report import FIGURES

        for key in FIGURES:
            _tell_figure(key, event[key], event.get("spread", {}).get(key))


def _tell_figure(key: str, value: float | None, spread: dict[str, float] | None) -> None:
    between = f" ({spread['min']:.3f} to {spread['max']:.3f})" if spread else ""
    typer.echo(f"{key.replace('_', ' ')}: {'none' if value is None else f'{value:.3f}'}{between}")


def _say_nothing(_event: dict[str, Any]) -> None:
    pass
