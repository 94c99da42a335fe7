"""The commands of the training floor. Parses and reports; torch is imported only inside a command."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from segstudio.core.errors import InputError, marked
from segstudio_training.cli_experiments import compare_command, simulate_command
from segstudio_training.cli_inputs import (
    DEFAULT_SECONDS,
    Balance,
    Device,
    Folder,
    Json,
    PlainBorders,
    RecipeName,
    Seed,
    Split,
    Workspace,
    channel_numbers,
    finite,
    held_out_names,
    maps_of_drafts,
    one_of,
    open_folder,
    teaching_names,
)
from segstudio_training.cli_words import say_nothing, tell_person
from segstudio_training.command_line import (
    READY_EVENT,
    WAITING_COMMAND,
    awaited_arguments,
    cancel_watch,
    print_json,
    told_errors,
)
from segstudio_training.launch import end_at_once, place_of_process
from segstudio_training.reading import Reading

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Teach, score and use networks, without a window.")


@app.command("train")
def train_command(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="Where the new checkpoint goes.")],
    start: Annotated[Path | None, typer.Option("--from", help="The checkpoint to go on from.")] = None,
    network: Annotated[
        str, typer.Option(help="segnet, unet, lraspp or deeplabv3.", callback=lambda value: one_of("network", value))
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
    max_seconds: Annotated[
        float | None, typer.Option(min=1, help="Time budget, final scoring included.", callback=finite)
    ] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="All steps, those before a stop included.")] = None,
    stop_after: Annotated[int | None, typer.Option(min=1, help="Stop for now at this step; see --resume.")] = None,
    resume: Annotated[Path | None, typer.Option(help="The stopped round (CKPT.state) to go on with.")] = None,
    recipe: RecipeName = "default",
    class_weights: Annotated[
        str | None, typer.Option(help="The recipe's own.", callback=lambda value: one_of("rule", value))
    ] = None,
    loss: Annotated[
        str | None, typer.Option(help="The recipe's own.", callback=lambda value: one_of("loss", value))
    ] = None,
    augmentation: Annotated[
        str | None,
        typer.Option(help="How far images are varied.", callback=lambda value: one_of("augmentation", value)),
    ] = None,
    encoder_weights: Annotated[str, typer.Option(help="none, imagenet or a file.")] = "none",
    freeze_batch_norm: Annotated[
        bool, typer.Option("--freeze-batch-norm", help="Keep the statistics of the checkpoint gone on from.")
    ] = False,
    channels: Annotated[
        str | None,
        typer.Option(
            help="Channels of the images that a fresh network sees, from 0, as in 0,3,4; else all.",
            callback=lambda value: value if value is None or channel_numbers(value) else None,
        ),
    ] = None,
    seed: Seed = 0,
    device: Device = "auto",
    events: Annotated[bool, typer.Option("--events", help="JSON lines while it works.")] = False,
    json_: Json = False,
) -> None:
    """Teach a network the accepted images of FOLDER."""
    with told_errors(events):
        source, names = teaching_names(folder, workspace, split, heldout_split, job)
        from segstudio_training.data.augment import augmentation_called
        from segstudio_training.data.drafts import SourceWithDrafts
        from segstudio_training.fine_tune import fine_tune
        from segstudio_training.job import Job, described
        from segstudio_training.recipes import teaching_called

        maps = maps_of_drafts(folder, workspace, names.drafts) if names.drafts else {}
        teaching = teaching_called(recipe)
        how = teaching.recipe
        if augmentation is not None:
            how = replace(how, augmentation=augmentation_called(augmentation))
        asked = Job(
            source=SourceWithDrafts(source, maps) if maps else source,
            train=names.train,
            heldout=[name for name in names.heldout if source.has_mask(name)],
            fresh=names.fresh,
            drafts=list(maps),
            file=job if follow_job else None,
            channels=channel_numbers(channels) if channels else (),
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
        tell: Callable[[dict[str, Any]], None] = print_json if events else tell_person if not json_ else say_nothing
        with cancel_watch(out, watch_stdin=events, events=events) as cancelled:
            if out.is_dir():
                raise InputError(marked('"{out}" is a folder. Name a file for the new checkpoint.'), out=out)
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
    plain_borders: PlainBorders = False,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Score a checkpoint on the held-out images of FOLDER, or on those of a list."""
    with told_errors():
        source, names = held_out_names(folder, workspace, split)
        from segstudio_training.checkpoint import follow_classes, load_checkpoint
        from segstudio_training.evaluate import evaluate
        from segstudio_training.predictor import Predictor

        followed = follow_classes(load_checkpoint(checkpoint), source.classes)
        predictor = Predictor(followed, device)
        reading = Reading(balance=balance, follow_edges=not plain_borders)
        scores = evaluate(predictor, source, names, reading=reading)
        if json_:
            print_json(scores)
        else:
            tell_person({"event": "evaluation", **scores})


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
    plain_borders: PlainBorders = False,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Write the masks that a checkpoint proposes for the images of FOLDER; torchrun's processes share them."""
    with told_errors():
        source = open_folder(folder, workspace)
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
            reading = Reading(min_island, balance, keep_thin, follow_edges=not plain_borders)
            predict_folder(predictor, source, ranks.place.share_of(names), out, reading)
            ranks.agreed(0.0)  # once all are done
        if not ranks.is_first:
            return
        seconds = time.perf_counter() - began
        figures = {"images": len(names), "seconds": seconds, "images_per_second": len(names) / max(seconds, 1e-9)}
        if json_:
            print_json(figures)
        else:
            typer.echo(f"{len(names)} masks in {seconds:.1f} s, in {out}")


@app.command(WAITING_COMMAND, hidden=True)
def wait_command() -> None:
    """Import what a round needs, then run the command that comes as {"arguments": [...]} on standard input."""
    from segstudio_training.warm_up import import_for_training

    import_for_training()
    print_json({"event": READY_EVENT})
    arguments = awaited_arguments()
    if arguments is not None:
        typer.main.get_command(app).main(args=arguments, prog_name="segstudio")


app.command("simulate")(simulate_command)
app.command("compare")(compare_command)


def main() -> None:
    """Run the command line."""
    try:
        app(prog_name="segstudio_training")
    except SystemExit as ended:
        if place_of_process().count > 1:
            end_at_once(ended.code if isinstance(ended.code, int) else int(ended.code is not None))
        raise
