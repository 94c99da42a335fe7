"""The curves of a simulation as one PNG: seconds per image, share of painting from nothing, scores over the rounds.

matplotlib is imported here, lazily through the command that wants curves, and drawn on without any window.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from segstudio.formats.atomic import make_folder
from segstudio_training.simulation_report import Walk

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Series = npt.NDArray[np.float64]
BAND = 0.18
"""Opacity of the band between the least and the greatest of several orders."""


def draw_curves(walks: Sequence[Walk], path: Path) -> Path:
    """Draw the curves of `walks`, orders of equally many images, into the PNG `path`; lines are means over orders."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(15, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    seconds, shares, scores = figure.subplots(1, 3)
    _draw_seconds(seconds, walks)
    learnt = np.arange(len(walks[0].figures_by_round())) * walks[0].round_size
    for axes, title, lines in (
        (
            shares,
            "Correcting, against painting from nothing",
            {"seconds_share_of_blank": "seconds", "strokes_share_of_blank": "strokes"},
        ),
        (
            scores,
            "Proposals before correction",
            {
                "pixel_accuracy": "pixel accuracy",
                "class_accuracy": "class accuracy",
                "miou": "mean IoU",
                "rare_class_miou": "mean IoU, rare classes",
            },
        ),
    ):
        for key, label in lines.items():
            by_order = [[_number(figures[key]) for figures in walk.figures_by_round()] for walk in walks]
            _draw_line(axes, learnt, np.array(by_order), label, marker="o")
        axes.set(title=title, xlabel="images accepted before", ylim=(0, max(1.04, axes.get_ylim()[1])))
        axes.legend(frameon=False)
    for axes in (seconds, shares, scores):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    make_folder(path.parent)
    figure.savefig(path, dpi=110)
    return path


def _draw_seconds(axes: Axes, walks: Sequence[Walk]) -> None:
    numbers = np.arange(len(walks[0].images)) + 1
    _draw_line(axes, numbers, np.array([[i.blank.seconds for i in walk.images] for walk in walks]), "from nothing")
    _draw_line(axes, numbers, np.array([[i.corrected.seconds for i in walk.images] for walk in walks]), "corrected")
    for start in range(walks[0].round_size, len(numbers), walks[0].round_size):
        axes.axvline(start + 0.5, color="grey", linewidth=0.8, linestyle=":")
    axes.set(title="The person's seconds per image (dotted: a round)", xlabel="image", ylim=(0, None))
    axes.legend(frameon=False)


def _draw_line(axes: Axes, x: npt.NDArray[np.int_], by_order: Series, label: str, marker: str = "") -> None:
    """The mean over the orders, (R, N), as a line over `x`, and a band from the least to the greatest."""
    if np.isnan(by_order).all():
        return
    known = ~np.isnan(by_order).all(axis=0)
    x, by_order = x[known], by_order[:, known]
    (line,) = axes.plot(x, np.nanmean(by_order, axis=0), label=label, marker=marker)
    if len(by_order) > 1:
        least, greatest = np.nanmin(by_order, axis=0), np.nanmax(by_order, axis=0)
        axes.fill_between(x, least, greatest, color=line.get_color(), alpha=BAND, linewidth=0)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
