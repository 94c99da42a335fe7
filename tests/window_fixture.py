"""The fixture `person`: somebody at a window that has just been opened. Imported by the conftests that need it."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from segstudio.application import make_window
from segstudio.services.settings import WARM_TRAINER, Settings
from tests.gui.window_person import Person


@pytest.fixture
def person(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Person]:
    """Somebody at a window of their own settings, which is closed afterwards."""
    # The window reports crashes to the log; here they are for pytest-qt to see.
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    hooks = sys.excepthook, threading.excepthook
    settings = Settings(tmp_path / "window.ini")
    settings.set(WARM_TRAINER, False)  # a trainer that waits costs each test seconds of a processor
    window = make_window(settings)
    sys.excepthook, threading.excepthook = hooks
    qtbot.addWidget(window)
    with qtbot.waitActive(window, timeout=10_000):
        window.show()
        window.activateWindow()
    yield Person(window, qtbot)
    window.close()
