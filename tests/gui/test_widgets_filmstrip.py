"""The filmstrip: thousands of images, thumbnails for what is in view, search, filter, choosing by mouse and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.services.theme import ThemeChoice, apply_theme
from segstudio.widgets import filmstrip_list
from segstudio.widgets.filmstrip import Filmstrip
from segstudio.widgets.status_mark import Mark, paint_mark

LEFT = Qt.MouseButton.LeftButton
NAMES = [f"img_{number:05d}" for number in range(20_000)]


@pytest.fixture
def strip(qtbot: QtBot, qapp: QApplication) -> Filmstrip:
    apply_theme(qapp, ThemeChoice.LIGHT)
    made = Filmstrip()
    qtbot.addWidget(made)
    made.resize(1000, 180)
    made.show()
    qtbot.waitExposed(made)
    return made


def thumbnail() -> QImage:
    image = QImage(96, 72, QImage.Format.Format_RGB32)
    image.fill(QColor("red"))
    return image


def test_thumbnails_are_asked_for_in_view_only(strip: Filmstrip, qtbot: QtBot) -> None:
    asked: list[str] = []
    strip.thumbnail_wanted.connect(asked.append)
    with qtbot.waitSignal(strip.thumbnail_wanted):
        strip.set_images(NAMES)
    qtbot.waitUntil(lambda: len(asked) >= len(strip.view.visible_rows()))
    assert asked == NAMES[: len(asked)]
    assert len(asked) <= 10


def test_scrolling_far_asks_for_the_end_only(strip: Filmstrip, qtbot: QtBot) -> None:
    asked: list[str] = []
    with qtbot.waitSignal(strip.thumbnail_wanted):
        strip.set_images(NAMES)
    strip.thumbnail_wanted.connect(asked.append)
    bar = strip.view.horizontalScrollBar()
    with qtbot.waitSignal(strip.thumbnail_wanted):
        for part in range(1, 21):
            bar.setValue(bar.maximum() * part // 20)
    assert set(asked) <= set(NAMES[-11:])
    assert NAMES[-1] in asked


def test_an_answered_thumbnail_is_not_asked_for_again(strip: Filmstrip, qtbot: QtBot) -> None:
    asked: list[str] = []
    strip.thumbnail_wanted.connect(asked.append)
    strip.thumbnail_wanted.connect(lambda name: strip.set_thumbnail(name, thumbnail()))
    with qtbot.waitSignal(strip.thumbnail_wanted):
        strip.set_images(NAMES)
    before = list(asked)
    strip.model.want(range(len(before)))
    assert asked == before
    with qtbot.waitSignal(strip.thumbnail_wanted) as told:
        strip.refresh_thumbnail(NAMES[0])
    assert told.args == [NAMES[0]]


def test_a_thumbnail_is_drawn_where_it_belongs(strip: Filmstrip, qtbot: QtBot) -> None:
    strip.set_images(NAMES)
    strip.set_thumbnail(NAMES[1], thumbnail())
    picture = strip.view.viewport().grab().toImage()
    first, second = (strip.view.visualRect(strip.model.index(row)).center() for row in (0, 1))
    assert picture.pixelColor(second) == QColor("red")
    assert picture.pixelColor(first) != QColor("red")


def test_thumbnails_in_memory_are_bounded(strip: Filmstrip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filmstrip_list, "KEPT_THUMBNAILS", 20)
    strip.set_images(NAMES)
    for name in NAMES[:50]:
        strip.set_thumbnail(name, thumbnail())
    assert strip.model.kept_thumbnails == 20


def test_search_and_status_filter(strip: Filmstrip, qtbot: QtBot) -> None:
    strip.set_images(NAMES, {NAMES[7]: Mark.ACCEPTED, NAMES[17]: Mark.DRAFT}, {NAMES[7]})
    qtbot.keyClicks(strip.search, "IMG_0001")
    assert strip.model.shown_names() == NAMES[10:20]
    strip.status_filter.setCurrentText("Draft")
    assert strip.model.shown_names() == [NAMES[17]]
    strip.search.clear()
    strip.status_filter.setCurrentText("Held out")
    assert strip.model.shown_names() == [NAMES[7]]
    strip.search.setText("nothing has this")
    assert strip.empty_text.isVisible()
    qtbot.mouseClick(strip.empty_button, LEFT)
    assert strip.model.rowCount() == len(NAMES)


def test_an_empty_filmstrip_teaches(strip: Filmstrip) -> None:
    assert "Open a folder" in strip.empty_text.text()
    assert not strip.empty_button.isVisible()


def test_the_header_counts_accepted_images(strip: Filmstrip) -> None:
    strip.set_images(NAMES[:367], dict.fromkeys(NAMES[:33], Mark.ACCEPTED))
    strip.set_mark(NAMES[40], Mark.ACCEPTED)
    assert strip.counts.text() == "34 accepted of 367"
    assert strip.bar.value() == 34
    strip.set_mark(NAMES[40], Mark.DRAFT)
    assert strip.counts.text() == "33 accepted of 367"


def test_clicking_chooses_and_arrow_keys_go_on(strip: Filmstrip, qtbot: QtBot) -> None:
    strip.set_images(NAMES)
    where = strip.view.visualRect(strip.model.index(2)).center()
    with qtbot.waitSignal(strip.image_chosen) as told:
        qtbot.mouseClick(strip.view.viewport(), LEFT, pos=where)
    assert told.args == [NAMES[2]]
    with qtbot.waitSignal(strip.image_chosen) as told:
        qtbot.keyClick(strip.view, Qt.Key.Key_Right)
    assert told.args == [NAMES[3]]


def test_ctrl_and_shift_select_without_opening(strip: Filmstrip, qtbot: QtBot) -> None:
    strip.set_images(NAMES)
    strip.set_current(NAMES[1])
    view = strip.view

    def middle(row: int) -> QPoint:
        return view.visualRect(strip.model.index(row)).center()

    with qtbot.assertNotEmitted(strip.image_chosen), qtbot.waitSignal(strip.selection_changed):
        qtbot.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.ShiftModifier, middle(4))
    with qtbot.assertNotEmitted(strip.image_chosen):
        qtbot.mouseClick(view.viewport(), LEFT, Qt.KeyboardModifier.ControlModifier, middle(6))
    assert strip.selected_names() == [*NAMES[1:5], NAMES[6]]


def test_showing_the_open_image_tells_nobody_and_scrolls_to_it(strip: Filmstrip, qtbot: QtBot) -> None:
    strip.set_images(NAMES)
    with qtbot.assertNotEmitted(strip.image_chosen):
        strip.set_current(NAMES[9_000])
    assert 9_000 in strip.view.visible_rows()


def test_neighbours_follow_the_filter(strip: Filmstrip) -> None:
    strip.set_images(NAMES[:30], {NAMES[2]: Mark.DRAFT, NAMES[20]: Mark.DRAFT})
    strip.status_filter.setCurrentText("Draft")
    assert strip.neighbour(NAMES[2], 1) == NAMES[20]
    assert strip.neighbour(NAMES[20], 1) is None


def test_an_accepted_image_stays_in_view_until_the_filter_changes(strip: Filmstrip) -> None:
    strip.set_images(NAMES[:30])
    strip.status_filter.setCurrentText("Unlabelled")
    strip.set_mark(NAMES[3], Mark.ACCEPTED)
    assert NAMES[3] in strip.model.shown_names()
    strip.show_all()
    strip.status_filter.setCurrentText("Unlabelled")
    assert NAMES[3] not in strip.model.shown_names()


def test_marks_differ_in_shape_not_only_in_color(qtbot: QtBot) -> None:
    """The painted pixels of any two marks differ, whatever their colours."""
    shapes = {}
    for mark in Mark:
        image = QImage(24, 24, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        paint_mark(painter, mark, QRectF(0, 0, 24, 24))
        painter.end()
        shapes[mark] = {(x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).alpha() > 128}
    marks = list(shapes)
    for number, first in enumerate(marks):
        for second in marks[number + 1 :]:
            assert len(shapes[first] ^ shapes[second]) > 40, (first, second)


def test_marks_carry_the_names_of_the_project_statuses() -> None:
    status = pytest.importorskip("segstudio.project.project").Status
    assert {one.name for one in status} == {one.name for one in Mark}
    assert Path(filmstrip_list.__file__).read_text().count("segstudio.project") == 0
