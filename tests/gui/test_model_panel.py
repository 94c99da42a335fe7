"""The network and its rounds: what the panel shows, and what it tells when it is used."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segstudio.widgets.model_panel import BUDGETS, ModelPanel, ModelState
from segstudio.widgets.round_list import RoundRow
from segstudio.widgets.round_result import Verdict
from tests.gui.panel_stage import CLASSES, LEFT, light_theme, shown  # noqa: F401 - one is a fixture


@pytest.fixture
def model(qtbot: QtBot) -> ModelPanel:
    panel = ModelPanel()
    shown(qtbot, panel, 304, 700)
    panel.set_classes(CLASSES)
    return panel


def test_without_a_model_the_panel_teaches(model: ModelPanel, qtbot: QtBot) -> None:
    assert model.state is ModelState.NO_MODEL
    assert "Paint a few images first" in model.summary.text()
    assert not model.fine_tune_button.isEnabled()
    assert "accepted image" in model.reason.text()
    with qtbot.waitSignal(model.load_checkpoint_clicked):
        qtbot.mouseClick(model.empty_load, LEFT)


def test_what_is_made_ready_for_the_first_round_is_not_seen_before_it(model: ModelPanel) -> None:
    model.prepare()
    assert model.curves is not None and not model.curves.isVisible()
    model.start_round(12)
    assert model.curves.isVisible()


def test_specks_are_steered_where_there_are_proposals(model: ModelPanel, qtbot: QtBot) -> None:
    assert not model.specks.isVisible()
    model.set_model("Starter")
    assert model.specks.isVisible()
    model.specks.set_island(40)
    with qtbot.waitSignal(model.specks.island_changed) as told:
        qtbot.keyClick(model.specks.spin, Qt.Key.Key_Up)
    assert told.args == [41]
    with qtbot.assertNotEmitted(model.specks.island_changed):
        model.specks.set_island(99)


def test_fine_tune_tells_the_chosen_budget(model: ModelPanel, qtbot: QtBot) -> None:
    model.set_model("Starter")
    model.set_can_fine_tune(True)
    model.set_budget(110)
    with qtbot.waitSignal(model.fine_tune_clicked) as told:
        qtbot.mouseClick(model.fine_tune_button, LEFT)
    assert told.args == [120]
    assert 120 in BUDGETS


def test_the_first_network_can_be_steered_as_soon_as_it_is_there(model: ModelPanel) -> None:
    assert model.summary.isVisible() and not model.balance.isVisible()
    model.start_round(12)
    assert not model.summary.isVisible() and not model.balance.isVisible()
    model.end_round("The first network is ready.", None, 0.4, Verdict.FIRST)
    assert not model.summary.isVisible() and not model.balance.isVisible()  # "No model yet" would be untrue
    model.set_model("Round 1")
    assert model.state is ModelState.RESULT
    assert model.summary.isVisible() and model.balance.isVisible()


def test_a_round_shows_progress_and_can_be_cancelled(model: ModelPanel, qtbot: QtBot) -> None:
    model.set_model("Starter")
    model.start_round(12)
    model.add_step(10, 1.5, 30.0, 10.0)
    assert model.state is ModelState.TRAINING
    assert not model.start_area.isVisible()
    assert model.progress.value() == 250
    assert model.progress_left.text() == "30 s left"
    with qtbot.waitSignal(model.cancel_clicked):
        qtbot.mouseClick(model.cancel_button, LEFT)
    assert not model.cancel_button.isEnabled()
    model.stop_round("Cancelled.")
    assert model.state is ModelState.READY
    assert model.stopped.isVisible()


@pytest.mark.parametrize("last", [7, 91, 640, 4200, 99_000])
def test_numbers_along_a_curve_have_room(last: float, qapp: object) -> None:
    from segstudio.widgets.live_curves import LABEL_PIXELS, FewTicks

    for side, size in (("bottom", 92), ("left", 56)):
        ((distance, offset),) = FewTicks(side).tickSpacing(0, last, size)
        assert offset == 0
        assert distance * size / last >= 0.99 * LABEL_PIXELS[side]
        assert distance <= last  # one number at least


def test_curves_stay_bounded_and_keep_first_and_recent_points(model: ModelPanel) -> None:
    model.start_round()
    assert model.curves is not None
    for step in range(20_000):
        model.add_step(step, 1 / (step + 1), 1.0)
    curves = model.curves
    assert len(curves.loss.xs) <= 600
    assert curves.loss.xs[0] == 0
    assert curves.loss.xs[-1] > 19_800
    assert len(curves.loss.xs) == len(curves.loss.ys)


def test_drawing_does_not_follow_every_step(model: ModelPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    model.start_round()
    assert model.curves is not None
    curve = model.curves._loss_curve
    drawn: list[int] = []
    original = curve.setData
    monkeypatch.setattr(curve, "setData", lambda xs, ys: (drawn.append(len(xs)), original(xs, ys)))
    for step in range(500):
        model.add_step(step, 1.0, 1.0)
    qtbot.waitUntil(lambda: bool(drawn))
    assert drawn == [500]


def test_a_worse_round_offers_to_use_the_new_one_anyway(model: ModelPanel, qtbot: QtBot) -> None:
    model.start_round()
    model.end_round("", 0.58, 0.56, Verdict.WORSE)
    assert model.state is ModelState.RESULT
    assert model.result.headline.text() == "Not better"
    assert model.result.scores.text() == "0.58 → 0.56"
    with qtbot.waitSignal(model.keep_clicked):
        qtbot.mouseClick(model.result.keep_button, LEFT)
    with qtbot.waitSignal(model.roll_back_clicked):
        qtbot.mouseClick(model.result.roll_back_button, LEFT)


def test_a_better_round_offers_the_way_back_only(model: ModelPanel) -> None:
    model.start_round()
    model.end_round("", 0.58, 0.61, Verdict.BETTER)
    assert model.result.headline.text() == "Better"
    assert not model.result.keep_button.isVisible()
    assert model.result.roll_back_button.text() == "Back to previous"


def test_where_nothing_can_be_judged_the_panel_says_why(model: ModelPanel) -> None:
    model.start_round()
    model.end_round("", None, None, Verdict.CANNOT_JUDGE)
    assert "too few held-out images" in model.result.text.text()
    assert not model.result.scores.isVisible()
    assert model.result.keep_button.isVisible()


def test_what_the_score_may_have_changed_by_is_told_in_points(model: ModelPanel) -> None:
    model.start_round()
    model.end_round(
        "", 0.41, 0.44, Verdict.NO_WORSE, difference="−0.4 to +5.2 points, over 9 held-out images in 5 groups"
    )
    assert model.result.headline.text() == "No worse"
    assert model.result.difference.isVisible() and "−0.4 to +5.2 points" in model.result.difference.text()
    assert not model.result.keep_button.isVisible()  # it is in use
    model.start_round()
    model.end_round("", 0.41, 0.44, Verdict.BETTER)
    assert not model.result.difference.isVisible()


def test_the_rounds_say_over_how_many_images_a_score_was_taken(model: ModelPanel) -> None:
    model.set_rounds(
        [
            RoundRow("c", "Round 3", score=0.61, images=4, in_use=True),
            RoundRow("b", "Round 2", score=0.6, images=2, too_few=True),
            RoundRow("a", "Round 1", score=0.5),
        ]
    )
    texts = [model.rounds.list.item(row).text() for row in range(3)]
    assert texts == [
        "Round 3 · IoU 0.61 (4 images) · in use",
        "Round 2 · IoU 0.60 (2 images: too few)",
        "Round 1 · IoU 0.50",
    ]


def test_closing_the_result_leads_back_to_ready(model: ModelPanel, qtbot: QtBot) -> None:
    model.set_model("Round 1")
    model.start_round()
    model.end_round("", None, 0.5, Verdict.BETTER, has_previous=False)
    assert not model.result.roll_back_button.isVisible()
    qtbot.mouseClick(model.result.close_button, LEFT)
    assert model.state is ModelState.READY


def test_an_earlier_round_can_be_used_again(model: ModelPanel, qtbot: QtBot) -> None:
    model.set_rounds([RoundRow("b", "Round 2", score=0.6, in_use=True), RoundRow("a", "Round 1", score=0.5)])
    qtbot.mouseClick(model.rounds_button, LEFT)
    assert model.rounds.isVisible()
    model.rounds.list.setCurrentRow(0)
    assert not model.rounds.use_button.isEnabled()
    model.rounds.list.setCurrentRow(1)
    with qtbot.waitSignal(model.use_round_clicked) as told:
        qtbot.mouseClick(model.rounds.use_button, LEFT)
    assert told.args == ["a"]


def test_scores_by_class_appear_with_the_first_evaluation(model: ModelPanel) -> None:
    model.start_round()
    assert not model.bars_area.isVisible()
    model.add_evaluation(0.4, {"leaf": 0.5, "stem": None})
    assert model.bars_area.isVisible()
    assert "leaf 0.50" in model.bars.accessibleDescription()
    assert "stem –" in model.bars.accessibleDescription()
