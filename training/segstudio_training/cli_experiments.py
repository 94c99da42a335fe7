"""The commands compare and simulate: experiments on a folder with truth. Imports torch only inside a command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from segstudio.core.errors import InputError
from segstudio_training.choices import LOSS_CHOICES, default_key
from segstudio_training.cli_inputs import (
    DEFAULT_SECONDS,
    Device,
    Folder,
    Json,
    RecipeName,
    Seed,
    Split,
    Workspace,
    finite,
    one_of,
    open_folder,
    teaching_names,
)
from segstudio_training.cli_words import say_nothing, tell_of_simulation, tell_person
from segstudio_training.command_line import cancel_watch, print_json, told_errors


def simulate_command(
    folder: Folder,
    images: Annotated[int, typer.Option(min=1, help="How many images the person works through.")],
    round_size: Annotated[int, typer.Option("--round", min=1, help="A round runs after every so many images.")],
    max_seconds: Annotated[
        float, typer.Option(min=1, help="Cap on a round, which else takes the person's seconds.", callback=finite)
    ],
    max_steps: Annotated[int | None, typer.Option(min=1, help="Cap on the steps of a round.")] = None,
    seed: Seed = 0,
    orders: Annotated[int, typer.Option(min=1, help="Several seeds, from --seed on, with mean and spread.")] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for simulate.json and curves.png.")] = None,
    recipe: RecipeName = "default",
    split: Split = None,
    device: Device = "auto",
    json_: Json = False,
) -> None:
    """Let a simulated person label FOLDER, which has the truth, and tell what the proposals save them."""
    with told_errors():
        source = open_folder(folder, None)
        from segstudio.formats.atomic import write_atomically
        from segstudio_training.simulate import Simulation, simulate
        from segstudio_training.simulation_report import Walk, simulation_report

        asked = Simulation(source, images, round_size, max_seconds, max_steps, recipe, device, split)
        tell: Callable[[dict[str, Any]], None] = say_nothing if json_ else tell_of_simulation
        walks: list[Walk] = []
        for number in range(orders):
            walks.append(simulate(asked, seed + number, tell))
            report = simulation_report(walks)
            if out is not None:  # after every order: the next takes many minutes
                from segstudio_training.simulation_plots import draw_curves

                draw_curves(walks, out / "curves.png")
                write_atomically(out / "simulate.json", json.dumps(report, indent=1, ensure_ascii=False).encode())
        if json_:
            print_json(report)
        else:
            tell_of_simulation({"event": "report", **report})


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
    max_seconds: Annotated[
        float | None, typer.Option(min=1, help="Time budget of each network.", callback=finite)
    ] = None,
    max_steps: Annotated[int | None, typer.Option(min=1, help="Steps of each network.")] = None,
    class_weights: Annotated[str, typer.Option(callback=lambda value: one_of("rule", value))] = "sqrt_median_frequency",
    loss: Annotated[str, typer.Option(callback=lambda value: one_of("loss", value))] = default_key(LOSS_CHOICES),
    encoder_weights: Annotated[
        str, typer.Option(help="For those that name none: none, imagenet, starter, a file.")
    ] = "none",
    seed: Seed = 0,
    device: Device = "auto",
    events: Annotated[bool, typer.Option("--events", help="JSON lines while it works.")] = False,
    json_: Json = False,
) -> None:
    """Teach several networks for as long on the same images of FOLDER, and score them on the held-out ones."""
    with told_errors(events):
        source, names = teaching_names(folder, workspace, split, heldout_split, job)
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
        tell: Callable[[dict[str, Any]], None] = print_json if events else tell_person if not json_ else say_nothing
        with cancel_watch(out, watch_stdin=events, events=events) as cancelled:
            rows = compare(task, tell, cancelled, correction_seconds)
        if json_:
            print_json({"rows": rows})
        elif not events:
            from rich.console import Console

            Console().print(terminal_table(rows))
            typer.echo(f"Checkpoints, tables and plots are in {out}")


def _entries(value: str) -> list[object]:
    """The networks to compare; wrong usage (exit code 2) where they cannot be read."""
    from segstudio_training.compare import parse_entries

    try:
        return list(parse_entries(value))
    except InputError as error:
        raise typer.BadParameter(error.message) from error
