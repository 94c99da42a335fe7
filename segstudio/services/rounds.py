"""Rounds: from a click on Fine-tune to the network that proposes next.

Owns the order: write the job, run the child, keep the round, let the gate's verdict decide which network proposes, and
let the person overrule it. The child computes; this only decides.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from segstudio.core.errors import SegStudioError, TrainingError, marked
from segstudio.core.resources import resource_root
from segstudio.formats.atomic import write_atomically
from segstudio.project.project import Project
from segstudio.project.rounds import Round
from segstudio.services.fine_tune_process import FineTuneProcess
from segstudio.services.round_command import check_round_command


class Verdict(Enum):
    """What the gate says of a round's checkpoint."""

    FIRST = "first"
    """There is nothing to compare it with."""
    BETTER = "better"
    WORSE = "worse"
    CANNOT_JUDGE = "cannot_judge"
    """Too few held-out images."""


@dataclass(frozen=True)
class RoundResult:
    """How a round ended: the round, the scores before and after (None where there are none), and what follows."""

    round: Round
    old_scores: dict[str, Any] | None
    new_scores: dict[str, Any] | None
    verdict: Verdict
    reason: str
    taken: bool
    """Whether the new checkpoint took over."""


def starter_checkpoint() -> Path:
    """The checkpoint that comes with the program."""
    return resource_root() / "starter.safetensors"


def _starter_for(project: Project, round_command: str) -> Path:
    """Where the round finds the starter: a round elsewhere sees the shared folder and not this installation."""
    if not round_command:
        return starter_checkpoint()
    shared = project.checkpoints_dir / starter_checkpoint().name
    if not shared.is_file():
        write_atomically(shared, starter_checkpoint().read_bytes())
    return shared


class RoundRunner(QObject):
    """Runs one round at a time for the open project."""

    started = Signal()
    reported = Signal(dict)
    """An event of the training child, as it comes."""
    finished = Signal(object)
    """RoundResult."""
    failed = Signal(object)
    """SegStudioError: the network in use stays."""
    cancelled = Signal()
    model_changed = Signal()
    """Another round's checkpoint is the current one now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = FineTuneProcess(self)
        self._process.reported.connect(self._on_event)
        self._process.finished.connect(self._on_finished)
        self._process.failed.connect(self._on_failed)
        self._process.cancelled.connect(self._on_cancelled)
        self._project: Project | None = None
        self._parent_round: Round | None = None
        self._checkpoint = Path()
        self._round_id = ""
        self._is_far = False
        self._baseline: dict[str, Any] | None = None
        self._gate: dict[str, Any] = {}

    @property
    def is_running(self) -> bool:
        """Whether a round is under way."""
        return self._process.is_running

    @property
    def process_id(self) -> int:
        """The training child's process id, 0 where there is none."""
        return self._process.process_id

    def start(self, project: Project, seconds: int, round_command: str = "") -> None:
        """Start a round on the accepted label maps, the held-out ones excepted; `round_command` says where else to.

        Raises:
            InputError: a round command that makes no sense.
            TrainingError: no image is accepted.
            SaveError: the job cannot be written.
        """
        teaching = project.teaching_names()
        if not teaching:
            raise TrainingError(
                marked("There is nothing to learn from yet. Accept at least one image, then fine-tune.")
            )
        if round_command:
            check_round_command(round_command)
        self._project, self._parent_round = project, project.current_round()
        self._baseline, self._gate, self._is_far = None, {}, bool(round_command)
        self._round_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
        self._checkpoint = project.checkpoints_dir / f"{self._round_id}.safetensors"
        job = project.write_job(self._round_id, {"train": teaching, "heldout": project.held_out_names()})
        arguments = ["train", str(project.folder.root), "--out", str(self._checkpoint), "--job", str(job)]
        arguments += ["--max-seconds", str(seconds), "--events"]
        if project.folder.workspace != project.folder.root:
            arguments += ["--workspace", str(project.folder.workspace)]
        if self._parent_round is not None:
            arguments += ["--from", str(self._parent_round.checkpoint)]
        elif starter_checkpoint().is_file():
            # Edges and textures learnt on drawn scenes are a better start than noise (README, "Numbers").
            arguments += ["--encoder-weights", str(_starter_for(project, round_command))]
        cancel_file = self._checkpoint.with_name(self._checkpoint.name + ".cancel")
        self._process.start(arguments, round_command, cancel_file)
        self.started.emit()

    def cancel(self) -> None:
        """Stop the round; the network in use stays."""
        self._process.cancel()

    def stop(self) -> None:
        """Stop the round and wait for the child's end; for quitting."""
        self._process.stop()

    def use(self, project: Project, round_id: str) -> None:
        """Make the checkpoint of `round_id` the current one."""
        project.use_round(round_id)
        self.model_changed.emit()

    @Slot(dict)
    def _on_event(self, event: dict[str, Any]) -> None:
        if event.get("event") == "baseline":
            self._baseline = event
        elif event.get("event") == "gate":
            self._gate = event
        self.reported.emit(event)

    @Slot(dict)
    def _on_finished(self, done: dict[str, Any]) -> None:
        project = self._project
        assert project is not None
        if self._is_far and not self._checkpoint.is_file():
            self.failed.emit(
                TrainingError(
                    marked(
                        "The round ran elsewhere, but its checkpoint {path} is not here. The round command needs a "
                        "folder that both computers have at the same path."
                    ),
                    path=self._checkpoint,
                )
            )
            return
        scores = done.get("heldout") or None
        verdict = self._verdict()
        taken = self._takes_over(verdict, scores)
        made = Round(
            id=self._round_id,
            checkpoint=self._checkpoint,
            parent=self._parent_round.id if self._parent_round is not None else None,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            images=int(done.get("images", 0)),
            seconds=float(done.get("seconds", 0.0)),
            scores=scores,
            kept=taken,
            note="",
        )
        try:
            project.add_round(made)
            if taken:
                project.use_round(made.id)
        except SegStudioError as error:
            self.failed.emit(error)
            return
        result = RoundResult(made, self._baseline, scores, verdict, str(self._gate.get("reason", "")), taken)
        self.finished.emit(result)
        if taken:
            self.model_changed.emit()

    def _takes_over(self, verdict: Verdict, scores: dict[str, Any] | None) -> bool:
        """Too few held-out images make no judgement; where they speak against the new network the old one stays."""
        if verdict is not Verdict.CANNOT_JUDGE:
            return verdict is not Verdict.WORSE
        old, new = (self._baseline or {}).get("miou"), (scores or {}).get("miou")
        return old is None or new is None or new >= old

    def _verdict(self) -> Verdict:
        if self._parent_round is None:
            return Verdict.FIRST
        try:
            return Verdict(self._gate.get("verdict"))
        except ValueError:
            return Verdict.CANNOT_JUDGE

    @Slot(object)
    def _on_failed(self, error: SegStudioError) -> None:
        self.failed.emit(error)

    @Slot()
    def _on_cancelled(self) -> None:
        self.cancelled.emit()
