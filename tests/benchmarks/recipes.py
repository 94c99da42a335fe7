"""What each choice of the default recipe is worth: the same round with one thing changed, scored on another sequence.

`python -m tests.benchmarks.recipes [--json] [--images N] [--seconds S | --steps S] [--folds 1,2,3] [--seeds R]
[--every N] [--only NAME,…]`. Teaches N images drawn from ``foldF_train.txt`` of CamVid (SEGSTUDIO_TEST_DATA) and scores
every N-th image of ``foldF_val.txt``, a driving sequence that taught nothing. Each row's means over folds and seeds are
written to stderr as soon as they are there, because a whole table takes hours. Wants the machine to itself where
budgets are seconds.
"""

from __future__ import annotations

import argparse
import json
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
FIGURES = ("pixel_accuracy", "class_accuracy", "miou", "correction", "steps")


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
    "half_rate": Row("half the learning rate", Recipe(rate=1.5e-3)),
    "double_rate": Row("twice the learning rate", Recipe(rate=6e-3)),
    "frozen": Row("the encoder's first two stages kept", Recipe(frozen_stages=2)),
    "last": Row("the last weights, no average", Recipe(averaged=False)),
    "median": Row(
        "median-frequency weights up to three times the least, half of them taken back",
        Recipe(most_over_least=3.0, prior_returned=0.5),
        class_weights="median_frequency",
    ),
    "median_as_is": Row(
        "median-frequency weights, capped at ten times, nothing taken back",
        Recipe(prior_returned=0.0),
        class_weights="median_frequency",
    ),
    "effective_number": Row("weights by effective number", class_weights="effective_number"),
    "uncapped": Row("weights without a cap", Recipe(most_over_least=1e9)),
    "unweighted": Row("all pixels weigh the same", class_weights="none"),
    "plain_borders": Row("borders as the network draws them", reading=Reading(follow_edges=False)),
    "balance": Row("the balance a quarter towards rare classes", reading=Reading(balance=0.25)),
    "cross_entropy": Row("cross-entropy without soft Dice", loss="cross_entropy"),
    "not_pushed": Row("class weights neither taken back nor gone on with", Recipe(prior_returned=0.0)),
    "lovasz": Row("cross-entropy with Lovász-softmax", loss="lovasz_softmax"),
    "focal": Row("focal loss", loss="focal"),
}


def figures(row: Row, given: argparse.Namespace) -> dict[str, float]:
    """Means over folds and seeds of the scores of `row`, and the spread of its mIoU over the folds.

    "correction" is the simulated person's seconds over those of painting all from nothing.
    """
    source = VocFolder.open(Path(os.environ["SEGSTUDIO_TEST_DATA"]) / "camvid-voc")
    of_folds = [
        [_one_round(row, source, fold, seed, given) for seed in range(given.seeds)] for fold in given.folds.split(",")
    ]
    rounds = [scores for of_fold in of_folds for scores in of_fold]
    found = {key: statistics.fmean(scores[key] for scores in rounds) for key in FIGURES}
    by_fold = [statistics.fmean(scores["miou"] for scores in of_fold) for of_fold in of_folds]
    return found | {"miou_least": min(by_fold), "miou_most": max(by_fold)}


def _one_round(row: Row, source: VocFolder, fold: str, seed: int, given: argparse.Namespace) -> dict[str, float]:
    names, others = source.read_list(f"fold{fold}_train"), source.read_list(f"fold{fold}_val")[:: given.every]
    chosen = [names[index] for index in np.random.default_rng(seed).permutation(len(names))[: given.images]]
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            source=source,
            train=chosen,
            heldout=[],
            out=Path(folder) / "a.safetensors",
            encoder_weights=row.start,
            max_seconds=None if given.steps else given.seconds,
            max_steps=given.steps,
            class_weights=row.class_weights,
            loss=row.loss,
            seed=seed,
            width=16,
            recipe=row.recipe,
        )
        result = fine_tune(job, lambda _event: None, lambda: False)
        predictor = Predictor(load_checkpoint(result.checkpoint))
    scores = evaluate(predictor, source, others, boundary=False, reading=row.reading)
    correction = _correction(predictor, source, others, replace(row.reading, min_island=MIN_ISLAND))
    return {key: float(scores[key]) for key in FIGURES[:3]} | {"correction": correction, "steps": float(result.steps)}


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
    parser.add_argument("--folds", default="1,2,3", help="between commas")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--every", type=int, default=4, help="every so many of the other sequence's images are scored")
    parser.add_argument("--only", default=",".join(ROWS), help="rows between commas")
    given = parser.parse_args()
    if not os.environ.get("SEGSTUDIO_TEST_DATA"):
        sys.exit("Name the folder of data sets in SEGSTUDIO_TEST_DATA.")
    unknown = [name for name in given.only.split(",") if name not in ROWS]
    if unknown:
        parser.error(f"no row is called {unknown[0]}; there are {', '.join(ROWS)}")
    all_figures: dict[str, float] = {}
    for name in given.only.split(","):
        of_row = figures(ROWS[name], given)
        print(name, json.dumps({key: round(value, 4) for key, value in of_row.items()}), file=sys.stderr, flush=True)
        all_figures |= {f"{name}_{key}": value for key, value in of_row.items()}
    notes = {f"{name}_miou": row.what for name, row in ROWS.items()}
    report("recipes", all_figures, given.json, notes)


if __name__ == "__main__":
    main()
