"""What each choice of the default recipe is worth: the same round with one thing changed, scored on another sequence.

`python -m tests.benchmarks.recipes [--json] [--images N] [--seconds S | --steps S] [--fold F] [--seeds R]
[--only NAME,…]`. Teaches N images drawn from ``foldF_train.txt`` of CamVid (SEGSTUDIO_TEST_DATA) and scores every
fourth image of ``foldF_val.txt``, a driving sequence that taught nothing. Wants the machine to itself where budgets
are seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from segstudio.core.resources import resource_root
from segstudio.project.voc_folder import VocFolder
from segstudio_training.checkpoint import load_checkpoint
from segstudio_training.class_weights import DEFAULT_RULE
from segstudio_training.data.augment import AUGMENTATIONS, Augmentation
from segstudio_training.encoder_weights import NONE
from segstudio_training.engine import Optimizer
from segstudio_training.evaluate import evaluate
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Job, Recipe
from segstudio_training.losses import DEFAULT_LOSS
from segstudio_training.predictor import Predictor
from segstudio_training.reading import AS_TAUGHT, Reading
from segstudio_training.rounds import MIN_ISLAND
from segstudio_training.simulated_person import SimulatedPerson
from tests.benchmarks._report import report

STARTER = resource_root() / "starter.safetensors"
SCORED = 4
"""Every so many of the other sequence's images are scored."""


@dataclass(frozen=True)
class Row:
    """One way of teaching."""

    what: str
    recipe: Recipe = field(default_factory=Recipe)
    class_weights: str = DEFAULT_RULE
    loss: str = DEFAULT_LOSS
    start: str = str(STARTER)
    reading: Reading = AS_TAUGHT


VARIED = Augmentation(scale=(0.6, 1.1), aspect=1.15, brightness=0.3, contrast=0.3, saturation=0.3, gamma=0.2)
ROWS: dict[str, Row] = {
    "default": Row("what a round does by itself"),
    "adamw": Row("AdamW for all weights", Recipe(optimizer=Optimizer.ADAMW)),
    "noise": Row("started from noise", start=NONE),
    "half_crops": Row("crops of half the area", Recipe(crop_pixels=256 * 192 // 2)),
    "small": Row("worked on at 192 pixels", Recipe(working_side=192)),
    "large": Row("worked on at 320 pixels", Recipe(working_side=320)),
    "varied": Row("colours and sizes varied three times as far", Recipe(augmentation=VARIED)),
    "strong": Row("augmentation strong", Recipe(augmentation=AUGMENTATIONS["strong"])),
    "unvaried": Row("augmentation none", Recipe(augmentation=AUGMENTATIONS["none"])),
    "batch_8": Row("eight images a step", replace(Recipe(), batch_size=8)),
    "rare_crops": Row("a third of the crops at rare classes", Recipe(rare_crops=0.33)),
    "last": Row("the last weights, no average", Recipe(averaged=False)),
    "median": Row(
        "median-frequency weights up to three times the least, half of them taken back",
        Recipe(most_over_least=3.0, prior_returned=0.5),
        class_weights="median_frequency",
    ),
    "unweighted": Row("all pixels weigh the same", class_weights="none"),
    "plain_borders": Row("borders as the network draws them", reading=Reading(follow_edges=False)),
    "balance": Row("the balance a quarter towards rare classes", reading=Reading(balance=0.25)),
    "cross_entropy": Row("cross-entropy without soft Dice", loss="cross_entropy"),
    "not_pushed": Row("class weights neither taken back nor gone on with", Recipe(prior_returned=0.0)),
    "lovasz": Row("cross-entropy with Lovász-softmax", loss="lovasz_softmax"),
    "focal": Row("focal loss", loss="focal"),
}


def figures(row: Row, images: int, seconds: float | None, steps: int | None, fold: int, seeds: int) -> dict[str, float]:
    """Means over `seeds` of the scores of `row`; "correction" is the simulated person's seconds over painting all."""
    source = VocFolder.open(Path(os.environ["SEGSTUDIO_TEST_DATA"]) / "camvid-voc")
    names, others = source.read_list(f"fold{fold}_train"), source.read_list(f"fold{fold}_val")[::SCORED]
    found: dict[str, list[float]] = {
        "pixel_accuracy": [],
        "class_accuracy": [],
        "miou": [],
        "correction": [],
        "steps": [],
    }
    for seed in range(seeds):
        chosen = [names[index] for index in np.random.default_rng(seed).permutation(len(names))[:images]]
        with tempfile.TemporaryDirectory() as folder:
            job = Job(
                source=source,
                train=chosen,
                heldout=[],
                out=Path(folder) / "a.safetensors",
                encoder_weights=row.start,
                max_seconds=seconds,
                max_steps=steps,
                class_weights=row.class_weights,
                loss=row.loss,
                seed=seed,
                width=16,
                recipe=row.recipe,
            )
            result = fine_tune(job, lambda _event: None, lambda: False)
            predictor = Predictor(load_checkpoint(result.checkpoint))
            scores = evaluate(predictor, source, others, boundary=False, reading=row.reading)
            proposing = replace(row.reading, min_island=MIN_ISLAND)
            found["correction"].append(_correction(predictor, source, others, proposing))
        found["steps"].append(result.steps)
        for key in ("pixel_accuracy", "class_accuracy", "miou"):
            found[key].append(scores[key])
    return {key: statistics.fmean(values) for key, values in found.items()}


def _correction(predictor: Predictor, source: VocFolder, names: list[str], reading: Reading) -> float:
    spent, blank = 0.0, 0.0
    for name in names:
        person = SimulatedPerson(source.read_label_map(name))
        shown = predictor.predict(source.read_image(name), reading)
        spent += person.correct(shown.labels).seconds
        blank += person.paint_from_nothing().seconds
    return spent / blank


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--steps", type=int, help="instead of --seconds: rows then need no quiet machine")
    parser.add_argument("--fold", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default=",".join(ROWS), help="rows between commas")
    given = parser.parse_args()
    if not os.environ.get("SEGSTUDIO_TEST_DATA"):
        sys.exit("Name the folder of data sets in SEGSTUDIO_TEST_DATA.")
    unknown = [name for name in given.only.split(",") if name not in ROWS]
    if unknown:
        parser.error(f"no row is called {unknown[0]}; there are {', '.join(ROWS)}")
    seconds = None if given.steps else given.seconds

    def one_row(row: Row) -> dict[str, float]:
        return figures(row, given.images, seconds, given.steps, given.fold, given.seeds)

    all_figures: dict[str, float] = {}
    for name in given.only.split(","):
        for key, value in one_row(ROWS[name]).items():
            all_figures[f"{name}_{key}"] = value
    notes = {f"{name}_miou": row.what for name, row in ROWS.items()}
    report("recipes", all_figures, given.json, notes)


if __name__ == "__main__":
    main()
