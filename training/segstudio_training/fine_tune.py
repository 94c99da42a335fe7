"""One round: from accepted images and, if there is one, the current checkpoint to a new checkpoint and its scores.

Owns the order of things and the events. How far the round is, is `budget`'s; scoring is `round_scores`'s; the
arithmetic is `engine`'s; nothing here knows of windows. Nothing is written but the checkpoint, whole, at the
end, and the state for `--resume`.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from segstudio.core.errors import Cancelled, InputError, TrainingError, marked
from segstudio_training.acceleration import COMPILE_AFTER, COMPILE_PAYS_SECONDS, compiled, step_precision
from segstudio_training.balance import pixel_shares
from segstudio_training.budget import Budget
from segstudio_training.checkpoint import Checkpoint, follow_classes, load_checkpoint, save_checkpoint
from segstudio_training.class_weights import class_frequencies, class_weights, score_offsets
from segstudio_training.data.batches import BatchPlan, BatchStream, make_batch
from segstudio_training.data.inputs import chosen_normalisation, kept_normalisation
from segstudio_training.data.teaching_set import TeachingSet, working_scale
from segstudio_training.data.turns import RareClasses, Turns
from segstudio_training.device import (
    quick_denormals,
    torch_threads,
    usable_cores,
)
from segstudio_training.distributed import LostRankError, Ranks, check_batch, joined_ranks, told_when_lost
from segstudio_training.encoder_weights import NONE as NO_ENCODER_WEIGHTS
from segstudio_training.encoder_weights import load_encoder_weights
from segstudio_training.engine import (
    WeightAverage,
    build_optimizer,
    freeze_batch_norms,
    freeze_stages,
    rate_factor,
    to_training_mode,
    train_one_step,
)
from segstudio_training.evaluate import ImageScores, evenly_spaced
from segstudio_training.gate import described_judgement, judge
from segstudio_training.job import Ending, Job, Result, described
from segstudio_training.losses import build_loss
from segstudio_training.networks import build_network, chosen_arguments
from segstudio_training.newcomers import Newcomers, News
from segstudio_training.round_scores import Best, RoundScores
from segstudio_training.training_state import TrainingState, load_training_state, save_training_state
from segstudio_training.working_size import suited_side

Events = Callable[[dict[str, Any]], None]
Cancel = Callable[[], bool]

EVENT_SECONDS = 0.2
FREQUENCY_IMAGES = 400
"""Class frequencies are counted over at most so many teaching images."""
SETTLING_BATCHES = 8
"""The averaged network's batch norms are settled on so many of the latest batches."""
SMALL_STATE_BYTES = 64_000_000


