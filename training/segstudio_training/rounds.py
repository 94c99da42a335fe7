"""A round as the program runs it: what the training child is told, and what its events mean for the network in use.

Owns the decisions that the window and the simulation must take alike: what a round starts from, who teaches and who is
held out, and whether the new checkpoint takes over. Runs nothing itself, and imports neither torch nor Qt.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from segstudio.core.errors import TrainingError, marked
from segstudio.core.resources import resource_root
from segstudio.formats.atomic import write_atomically
from segstudio.project.project import Project
from segstudio.project.rounds import Round, Taught
from segstudio_training.choices import AS_USUAL, OPTIONS, RoundChoices, chosen_options, default_key
from segstudio_training.reading import Reading
from segstudio_training.verdict import Verdict

MIN_ISLAND = 40
"""Pixels; in a proposal smaller islands are merged into what surrounds them, unless the person says otherwise."""
AS_PROPOSED = Reading(MIN_ISLAND)
"""How proposals are read off, unless the person says otherwise."""
LEAST_SECONDS = 5
"""The least time budget of a round."""

CLEAR_FALL = 0.05
"""Of two or three held-out images the mean IoU falls by less than this for no reason at all."""

Scores = Mapping[str, Any]


@dataclass(frozen=True)
class RoundOrder:
    """A round that is to be run.

    Attributes:
        id: unlike any other round's of the folder.
        parent: the round whose checkpoint it starts from; None for a start without one.
        checkpoint: the file that it will make.
        arguments: what ``segstudio`` is called with to run it; it prints its events as JSON lines.
        choices: how it is taught, as far as the person chose.
        job: its job file.
        teaching, held_out, fresh: the names in it when it was written.
        class_names: the folder's classes then; the round knows no others.
        is_far: whether it runs on another computer.
        include_unreviewed: as in `order_round`.
        lap: its number in a series of rounds that follow one another by themselves; 0 for a round of its own.
    """

    id: str
    parent: Round | None
    checkpoint: Path
    arguments: tuple[str, ...]
    choices: RoundChoices = AS_USUAL
    job: Path = Path()
    teaching: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    fresh: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    is_far: bool = False
    include_unreviewed: bool = False
    lap: int = 0

    @property
    def follows_job(self) -> bool:
        """Whether it takes up what `tell_of_news` tells while it runs."""
        return self.lap > 0

    @property
    def is_automatic(self) -> bool:
        """Whether nobody asked for this very round: it follows another one by itself."""
        return self.lap > 1


@dataclass
class RoundEvents:
    """What a training child has said that matters beyond the moment; tell it every event."""

    baseline: dict[str, Any] | None = None
    gate: dict[str, Any] = field(default_factory=dict)
    class_weights: dict[str, float] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    """Images that were taken up while the round ran."""

    def take(self, event: dict[str, Any]) -> None:
        """Keep `event` where it is the baseline or the gate's."""
        if event.get("event") == "baseline":
            self.baseline = event
        elif event.get("event") == "gate":
            self.gate = event
        elif event.get("event") == "start":
            self.class_weights = dict(event.get("class_weights") or {})
        elif event.get("event") == "teaching":
            self.added += event.get("added") or []


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
    is_kept: bool = True
    """Whether the round is in the history: one that follows another by itself is not where it did not take over."""

    @property
    def interval(self) -> tuple[float, float] | None:
        """What the mean IoU changed by, at least and at most, as fractions; None where nothing was compared."""
        bounds = (self.round.judgement or {}).get("interval")
        return (float(bounds[0]), float(bounds[1])) if bounds else None

    @property
    def is_within_noise(self) -> bool:
        """Whether the new network passes although it cannot be told apart from the old one."""
        return self.verdict is Verdict.BETTER and self.interval is not None and self.interval[0] <= 0

    @property
    def lost(self) -> list[str]:
        """The classes that the new network loses."""
        return list((self.round.judgement or {}).get("lost", []))

    @property
    def held_out(self) -> tuple[int, int]:
        """How many held-out images were scored, and how many groups of neighbours they make (0: not compared)."""
        judgement = self.round.judgement or {}
        return int(judgement.get("images", 0)), int(judgement.get("groups", 0))


