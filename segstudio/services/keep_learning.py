"""Learning that goes on while the person works: lap after lap, from a click on Fine-tune on.

Owns when the next lap is due, and tells the lap under way of every image that is accepted meanwhile. It starts no round
itself: how one is taught is chosen elsewhere. On battery no lap begins by itself, and one that runs when mains fail
rests, at no cost to its time, until they are back; one that a person begins on battery runs.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from segstudio.core.errors import SegStudioError
from segstudio.services.battery import on_battery
from segstudio.services.laps import Laps, gained
from segstudio.services.rounds import RoundResult, RoundRunner
from segstudio.services.session import Session
from segstudio_training.rounds import tell_of_news

_POLL_MS = 10_000
"""How often the machine is asked for its power supply, and whether what held learning up is over."""


class Learning(Enum):
    """What learning is doing."""

    OFF = auto()
    """A round is a round and no more."""
    READY = auto()
    """It begins with the next click on Fine-tune."""
    STOPPED = auto()
    """The same, because the person cancelled or a lap failed."""
    LAP = auto()
    LAST_LAP = auto()
    """A lap runs that was begun on battery; the next one waits for mains."""
    RESTING = auto()
    """A lap is under way and waits for mains."""
    WAITING = auto()
    """Nothing new to learn."""
    ON_BATTERY = auto()
    HELD_UP = auto()
    """Something else computes that must not be disturbed."""


class KeepLearning(QObject):
    """Off until `set_on`."""

    changed = Signal()
    """`state` or `lap` is another one."""
    lap_due = Signal()
    """Begin a round now, as the next lap."""

    def __init__(
        self,
        session: Session,
        rounds: RoundRunner,
        is_held_up: Callable[[], bool] = lambda: False,
        runs_on_battery: Callable[[], bool] = on_battery,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._rounds = rounds
        self._is_held_up = is_held_up
        self._runs_on_battery = runs_on_battery
        self._on_battery = False
        self._is_on = False
        self._was_stopped = False
        self._laps: Laps | None = None
        self._told: set[str] = set()
        self._corrected: list[str] = []
        self._is_resting = False
        self._is_untold = False
        """Whether the job file does not say what it should, because it could not be written."""
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self.look_around)
        session.accepted.connect(lambda name: self._take_up([name]))
        session.masks_changed.connect(self._take_up)
        session.closing.connect(self._on_closing)
        rounds.started.connect(self._on_started)
        rounds.reported.connect(self._on_event)
        rounds.finished.connect(self._on_finished)
        rounds.failed.connect(self.stop)
        rounds.cancelled.connect(self.stop)

    @property
    def is_active(self) -> bool:
        """Whether laps follow one another."""
        return self._laps is not None

    @property
    def lap(self) -> int:
        """The number of the lap begun last, 0 where learning is not active."""
        return self._laps.number if self._laps is not None else 0

    @property
    def state(self) -> Learning:
        """What learning is doing now."""
        if self._laps is None:
            ready = Learning.STOPPED if self._was_stopped else Learning.READY
            return ready if self._is_on else Learning.OFF
        if self._rounds.is_running:
            if self._is_resting:
                return Learning.RESTING
            return Learning.LAST_LAP if self._on_battery else Learning.LAP
        if not self._laps.is_worthwhile:
            return Learning.WAITING
        if self._on_battery:
            return Learning.ON_BATTERY
        return Learning.HELD_UP if self._is_held_up() else Learning.LAP

    def set_on(self, is_on: bool) -> None:
        """Go on by itself after the next round, or the one that runs; or let the one that runs be the last."""
        if is_on == self._is_on:
            return
        self._is_on, self._was_stopped = is_on, False
        if not is_on:
            self._end()
        elif self._rounds.is_running:
            self._laps = Laps(number=1)
            self._begin_polling()
        self.changed.emit()

    def next_lap(self, asked_for: bool) -> int:
        """A round is about to begin: its number as a lap, 0 where it is to stay the only one.

        One that was `asked_for` by a click is the first of a new session; else it goes on with the one there is.
        """
        if not self._is_on:
            return 0
        if self._laps is None or asked_for:
            self._laps = Laps()
        self._told, self._corrected, self._is_resting = set(), [], False
        return self._laps.begin()

    @Slot()
    def stop(self) -> None:
        """No further lap until the next click."""
        if self._laps is not None:
            self._was_stopped = True
            self._end()
            self.changed.emit()

    @Slot()
    def look_around(self) -> None:
        """Look at the power supply, and begin the next lap where it is due."""
        before = self.state
        was_on_battery, self._on_battery = self._on_battery, self._runs_on_battery()
        if self._laps is not None and self._rounds.is_running and self._on_battery != was_on_battery:
            self._rest(self._on_battery)
        if self._is_untold and self._rounds.is_running:
            self._tell()
        elif self._laps is None:
            self._poll.stop()
        is_idle = self._laps is not None and not self._rounds.is_running and self._laps.is_worthwhile
        if is_idle and not self._on_battery and not self._is_held_up():
            self.lap_due.emit()
        if self.state is not before:
            self.changed.emit()

    def _rest(self, is_resting: bool) -> None:
        """Let the lap under way rest, or go on."""
        order = self._rounds.order
        if order is not None and order.follows_job and not order.is_far and is_resting != self._is_resting:
            self._is_resting = is_resting
            self._tell()

    def _tell(self) -> None:
        """Write what the lap under way is to know."""
        self._is_untold = False
        project, order = self._session.project, self._rounds.order
        if project is None or order is None or not order.follows_job:
            return
        # It cannot read label maps with a class that came after it began: the next one learns those.
        knows_all = order.class_names == tuple(project.classes.names)
        only = None if knows_all else frozenset({*order.teaching, *self._told})
        work = partial(tell_of_news, project, order, tuple(self._corrected), self._is_resting, only)
        self._session.write(work, lambda _: None, self._on_not_told)

    def _end(self) -> None:
        if self._is_resting:
            self._rest(False)  # without laps it is a round like any other
        self._laps, self._is_resting = None, False
        self._poll.stop()

    def _begin_polling(self) -> None:
        self._on_battery = self._runs_on_battery()
        self._poll.start()

    @Slot()
    def _on_started(self) -> None:
        if self._laps is not None:
            self._was_stopped = False
            self._begin_polling()
        self.changed.emit()

    @Slot(dict)
    def _on_event(self, event: dict[str, Any]) -> None:
        if self._laps is not None and event.get("event") == "teaching":
            self._laps.taken_up([*event["added"], *event["corrected"]])

    @Slot(object)
    def _on_finished(self, result: RoundResult) -> None:
        self._is_resting = False
        if self._laps is not None:
            self._laps.end(gained(result))
            QTimer.singleShot(0, self, self.look_around)  # once all have heard of the end of this one
        self.changed.emit()

    @Slot(list)
    def _take_up(self, names: list[str]) -> None:
        """The masks of `names` are there to be learnt, or are others than those that were."""
        project, order = self._session.project, self._rounds.order
        if self._laps is None or project is None:
            return
        teaching = [name for name in names if project.is_held_out(name) is False]
        for name in teaching:
            self._laps.accept(name)
        if not teaching:
            return
        if order is None or not order.follows_job:
            self.look_around()
            return
        if order.class_names != tuple(project.classes.names):
            return
        self._corrected += [name for name in teaching if name in order.teaching or name in self._told]
        self._told.update(teaching)
        self._tell()

    def _on_not_told(self, _error: SegStudioError) -> None:
        """The lap under way is told as soon as the file can be written; else the next one learns it."""
        self._is_untold = True
        self._poll.start()

    @Slot()
    def _on_closing(self) -> None:
        self._is_resting = False  # nobody is left to be told
        self._end()
        self._was_stopped = False
        self.changed.emit()
