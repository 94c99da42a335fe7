"""One round: from accepted images and, if there is one, the current checkpoint to a new checkpoint and its scores.

Owns the order of things and the events. What the round consists of is `round_preparation`'s; how far it is, `budget`'s;
scoring is `round_scores`'s; the arithmetic is `engine`'s; nothing here knows of windows. Nothing is written but the
checkpoint, whole, at the end, and the state for `--resume`.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from segstudio.core.errors import Cancelled, InputError, TrainingError, marked
from segstudio_training.acceleration import COMPILE_AFTER, COMPILE_PAYS_SECONDS, compiled, step_precision
from segstudio_training.budget import SETTLING_STEPS, Budget
from segstudio_training.checkpoint import Checkpoint, save_checkpoint
from segstudio_training.data.batches import BatchPlan, BatchStream, make_batch
from segstudio_training.data.drafts import SourceWithDrafts
from segstudio_training.data.turns import RareClasses, Turns
from segstudio_training.device import quick_denormals, torch_threads, usable_cores
from segstudio_training.distributed import LostRankError, Ranks, check_batch, joined_ranks, told_when_lost
from segstudio_training.engine import (
    WeightAverage,
    build_optimizer,
    freeze_batch_norms,
    rate_factor,
    to_training_mode,
    train_one_step,
)
from segstudio_training.evaluate import ImageScores
from segstudio_training.gate import described_judgement, judge
from segstudio_training.job import Ending, Job, Result, described
from segstudio_training.losses import build_loss
from segstudio_training.newcomers import Newcomers, News
from segstudio_training.round_preparation import PreparedRound, check_held_out, positions_looked_at, prepare_round
from segstudio_training.round_scores import RoundScores
from segstudio_training.training_state import (
    TrainingState,
    damaged_state,
    load_training_state,
    optimizer_fits,
    save_training_state,
    settings_of,
)

Events = Callable[[dict[str, Any]], None]
Cancel = Callable[[], bool]

EVENT_SECONDS = 0.2
REST_SECONDS = 0.1
"""A round that is paused looks so often whether it is cancelled."""
SETTLING_BATCHES = 8
"""The averaged network's batch norms are settled on so many of the latest batches."""
SMALL_STATE_BYTES = 64_000_000


def fine_tune(job: Job, events: Events, cancel: Cancel) -> Result:
    """Train, score, judge and save.

    Under ``torchrun`` every process calls this. They share each batch; the first decides when to score and when to
    stop, and it alone tells events, is cancelled, scores, judges and saves; all return its result (see `distributed`).

    Args:
        job: what to do.
        events: called with dictionaries whose key "event" is start, step, evaluation, baseline, teaching, left_out,
            stopped, gate or done.
        cancel: asked at every step.

    Raises:
        TrainingError: nothing to learn from, the loss broke down, or another process is gone (`LostRankError`); what
            was at `job.out` is untouched. Or the end could not be scored; then what was learnt is there, unscored.
        CheckpointError, InputError: a start that cannot be used, or a bad argument.
        SaveError: the checkpoint could not be written.
        Cancelled: `cancel` said so; the state for `--resume` is kept.
    """
    began = time.monotonic()
    with (
        joined_ranks(job.device) as ranks,
        torch_threads(usable_cores()),
        torch.random.fork_rng(),
        quick_denormals(),
    ):
        check_batch(job.recipe.batch_size, ranks.place)
        torch.manual_seed(job.seed)
        if ranks.is_first:
            check_held_out(job)
        stopped = load_training_state(job.resume) if job.resume else None
        newcomers = _newcomers(job, ranks)  # before anything is read, so that nothing is missed meanwhile
        prepared = prepare_round(job, ranks.device, stopped)
        round_ = _Round(prepared, newcomers, ranks, events if ranks.is_first else _say_nothing, cancel, began)
        if stopped is not None and job.resume is not None:
            round_.go_on_from(stopped, job.resume)
        if not ranks.is_first:  # the same weights to begin with, but dropout of its own
            torch.manual_seed(round_.job.seed + (ranks.place.rank << 32) + round_.budget.step)
        try:
            with told_when_lost(ranks):
                round_.announce()
                ending = round_.teach()
                return ranks.result_of_first(round_.conclude(ending) if ranks.is_first else None)
        except LostRankError:
            round_.keep_state()
            raise


