"""Connects the comparison of networks with its window. No logic of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from segstudio.actions import Actions
from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project
from segstudio.services.network_comparison import CANDIDATES, ComparisonRunner, obstacle
from segstudio.services.notifier import Level, Notice, Notifier
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.translation import tr, tr_error
from segstudio.widgets.compare_dialog import Choice, CompareDialog


class CompareFlow(QObject):
    """Everything around comparing."""

    network_chosen = Signal(Path)
    """The checkpoint that the person wants to use."""
    began = Signal()
    ended = Signal()
    """A comparison was finished, cancelled or lost."""

    def __init__(
        self, window: QWidget, actions: Actions, session: Session, rounds: RoundRunner, notifier: Notifier
    ) -> None:
        super().__init__(window)
        self._window = window
        self._action = actions["compare"]
        self._session = session
        self._rounds = rounds
        self._notifier = notifier
        self._out = Path()
        self.dialog: CompareDialog | None = None
        self.runner = ComparisonRunner(self)
        self.runner.reported.connect(self._on_event)
        self.runner.finished.connect(self._on_finished)
        self.runner.failed.connect(self._on_failed)
        self.runner.cancelled.connect(self._on_cancelled)
        self._action.triggered.connect(self.show_dialog)
        self._action.setEnabled(False)
        session.project_opened.connect(self._on_project_opened)
        session.project_closed.connect(self._on_project_closed)
        session.tally.changed.connect(self._refresh)
        for signal in (rounds.started, rounds.finished, rounds.failed, rounds.cancelled):
            signal.connect(self._refresh)

    def show_dialog(self) -> None:
        """Show the window of the comparison, which lets the rest be used."""
        if self._session.project is None:
            return
        if self.dialog is None:
            choices = [Choice(it.entry, tr(it.title), tr(it.hint), it.suggested) for it in CANDIDATES]
            self.dialog = CompareDialog(choices, self._window)
            self.dialog.start_clicked.connect(self._on_start)
            self.dialog.cancel_clicked.connect(self.runner.cancel)
            self.dialog.use_clicked.connect(lambda path: self.network_chosen.emit(Path(path)))
        self._refresh()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def stop(self) -> None:
        """End the comparison and wait for it, and leave no window behind; for quitting."""
        self._leave_project()

    @Slot(object)
    def _on_project_opened(self, _project: object) -> None:
        self._leave_project()
        self._action.setEnabled(True)

    @Slot()
    def _on_project_closed(self) -> None:
        self._leave_project()
        self._action.setEnabled(False)

    def _leave_project(self) -> None:
        """What was compared belongs to the folder that was open."""
        self.runner.stop()
        if self.dialog is not None:
            self.dialog.close()
            self.dialog.deleteLater()
            self.dialog = None

    @Slot()
    def _refresh(self) -> None:
        project = self._session.project
        if self.dialog is None or project is None:
            return
        if self._rounds.is_running:
            why_not = tr("A fine-tune is under way. Wait for its end, or cancel it.")
        else:
            why_not = _obstacle(project)
        self.dialog.set_obstacle(why_not)

    @Slot(list, int)
    def _on_start(self, entries: list[str], seconds: int) -> None:
        project = self._session.project
        if project is None or self.dialog is None or self.runner.is_running:
            return
        try:
            self._out = self.runner.start(project, entries, seconds)
        except SegStudioError as error:
            self._notifier.error(error)
            return
        self.dialog.start(entries, seconds)
        self.began.emit()

    @Slot(dict)
    def _on_event(self, event: dict[str, Any]) -> None:
        if self.dialog is not None:
            self.dialog.take_event(event)

    @Slot(dict)
    def _on_finished(self, _done: dict[str, Any]) -> None:
        text = tr("Done. Checkpoints, tables and plots are in {folder}.", folder=self._out)
        self._end(text)
        self._notifier.say(
            Notice(Level.SUCCESS, tr("The networks are compared."), tr("Show the results"), self.show_dialog)
        )

    @Slot(object)
    def _on_failed(self, error: SegStudioError) -> None:
        self._end(tr_error(error))
        self._notifier.error(error)

    @Slot()
    def _on_cancelled(self) -> None:
        self._end(tr("Cancelled. Networks that were finished can be used."))

    def _end(self, sentence: str) -> None:
        if self.dialog is not None:
            self.dialog.end(sentence)
        self.ended.emit()


def _obstacle(project: Project) -> str:
    """Why nothing can be compared yet, or empty: a list that cannot be read is a reason too."""
    try:
        why_not = obstacle(project)
    except SegStudioError as error:
        return tr_error(error)
    return tr(why_not) if why_not else ""
