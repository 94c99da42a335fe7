"""Classes, brush, model, status strip and void bar: what they show, and what they tell when they are used."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLineEdit, QSlider, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from segstudio.core.class_table import ClassTable
from segstudio.core.raster import BrushShape
from segstudio.services.theme import ThemeChoice, apply_theme
from segstudio.widgets.brush_panel import BrushPanel
from segstudio.widgets.class_list import ClassDelegate, hotkey
from segstudio.widgets.classes_panel import ClassesPanel
from segstudio.widgets.model_panel import BUDGETS, ModelPanel, ModelState
from segstudio.widgets.round_list import RoundRow
from segstudio.widgets.round_result import Verdict
from segstudio.widgets.status_bar import ImageStatus
from segstudio.widgets.status_mark import Mark
from segstudio.widgets.void_bar import VoidBar

CLASSES = ClassTable.from_names(["background", "leaf", "stem"])
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def _theme(qapp: QApplication) -> None:
    apply_theme(qapp, ThemeChoice.LIGHT)


def shown(qtbot: QtBot, widget: QWidget, width: int = 300, height: int = 500) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)


def unnamed_controls(widget: QWidget) -> list[str]:
    """Controls that a screen reader could not name, or whose tooltip says nothing."""
    kinds = (QAbstractButton, QSlider, QSpinBox, QComboBox, QLineEdit)
    # What Qt puts inside its own controls (the clear button, a spin box's field) is named by the control.
    return [
        f"{type(child).__name__} {child.objectName()}"
        for kind in kinds
        for child in widget.findChildren(kind)
        if not child.objectName().startswith("qt_")
        and not isinstance(child.parentWidget(), QLineEdit | QSpinBox | QComboBox)
        and not (child.accessibleName() and child.toolTip())
    ]


# -- classes


@pytest.fixture
def classes(qtbot: QtBot) -> ClassesPanel:
    panel = ClassesPanel()
    shown(qtbot, panel)
    panel.set_classes(CLASSES)
    return panel


def test_clicking_a_class_chooses_it(classes: ClassesPanel, qtbot: QtBot) -> None:
    where = classes.list.visualRect(classes.model.index(2)).center()
    with qtbot.waitSignal(classes.current_changed) as told:
        qtbot.mouseClick(classes.list.viewport(), LEFT, pos=where)
    assert told.args == [2]


def test_setting_the_current_class_tells_nobody(classes: ClassesPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(classes.current_changed):
        classes.set_current(1)
    assert classes.current() == 1


def test_clicking_an_eye_hides_that_class_and_chooses_nothing(classes: ClassesPanel, qtbot: QtBot) -> None:
    index = classes.model.index(1)
    delegate = classes.list.itemDelegate()
    assert isinstance(delegate, ClassDelegate)
    eye = delegate.columns(classes.list.visualRect(index), index).eye.center()
    with qtbot.waitSignal(classes.visibility_changed) as told, qtbot.assertNotEmitted(classes.current_changed):
        qtbot.mouseClick(classes.list.viewport(), LEFT, pos=eye)
    assert told.args == [1, False]


def test_space_shows_a_hidden_class_again(classes: ClassesPanel, qtbot: QtBot) -> None:
    classes.set_classes(CLASSES.with_visible(2, False))
    classes.set_current(2)
    with qtbot.waitSignal(classes.visibility_changed) as told:
        qtbot.keyClick(classes.list, Qt.Key.Key_Space)
    assert told.args == [2, True]


def test_recoloured_classes_keep_the_current_one(classes: ClassesPanel) -> None:
    classes.set_current(2)
    classes.set_classes(CLASSES.with_visible(0, False))
    assert classes.current() == 2


def test_without_classes_the_panel_says_what_to_do(classes: ClassesPanel, qtbot: QtBot) -> None:
    classes.set_classes(ClassTable([]))
    assert not classes.list.isVisible()
    with qtbot.waitSignal(classes.add_class_requested):
        qtbot.mouseClick(classes.empty_button, LEFT)


def test_number_keys_run_from_one_to_nought() -> None:
    assert [hotkey(index) for index in (0, 8, 9, 10)] == ["1", "9", "0", ""]


# -- brush


@pytest.fixture
def brush(qtbot: QtBot) -> BrushPanel:
    panel = BrushPanel()
    shown(qtbot, panel)
    return panel


def test_dragging_the_size_slider_sizes_the_brush(brush: BrushPanel, qtbot: QtBot) -> None:
    brush.set_size(1)
    told: list[int] = []
    brush.size_changed.connect(told.append)
    slider = brush.size_slider
    start = QPoint(8, slider.height() // 2)
    qtbot.mousePress(slider, LEFT, pos=start)
    for x in range(8, slider.width() + 20, 6):
        qtbot.mouseMove(slider, QPoint(x, start.y()))
    qtbot.mouseRelease(slider, LEFT, pos=QPoint(slider.width() + 20, start.y()))
    assert told[-1] == 500
    assert told == sorted(set(told))
    assert brush.size_spin.value() == 500


def test_every_brush_size_survives_being_set(brush: BrushPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(brush.size_changed):
        for size in (1, 2, 3, 24, 77, 499, 500):
            brush.set_size(size)
            assert brush.size_px() == size


def test_typing_a_size_moves_the_slider(brush: BrushPanel, qtbot: QtBot) -> None:
    brush.set_size(10)
    before = brush.size_slider.value()
    with qtbot.waitSignal(brush.size_changed) as told:
        brush.size_spin.selectAll()
        qtbot.keyClicks(brush.size_spin, "200")
        qtbot.keyClick(brush.size_spin, Qt.Key.Key_Return)
    assert told.args == [200]
    assert brush.size_slider.value() > before


def test_brush_shape_opacity_outline_and_specks(brush: BrushPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(brush.shape_changed) as told:
        qtbot.mouseClick(brush.square_button, LEFT)
    assert told.args == [BrushShape.SQUARE]
    assert not brush.round_button.isChecked()
    with qtbot.waitSignal(brush.opacity_changed) as told:
        qtbot.keyClick(brush.opacity_slider, Qt.Key.Key_PageUp)
    assert told.args == [pytest.approx(0.6)]
    with qtbot.waitSignal(brush.outline_changed) as told:
        qtbot.mouseClick(brush.outline_button, LEFT)
    assert told.args == [True]
    with qtbot.waitSignal(brush.island_changed) as told:
        qtbot.keyClick(brush.island_spin, Qt.Key.Key_Up)
    assert told.args == [1]


def test_showing_brush_values_tells_nobody(brush: BrushPanel, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(brush.shape_changed), qtbot.assertNotEmitted(brush.outline_changed):
        brush.set_shape(BrushShape.SQUARE)
        brush.set_outline(True)
    with qtbot.assertNotEmitted(brush.opacity_changed), qtbot.assertNotEmitted(brush.island_changed):
        brush.set_opacity(0.25)
        brush.set_island(99)
    assert brush.opacity_value.text() == "25 %"


# -- model


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


# -- status strip


def test_the_strip_says_what_is_under_the_pointer(qtbot: QtBot) -> None:
    strip = ImageStatus()
    shown(qtbot, strip, 1000, 50)
    strip.set_image("a", 480, 360)
    strip.set_hover(3, 4, "leaf", 181)
    assert strip.left.text() == "a · 480×360 · x 3 y 4 · leaf · sure 71 %"
    strip.clear_hover()
    assert strip.left.text() == "a · 480×360"


def test_the_primary_action_says_what_it_does_and_stays_in_place(qtbot: QtBot) -> None:
    strip = ImageStatus()
    shown(qtbot, strip, 1200, 50)
    right = strip.primary_button.geometry().right()
    strip.set_primary("Accept", "accept", True, "Saves the mask.", "Enter")
    strip.set_state("draft", Mark.DRAFT)
    with qtbot.waitSignal(strip.primary_clicked):
        qtbot.mouseClick(strip.primary_button, LEFT)
    assert strip.primary_button.toolTip() == "Accept (Enter)\nSaves the mask."
    assert strip.primary_button.geometry().right() == right
    strip.set_primary("Propose", "propose", False, "There is no model yet.")
    with qtbot.assertNotEmitted(strip.primary_clicked):
        qtbot.mouseClick(strip.primary_button, LEFT)


def test_long_work_shows_time_left_and_can_be_cancelled(qtbot: QtBot) -> None:
    strip = ImageStatus()
    shown(qtbot, strip, 1200, 50)
    assert not strip.busy.isVisible()
    strip.busy.start("Proposing")
    strip.busy.set_progress(3, 10, 70)
    assert strip.busy.left.text() == "3 of 10 · 1 min 10 s left"
    with qtbot.waitSignal(strip.cancel_clicked):
        qtbot.mouseClick(strip.busy.cancel_button, LEFT)
    strip.busy.stop()
    assert not strip.busy.isVisible()


# -- void bar


def test_the_void_bar_offers_three_ways(qtbot: QtBot) -> None:
    canvas = QWidget()
    bar = VoidBar(canvas)
    shown(qtbot, canvas, 900, 400)
    bar.offer(0.123, CLASSES, 1)
    assert bar.text.text() == "12 % of the pixels are void."
    assert canvas.rect().contains(bar.geometry())
    with qtbot.waitSignal(bar.fill_clicked) as told:
        qtbot.mouseClick(bar.fill_button, LEFT)
    assert told.args == [1]
    assert not bar.isVisible()
    bar.offer(0.5, CLASSES, 0)
    with qtbot.waitSignal(bar.accept_clicked):
        qtbot.mouseClick(bar.accept_button, LEFT)
    bar.offer(0.5, CLASSES, 0)
    with qtbot.waitSignal(bar.dismissed):
        qtbot.keyClick(bar, Qt.Key.Key_Escape)


def test_the_void_bar_follows_its_canvas(qtbot: QtBot) -> None:
    canvas = QWidget()
    bar = VoidBar(canvas)
    shown(qtbot, canvas, 900, 400)
    bar.offer(0.5, CLASSES, 0)
    canvas.resize(1000, 700)
    qtbot.waitUntil(lambda: bar.geometry().bottom() > 600)


# -- all of them


@pytest.mark.parametrize("kind", [ClassesPanel, BrushPanel, ModelPanel, ImageStatus])
def test_every_control_has_a_name_and_a_tooltip(kind: type[QWidget], qtbot: QtBot) -> None:
    widget = kind()
    qtbot.addWidget(widget)
    assert unnamed_controls(widget) == []


@pytest.mark.parametrize("kind", [ClassesPanel, BrushPanel, ModelPanel, ImageStatus])
def test_every_panel_paints_in_both_themes(kind: type[QWidget], qtbot: QtBot, qapp: QApplication) -> None:
    widget = kind()
    shown(qtbot, widget)
    light = widget.grab().toImage()
    apply_theme(qapp, ThemeChoice.DARK)
    dark = widget.grab().toImage()
    assert light.pixelColor(10, 10).lightness() > 200
    assert dark.pixelColor(10, 10).lightness() < 80