def starter_checkpoint() -> Path:
    """The checkpoint that comes with the program."""
    return resource_root() / "starter.safetensors"


def _starter_for(project: Project, is_far: bool) -> Path:
    """Where the round finds the starter."""
    if not is_far:
        return starter_checkpoint()
    shared = project.checkpoints_dir / starter_checkpoint().name
    if not shared.is_file():
        write_atomically(shared, starter_checkpoint().read_bytes())
    return shared


def order_round(
    project: Project,
    seconds: float,
    options: Sequence[str] = (),
    choices: RoundChoices = AS_USUAL,
    include_unreviewed: bool = False,
    include_drafts: bool = False,
    lap: int = 0,
    is_far: bool = False,
) -> RoundOrder:
    """A round of `seconds` on the accepted label maps of `project`, the held-out ones excepted; writes its job file.

    Args:
        project: the open folder.
        seconds: the time budget.
        options: further options of ``segstudio train``, where a round is to differ from what the program does.
        choices: what the person chose of class weights, loss and augmentation.
        include_unreviewed: whether label maps that nobody looked at teach too, because the person said so.
        include_drafts: whether the touched pixels of drafts teach too, because the person said so.
        lap: as in `RoundOrder`. Each lap has a seed of its own: else one that starts where the last one did, because
            that was not taken, would only repeat it.
        is_far: whether the round runs on another computer, which sees the folder and not this installation.

    Raises:
        TrainingError: no image is accepted.
        SaveError: the job cannot be written.
    """
    teaching = project.teaching_names(include_unreviewed)
    if not teaching:
        raise TrainingError(marked("There is nothing to learn from yet. Accept at least one image, then fine-tune."))
    project.keep_teaching(teaching)
    parent = project.current_round()
    round_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:4]}"
    checkpoint = project.checkpoints_dir / f"{round_id}.safetensors"
    names = {"train": teaching, "heldout": project.held_out_names(), "fresh": project.fresh_names(teaching)}
    if include_drafts:
        names["drafts"] = project.teaching_drafts()
    job = project.write_job(round_id, names)
    arguments = ["train", str(project.folder.root), "--out", str(checkpoint), "--job", str(job)]
    arguments += ["--max-seconds", str(seconds), "--events", *chosen_options(choices)]
    if project.folder.workspace != project.folder.root:
        arguments += ["--workspace", str(project.folder.workspace)]
    if parent is not None:
        arguments += ["--from", str(parent.checkpoint)]
    elif starter_checkpoint().is_file():
        # Edges and textures learnt on drawn scenes are a better start than noise (README, "Numbers").
        arguments += ["--encoder-weights", str(_starter_for(project, is_far))]
    if parent is None and project.folder.channels.taught:
        arguments += ["--channels", ",".join(map(str, project.folder.channels.taught))]
    if lap:
        arguments += ["--follow-job", "--seed", str(lap - 1)]
    return RoundOrder(
        id=round_id,
        parent=parent,
        checkpoint=checkpoint,
        arguments=(*arguments, *options),
        choices=choices,
        job=job,
        teaching=tuple(names["train"]),
        held_out=tuple(names["heldout"]),
        fresh=tuple(names["fresh"]),
        class_names=tuple(project.classes.names),
        is_far=is_far,
        include_unreviewed=include_unreviewed,
        lap=lap,
    )


