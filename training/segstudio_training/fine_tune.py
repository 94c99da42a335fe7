"""One round: from accepted images and, if there is one, the current checkpoint to a new checkpoint and its scores.

Owns the order of things, the budget and the events. The arithmetic is `engine`'s; nothing here knows of windows.
Nothing is written but the checkpoint, whole, at the end, and the state for `--resume`.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from segstudio.core.errors import Cancelled, InputError, TrainingError, marked
from segstudio_training.balance import pixel_shares
from segstudio_training.checkpoint import Checkpoint, follow_classes, load_checkpoint, save_checkpoint
from segstudio_training.class_weights import class_frequencies, class_weights, score_offsets
from segstudio_training.data.batches import BatchPlan, BatchStream
from segstudio_training.data.teaching_set import TeachingSet, working_scale
from segstudio_training.data.turns import RareClasses, Turns
from segstudio_training.device import (
    computes_bfloat16,
    pick_device,
    quick_denormals,
    torch_threads,
    usable_cores,
)
from segstudio_training.encoder_weights import NONE as NO_ENCODER_WEIGHTS
from segstudio_training.encoder_weights import load_encoder_weights
from segstudio_training.engine import (
    WeightAverage,
    build_optimizer,
    freeze_stages,
    rate_factor,
    to_training_mode,
    train_one_step,
)
from segstudio_training.evaluate import ImageScores, evaluate, evenly_spaced, score_images
from segstudio_training.gate import LEAST_HELD_OUT, NOISE, described_judgement, judge
from segstudio_training.job import Ending, Job, Result, described
from segstudio_training.losses import build_loss
from segstudio_training.networks import build_network, chosen_arguments
from segstudio_training.newcomers import Newcomers, News
from segstudio_training.plan import SAFE
from segstudio_training.predictor import Predictor
from segstudio_training.training_state import TrainingState, load_training_state, save_training_state

Events = Callable[[dict[str, Any]], None]
Cancel = Callable[[], bool]

EVENT_SECONDS = 0.2
FREQUENCY_IMAGES = 400
"""Class frequencies are counted over at most so many teaching images."""
EVALUATIONS = 4
"""Scorings on the way, evenly spread over the budget."""
QUICK_IMAGES = 8
"""Held-out images that a scoring on the way looks at, at most."""
SCORING_SHARE = 0.08
"""Share of the time budget that the final scoring may take; beyond it, fewer held-out images are scored."""
PATIENCE = 4
"""Scorings without gain, in the second half of the budget, after which a round stops."""
SETTLING_BATCHES = 8
"""The averaged network's batch norms are settled on so many of the latest batches."""
SMALL_STATE_BYTES = 64_000_000


def fine_tune(job: Job, events: Events, cancel: Cancel) -> Result:
    """Train, score, judge and save.

    Args:
        job: what to do.
        events: called with dictionaries whose key "event" is start, step, evaluation, baseline, teaching, gate or done.
        cancel: asked at every step.

    Raises:
        TrainingError: nothing to learn from, or the loss broke down; what was at `job.out` is untouched.
        CheckpointError, InputError: a start that cannot be used, or a bad argument.
        SaveError: the checkpoint could not be written.
        Cancelled: `cancel` said so; the state for `--resume` is kept.
    """
    began = time.monotonic()
    with torch_threads(usable_cores()), torch.random.fork_rng(), quick_denormals():
        torch.manual_seed(job.seed)
        round_ = _Round(job, events, cancel, began)
        round_.announce()
        ending = round_.teach()
        return round_.conclude(ending)


@dataclass
class _Best:
    """The best average so far by mean IoU on the quick held-out images."""

    miou: float = -1.0
    state: dict[str, torch.Tensor] | None = None
    scorings_since: int = 0


