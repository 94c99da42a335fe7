"""What a recipe is worth on roads that taught nothing: from nothing, at equal seconds, over the sequence-wise folds.

`python -m tests.benchmarks.folds [--json] [--seconds S] [--recipes NAME,…] [--folds 1,2,3] [--every N]`. Teaches
``foldF_train.txt`` of CamVid (SEGSTUDIO_TEST_DATA) for S seconds with each recipe, scores every N-th image of
``foldF_val.txt`` and prints each fold's figures and their mean. Wants the machine to itself: budgets are seconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from segstudio.project.voc_folder import VocFolder
from segstudio_training.checkpoint import load_checkpoint
from segstudio_training.evaluate import evaluate
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Job
from segstudio_training.predictor import Predictor
from segstudio_training.reading import AS_TAUGHT
from segstudio_training.recipes import DEFAULT, teaching_called
from tests.benchmarks._report import report

FIGURES = ("miou", "class_accuracy", "pixel_accuracy", "boundary_f1", "steps")


def fold_figures(source: VocFolder, fold: str, recipe: str, seconds: float, every: int) -> dict[str, float]:
    """The scores, from 0 to 1, of one network on the images of `fold` that are held out, and its steps."""
    teaching = teaching_called(recipe)
    with tempfile.TemporaryDirectory() as folder:
        job = Job(
            source=source,
            train=source.read_list(f"fold{fold}_train"),
            heldout=[],
            out=Path(folder) / "network.safetensors",
            max_seconds=seconds,
            class_weights=teaching.class_weights,
            loss=teaching.loss,
            recipe=teaching.recipe,
        )
        result = fine_tune(job, lambda _event: None, lambda: False)
        predictor = Predictor(load_checkpoint(result.checkpoint))
    reading = replace(AS_TAUGHT, follow_edges=teaching.reading.follow_edges)
    scores = evaluate(predictor, source, source.read_list(f"fold{fold}_val")[::every], reading=reading)
    return {key: float(scores[key]) for key in FIGURES[:-1]} | {"steps": float(result.steps)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON line instead of a table")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--recipes", default=f"{DEFAULT},plain_tuned", help="between commas")
    parser.add_argument("--folds", default="1,2,3", help="between commas")
    parser.add_argument("--every", type=int, default=1, help="every so many of a fold's held-out images are scored")
    given = parser.parse_args()
    if not os.environ.get("SEGSTUDIO_TEST_DATA"):
        sys.exit("Name the folder of data sets in SEGSTUDIO_TEST_DATA.")
    source = VocFolder.open(Path(os.environ["SEGSTUDIO_TEST_DATA"]) / "camvid-voc")
    found: dict[str, float] = {}
    for recipe in given.recipes.split(","):
        folds = given.folds.split(",")
        each = {fold: fold_figures(source, fold, recipe, given.seconds, given.every) for fold in folds}
        for key in FIGURES:
            found |= {f"{recipe}_fold{fold}_{key}": figures[key] for fold, figures in each.items()}
            found[f"{recipe}_mean_{key}"] = statistics.fmean(figures[key] for figures in each.values())
    report("folds", found, given.json)


if __name__ == "__main__":
    main()