class _Round:
    """A round in progress."""

    def __init__(
        self,
        prepared: PreparedRound,
        newcomers: Newcomers,
        ranks: Ranks,
        events: Events,
        cancel: Cancel,
        began: float,
    ) -> None:
        job = prepared.job
        self.prepared, self.job = prepared, job
        self.ranks, self.events, self.cancel = ranks, events, cancel
        self.device = ranks.device
        self.train, self.accepted = list(prepared.names), prepared.accepted
        self.fresh = set(job.fresh)
        self.newcomers = newcomers
        self.network = prepared.network
        self.average = WeightAverage(self.network)
        self.optimizer = build_optimizer(
            self.network, prepared.peak_rate, job.recipe.weight_decay, job.recipe.optimizer
        )
        self.budget = Budget(job.max_seconds, job.max_steps, job.stop_after, began)
        if self._is_settled():
            self.budget.settling_steps = SETTLING_STEPS
        # Without held-out images the other processes score nothing.
        self.scores = RoundScores(job.source, list(job.heldout) if ranks.is_first else [], self.device.type, cancel)
        self.baseline: ImageScores | None = None
        self.recent: deque[torch.Tensor] = deque(maxlen=SETTLING_BATCHES)
        self.plan = BatchPlan(
            job.recipe.batch_size,
            prepared.count.crop,
            job.recipe.augmentation,
            prepared.normalisation,
            job.seed,
            self._turns(),
            ranks.place,
        )

    def go_on_from(self, state: TrainingState, path: Path) -> None:
        """Take the round up where `state`, read from `path`, left it.

        Raises:
            InputError: it is of other classes or another network.
            CheckpointError: it does not hold together.
        """
        mine = list(self.job.source.classes.names), self.prepared.network_name, self.prepared.network_arguments
        if (state.class_names, state.network_name, state.network_arguments) != mine:
            raise InputError(
                marked("The stopped round was for other classes or another network. Start a new one instead.")
            )
        try:
            self.network.load_state_dict(state.network)
            self.average.network.load_state_dict(state.average)
            self.average.steps = state.average_steps
            self.optimizer.load_state_dict(state.optimizer)
            torch.set_rng_state(state.random)
        except (RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise damaged_state(path) from error
        if not optimizer_fits(self.optimizer):
            raise damaged_state(path)
        self.budget.step = self.budget.first_step = state.step
        self.budget.first_progress = min(state.progress, 1.0)
        self.budget.next_scoring = state.next_scoring
        # The latest batches, on which batch norms are settled, are made again rather than kept.
        for step in range(max(0, state.step - SETTLING_BATCHES), state.step):
            self.recent.append(make_batch(self.prepared.teaching, self.plan, step)[0].to(self.device))

    def announce(self) -> None:
        """Say what is about to be learnt, and score the checkpoint that the round starts from."""
        self.events(
            {
                "event": "start",
                "images": self.accepted,
                "drafts": len(self.train) - self.accepted,
                "heldout": len(self.job.heldout),
                "steps_planned": self.job.max_steps or 0,
                "classes": list(self.job.source.classes.names),
                "class_weights": dict(
                    zip(self.job.source.classes.names, map(float, self.prepared.count.weights), strict=True)
                ),
                "processes": self.ranks.place.count,
                "batch_norm": self.ranks.batch_norm(self.job.freeze_batch_norm),
            }
        )
        self.budget.reserved_seconds = self.scores.afford(self._checkpoint(), self.job.max_seconds)
        if self.prepared.start is not None and self.scores.scored:
            self.baseline = self.scores.of(self.prepared.start)
            self.events({"event": "baseline", **self.baseline.result})

    def teach(self) -> Ending:
        """Train until the budget is used or the round is to stop for now."""
        frozen = self.job.freeze_batch_norm
        weights = torch.from_numpy(self.prepared.count.weights).float().to(self.device)
        loss = self.ranks.shared(build_loss(self.job.loss, weights), weights).to(self.device)
        network = self.ranks.wrapped(self.network, frozen)
        to_training_mode(self.network)
        if frozen:
            freeze_batch_norms(network)
        precision = step_precision(self.device)
        scaler = precision.scaler(self.device)
        budget = self.budget
        last_event = 0.0
        with BatchStream(self.prepared.teaching, self.plan, budget.step) as stream:
            batches = iter(stream)
            while True:
                progress, cancelled = self.ranks.agreed(budget.progress(), self.cancel())
                budget.begin(progress)
                ending = budget.ending(progress)
                if ending is not None:
                    return ending
                if cancelled:
                    self.keep_state(only_if_small=True)
                    raise Cancelled
                if news := self.newcomers.look():
                    self._take_up(news, stream)
                if self.newcomers.is_paused:
                    self._rest()
                    continue
                if budget.is_scoring_due(progress):
                    self._score_on_the_way()
                    continue
                images, labels = (part.to(self.device) for part in next(batches))
                self._tell_left_out()
                rate = self.prepared.peak_rate * rate_factor(min(progress, 1.0), self.job.recipe.schedule)
                if self._is_compiling_worthwhile():
                    with precision.autocast(self.device):
                        network = compiled(network, images)
                step_began = time.monotonic()
                cost = train_one_step(
                    network, loss, self.optimizer, images, labels, rate, precision, scaler, self.ranks.mean
                )
                if self.job.recipe.averaged:
                    self.average.update(self.network)
                self.recent.append(images)
                budget.stepped(time.monotonic() - step_began)
                if time.monotonic() - last_event >= EVENT_SECONDS or budget.step == self.job.max_steps:
                    last_event = time.monotonic()
                    self._tell_step(cost, rate)

    def _is_compiling_worthwhile(self) -> bool:
        """Whether to compile now: on CUDA, once the pace is known, where enough of the round is left."""
        if self.device.type != "cuda" or self.budget.step - self.budget.first_step != COMPILE_AFTER:
            return False
        left = self.budget.seconds_left()
        (left,) = self.ranks.agreed(math.inf if left is None else left)
        return left >= COMPILE_PAYS_SECONDS

    def conclude(self, ending: Ending) -> Result:
        """Score what the round has come to, judge, save."""
        if ending is Ending.STOPPED:
            self.keep_state()
        checkpoint = self._checkpoint()
        new = self._final_scores(checkpoint)
        scores = new.result if new is not None else {}
        if scores:
            self.events({"event": "evaluation", "step": self.budget.step, **scores})
        judgement = judge(self.baseline, new)
        if self.cancel():
            self.keep_state(only_if_small=True)
            raise Cancelled
        save_checkpoint(self.job.out, replace(checkpoint, scores=scores))
        if ending is Ending.STOPPED:
            self.events({"event": "stopped", "step": self.budget.step, "state": str(self.job.state_path)})
        else:
            self.job.state_path.unlink(missing_ok=True)
        self.events({"event": "gate", **described_judgement(judgement)})
        result = Result(
            checkpoint=self.job.out,
            network=checkpoint.network_name,
            seconds=self.budget.seconds(),
            steps=self.budget.step,
            images=self.accepted,
            heldout=scores,
            judgement=judgement,
            ending=ending,
        )
        self.events({"event": "done", **described(result)})
        return result

    def _final_scores(self, checkpoint: Checkpoint) -> ImageScores | None:
        """The scores of what the round has come to; it is saved all the same where an image cannot be read."""
        if not self.scores.scored:
            return None
        try:
            return self.scores.of(checkpoint)
        except InputError as error:
            save_checkpoint(self.job.out, checkpoint)
            raise TrainingError(
                marked('The round is done but could not be scored: {why} What it learnt is saved in "{path}".'),
                why=error.message,
                path=self.job.out,
            ) from error

    def _turns(self) -> Turns:
        """Which image teaches when."""
        recipe = self.job.recipe
        rare = None
        if recipe.rare_crops > 0:
            looked_at = positions_looked_at(self.train)
            places = {position: self.prepared.teaching.class_places(position) for position in looked_at}
            rare = RareClasses(places, self.prepared.count.frequencies)
        fresh = [self.train.index(name) for name in self.fresh.intersection(self.train)]
        return Turns(len(self.train), self.job.seed, fresh, recipe.fresh_share, rare, recipe.rare_crops)

    def _rest(self) -> None:
        began = time.monotonic()
        time.sleep(REST_SECONDS)
        self.budget.rested(time.monotonic() - began)

    def _take_up(self, news: News, stream: BatchStream) -> None:
        """Teach what was accepted meanwhile, drafts that taught already too, as fresh images.

        The class weights stay those of the start.
        """
        source, teaching = self.job.source, self.prepared.teaching
        drafts = [name for name in news.added if name in self.train]
        added = [name for name in news.added if name not in drafts]
        if isinstance(source, SourceWithDrafts):
            for name in drafts:
                source.accept(name)
        for name in (*news.corrected, *drafts):
            teaching.forget(name)
        self.train += added
        self.accepted += len(news.added)
        teaching.add(added)
        self.fresh.update(news.added)
        stream.follow(self._turns())
        self.events(
            {
                "event": "teaching",
                "images": self.accepted,
                "added": list(news.added),
                "corrected": list(news.corrected),
            }
        )

    def _tell_left_out(self) -> None:
        """Say which images cannot be read any more: that is no reason to lose what the others have taught."""
        for name, error in self.prepared.teaching.newly_left_out():
            self.events({"event": "left_out", "image": name, "why": error.message})

    def _is_settled(self) -> bool:
        """Whether the average's batch norms are measured anew before it is scored or saved."""
        return self.job.recipe.averaged and not self.job.freeze_batch_norm

    def _checkpoint(self) -> Checkpoint:
        """The average as it is now (or the last weights, where the recipe wants no average), as a checkpoint."""
        prepared, averaged = self.prepared, self.job.recipe.averaged
        if self.recent and self._is_settled():
            self.average.settle(self.recent)
        weights = (self.average.network if averaged else self.network).state_dict()
        state = {name: value.detach().to("cpu").contiguous() for name, value in weights.items()}
        # Back from the weighted classes towards what is really frequent; `prepare_round` undoes it for the next round.
        state["classifier.bias"] = state["classifier.bias"] - self.prepared.offsets
        return Checkpoint(
            network_name=prepared.network_name,
            network_arguments=dict(prepared.network_arguments),
            classes=prepared.job.source.classes,
            state_dict=state,
            normalisation=prepared.normalisation,
            working_side=prepared.side,
            working_scale=prepared.scale,
            parent=self.job.start.name if self.job.start else "",
            images=self.accepted,
            class_shares=prepared.count.shares,
        )

    def _score_on_the_way(self) -> None:
        """Score the average on a few held-out images for who looks on, where the time for it is there."""
        self.keep_state()  # a round stopped while it is scored goes on with this scoring
        began = time.monotonic()
        # Settling the average's batch norms for nobody's eyes would cost as much as several steps.
        if self.scores.quick and self.budget.affords_scoring(self.scores.quick_seconds):
            # An image that cannot be read is told at the end, when what was learnt is saved.
            with contextlib.suppress(InputError):
                scores = self.scores.on_the_way(self._checkpoint())
                self.events({"event": "evaluation", "step": self.budget.step, **scores})
        self.budget.scored(time.monotonic() - began)

    def _tell_step(self, cost: float, rate: float) -> None:
        self.events(
            {
                "event": "step",
                "step": self.budget.step,
                "loss": cost,
                "seconds": self.budget.seconds(),
                "seconds_left": self.budget.seconds_left(),
                "learning_rate": rate,
            }
        )

    def keep_state(self, only_if_small: bool = False) -> None:
        """Write what `--resume` needs; a large one is left to the scorings, so that cancelling stays quick."""
        size = 4 * sum(parameter.nbytes for parameter in self.network.parameters())
        if not self.ranks.is_first or self.budget.step == 0 or (only_if_small and size > SMALL_STATE_BYTES):
            return
        state = TrainingState(
            class_names=list(self.job.source.classes.names),
            network_name=self.prepared.network_name,
            network_arguments=dict(self.prepared.network_arguments),
            settings=settings_of(self.job),
            side=self.prepared.side,
            scale=self.prepared.scale,
            normalisation=self.prepared.normalisation,
            seed=self.job.seed,
            step=self.budget.step,
            progress=self.budget.progress(),
            next_scoring=self.budget.next_scoring,
            network=self.network.state_dict(),
            average=self.average.network.state_dict(),
            average_steps=self.average.steps,
            optimizer=self.optimizer.state_dict(),
            random=torch.get_rng_state(),
        )
        save_training_state(self.job.state_path, state)


def _newcomers(job: Job, ranks: Ranks) -> Newcomers:
    """Who tells what is accepted while the round runs."""
    # Of several processes each would look at a time of its own, and they would no longer share one batch.
    file = job.file if ranks.place.count == 1 else None
    return Newcomers(file, set(job.train).difference(job.heldout), job.heldout)


def _say_nothing(_event: dict[str, Any]) -> None:
    """The other processes leave speaking to the first."""