class _Round:
    """A round in progress."""

    def __init__(self, job: Job, events: Events, cancel: Cancel, began: float) -> None:
        if not job.train:
            raise TrainingError(marked("No image is accepted yet. Accept at least one image, then fine-tune."))
        self.job, self.events, self.cancel, self.began = job, events, cancel, began
        self.device = pick_device(job.device)
        self.classes = job.source.classes
        held_out = set(job.heldout)
        self.train = [name for name in job.train if name not in held_out]
        self.heldout = list(job.heldout)
        self.fresh = set(job.fresh)
        self.newcomers = Newcomers(job.file, self.train, held_out)
        if not self.train:
            raise TrainingError(
                marked("All accepted images are held out for scoring. Accept at least one more, then fine-tune.")
            )
        self.start = follow_classes(load_checkpoint(job.start), self.classes, job.seed) if job.start else None
        self.scale = job.recipe.working_scale or working_scale(job.source, self.train, job.recipe.working_side)
        self.teaching = TeachingSet(job.source, self.train, self.scale)
        self.weights, self.crop = self._look_at_images()
        self.network = self._network().to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.start is not None or job.encoder_weights != NO_ENCODER_WEIGHTS:
            freeze_stages(self.network, job.recipe.frozen_stages)
        self.average = WeightAverage(self.network)
        rate = job.recipe.continued_rate if self.start else job.recipe.rate
        self.peak_rate = rate
        self.optimizer = build_optimizer(self.network, rate, job.recipe.weight_decay, job.recipe.optimizer)
        self.step = self.first_step = 0
        self.first_progress = 0.0
        self.baseline: ImageScores | None = None
        self.scored: list[str] = []
        self.scoring_seconds = 0.0
        self.best = _Best()
        self.recent: deque[torch.Tensor] = deque(maxlen=SETTLING_BATCHES)
        if job.resume is not None:
            self._resume(load_training_state(job.resume))

    def announce(self) -> None:
        """Say what is about to be learnt, and score the checkpoint that the round starts from."""
        self.events(
            {
                "event": "start",
                "images": len(self.train),
                "heldout": len(self.heldout),
                "steps_planned": self.job.max_steps or 0,
                "classes": list(self.classes.names),
                "class_weights": dict(zip(self.classes.names, map(float, self.weights), strict=True)),
            }
        )
        if not self.heldout:
            return
        self.scored = self._affordable_names()
        if self.start is not None:
            self.baseline = score_images(self._scorer(self.start), self.job.source, self.scored, cancel=self.cancel)
            self.events({"event": "baseline", **self.baseline.result})

    def teach(self) -> Ending:
        """Train until the budget is used or nothing is gained any more."""
        recipe = self.job.recipe
        normalisation = self._checkpoint().normalisation
        plan = BatchPlan(recipe.batch_size, self.crop, recipe.augmentation, normalisation, self.job.seed, self._turns())
        loss = build_loss(self.job.loss, torch.from_numpy(self.weights).float()).to(self.device)
        use_bfloat16 = computes_bfloat16(self.device)
        to_training_mode(self.network)
        next_scoring = (math.floor(self._progress() * EVALUATIONS) + 1) / EVALUATIONS
        last_event = 0.0
        with BatchStream(self.teaching, plan, self.step) as batches:
            for images, labels in batches:
                progress = self._progress()
                if progress >= 1 and self.step > self.first_step:  # a slow start still teaches one step
                    break
                self._stop_if_cancelled()
                news = self.newcomers.look()
                if news:
                    self._take_up(news, batches)
                images, labels = images.to(self.device), labels.to(self.device)
                rate = self.peak_rate * rate_factor(min(progress, 1.0), recipe.schedule)
                with torch.autocast(self.device.type, torch.bfloat16, enabled=use_bfloat16):
                    cost = train_one_step(self.network, loss, self.optimizer, images, labels, rate)
                if recipe.averaged:
                    self.average.update(self.network)
                self.recent.append(images)
                self.step += 1
                if time.monotonic() - last_event >= EVENT_SECONDS or self.step == self.job.max_steps:
                    last_event = time.monotonic()
                    self._tell_step(cost, rate)
                if progress >= next_scoring:
                    next_scoring += 1 / EVALUATIONS
                    if self._score_on_the_way(progress):
                        return Ending.NO_MORE_GAIN
        at_limit = self.job.max_steps is not None and self.step >= self.job.max_steps
        return Ending.STEPS if at_limit else Ending.TIME

    def conclude(self, ending: Ending) -> Result:
        """Choose the weights, score them, judge, save."""
        checkpoint = self._chosen()
        new: ImageScores | None = None
        if self.scored:
            new = score_images(self._scorer(checkpoint), self.job.source, self.scored, cancel=self.cancel)
            self.events({"event": "evaluation", "step": self.step, **new.result})
        scores = new.result if new is not None else {}
        judgement = judge(self.baseline, new)
        self._stop_if_cancelled()
        save_checkpoint(self.job.out, replace(checkpoint, scores=scores))
        self.job.state_path.unlink(missing_ok=True)
        self.events({"event": "gate", **described_judgement(judgement)})
        result = Result(
            checkpoint=self.job.out,
            network=checkpoint.network_name,
            seconds=time.monotonic() - self.began,
            steps=self.step,
            images=len(self.train),
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
        side = math.sqrt(self.job.recipe.crop_pixels / (height * width))
        return weights, (_crop_side(height, side), _crop_side(width, side))

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

    def _take_up(self, news: News, batches: BatchStream) -> None:
        """Teach what was accepted meanwhile too, as fresh images; the class weights stay those of the start."""
        for name in news.corrected:
            self.teaching.forget(name)
        self.train += news.added
        self.teaching.add(news.added)
        self.fresh.update(news.added)
        batches.follow(self._turns())
        self.events(
            {
                "event": "teaching",
                "images": len(self.train),
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
        self._arguments = chosen_arguments(job.network, job.width, job.dropout, self.device.type != "cpu")
        network = build_network(job.network, len(self.classes), self._arguments)
        load_encoder_weights(network, job.encoder_weights)
        return network

    def _offsets(self) -> torch.Tensor:
        return torch.from_numpy(score_offsets(self.weights, self.job.recipe.prior_returned)).float()

    def _checkpoint(self) -> Checkpoint:
        """The average as it is now (or the last weights, where the recipe wants no average), as a checkpoint."""
        averaged = self.job.recipe.averaged
        if self.recent and averaged:
            self.average.settle(self.recent)
        weights = (self.average.network if averaged else self.network).state_dict()
        state = {name: value.detach().to("cpu").contiguous() for name, value in weights.items()}
        # Back from the weighted classes towards what is really frequent; `_network` undoes it for the next round.
        state["classifier.bias"] = state["classifier.bias"] - self._offsets()
        start = self.start
        network_name, network_arguments = self._network_of_round()
        return Checkpoint(
            network_name=network_name,
            network_arguments=network_arguments,
            classes=self.classes,
            state_dict=state,
            normalisation=start.normalisation if start else Checkpoint.normalisation,
            working_side=self.job.recipe.working_side,
            working_scale=self.scale,
            parent=self.job.start.name if self.job.start else "",
            images=len(self.train),
            class_shares=self.shares,
        )

    def _network_of_round(self) -> tuple[str, dict[str, Any]]:
        """Name and arguments of the network that is taught."""
        if self.start is not None:
            return self.start.network_name, dict(self.start.network_arguments)
        return self.job.network, dict(self._arguments)

    def _chosen(self) -> Checkpoint:
        """The last average, or the best one on the way where that was clearly better on enough held-out images."""
        last = self._checkpoint()
        if self.best.state is None:
            return last
        quick = self._quick_names()
        now = evaluate(self._scorer(last), self.job.source, quick, boundary=False, cancel=self.cancel)
        return last if now["miou"] >= self.best.miou - NOISE else replace(last, state_dict=self.best.state)

    def _affordable_names(self) -> list[str]:
        """As many held-out images as the budget allows to score twice, evenly spread; sets the seconds to reserve."""
        predictor = self._scorer(self._checkpoint())
        evaluate(predictor, self.job.source, self.heldout[:1])
        start = time.monotonic()
        evaluate(predictor, self.job.source, self.heldout[:1], cancel=self.cancel)
        each = time.monotonic() - start
        names = self.heldout
        if self.job.max_seconds is not None:
            most = int(SCORING_SHARE * self.job.max_seconds / each)
            names = evenly_spaced(names, max(LEAST_HELD_OUT, most))
        self.scoring_seconds = each * (len(names) + len(self._quick_names(names)))
        return names

    def _quick_names(self, scored: list[str] | None = None) -> list[str]:
        return evenly_spaced(self.scored if scored is None else scored, QUICK_IMAGES)

    def _scorer(self, checkpoint: Checkpoint) -> Predictor:
        return Predictor(checkpoint, str(self.device.type), SAFE)

    def _score_on_the_way(self, progress: float) -> bool:
        """Score the average on a few held-out images, keep it if it is the best; True where nothing is gained."""
        self._keep_state()
        quick = self._quick_names()
        if not quick:
            return False
        checkpoint = self._checkpoint()
        scores = evaluate(self._scorer(checkpoint), self.job.source, quick, boundary=False, cancel=self.cancel)
        scores.pop("boundary_f1")
        self.events({"event": "evaluation", "step": self.step, **scores})
        if len(quick) < LEAST_HELD_OUT:
            return False
        if scores["miou"] > self.best.miou + NOISE:
            state = {name: value.clone() for name, value in checkpoint.state_dict.items()}
            self.best = _Best(scores["miou"], state)
        else:
            self.best.scorings_since += 1
        return progress > 0.5 and self.best.scorings_since >= PATIENCE

    def _progress(self) -> float:
        """Share of the budget used, by time or by steps, whichever is further."""
        shares = [0.0]
        if self.job.max_steps is not None:
            shares.append(self.step / self.job.max_steps)
        if self.job.max_seconds is not None:
            available = max(0.1, self.job.max_seconds - self.scoring_seconds)
            used = (time.monotonic() - self.began) / available
            shares.append(self.first_progress + (1 - self.first_progress) * used)
        return max(shares)

    def _tell_step(self, cost: float, rate: float) -> None:
        seconds = time.monotonic() - self.began
        lefts = [math.inf]
        if self.job.max_seconds is not None:
            lefts.append(max(0.0, self.job.max_seconds - seconds))
        if self.job.max_steps is not None:
            each = seconds / max(1, self.step - self.first_step)
            lefts.append(each * (self.job.max_steps - self.step))
        left = min(lefts)
        self.events(
            {
                "event": "step",
                "step": self.step,
                "loss": cost,
                "seconds": seconds,
                "seconds_left": left if math.isfinite(left) else None,
                "learning_rate": rate,
            }
        )

    def _stop_if_cancelled(self) -> None:
        if self.cancel():
            self._keep_state(only_if_small=True)
            raise Cancelled

    def _keep_state(self, only_if_small: bool = False) -> None:
        """Write what `--resume` needs; a large one is left to the scorings, so that cancelling stays quick."""
        size = 4 * sum(parameter.nbytes for parameter in self.network.parameters())
        if self.step == 0 or (only_if_small and size > SMALL_STATE_BYTES):
            return
        network_name, network_arguments = self._network_of_round()
        state = TrainingState(
            class_names=list(self.classes.names),
            network_name=network_name,
            network_arguments=network_arguments,
            seed=self.job.seed,
            step=self.step,
            progress=self._progress(),
            network=self.network.state_dict(),
            average=self.average.network.state_dict(),
            average_steps=self.average.steps,
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
        self.step = self.first_step = state.step
        self.first_progress = min(state.progress, 1.0)
        torch.set_rng_state(state.random)


def _crop_side(length: float, factor: float) -> int:
    """A crop's side: a multiple of 32 that is not above the image's own, rounded up."""
    return max(32, min(round(length * factor / 32), math.ceil(length / 32)) * 32)
