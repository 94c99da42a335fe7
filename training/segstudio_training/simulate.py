"""A simulated person works through a folder with truth, while the network learns from what they accept.

Owns the order of things. The images come in a seeded random order. Of each the person sees the proposal of the network
in use (before the first round nothing: all void), corrects it as `simulated_person` says, and accepts. After every K
images a round runs as in the program: the sides by `Project.accept`, what the round is told and whether its network
takes over by `rounds`, the training in a child process by the very command that the window starts. Its time budget is
what the person spent since the last round, within limits. A round after the last image would propose for nothing and is
not run.

The folder is never written to: the work is done in a private copy with the images alone, no masks and no lists, so that
the learning side sees of the truth only what was accepted.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import IO, Any

import numpy as np

from segstudio.core.errors import InputError, SegStudioError, TrainingError, marked
from segstudio.formats.atomic import write_atomically
from segstudio.project.class_file import class_file_text
from segstudio.project.folder_layout import JPEG_IMAGES
from segstudio.project.images import stored, upright
from segstudio.project.project import Project
from segstudio.project.voc_folder import VocFolder
from segstudio_training.checkpoint import follow_classes, load_checkpoint
from segstudio_training.command_line import own_command, own_environment
from segstudio_training.data.inputs import read_input
from segstudio_training.device import pick_device
from segstudio_training.metrics import ConfusionMatrix, Labels
from segstudio_training.predictor import Predictor
from segstudio_training.reading import Reading
from segstudio_training.recipes import teaching_called
from segstudio_training.rounds import LEAST_SECONDS, RoundEvents, RoundOrder, conclude_round, order_round
from segstudio_training.simulated_person import SimulatedPerson
from segstudio_training.simulation_report import ImageReport, Walk

Events = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Simulation:
    """What is simulated.

    Attributes:
        source: a folder with truth, open.
        images: how many images are worked through.
        round_size: images between two rounds.
        max_seconds: cap on a round's time budget, which is at least `LEAST_SECONDS` where the cap allows it.
        max_steps: limit of a round's steps; None for none, as in the program.
        recipe: a row of `RECIPES`.
        device: a name of `DEVICES`.
        split: a list of ImageSets/Segmentation to draw from; None for all images with truth.
    """

    source: VocFolder
    images: int
    round_size: int
    max_seconds: float
    max_steps: int | None = None
    recipe: str = "default"
    device: str = "auto"
    split: str | None = None

    def order(self, seed: int) -> list[str]:
        """The names of the images in the order of `seed`.

        Raises:
            InputError: there are too few with truth, or there is no such list.
        """
        listed = self.source.read_list(self.split) if self.split else self.source.names
        names = [name for name in listed if self.source.has_mask(name)]
        if not names:
            raise InputError(
                marked('"{folder}" has no masks: the simulated person needs a folder with truth.'),
                folder=self.source.root,
            )
        if len(names) < self.images:
            raise InputError(
                marked('"{folder}" has truth for {count} images, not for {images}. Ask for fewer with --images.'),
                folder=self.source.root,
                count=len(names),
                images=self.images,
            )
        return np.random.default_rng(seed).permutation(sorted(names))[: self.images].tolist()

    def budget(self, seconds: float) -> float:
        """The time budget of a round after `seconds` of the person's work."""
        return min(self.max_seconds, max(LEAST_SECONDS, seconds))

    def options(self, seed: int) -> list[str]:
        """What a round is told beside what the program says."""
        options = ["--recipe", self.recipe, "--seed", str(seed), "--device", self.device]
        return options if self.max_steps is None else [*options, "--max-steps", str(self.max_steps)]


def simulate(asked: Simulation, seed: int, events: Events) -> Walk:
    """Work through the images in the order of `seed`, which is also the seed of every round.

    Args:
        asked: what to do.
        seed: at least 0.
        events: called with a dictionary after each image ("event": "image", keys of `ImageReport.described`, "number")
            and each round ("event": "round", keys of `Walk.rounds`).

    Raises:
        InputError: too little truth, or an image or mask that cannot be read.
        SaveError: the private copy cannot be written.
        TrainingError: the training child broke down. A round that could not learn from what is accepted so far only
            fails, as in the program, and the person goes on.
    """
    names = asked.order(seed)
    pick_device(asked.device)  # a machine without it is to be told of before any work, not by rounds that fail
    reading = teaching_called(asked.recipe).reading
    walk = Walk(seed, asked.source.classes.names, asked.round_size)
    with _private_copy(asked.source) as project:
        predictor: Predictor | None = None
        proposed_by: int | None = None
        seconds = 0.0
        for number, name in enumerate(names):
            if number and number % asked.round_size == 0:
                report = _run_round(asked, project, seed, seconds, len(walk.rounds) + 1)
                walk.rounds.append(report)
                events({"event": "round", **report})
                seconds = 0.0
                current = project.current_round()
                if report["taken"] and current is not None:
                    known = follow_classes(load_checkpoint(current.checkpoint), project.classes)
                    predictor, proposed_by = Predictor(known, asked.device), report["number"]
            image = _work_on(asked.source, project, name, predictor, proposed_by, reading)
            seconds += image.corrected.seconds
            walk.images.append(image)
            events({"event": "image", "number": number + 1, **image.described(walk.class_names)})
    return walk


