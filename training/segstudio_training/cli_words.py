"""What the commands say to a person: a line for an event."""

from __future__ import annotations

from typing import Any

import typer


def tell_person(event: dict[str, Any]) -> None:
    """One event of ``train`` or ``compare``."""
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
    elif event["event"] == "left_out":
        typer.echo(f"{event['why']} The round goes on without it.", err=True)
    elif event["event"] == "gate":
        typer.echo(event["reason"])
    elif event["event"] == "stopped":
        typer.echo(f"Stopped for now at step {event['step']}. To go on: --resume {event['state']}")
    elif event["event"] == "done" and "steps" in event:
        typer.echo(f"{event['steps']} steps in {event['seconds']:.0f} s: {event['checkpoint']}")


def tell_of_simulation(event: dict[str, Any]) -> None:
    """One event of ``simulate``."""
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

        typer.echo("The last images:")
        for key in FIGURES:
            _tell_figure(key, event[key], event.get("spread", {}).get(key))
        typer.echo("All images that had a proposal:")
        for key in FIGURES:
            _tell_figure(key, event["proposed"][key], event.get("proposed_spread", {}).get(key))


def _tell_figure(key: str, value: float | None, spread: dict[str, float] | None) -> None:
    between = f" ({spread['min']:.3f} to {spread['max']:.3f})" if spread else ""
    typer.echo(f"  {key.replace('_', ' ')}: {'none' if value is None else f'{value:.3f}'}{between}")


def say_nothing(_event: dict[str, Any]) -> None:
    """For callers that want the result alone."""
