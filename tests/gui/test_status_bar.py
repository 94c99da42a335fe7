"""Long work in the strip below everything: jobs are told apart."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from segstudio.flows import folder_flow
from segstudio.project.project import Status
from segstudio.widgets.export_dialog import ExportChoice, Which
from segstudio.widgets.status_bar import ImageStatus
from tests.gui.window_person import Person, use_tiny_model
from tests.small_folders import voc_folder

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def strip(qtbot: QtBot) -> ImageStatus:
    made = ImageStatus()
    qtbot.addWidget(made)
    made.resize(1200, 50)
    made.show()
    return made


def test_long_work_shows_time_left_and_can_be_cancelled(qtbot: QtBot, strip: ImageStatus) -> None:
    assert not strip.busy.isVisible()
    cancelled: list[str] = []
    job = strip.busy.start("Proposing", lambda: cancelled.append("proposing"))
    assert strip.busy.isVisible() and strip.busy.left.text() == ""
    job.set_progress(3, 10, 70)
    assert strip.busy.left.text() == "3 of 10 · 1 min 10 s left"
    qtbot.mouseClick(strip.busy.cancel_button, LEFT)
    assert cancelled == ["proposing"]
    job.stop()
    assert not strip.busy.isVisible()


def test_of_two_jobs_the_later_is_shown_and_cancelled_and_then_the_other_again(
    qtbot: QtBot, strip: ImageStatus
) -> None:
    cancelled: list[str] = []
    first = strip.busy.start("Proposing", lambda: cancelled.append("proposing"))
    second = strip.busy.start("Exporting", lambda: cancelled.append("exporting"))
    second.set_progress(1, 4)
    first.set_progress(5, 10)
    assert (strip.busy.text.text(), strip.busy.left.text()) == ("Exporting", "1 of 4")
    qtbot.mouseClick(strip.busy.cancel_button, LEFT)
    second.stop()
    second.stop()
    assert (strip.busy.text.text(), strip.busy.left.text()) == ("Proposing", "5 of 10")
    assert strip.busy.isVisible() and strip.busy.bar.value() == 5
    qtbot.mouseClick(strip.busy.cancel_button, LEFT)
    assert cancelled == ["exporting", "proposing"]
    second.set_progress(4, 4)
    first.stop()
    assert not strip.busy.isVisible()


def test_an_export_that_ends_leaves_the_bar_to_propose_all(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = voc_folder(tmp_path / "data", images=4, masks=2)
    use_tiny_model(folder)
    person.open(folder)
    person.wait_for_proposal()
    person.wait(lambda: not person.window.proposals.is_busy)
    go_on, export, busy = threading.Event(), folder_flow.export_masks, person.parts.status.busy
    stopped: list[bool] = []

    def waiting(*arguments: object) -> list[Path]:
        assert go_on.wait(60)
        stopped.append(arguments[-1]())  # type: ignore[operator]
        return export(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(folder_flow, "export_masks", waiting)
    flow = person.window.folder_flow
    flow.export(ExportChoice("palette", Which.ACCEPTED, tmp_path / "out"))
    person.trigger("propose_all")
    assert busy.text.text() == "Proposing"
    person.click(busy.cancel_button)
    assert busy.isVisible() and busy.text.text() == "Exporting"
    person.trigger("propose_all")
    with person.qtbot.waitSignal(flow.export_finished) as finished:
        go_on.set()
    assert stopped == [False] and finished.args is not None and len(finished.args[0]) == 2
    person.wait(lambda: not person.window.proposals.is_busy)
    assert not busy.isVisible()
    assert person.window.session.status("s03") is Status.PROPOSED
    assert person.window.notifier.history[-1].text == f"2 masks written to {tmp_path / 'out'}."