def tell_of_news(
    project: Project,
    order: RoundOrder,
    corrected: Sequence[str] = (),
    is_paused: bool = False,
    only: Collection[str] | None = None,
) -> None:
    """Let the round that runs by `order` take up what was accepted since; its held-out images stay the same.

    Args:
        project: the folder that it runs for.
        order: a round that `follows_job`.
        corrected: the images that had taught it before their label maps were accepted anew; a list that only grows.
        is_paused: whether it is to rest, at no cost to its time budget, until it is told otherwise.
        only: of the accepted images only these; None for all.

    Raises:
        SaveError: the job cannot be written.
    """
    teaching = project.teaching_names(order.include_unreviewed)
    project.keep_teaching(teaching)
    told = [name for name in teaching if only is None or name in only]
    _write_job(project, order, told, corrected, is_paused)


def discard_round(order: RoundOrder) -> None:
    """Remove what a round that is not kept has left: its checkpoint, what `--resume` would need, its job file."""
    for path in (order.checkpoint, order.checkpoint.with_name(order.checkpoint.name + ".state"), order.job):
        with contextlib.suppress(OSError):  # left where it is, it costs room and nothing else
            path.unlink()


def _write_job(
    project: Project,
    order: RoundOrder,
    teaching: Sequence[str],
    corrected: Sequence[str] = (),
    is_paused: bool = False,
) -> None:
    names = {"train": teaching, "heldout": order.held_out, "fresh": order.fresh, "corrected": corrected}
    project.write_job(order.id, {**names, "paused": is_paused})


def conclude_round(project: Project, order: RoundOrder, heard: RoundEvents, done: Mapping[str, Any]) -> RoundResult:
    """Keep the round that ended with the event `done`, and put its checkpoint in use where it takes over.

    Of rounds that follow one another by themselves only those that take over are kept: the others would fill disk and
    history, and nobody asked for them.

    Raises:
        SaveError: the round could not be kept.
    """
    scores = done.get("heldout") or None
    verdict = verdict_of(order.parent is not None, heard.gate)
    taken = takes_over(verdict, heard.baseline, scores)
    made = Round(
        id=order.id,
        checkpoint=order.checkpoint,
        parent=order.parent.id if order.parent is not None else None,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        images=int(done.get("images", 0)),
        seconds=float(done.get("seconds", 0.0)),
        scores=scores,
        kept=taken,
        note="",
        judgement={key: value for key, value in heard.gate.items() if key != "event"} or None,
        taught=_taught(order, heard),
    )
    is_kept = taken or not order.is_automatic
    if is_kept:
        if order.follows_job:  # the next round goes by it to tell what is fresh: say what was taken up, and no more
            _write_job(project, order, [*order.teaching, *heard.added])
        project.add_round(made)
    else:
        discard_round(order)
    if taken:
        project.use_round(made.id)
    return RoundResult(made, heard.baseline, scores, verdict, str(heard.gate.get("reason", "")), taken, is_kept)


def _taught(order: RoundOrder, heard: RoundEvents) -> Taught:
    keys = {field: getattr(order.choices, field) or default_key(rows) for field, _, rows in OPTIONS}
    before = heard.baseline and {key: value for key, value in heard.baseline.items() if key != "event"}
    return Taught(
        keys["class_weights"], keys["loss"], keys["augmentation"], heard.class_weights, before, order.is_automatic
    )


def verdict_of(has_parent: bool, gate: Mapping[str, Any]) -> Verdict:
    """What the child's `gate` event (empty where there was none) says; a word that is not known judges nothing."""
    if not has_parent:
        return Verdict.FIRST
    try:
        return Verdict(gate.get("verdict"))
    except ValueError:
        return Verdict.CANNOT_JUDGE


def takes_over(verdict: Verdict, old: Scores | None, new: Scores | None) -> bool:
    """Whether the new checkpoint replaces the old one, whose held-out scores are `new` and `old`.

    Too few held-out images make no judgement, and the new network has seen more: the old one stays only where they
    speak clearly against the new one.
    """
    if verdict is not Verdict.CANNOT_JUDGE:
        return verdict is not Verdict.WORSE
    before, after = (old or {}).get("miou"), (new or {}).get("miou")
    return before is None or after is None or after >= before - CLEAR_FALL
