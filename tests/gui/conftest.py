"""GUI tests: every QThread, timer and child process that a test starts has ended when it is over."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QProcess, QThread, QTimer
from PySide6.QtWidgets import QDialog, QFileDialog, QInputDialog, QMessageBox

from tests import patience  # noqa: F401 - imported for its effect
from tests.gui.window_person import Person
from tests.small_folders import voc_folder
from tests.window_fixture import person  # noqa: F401 - a fixture


@pytest.fixture(autouse=True)
def _no_waiting_dialogs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A modal dialog that no test answers would wait for ever: it fails the test instead."""

    def refuse(*_arguments: Any, **_options: Any) -> Any:
        raise AssertionError("a modal dialog was opened and nobody answers it")

    for kind, names in (
        (QMessageBox, ("information", "warning", "critical", "question", "about")),
        (QFileDialog, ("getOpenFileName", "getExistingDirectory", "getSaveFileName")),
        (QInputDialog, ("getText", "getMultiLineText", "getItem", "getInt")),
    ):
        for name in names:
            monkeypatch.setattr(kind, name, refuse)
    monkeypatch.setattr(QDialog, "exec", refuse)


@pytest.fixture(autouse=True)
def _no_leaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Threads, repeating timers and child processes are remembered with where they were started."""
    started: list[tuple[Any, str]] = []

    def remember(kind: Any, name: str) -> None:
        original = getattr(kind, name)

        def starting(self: Any, *arguments: Any, **options: Any) -> Any:
            started.append((self, "".join(traceback.format_stack(limit=6)[:-1])))
            return original(self, *arguments, **options)

        monkeypatch.setattr(kind, name, starting)

    remember(QThread, "start")
    remember(QTimer, "start")
    remember(QProcess, "start")
    yield
    gc.collect()
    for thing, where in started:
        try:
            alive = (
                thing.isRunning()
                if isinstance(thing, QThread)
                else thing.isActive() and not thing.isSingleShot()
                if isinstance(thing, QTimer)
                else thing.state() is not QProcess.ProcessState.NotRunning
            )
        except RuntimeError:
            continue  # Qt has deleted it
        assert not alive, f"{type(thing).__name__} still running; started at\n{where}"


@pytest.fixture
def folder(person: Person, tmp_path: Path) -> Path:  # noqa: F811 - the person is that fixture
    """A folder of six images without masks, open."""
    root = voc_folder(tmp_path / "data")
    person.open(root)
    return root
