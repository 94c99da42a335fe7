"""Connects how rounds teach with what steers it, and what was learnt of the classes with where it shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Slot

from segstudio.project.project import Project
from segstudio.project.rounds import Round, lineage, score_of
from segstudio.services.accepted_shares import AcceptedShares
from segstudio.services.rounds import RoundRunner
from segstudio.services.session import Session
from segstudio.services.settings import AUGMENTATION, CLASS_WEIGHTS, LOSS, Settings
from segstudio.widgets.class_list import ClassDetails
from segstudio.window_parts import WindowParts
from segstudio_training.choices import RoundChoices, differing


class SteerFlow(QObject):
    """Everything that steers."""

    def __init__(
        self,
        parts: WindowParts,
        session: Session,
        settings: Settings,
        rounds: RoundRunner,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._session = session
        self._settings = settings
        self._rounds = rounds
        self._accepted = AcceptedShares(self)
        self._connect_choices()
        self._connect_classes()

    def stop(self) -> None:
        """End what runs in the background; for quitting."""
        self._accepted.stop()

    # -- how rounds teach ---------------------------------------------------------------------------------

    def _connect_choices(self) -> None:
        get, box = self._settings.get, self._parts.model.choices
        box.set_choices(RoundChoices(get(CLASS_WEIGHTS), get(LOSS), get(AUGMENTATION)))
        box.changed.connect(self._on_choices_changed)

    @Slot(object)
    def _on_choices_changed(self, choices: RoundChoices) -> None:
        kept = differing(choices)
        self._settings.set(CLASS_WEIGHTS, kept.class_weights)
        self._settings.set(LOSS, kept.loss)
        self._settings.set(AUGMENTATION, kept.augmentation)

    # -- what is known of the classes ---------------------------------------------------------------------

    def _connect_classes(self) -> None:
        session = self._session
        session.project_opened.connect(self._on_project_opened)
        session.project_closed.connect(lambda: self._accepted.set_project(None))
        session.accepted.connect(self._accepted.count_again)
        session.masks_changed.connect(self._accepted.count_all_again)
        session.classes_changed.connect(self._show_classes)
        self._accepted.changed.connect(self._show_classes)
        self._rounds.model_changed.connect(self._show_classes)
        self._rounds.finished.connect(self._show_classes)

    @Slot(object)
    def _on_project_opened(self, project: Project) -> None:
        self._accepted.set_project(project)

    @Slot()
    def _show_classes(self) -> None:
        """What the round in use and the accepted images say of each class."""
        project = self._session.project
        current = project.current_round() if project is not None else None
        if project is None:
            self._parts.classes.set_scores({})
            self._parts.classes.set_details({})
            return
        line = lineage(project.rounds(), current.id) if current is not None else []
        shares = self._accepted.shares()
        self._parts.classes.set_scores((current.scores or {}).get("per_class_iou", {}) if current is not None else {})
        self._parts.classes.set_details(
            {name: _details(name, line, shares.get(name)) for name in project.classes.names}
        )


def _details(name: str, line: list[Round], accepted: float | None) -> ClassDetails:
    """What the rounds in `line`, of which the last one is in use, say of class `name`."""
    latest = line[-1] if line else Round("", Path())
    now, before = score_of(latest.scores, name), score_of(latest.taught.before, name)
    scores = [value for made in line if (value := score_of(made.scores, name)) is not None]
    return ClassDetails(
        accepted=accepted,
        weight=_relative_weight(latest, name),
        change=now - before if now is not None and before is not None else None,
        scores=tuple(scores),
    )


def _relative_weight(made: Round, name: str) -> float | None:
    """How many times the lightest class's weight class `name` had; 0 where it did not occur, None where not known."""
    weights = made.taught.class_weights
    lightest = min((weight for weight in weights.values() if weight > 0), default=None)
    return weights[name] / lightest if lightest is not None and name in weights else None
