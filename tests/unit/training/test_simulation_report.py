"""The figures of a simulation, by hand, and their curves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.class_table import VOID
from segstudio_training.metrics import ConfusionMatrix
from segstudio_training.simulated_person import Correction
from segstudio_training.simulation_plots import draw_curves
from segstudio_training.simulation_report import FIGURES, ImageReport, Walk, simulation_report

NAMES = ("ground", "sun", "pole", "nowhere")
TRUTH = np.array([[0] * 90 + [1] * 8 + [2] * 2 + [VOID] * 20], np.uint8)


def image(seconds: float, blank: float, wrong: int | None, strokes: int = 2, blank_strokes: int = 8) -> ImageReport:
    """An image of `TRUTH` whose proposal takes the first `wrong` pixels of ground for sun; None: no proposal."""
    shown = np.full_like(TRUTH, VOID) if wrong is None else np.where(TRUTH == VOID, 1, TRUTH).astype(np.uint8)
    if wrong is not None:
        shown[0, :wrong] = 1
    confusion = ConfusionMatrix(len(NAMES))
    confusion.update(TRUTH, shown)
    made = Correction(strokes, seconds, shown), Correction(blank_strokes, blank, shown)
    return ImageReport("one", *made, confusion, None if wrong is None else 1)


def walk(seed: int, *last: ImageReport) -> Walk:
    return Walk(seed, NAMES, 2, [image(10, 10, None, 8), image(20, 20, None, 8), *last], [{"number": 1, "taken": True}])


def test_the_figures_are_those_of_the_last_images() -> None:
    report = simulation_report([walk(0, image(4, 10, 10), image(8, 20, 10))])
    assert report["seconds_share_of_blank"] == pytest.approx(12 / 30)
    assert report["strokes_share_of_blank"] == pytest.approx(4 / 16)
    assert report["pixel_accuracy"] == pytest.approx(0.9)
    # Recalls 80/90, 1, 1; IoU 80/90, 8/18, 1: the class that occurs nowhere counts for nothing.
    assert report["class_accuracy"] == pytest.approx((80 / 90 + 2) / 3)
    assert report["miou"] == pytest.approx((80 / 90 + 8 / 18 + 1) / 3)
    # Three classes occur, so rare is under a quarter of a third, 8.3 %: sun (8 %) and pole (2 %).
    assert report["rare_classes"] == ["sun", "pole"]
    assert report["rare_class_miou"] == pytest.approx((8 / 18 + 1) / 2)
    assert [group["seconds_share_of_blank"] for group in report["by_round"]] == [1.0, pytest.approx(0.4)]
    assert report["by_round"][0]["miou"] == 0 and report["rounds"] == [{"number": 1, "taken": True}]


def test_all_images_that_had_a_proposal_are_told_of_together() -> None:
    seen = [image(4, 10, 10), image(8, 20, 10), image(3, 30, 0)]
    report = simulation_report([walk(0, *seen)])
    assert report["proposed"]["seconds_share_of_blank"] == pytest.approx(15 / 60)
    assert report["proposed"]["pixel_accuracy"] == pytest.approx(280 / 300)
    assert set(simulation_report([walk(0)])["proposed"].values()) == {None}
    several = simulation_report([walk(0, *seen), walk(1, image(6, 10, 0))])
    assert several["proposed"]["seconds_share_of_blank"] == pytest.approx((0.25 + 0.6) / 2)
    assert several["proposed_spread"]["seconds_share_of_blank"] == {"min": pytest.approx(0.25), "max": 0.6}


def test_what_is_told_of_an_image() -> None:
    told = simulation_report([walk(3, image(4, 10, 10))])["images"]
    assert told[0]["wrong"] == 1 and told[0]["proposed_by_round"] is None
    assert told[2] == {
        "name": "one",
        "strokes": 2,
        "seconds": 4,
        "wrong": pytest.approx(0.1),
        "blank_strokes": 8,
        "blank_seconds": 10,
        "proposed_by_round": 1,
        "per_class_iou": {"ground": pytest.approx(80 / 90), "sun": pytest.approx(8 / 18), "pole": 1.0},
    }


def test_several_orders_give_mean_and_spread() -> None:
    report = simulation_report([walk(0, image(4, 10, 0), image(4, 10, 0)), walk(1, image(6, 10, 0), image(6, 10, 0))])
    assert report["seconds_share_of_blank"] == pytest.approx(0.5)
    assert report["spread"]["seconds_share_of_blank"] == {"min": pytest.approx(0.4), "max": pytest.approx(0.6)}
    assert [order["seed"] for order in report["orders"]] == [0, 1]
    assert set(report["spread"]) == set(FIGURES) and len(report["images"]) == 4
    json.dumps(report, allow_nan=False)


def test_nothing_labelled_has_no_share() -> None:
    empty = np.full((2, 2), VOID, np.uint8)
    confusion = ConfusionMatrix(len(NAMES))
    confusion.update(empty, empty)
    nothing = Correction(0, 0.0, empty)
    report = simulation_report([Walk(0, NAMES, 1, [ImageReport("void", nothing, nothing, confusion, None)])])
    assert report["seconds_share_of_blank"] is None and report["rare_class_miou"] is None
    assert report["images"][0]["wrong"] == 0
    json.dumps(report, allow_nan=False)


@pytest.mark.parametrize("orders", [1, 3])
def test_the_curves_are_a_picture(tmp_path: Path, orders: int) -> None:
    walks = [walk(seed, image(4 + seed, 10, 10), image(8, 20, 10)) for seed in range(orders)]
    with Image.open(draw_curves(walks, tmp_path / "new" / "curves.png")) as picture:
        assert picture.width > picture.height > 300
        assert len(np.unique(np.asarray(picture.convert("L")))) > 50
