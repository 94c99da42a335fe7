"""Accepting proposals in bulk behind the window's back: nothing that is open or unsaved is touched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from segstudio.core.errors import SaveError
from segstudio.project.project import Project, Status
from segstudio.services.bulk_accept import BulkAccept
from segstudio.services.notifier import Notifier
from segstudio.services.session import Session
from segstudio.services.settings import UNREVIEWED_TEACH, Settings
from tests.small_folders import HEIGHT, WIDTH, voc_folder

PATIENT = 60_000


@pytest.fixture
def session(qtbot: QtBot, tmp_path: Path) -> Iterator[Session]:
    """A folder of eight images, all with a proposal of class 1, the first one open."""
    root = voc_folder(tmp_path / "data", images=8)
    project = Project.open(root)
    for name in project.names:
        labels = np.ones((HEIGHT, WIDTH), np.uint8)
        project.save_proposal(name, labels, labels, "r1")
    project.close()
    owner = QObject()
    made = Session(Notifier(owner), Settings(tmp_path / "settings.ini", owner), owner)
    with qtbot.waitSignal(made.image_opened, timeout=PATIENT):
        made.open_project(root)
    yield made
    made.stop()


def project_of(session: Session) -> Project:
    assert session.project is not None
    return session.project


def test_all_but_the_open_image_are_written(session: Session, qtbot: QtBot) -> None:
    bulk = BulkAccept(session, session)
    names = bulk.candidates()
    assert names == [f"s0{number}" for number in range(1, 8)]
    with qtbot.waitSignal(bulk.finished, timeout=PATIENT) as finished:
        bulk.start(names)
    assert finished.args == [7]
    assert {session.status(name) for name in names} == {Status.UNREVIEWED}
    assert session.status("s00") is Status.PROPOSED
    assert bulk.candidates() == []


def test_an_image_read_ahead_before_is_read_anew_and_shows_its_mask(session: Session, qtbot: QtBot) -> None:
    assert session._shelf is not None
    qtbot.waitUntil(lambda: "s01" in session._shelf, timeout=PATIENT)  # type: ignore[operator]
    bulk = BulkAccept(session, session)
    bulk.start(bulk.candidates())
    with qtbot.waitSignal(session.image_opened, timeout=PATIENT):  # wanted at once, while masks are being written
        session.open_image("s01")
    assert session.current is not None
    qtbot.waitUntil(lambda: not bulk.is_running, timeout=PATIENT)
    if session.status("s01") is Status.UNREVIEWED:
        assert (session.current.document.label_map.array == 1).all() and session.shown_proposal is None
    else:  # it was open before its turn came, and is left alone
        assert session.shown_proposal is not None


def test_reviewing_one_counts_it(session: Session, qtbot: QtBot) -> None:
    bulk = BulkAccept(session, session)
    with qtbot.waitSignal(bulk.finished, timeout=PATIENT):
        bulk.start(bulk.candidates())
    with qtbot.waitSignal(session.image_opened, timeout=PATIENT):
        session.open_image("s03")
    assert session.status("s03") is Status.UNREVIEWED
    with qtbot.waitSignal(session.accepted, timeout=PATIENT):
        assert session.accept()
    assert session.status("s03") is Status.ACCEPTED
    qtbot.waitUntil(lambda: session.tally.teaching == 1, timeout=PATIENT)
    session._settings.set(UNREVIEWED_TEACH, True)
    qtbot.waitUntil(lambda: session.tally.teaching == 7, timeout=PATIENT)
    assert session.tally.accepted == 1


def test_cancelling_keeps_what_is_written(session: Session, qtbot: QtBot) -> None:
    bulk = BulkAccept(session, session)
    names = bulk.candidates()
    bulk.advanced.connect(lambda done, total: bulk.cancel() if done == 2 else None)
    with qtbot.waitSignal(bulk.finished, timeout=PATIENT) as finished:
        bulk.start(names)
    assert finished.args == [3]
    statuses = [session.status(name) for name in names]
    assert statuses == [Status.UNREVIEWED] * 3 + [Status.PROPOSED] * 4


def test_a_disk_that_fails_is_told_once_and_stops_it(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    bulk = BulkAccept(session, session)

    def refuse(*_: object) -> None:
        raise SaveError("no room")

    monkeypatch.setattr(project_of(session).folder, "write_label_map", refuse)
    with qtbot.waitSignal(bulk.failed, timeout=PATIENT) as failed:
        bulk.start(bulk.candidates())
    assert failed.args is not None and failed.args[1] == 0 and not bulk.is_running
    assert session.status("s01") is Status.PROPOSED


def test_an_error_that_nobody_foresaw_ends_it_as_well(
    session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bulk = BulkAccept(session, session)

    def fail(*_: object) -> None:
        raise ValueError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(project_of(session).folder, "write_label_map", fail)
        with qtbot.waitSignal(bulk.failed, timeout=PATIENT) as failed:
            bulk.start(bulk.candidates())
    assert failed.args is not None and "s01" in failed.args[0].message and not bulk.is_running
    assert "a bug" in caplog.text
    caplog.clear()
    with qtbot.waitSignal(bulk.finished, timeout=PATIENT) as finished:
        bulk.start(bulk.candidates())
    assert finished.args == [7]


def test_closing_the_folder_ends_it(session: Session, qtbot: QtBot) -> None:
    bulk = BulkAccept(session, session)
    root = project_of(session).folder.root
    bulk.start(bulk.candidates())
    session.close_project()
    assert not bulk.is_running
    with qtbot.waitSignal(session.image_opened, timeout=PATIENT):
        session.open_project(root)
    statuses = {project_of(session).status(name) for name in project_of(session).names}
    assert statuses <= {Status.UNREVIEWED, Status.PROPOSED} and Status.PROPOSED in statuses
