"""The command line. Imports neither torch nor Qt until a command needs it.

``segstudio`` followed by anything but a command's name opens the window on that folder.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from segstudio import __version__
from segstudio.core.errors import InputError, SegStudioError, marked

if TYPE_CHECKING:
    from rich.progress import Progress

DONE, PROBLEM, WRONG_USAGE = 0, 1, 2

app = typer.Typer(
    name="segstudio",
    help="Label every pixel of your images, with a network that learns from each correction.",
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
)

Folder = Annotated[Path, typer.Argument(help="A Pascal VOC folder, or a folder of images.", show_default=False)]
Workspace = Annotated[
    Optional[Path],  # noqa: UP045 - typer reads the annotation at run time
    typer.Option(help="Write everything here instead of into FOLDER, for data sets that are read-only."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@app.command()
def window(
    folder: Annotated[Optional[Path], typer.Argument(help="A folder to open.")] = None,  # noqa: UP045 - as above
    workspace: Workspace = None,
) -> None:
    """Open the window (also: segstudio [FOLDER])."""
    _need_a_display()
    gc.disable()  # what is being imported is no garbage: looking for some takes a tenth of the start; `run` ends this
    from segstudio.application import run

    raise typer.Exit(run(folder, workspace))


@app.command()
def demo() -> None:
    """Open the window on a private copy of the sample, with the starter network loaded."""
    _need_a_display()
    gc.disable()  # as above
    from segstudio.application import run_demo

    raise typer.Exit(run_demo())


@app.command()
def tour(
    out: Annotated[Path, typer.Option(help="Where the screenshots and tour.json go.")],
    folder: Annotated[Optional[Path], typer.Option(help="A folder with truth; without it the sample.")] = None,  # noqa: UP045
    images: Annotated[int, typer.Option(min=1, help="How many images to correct and accept.")] = 8,
    seconds: Annotated[int, typer.Option(min=1, help="How long to fine-tune.")] = 30,
    seed: Annotated[int, typer.Option(help="Chooses the images.")] = 0,
) -> None:
    """Let the real window do the whole job by itself; no display and no person needed."""
    from segstudio.tour import run_tour

    raise typer.Exit(run_tour(out, folder, images, seconds, seed))


@app.command()
def export(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The folder to write into.")],
    format: Annotated[
        str, typer.Option(help="palette, grey, rgb or overlay.", callback=lambda value: _known_format(value))
    ] = "palette",
    all_masks: Annotated[
        bool, typer.Option("--all", help="Drafts and proposals too, not only accepted masks.")
    ] = False,
    workspace: Workspace = None,
    as_json: Json = False,
) -> None:
    """Write the masks as PNG."""
    from segstudio.project.export import export_masks
    from segstudio.project.project import Project, Status

    project = Project.open(folder, workspace)
    try:
        wanted = [
            name
            for name in project.names
            if project.status(name) is Status.ACCEPTED or (all_masks and project.status(name) is not Status.UNLABELLED)
        ]
        if not wanted:
            raise InputError(
                marked("There is no mask to export in {folder}. Accept images first, or use --all."), folder=folder
            )
        with _progress() as progress:
            bar = progress.add_task("Exporting", total=len(wanted))
            written = export_masks(
                project, wanted, format, out, lambda done, _: progress.update(bar, completed=done), lambda: False
            )
    finally:
        project.close()
    if as_json:
        _print_json({"images": len(written), "files": [str(path) for path in written]})
    else:
        typer.echo(f"{len(written)} masks written to {out}")


@app.command()
def check(folder: Folder, workspace: Workspace = None, as_json: Json = False) -> None:
    """List every problem of a folder, one line each; exit 1 where there are any."""
    from segstudio.project.check import check_folder

    problems = []
    for problem in check_folder(folder, workspace):
        problems.append({"path": problem.path, "problem": problem.problem})
        if not as_json:
            typer.echo(f"{problem.path}: {problem.problem}")
    if as_json:
        _print_json({"problems": problems})
    elif not problems:
        typer.echo(f"No problem in {folder}.")
    if problems:
        typer.echo(f"Problems found in {folder}: {len(problems)}.", err=True)
    raise typer.Exit(PROBLEM if problems else DONE)


@app.command()
def doctor() -> None:
    """Examine the installation, one sentence a part; exit 1 where something needs a remedy."""
    from segstudio.doctor import examine

    findings = []
    for finding in examine():
        findings.append(finding)
        typer.echo(f"{'ok ' if finding.ok else 'NO '} {finding.sentence}")
    raise typer.Exit(DONE if all(finding.ok for finding in findings) else PROBLEM)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code: 0 done, 1 the input has a problem, 2 wrong usage."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        typer.echo(f"segstudio {__version__}")
        return DONE
    _mount_training()
    command = typer.main.get_command(app)
    names = set(getattr(command, "commands", {}))
    if not given or (given[0] not in names and given[0] not in ("--help", "-h")):
        given.insert(0, "window")
    try:
        command.main(args=given, prog_name="segstudio")
    except SystemExit as end:  # how typer ends, wrong usage included, which it has explained by then
        return end.code if isinstance(end.code, int) else DONE
    except SegStudioError as error:
        typer.echo(error.message, err=True)
        return PROBLEM
    return DONE


def _mount_training() -> None:
    from segstudio_training.cli import app as training

    for info in training.registered_commands:
        if info not in app.registered_commands:
            app.registered_commands.append(info)


def _need_a_display() -> None:
    """Raises:
    InputError: there is no screen to open a window on.
    """
    from segstudio.doctor import has_display

    if not has_display():
        raise InputError(
            marked(
                "There is no display to open the window on. Start segstudio on a desktop, or run "
                "`segstudio tour --out tour`, which does the whole job by itself and leaves screenshots."
            )
        )


def _known_format(value: str) -> str:
    """`value` where there is such an export format; wrong usage where not."""
    from segstudio.formats import FORMATS

    if value not in FORMATS:
        raise typer.BadParameter(f'there is no export format "{value}"; choose one of: {", ".join(FORMATS)}')
    return value


def _progress() -> Progress:
    from rich.console import Console  # here, so that the window need not wait for it
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))


if __name__ == "__main__":
    sys.exit(main())
