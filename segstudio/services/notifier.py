"""The one way to tell the person something: nobody opens a message box by hand.

The notifier keeps what was said; the window shows it. It translates errors from the floors below.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from PySide6.QtCore import QObject, Signal

from segstudio.core.errors import SegStudioError
from segstudio.services.translation import tr_error

_log = logging.getLogger(__name__)

_KEPT = 200


class Level(Enum):
    """How much a notice asks of the person; the value is the logging level it is recorded with."""

    INFO = logging.INFO
    SUCCESS = logging.INFO + 1
    WARNING = logging.INFO + 2
    ERROR = logging.INFO + 3
    """An expected failure: the person is told; it is no failure of the program, so the log keeps it as information."""


@dataclass(frozen=True)
class Notice:
    """One thing said: `text` is already translated; `remedy` is what the button called `remedy_text` does."""

    level: Level
    text: str
    remedy_text: str | None = None
    remedy: Callable[[], None] | None = None
    at: datetime = field(default_factory=datetime.now)


class Notifier(QObject):
    """Takes notices from everywhere and hands them to whoever shows them."""

    noticed = Signal(object)
    """Notice: the latest."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: deque[Notice] = deque(maxlen=_KEPT)
        """The latest notices, oldest first."""

    def info(self, text: str) -> None:
        """Say something that asks for nothing."""
        self.say(Notice(Level.INFO, text))

    def success(self, text: str) -> None:
        """Say that something the person asked for is done."""
        self.say(Notice(Level.SUCCESS, text))

    def warning(self, text: str, remedy_text: str | None = None, remedy: Callable[[], None] | None = None) -> None:
        """Say something that the person should look at."""
        self.say(Notice(Level.WARNING, text, remedy_text, remedy))

    def error(
        self, error: SegStudioError, remedy_text: str | None = None, remedy: Callable[[], None] | None = None
    ) -> None:
        """Tell of an expected failure, with a remedy as a button where there is one."""
        self.say(Notice(Level.ERROR, tr_error(error), remedy_text, remedy))

    def say(self, notice: Notice) -> None:
        """Record and show `notice`."""
        _log.log(notice.level.value, "%s", notice.text)
        self.history.append(notice)
        self.noticed.emit(notice)
