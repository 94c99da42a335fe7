"""The results of a comparison as tables (terminal, JSON, CSV) and as plots. Teaches and scores nothing.

Imports no torch; rich and matplotlib only where they are needed.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segstudio.formats.atomic import write_atomically

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from rich.table import Table

Row = dict[str, Any]
"""One entry under the keys of ``compare --json``."""

FIGURES: dict[str, tuple[str, str]] = {
    "miou": ("mean IoU", ".1%"),
    "class_accuracy": ("class average", ".1%"),
    "pixel_accuracy": ("pixel accuracy", ".1%"),
    "boundary_f1": ("boundary F1", ".1%"),
    "correction_seconds": ("correction, s", ".1f"),
    "seconds_per_image": ("s an image", ".3f"),
    "megabytes": ("MB", ".1f"),
    "steps": ("steps", "d"),
}
"""What a table shows of a row: the key, its heading, how the number is written. Keys that no row has are left out."""

SCORES = ("miou", "class_accuracy", "pixel_accuracy", "boundary_f1")
DOTS_PER_INCH = 120
LONGEST_NAME = 24
"""Characters of a name that a plot has room for."""


def write_tables(rows: Sequence[Row], conditions: Mapping[str, Any], out: Path) -> None:
    """Write ``compare.json`` (``rows`` and the `conditions` that they have in common) and ``compare.csv`` into `out`.

    Raises:
        SaveError: a table cannot be written.
    """
    content = {"rows": list(rows), **conditions}
    write_atomically(out / "compare.json", (json.dumps(content, ensure_ascii=False, indent=2) + "\n").encode())
    write_atomically(out / "compare.csv", csv_text(rows).encode())


def csv_text(rows: Sequence[Row]) -> str:
    """A heading and a line for each of `rows`; the IoU of each class has a column of its own, empty where none is."""
    classes = list(dict.fromkeys(name for row in rows for name in row["per_class_iou"]))
    keys = [key for key in dict.fromkeys(key for row in rows for key in row) if key != "per_class_iou"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*keys, *(f"iou {name}" for name in classes)])
    for row in rows:
        writer.writerow([*(row.get(key) for key in keys), *(row["per_class_iou"].get(name) for name in classes)])
    return buffer.getvalue()


def shown_figures(rows: Sequence[Row]) -> list[str]:
    """The keys of `FIGURES` that `rows` have."""
    return [key for key in FIGURES if any(key in row for row in rows)]


def terminal_table(rows: Sequence[Row]) -> Table:
    """The best mean IoU first."""
    from rich.table import Table

    keys = shown_figures(rows)
    table = Table("network", *(FIGURES[key][0] for key in keys))
    table.columns[0].no_wrap = True
    for column in table.columns[1:]:
        column.justify = "right"
    for row in sorted(rows, key=lambda row: -row["miou"]):
        table.add_row(row["entry"], *(format(row[key], FIGURES[key][1]) if key in row else "" for key in keys))
    return table


def write_plots(rows: Sequence[Row], out: Path) -> list[Path]:
    """Write ``scores.png``, ``costs.png`` and ``classes.png`` into `out`; the paths written.

    Raises:
        SaveError: a plot cannot be written.
    """
    plots: dict[str, Callable[[Sequence[Row]], Figure]] = {"scores": _scores, "costs": _costs, "classes": _classes}
    paths = []
    for name, draw in plots.items():
        buffer = io.BytesIO()
        draw(rows).savefig(buffer, format="png", dpi=DOTS_PER_INCH)
        paths.append(out / f"{name}.png")
        write_atomically(paths[-1], buffer.getvalue())
    return paths


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure of so many inches, drawn by Agg: it needs no display and no state of matplotlib's own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _scores(rows: Sequence[Row]) -> Figure:
    """The four scores of each entry, side by side."""
    figure, axes = _figure(max(6.0, 1.6 * len(rows) + 2), 4.5)
    step = 0.8 / len(SCORES)
    for number, key in enumerate(SCORES):
        at = [position + (number - 1.5) * step for position in range(len(rows))]
        bars = axes.bar(at, [row[key] for row in rows], step, label=FIGURES[key][0])
        axes.bar_label(bars, fmt=lambda value: f"{value:.0%}", fontsize=7)
    axes.set_xticks(range(len(rows)), _names(rows), rotation=20, ha="right")
    axes.set_ylim(0, 1.08)
    axes.set_ylabel("score on the held-out images")
    figure.legend(loc="outside upper center", ncols=len(SCORES), frameon=False)
    return figure


def _costs(rows: Sequence[Row]) -> Figure:
    """Mean IoU over seconds an image; a dot's area grows with the checkpoint."""
    from matplotlib.ticker import LogLocator, NullFormatter

    figure, axes = _figure(7, 4.5)
    for name, row in zip(_names(rows), rows, strict=True):
        axes.scatter(row["seconds_per_image"], row["miou"], s=30 + 12 * row["megabytes"], alpha=0.6)
        text = f"{name}, {row['megabytes']:.1f} MB"
        axes.annotate(text, (row["seconds_per_image"], row["miou"]), (0, 8), textcoords="offset points", fontsize=8)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.margins(x=0.25, y=0.2)
    axes.set_xlabel("seconds an image")
    axes.set_ylabel("mean IoU on the held-out images")
    axes.grid(alpha=0.3)
    return figure


def _classes(rows: Sequence[Row]) -> Figure:
    """IoU of each class and entry, as numbers on colours."""
    classes = list(dict.fromkeys(name for row in rows for name in row["per_class_iou"]))
    figure, axes = _figure(max(6.0, 0.75 * len(classes) + 3), max(2.5, 0.5 * len(rows) + 2))
    values = [[row["per_class_iou"].get(name, float("nan")) for name in classes] for row in rows]
    image = axes.imshow(values, vmin=0, vmax=1, cmap="viridis", aspect="auto")
    for y, line in enumerate(values):
        for x, value in enumerate(line):
            axes.text(x, y, f"{value:.2f}", ha="center", va="center", color="black" if value > 0.6 else "white")
    axes.set_xticks(range(len(classes)), [_short(name) for name in classes], rotation=40, ha="right")
    axes.set_yticks(range(len(rows)), _names(rows))
    figure.colorbar(image, label="IoU")
    return figure


def _names(rows: Sequence[Row]) -> list[str]:
    return [_short(row["entry"]) for row in rows]


def _short(name: str) -> str:
    # A dollar sign would begin a formula.
    return (name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…").replace("$", r"\$")
