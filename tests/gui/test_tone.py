"""Brightness and contrast: the screen follows, the image and its file do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from segstudio.canvas.canvas_view import CanvasView
from segstudio.core.tone import PLAIN, Tone, automatic
from segstudio.widgets.tone_panel import TonePanel
from tests.gui.canvas_hand import document, grabbed
from tests.gui.window_person import LEFT, Person
from tests.small_folders import voc_folder


def test_a_plain_tone_shows_every_level_as_it_is() -> None:
    np.testing.assert_array_equal(PLAIN.table(), np.arange(256))
    assert PLAIN.is_plain and not Tone(gamma=1.1).is_plain


@pytest.mark.parametrize(
    ("tone", "level", "shown"),
    [
        (Tone(brightness=0.2), 100, 151),
        (Tone(brightness=-1), 255, 0),
        (Tone(contrast=-1), 7, 128),
        (Tone(contrast=0.5), 191, 255),
        (Tone(gamma=2), 64, round(255 * (64 / 255) ** 0.5)),
        (Tone(gamma=2), 0, 0),
        (Tone(gamma=2), 255, 255),
    ],
)
def test_what_a_level_is_shown_as(tone: Tone, level: int, shown: int) -> None:
    assert tone.table()[level] == pytest.approx(shown, abs=1)
    assert (np.diff(tone.table().astype(int)) >= 0).all(), "no level overtakes another"


def test_an_automatic_tone_spreads_the_levels_about_the_middle() -> None:
    dark = np.random.default_rng(1).integers(5, 40, (200, 300, 3), dtype=np.uint8)
    shown = automatic(dark).table()[dark]
    assert np.median(shown) == pytest.approx(120, abs=20) and shown.min() < 15 and shown.max() > 240
    for level in (0, 90, 255):
        assert automatic(np.full((20, 20, 3), level, np.uint8)).is_plain, "one level cannot be spread"


@pytest.mark.parametrize(("low", "middle", "high"), [(5, 12, 15), (0, 20, 25), (100, 110, 120), (0, 250, 255)])
def test_an_automatic_tone_leaves_something_between_black_and_white(low: int, middle: int, high: int) -> None:
    grey = np.repeat([low, middle, high], [2000, 6000, 2000]).reshape(100, 100)
    table = automatic(grey[..., None].repeat(3, axis=2).astype(np.uint8)).table().astype(int)
    assert table[low] < 40 and table[high] > 215 and 20 < table[middle] < 235


@pytest.mark.parametrize("zoom", [0.3, 1.0, 4.0])
def test_the_canvas_shows_the_image_by_the_tone_and_the_labels_as_ever(qtbot: QtBot, zoom: float) -> None:
    image = np.random.default_rng(5).integers(0, 200, (90, 120, 3), dtype=np.uint8)
    tone = Tone(0.1, 0.2, 1.5)

    def shown(pixels: np.ndarray, with_tone: Tone) -> np.ndarray:
        canvas = CanvasView()
        qtbot.addWidget(canvas)
        canvas.resize(400, 300)
        canvas.set_document(pixels, document(fill=1))
        canvas.zoom_by(zoom / canvas.zoom)
        canvas.set_tone(with_tone)
        with qtbot.waitExposed(canvas):
            canvas.show()
        return grabbed(canvas)

    toned, expected = shown(image, tone), shown(tone.table()[image], PLAIN)
    # Reduced, the means of what is toned are not quite what the means are toned to.
    np.testing.assert_allclose(toned.astype(int), expected, atol=0 if zoom >= 1 else 20)
    assert (toned != shown(image, PLAIN)).any()


def test_the_panel_sets_what_is_seen_and_nothing_else(person: Person, tmp_path: Path) -> None:
    folder = voc_folder(tmp_path / "data")
    person.open(folder)
    panel, canvas = person.parts.tone, person.parts.canvas
    assert not panel.isVisible()
    before, pixels = grabbed(canvas), person.window.session.current.image.copy()  # type: ignore[union-attr]
    person.qtbot.keyClick(canvas, Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert panel.isVisible() and panel.geometry().right() < canvas.width()
    person.qtbot.keyClick(panel.brightness, Qt.Key.Key_PageUp)
    person.click(panel.close_button)
    assert not panel.isVisible() and not person.window.actions_table["tone"].isChecked()
    assert (grabbed(canvas) != before).any()
    np.testing.assert_array_equal(person.window.session.current.image, pixels)  # type: ignore[union-attr]
    person.trigger("tone")
    person.click(panel.reset_button)
    assert panel.tone() == PLAIN
    person.trigger("tone")
    np.testing.assert_array_equal(grabbed(canvas), before)


def test_a_click_on_the_panel_paints_nothing_beneath(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    person.key(Qt.Key.Key_2, person.parts.canvas)
    person.trigger("tone")
    panel, before = person.parts.tone, person.labels.copy()
    person.qtbot.mouseClick(panel, LEFT, pos=panel.rect().topLeft() + QPoint(3, 3))
    np.testing.assert_array_equal(person.labels, before)
    assert panel.cursor().shape() is Qt.CursorShape.ArrowCursor


def test_a_slider_changes_what_it_stands_for_and_no_more(qtbot: QtBot) -> None:
    holder = CanvasView()
    qtbot.addWidget(holder)
    panel = TonePanel(holder)
    fine = Tone(0.12345, 0.23456, 1.23456)
    panel.set_tone(fine)
    with qtbot.waitSignal(panel.tone_changed) as told:
        panel.gamma.setValue(panel.gamma.value() + 10)
    assert told.args[0].brightness == 0.12345 and told.args[0].contrast == 0.23456 and told.args[0].gamma > 1.4


def test_every_image_can_get_a_tone_of_its_own(person: Person, tmp_path: Path) -> None:
    person.open(voc_folder(tmp_path / "data"))
    person.trigger("tone")
    panel, name = person.parts.tone, person.name
    panel.every_box.click()
    assert not panel.tone().is_plain
    person.trigger("next")
    person.wait(lambda: person.name not in ("", name))
    opened = person.window.session.current
    assert opened is not None
    expected = automatic(opened.image)
    assert panel.tone().contrast == pytest.approx(expected.contrast, abs=0.006)