def fine_tune(job: Job, events: Events, cancel: Cancel) -> Result:
    """Train, score, judge and save.

    Under ``torchrun`` every process calls this. They share each batch; the first decides when to score and when to
    stop, and it alone tells events, is cancelled, scores, judges and saves; all return its result (see `distributed`).

    Args:
        job: what to do.
        events: called with dictionaries whose key "event" is start, step, evaluation, baseline, teaching, stopped, gate
            or done.
        cancel: asked at every step.

    Raises:
        TrainingError: nothing to learn from, the loss broke down, or another process is gone (`LostRankError`); what
            was at `job.out` is untouched.
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
        torch.manual_seed(job.seed)
        round_ = _Round(job, ranks, events if ranks.is_first else _say_nothing, cancel, began)
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

    def __init__(self, job: Job, ranks: Ranks, events: Events, cancel: Cancel, began: float) -> None:
        if not job.train:
            raise TrainingError(marked("No image is accepted yet. Accept at least one image, then fine-tune."))
        stopped = load_training_state(job.resume) if job.resume else None
        self.job = job if stopped is None else replace(job, seed=stopped.seed)
        self.ranks, self.events, self.cancel = ranks, events, cancel
        self.device = ranks.device
        self.classes = job.source.classes
        held_out = set(job.heldout)
        self.train = [name for name in job.train if name not in held_out]
        self.fresh = set(job.fresh)
        # Of several processes each would look at a time of its own, and they would no longer share one batch.
        self.newcomers = Newcomers(job.file if ranks.place.count == 1 else None, self.train, held_out)
        if not self.train:
            raise TrainingError(
                marked("All accepted images are held out for scoring. Accept at least one more, then fine-tune.")
            )
        self.accepted = len(self.train)
        self.train += [name for name in job.drafts if name not in held_out and name not in self.train]
        self.start = follow_classes(load_checkpoint(job.start), self.classes, job.seed) if job.start else None
        self.side = self._side()
        self.scale = job.recipe.working_scale or working_scale(job.source, self.train, self.side)
        self.normalisation = (
            kept_normalisation(self.start.normalisation, job.channels)
            if self.start is not None
            else chosen_normalisation(job.source, self.train, job.channels)
        )
        self.teaching = TeachingSet(job.source, self.train, self.scale, normalisation=self.normalisation)
        self.weights, self.crop = self._look_at_images()
        self.network = self._network().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.start is not None or job.encoder_weights != NO_ENCODER_WEIGHTS:
            freeze_stages(self.network, job.recipe.frozen_stages)
        self.average = WeightAverage(self.network)
        self.peak_rate = job.recipe.continued_rate if self.start else job.recipe.rate
        self.optimizer = build_optimizer(self.network, self.peak_rate, job.recipe.weight_decay, job.recipe.optimizer)
        self.budget = Budget(job.max_seconds, job.max_steps, job.stop_after, began)
        # Without held-out images the other processes score nothing.
        self.scores = RoundScores(job.source, list(job.heldout) if ranks.is_first else [], self.device.type, cancel)
        self.baseline: ImageScores | None = None
        self.recent: deque[torch.Tensor] = deque(maxlen=SETTLING_BATCHES)
        size, seed = job.recipe.batch_size, self.job.seed
        check_batch(size, ranks.place)
        self.plan = BatchPlan(
            size, self.crop, job.recipe.augmentation, self.normalisation, seed, self._turns(), ranks.place
        )
        if stopped is not None:
            self._resume(stopped)
        if not ranks.is_first:  # the same weights to begin with, but dropout of its own
            torch.manual_seed(seed + (ranks.place.rank << 32) + self.budget.step)

    def announce(self) -> None:
        """Say what is about to be learnt, and score the checkpoint that the round starts from."""
        self.events(
            {
                "event": "start",
                "images": self.accepted,
                "drafts": len(self.train) - self.accepted,
                "heldout": len(self.job.heldout),
                "steps_planned": self.job.max_steps or 0,
                "classes": list(self.classes.names),
                "class_weights": dict(zip(self.classes.names, map(float, self.weights), strict=True)),
                "processes": self.ranks.place.count,
                "batch_norm": self.ranks.batch_norm(self.job.freeze_batch_norm),
            }
        )
        self.budget.reserved_seconds = self.scores.afford(self._checkpoint(), self.job.max_seconds)
        if self.start is not None and self.scores.scored:
            self.baseline = self.scores.of(self.start)
            self.events({"event": "baseline", **self.baseline.result})

    def teach(self) -> Ending:
        """Train until the budget is used, nothing is gained any more, or the round is to stop for now."""
        frozen = self.job.freeze_batch_norm
        weights = torch.from_numpy(self.weights).float().to(self.device)
        loss = self.ranks.shared(build_loss(self.job.loss, weights), weights).to(self.device)
        network = self.ranks.wrapped(self.network, frozen)
        to_training_mode(self.network)
        if frozen:
            freeze_batch_norms(network)
        precision = step_precision(self.device)
        scaler = precision.scaler(self.device)
        budget = self.budget
        last_event = 0.0
        with BatchStream(self.teaching, self.plan, budget.step) as stream:
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
                if budget.is_scoring_due(progress):
                    if self._score_on_the_way(progress):
                        return Ending.NO_MORE_GAIN
                    continue
                images, labels = (part.to(self.device) for part in next(batches))
                rate = self.peak_rate * rate_factor(min(progress, 1.0), self.job.recipe.schedule)
                if self._is_compiling_worthwhile():
                    with precision.autocast(self.device):
                        network = compiled(network, images)
                cost = train_one_step(
                    network, loss, self.optimizer, images, labels, rate, precision, scaler, self.ranks.mean
                )
                if self.job.recipe.averaged:
                    self.average.update(self.network)
                self.recent.append(images)
                budget.step += 1
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
        """Choose the weights, score them, judge, save."""
        if ending is Ending.STOPPED:
            self.keep_state()
        checkpoint = self.scores.better_of(self._checkpoint())
        new = self.scores.of(checkpoint) if self.scores.scored else None
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

    def _look_at_images(self) -> tuple[Any, tuple[int, int]]:
        """The class weights, and the crop (h, w) that suits the images; decodes them into the cache."""
        positions = [self.train.index(name) for name in evenly_spaced(self.train, FREQUENCY_IMAGES)]
        with ThreadPoolExecutor(usable_cores()) as pool:
            samples = list(pool.map(lambda position: self.teaching[position].labels, positions))
        frequencies = class_frequencies(samples, len(self.classes))
        self.frequencies = frequencies
        self.shares = pixel_shares(samples, len(self.classes))
        present = [name for name, share in zip(self.classes.names, frequencies, strict=True) if share > 0]
        if len(present) < 2:
            raise TrainingError(
                marked(
                    "The accepted images show only one class ({names}). Paint at least two classes, accept, and "
                    "fine-tune again."
                )
                if present
                else marked("The accepted images have no labelled pixel. Paint some, accept, and fine-tune again."),
                names=", ".join(present),
            )
        weights = class_weights(self.job.class_weights, frequencies, self.job.recipe.most_over_least)
        shapes = np.array([labels.shape for labels in samples])
        height, width = np.median(shapes, axis=0)
        area = self.job.recipe.crop_pixels
        factor = math.sqrt(area / (height * width)) if area else 1.0
        return weights, (_crop_side(height, factor), _crop_side(width, factor))

    def _side(self) -> int:
        """Pixels of the longer side at which images are worked on."""
        job = self.job
        if job.recipe.working_side is not None:
            return job.recipe.working_side
        if self.start is not None:
            width = int(self.start.network_arguments.get("width", 16))
            return suited_side(job.max_seconds, job.recipe.batch_size, self.device, width, self.start.working_side)
        chosen = chosen_arguments(job.network, job.width, job.dropout, self.device.type != "cpu", 3)
        return suited_side(job.max_seconds, job.recipe.batch_size, self.device, int(chosen.get("width", 16)))

    def _turns(self) -> Turns:
        """Which image teaches when."""
        recipe = self.job.recipe
        rare = None
        if recipe.rare_crops > 0:
            looked_at = [self.train.index(name) for name in evenly_spaced(self.train, FREQUENCY_IMAGES)]
            places = {position: self.teaching.class_places(position) for position in looked_at}
            rare = RareClasses(places, self.frequencies)
        fresh = [self.train.index(name) for name in self.fresh.intersection(self.train)]
        return Turns(len(self.train), self.job.seed, fresh, recipe.fresh_share, rare, recipe.rare_crops)

    def _take_up(self, news: News, stream: BatchStream) -> None:
        """Teach what was accepted meanwhile too, as fresh images; the class weights stay those of the start."""
        for name in news.corrected:
            self.teaching.forget(name)
        self.train += news.added
        self.accepted += len(news.added)
        self.teaching.add(news.added)
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

    def _network(self) -> nn.Module:
        job = self.job
        if self.start is not None:
            network = self.start.build()
            with torch.no_grad():
                network.get_parameter("classifier.bias").add_(self._offsets())
            return network
        has_gpu = self.device.type != "cpu"
        self._arguments = chosen_arguments(job.network, job.width, job.dropout, has_gpu, self.normalisation.count)
        network = build_network(job.network, len(self.classes), self._arguments)
        load_encoder_weights(network, job.encoder_weights)
        return network

    def _offsets(self) -> torch.Tensor:
        return torch.from_numpy(score_offsets(self.weights, self.job.recipe.prior_returned)).float()

    def _checkpoint(self) -> Checkpoint:
        """The average as it is now (or the last weights, where the recipe wants no average), as a checkpoint."""
        averaged = self.job.recipe.averaged
        if self.recent and averaged and not self.job.freeze_batch_norm:
            self.average.settle(self.recent)
        weights = (self.average.network if averaged else self.network).state_dict()
        state = {name: value.detach().to("cpu").contiguous() for name, value in weights.items()}
        # Back from the weighted classes towards what is really frequent; `_network` undoes it for the next round.
        state["classifier.bias"] = state["classifier.bias"] - self._offsets()
        network_name, network_arguments = self._network_of_round()
        return Checkpoint(
            network_name=network_name,
            network_arguments=network_arguments,
            classes=self.classes,
            state_dict=state,
            normalisation=self.normalisation,
            working_side=self.side,
            working_scale=self.scale,
            parent=self.job.start.name if self.job.start else "",
            images=self.accepted,
            class_shares=self.shares,
        )

    def _network_of_round(self) -> tuple[str, dict[str, Any]]:
        """Name and arguments of the network that is taught."""
        if self.start is not None:
            return self.start.network_name, dict(self.start.network_arguments)
        return self.job.network, dict(self._arguments)

    def _score_on_the_way(self, progress: float) -> bool:
        """Score the average on a few held-out images; True where nothing is gained any more."""
        self.keep_state()  # a round stopped while it is scored goes on with this scoring
        # Settling the average's batch norms for nobody's eyes would cost as much as several steps.
        scores = self.scores.on_the_way(self._checkpoint()) if self.scores.scored else {}
        self.budget.scored()
        if scores:
            self.events({"event": "evaluation", "step": self.budget.step, **scores})
        (nothing_gained,) = self.ranks.agreed(self.scores.is_nothing_gained(progress))
        return bool(nothing_gained)

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
        network_name, network_arguments = self._network_of_round()
        best = self.scores.best
        state = TrainingState(
            class_names=list(self.classes.names),
            network_name=network_name,
            network_arguments=network_arguments,
            seed=self.job.seed,
            step=self.budget.step,
            progress=self.budget.progress(),
            next_scoring=self.budget.next_scoring,
            network=self.network.state_dict(),
            average=self.average.network.state_dict(),
            average_steps=self.average.steps,
            best=best.state,
            best_miou=best.miou,
            scorings_since_best=best.scorings_since,
            optimizer=self.optimizer.state_dict(),
            random=torch.get_rng_state(),
        )
        save_training_state(self.job.state_path, state)

    def _resume(self, state: TrainingState) -> None:
        mine = list(self.classes.names), *self._network_of_round()
        if (state.class_names, state.network_name, state.network_arguments) != mine:
            raise InputError(
                marked("The stopped round was for other classes or another network. Start a new one instead.")
            )
        self.network.load_state_dict(state.network)
        self.average.network.load_state_dict(state.average)
        self.average.steps = state.average_steps
        self.optimizer.load_state_dict(state.optimizer)
        self.budget.step = self.budget.first_step = state.step
        self.budget.first_progress = min(state.progress, 1.0)
        self.budget.next_scoring = state.next_scoring
        self.scores.best = Best(state.best_miou, state.best, state.scorings_since_best)
        # The latest batches, on which batch norms are settled, are made again rather than kept.
        for step in range(max(0, state.step - SETTLING_BATCHES), state.step):
            self.recent.append(make_batch(self.teaching, self.plan, step)[0].to(self.device))
        torch.set_rng_state(state.random)


def _say_nothing(_event: dict[str, Any]) -> None:
    """The other processes leave speaking to the first."""


def _crop_side(length: float, factor: float) -> int:
    """A crop's side: a multiple of 32 that is not above the image's own, rounded up."""
    return max(32, min(round(length * factor / 32), math.ceil(length / 32)) * 32)