def _work_on(
    source: VocFolder,
    project: Project,
    name: str,
    predictor: Predictor | None,
    proposed_by: int | None,
    reading: Reading,
) -> ImageReport:
    """Propose, correct and accept one image."""
    folder = project.folder
    # The copy has no masks to tell the frame by, so its frame may be another one than the truth's.
    truth = upright(source.read_label_map(name), source.view_orientation(name))
    truth = np.ascontiguousarray(stored(truth, folder.view_orientation(name)))
    person = SimulatedPerson(truth)
    blank = corrected = person.paint_from_nothing()
    shown: Labels = np.full_like(truth, 255)
    if predictor is not None:
        shown = predictor.predict(
            read_input(folder, name, predictor.checkpoint.normalisation),
            reading,
            orientation=folder.view_orientation(name),
        ).labels
        corrected = person.correct(shown)
    confusion = ConfusionMatrix(len(project.classes))
    confusion.update(truth, shown)
    project.accept(name, corrected.labels)
    return ImageReport(name, corrected, blank, confusion, proposed_by)


def _run_round(asked: Simulation, project: Project, seed: int, seconds: float, number: int) -> dict[str, Any]:
    """Run round `number` after `seconds` of the person's work."""
    budget = asked.budget(seconds)
    order = order_round(project, budget, asked.options(seed))
    heard = RoundEvents()
    report: dict[str, Any] = {"number": number, "budget": budget, "taken": False}
    try:
        done = _run_child(order, heard)
    except TrainingError as error:
        return {**report, "verdict": "failed", "reason": error.message}
    result = conclude_round(project, order, heard, done)
    return {
        **report,
        "images": result.round.images,
        "seconds": result.round.seconds,
        "steps": int(done.get("steps", 0)),
        "held_out": len(project.held_out_names()),
        "verdict": result.verdict.value,
        "reason": result.reason,
        "taken": result.taken,
        "old_miou": (result.old_scores or {}).get("miou"),
        "new_miou": (result.new_scores or {}).get("miou"),
    }


class _ChildError(SegStudioError):
    """The training child ended without having said why."""


def _run_child(order: RoundOrder, heard: RoundEvents) -> dict[str, Any]:
    """Run the training child to its end and return its `done` event.

    Raises:
        TrainingError: what the child says is wrong with what it was given.
        SegStudioError: it broke down.
    """
    with tempfile.TemporaryFile() as errors, _started(order, errors) as child:
        assert child.stdout is not None
        done: dict[str, Any] | None = None
        for line in child.stdout:
            event = json.loads(line) if line.startswith("{") else {}
            heard.take(event)
            if event.get("event") == "error":
                raise TrainingError(marked("{reason}"), reason=event["message"])
            if event.get("event") == "done":
                done = event
        code = child.wait()
        if done is None or code != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines()
            raise _ChildError(
                marked("The round's process ended with code {code}: {reason}"),
                code=code,
                reason=said[-1] if said else "it said nothing.",
            )
        return done


@contextlib.contextmanager
def _started(order: RoundOrder, errors: IO[bytes]) -> Iterator[subprocess.Popen[str]]:
    """The training child; it is ended where it still runs. Its standard input stays open: at the end of it it stops."""
    child = subprocess.Popen(
        own_command(order.arguments),
        env={**environ, **own_environment()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
    )
    with child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.terminate()


@contextlib.contextmanager
def _private_copy(source: VocFolder) -> Iterator[Project]:
    """A project over the images and classes of `source` in a temporary folder, without any mask or list."""
    with tempfile.TemporaryDirectory(prefix="segstudio-simulate-") as home:
        root = Path(home)
        (root / JPEG_IMAGES).mkdir()
        for name in source.names:
            path = source.image_path(name).resolve()
            target = root / JPEG_IMAGES / path.name
            try:
                target.symlink_to(path)
            except OSError:  # Windows allows links only to some
                shutil.copyfile(path, target)
        kind, text = class_file_text(source.classes, None)
        write_atomically(root / kind, text.encode())
        project = Project.open(root, pixel_limit=source.pixel_limit)
        try:
            yield project
        finally:
            project.close()
