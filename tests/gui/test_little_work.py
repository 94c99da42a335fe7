"""What must not take long does little: counted in repaints and questions, not in time."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from segstudio.widgets.controls import ProgressBar
from segstudio.widgets.filmstrip import Filmstrip
from segstudio.widgets.filmstrip_delegate import FilmstripDelegate
from segstudio.widgets.filmstrip_list import FilmstripModel
from segstudio.widgets.status_mark import Mark


class _Paints(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        self.count += event.type() is QEvent.Type.Paint
        return False


def test_another_status_draws_one_cell_and_asks_for_no_other(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    # Before the first call: Qt looks an override up once.
    drawn: list[str] = []
    asked: list[int] = []
    paint, count = FilmstripDelegate.paint, FilmstripModel.rowCount
    monkeypatch.setattr(
        FilmstripDelegate, "paint", lambda self, *given: (drawn.append(given[2].data()), paint(self, *given))[1]
    )
    monkeypatch.setattr(FilmstripModel, "rowCount", lambda self, *given: (asked.append(1), count(self, *given))[1])
    strip = Filmstrip()
    qtbot.addWidget(strip)
    names = [f"image{number}" for number in range(3000)]
    strip.set_images(names)
    strip.resize(1200, 160)
    strip.show()
    qtbot.waitExposed(strip)
    for _ in range(5):
        QApplication.processEvents()
    drawn.clear()
    asked.clear()
    strip.set_mark(names[2], Mark.ACCEPTED)
    for _ in range(5):
        QApplication.processEvents()
    assert names[2] in drawn
    assert set(drawn) <= {names[1], names[2], names[3]}
    assert len(asked) < 100


def test_progress_is_drawn_with_the_next_repaint_and_not_at_once(qtbot: QtBot) -> None:
    bar = ProgressBar()
    qtbot.addWidget(bar)
    bar.setRange(0, 10)
    with qtbot.waitExposed(bar):
        bar.show()
    QApplication.processEvents()
    paints = _Paints()
    bar.installEventFilter(paints)
    bar.setValue(7)
    assert paints.count == 0
    qtbot.waitUntil(lambda: paints.count > 0)
    assert bar.value() == 7
