"""Connects the round history with the project: notes, which round is used, and what a round changed."""

from __future__ import annotations

from datetime import datetime

import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from segstudio.actions import Actions
from segstudio.core.errors import SegStudioError
from segstudio.project.project import Project
from segstudio.project.rounds import Round
from segstudio.services.notifier import Notifier
from segstudio.services.open_image import OpenImage
from segstudio.services.predictor_thread import ProposalService
from segstudio.services.round_comparison import Comparison, ComparisonService, HeldOutChange
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.translation import tr
from segstudio.widgets.change_panel import ClassChange, WorseImage
from segstudio.widgets.round_history import HistoryRow, RoundHistoryDialog
from segstudio.widgets.round_words import round_title
from segstudio.widgets.words import class_name, percent
from segstudio.window_parts import WindowParts
from segstudio_training.choices import OPTIONS


class HistoryFlow(QObject):
    """Everything around the rounds so far."""

    def __init__(
        self,
        window: QWidget,
        parts: WindowParts,
        actions: Actions,
        session: Session,
        notifier: Notifier,
        proposals: ProposalService,
        rounds: RoundRunner,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._session = session
        self._notifier = notifier
        self._rounds = rounds
        self._comparison = ComparisonService(proposals, self)
        self._dialog: RoundHistoryDialog | None = None
        self._compares = False
        self._action = actions["history"]
        self._action.triggered.connect(self.show_history)
        parts.model.rounds.history_clicked.connect(self.show_history)
        self._comparison.compared.connect(self._on_compared)
        self._comparison.judged.connect(self._on_judged)
        self._comparison.failed.connect(self._on_failed)
        session.project_opened.connect(self._refresh)
        session.project_closed.connect(self._on_project_closed)
        session.image_opened.connect(self._on_image_opened)
        rounds.model_changed.connect(self._refresh)
        rounds.finished.connect(self._refresh)
        self._refresh()

    def stop(self) -> None:
        """End the comparison; for quitting."""
        self._comparison.cancel()

    @Slot()
    def show_history(self) -> None:
        """Open the history beside the window, or bring it to the front."""
        if self._session.project is None:
            return
        if self._dialog is None:
            self._dialog = self._made()
        self._refresh()
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def _made(self) -> RoundHistoryDialog:
        dialog = RoundHistoryDialog(self._window)
        dialog.use_clicked.connect(self._on_use)
        dialog.note_changed.connect(self._on_note_changed)
        dialog.compare_clicked.connect(self.compare)
        dialog.changes.image_chosen.connect(self._session.open_image)
        dialog.changes.stop_clicked.connect(self._on_stop_judging)
        dialog.changes.close_clicked.connect(self._end_comparison)
        dialog.finished.connect(self._end_comparison)
        return dialog

    @Slot()
    def _refresh(self) -> None:
        project = self._session.project
        self._action.setEnabled(project is not None)
        if project is not None and self._dialog is not None:
            self._dialog.set_rounds(_rows(project))
            self._dialog.changes.view.set_classes(project.classes)

    @Slot()
    def _on_project_closed(self) -> None:
        self._action.setEnabled(False)
        if self._dialog is not None:
            self._dialog.close()

    # -- rounds -------------------------------------------------------------------------------------------

    @Slot(str)
    def _on_use(self, round_id: str) -> None:
        if self._session.project is None:
            return
        try:
            self._rounds.use(self._session.project, round_id)
        except SegStudioError as error:
            self._notifier.error(error)

    @Slot(str, str)
    def _on_note_changed(self, round_id: str, note: str) -> None:
        if self._session.project is None:
            return
        try:
            self._session.project.set_note(round_id, note)
        except SegStudioError as error:
            self._notifier.error(error)

    # -- what changed -------------------------------------------------------------------------------------

    @Slot(str)
    def compare(self, round_id: str) -> None:
        """Show what round `round_id` changed against the one that it started from."""
        project, opened, dialog = self._session.project, self._session.current, self._dialog
        if project is None or dialog is None:
            return
        rounds = project.rounds()
        by_id = {made.id: made for made in rounds}
        made = by_id[round_id]
        parent = by_id[made.parent or ""]
        titles = round_title(rounds, parent.id), round_title(rounds, made.id)
        dialog.changes.begin(tr("What changed from {old} to {new}", old=titles[0], new=titles[1]))
        dialog.changes.show()
        self._compares = True
        self._comparison.start(project, parent.checkpoint, made.checkpoint, opened.name if opened is not None else None)

    @Slot(object)
    def _on_image_opened(self, opened: OpenImage | None) -> None:
        if self._compares and opened is not None:
            self._comparison.show_image(opened.name)

    @Slot(object)
    def _on_compared(self, found: Comparison) -> None:
        project = self._session.project
        if self._dialog is None or project is None:
            return
        title = tr("{name}: {share} of the pixels changed", name=found.name, share=percent(found.changed))
        self._dialog.changes.view.show_change(title, found.image, found.before, found.after)
        values = np.flatnonzero(found.lost + found.won)
        palette = project.classes.palette()
        rows = [
            ClassChange(
                class_name(project.classes, int(value)),
                (int(palette[value][0]), int(palette[value][1]), int(palette[value][2])),
                int(found.lost[value]),
                int(found.won[value]),
            )
            for value in values
        ]
        self._dialog.changes.set_counts(sorted(rows, key=lambda row: -row.lost - row.won))

    @Slot(object, int, int)
    def _on_judged(self, change: HeldOutChange | None, done: int, total: int) -> None:
        if self._dialog is not None:
            shown = WorseImage(change.name, change.before, change.after) if change is not None else None
            self._dialog.changes.add_judged(shown, done, total)

    @Slot(object)
    def _on_failed(self, error: SegStudioError) -> None:
        self._notifier.error(error)
        self._end_comparison()

    @Slot()
    def _on_stop_judging(self) -> None:
        self._comparison.stop_judging()
        if self._dialog is not None:
            self._dialog.changes.stop_judging()

    @Slot()
    def _end_comparison(self) -> None:
        self._compares = False
        self._comparison.cancel()
        if self._dialog is not None:
            self._dialog.changes.hide()


def _rows(project: Project) -> list[HistoryRow]:
    """The rounds of `project` as shown, newest first."""
    rounds, current = project.rounds(), project.current_round()
    by_id = {made.id: made for made in rounds}
    return [
        _row(made, by_id.get(made.parent or ""), rounds, current is not None and made.id == current.id)
        for made in reversed(rounds)
    ]


def _row(made: Round, parent: Round | None, rounds: list[Round], in_use: bool) -> HistoryRow:
    scores, before = made.scores or {}, made.taught.before or {}
    now, then = scores.get("miou"), before.get("miou")
    return HistoryRow(
        id=made.id,
        title=round_title(rounds, made.id),
        parent=round_title(rounds, parent.id) if parent is not None else "",
        miou=now,
        change=now - then if now is not None and then is not None else None,
        class_accuracy=scores.get("class_accuracy"),
        pixel_accuracy=scores.get("pixel_accuracy"),
        images=made.images,
        seconds=made.seconds,
        taught=_taught(made),
        created=_when(made.created),
        note=made.note,
        in_use=in_use,
        why_no_change=_why_no_change(made, parent),
    )


def _taught(made: Round) -> str:
    """How a round was taught, as the panel calls it; only what there is a choice of."""
    keys = {"class_weights": made.taught.rule, "loss": made.taught.loss, "augmentation": made.taught.augmentation}
    titles = [tr(row.title) for field, _, rows in OPTIONS if len(rows) > 1 for row in rows if row.key == keys[field]]
    return " · ".join([*titles, tr("by itself")] if made.taught.automatic else titles)


def _when(created: str) -> str:
    try:
        return f"{datetime.fromisoformat(created).astimezone():%Y-%m-%d %H:%M}"
    except ValueError:
        return ""


def _why_no_change(made: Round, parent: Round | None) -> str:
    if parent is None:
        return tr("It started from nothing: there is no network before it to compare with.")
    if not parent.checkpoint.is_file() or not made.checkpoint.is_file():
        return tr("One of the two checkpoints is not there any more.")
    return ""
