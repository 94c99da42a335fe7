"""Training: images a second of segstudio's loop against a plain float32 loop of the same network.

`python -m tests.benchmarks.fine_tune [--json]`. Both loops see 480×360 images and count one image for each that a step
learns from. The plain loop is the usual one: image and mask decoded and normalised anew, the whole 480×360 picture in
batches of four, contiguous float32, AdamW. Segstudio's takes varied crops at its working size from a cache
(`speedup_over_plain`); `speedup_same_pixels` gives both the same pixels, so that only layout and loop differ.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from segstudio.core.class_table import ClassTable
from segstudio.project.voc_folder import VocFolder
from segstudio_training.fine_tune import fine_tune
from segstudio_training.job import Job, Recipe
from segstudio_training.networks import build_network
from tests.benchmarks._report import report, wants_json
from tests.benchmarks._stalls import STALL_NOTES, Scenario, stall_figures

if TYPE_CHECKING:
    from PySide6.QtCore import QCoreApplication

HEIGHT, WIDTH, IMAGES, NETWORK_WIDTH, BATCH = 360, 480, 8, 16, 4
NAMES = [f"class {index}" for index in range(11)]
PLAIN_STEPS, OUR_STEPS = 4, 24
NOTES = {
    "speedup_over_plain": "images/s: segstudio's recipe (crops at working size) ÷ plain loop (whole images)",
    "speedup_same_pixels": "images/s of both on whole images at full size",
    "images_per_s": "segstudio's recipe",
    "plain_images_per_s": "the plain loop",
    "first_step_s": "from the call to the end of the first step, images decoded in between",
    "click_to_first_step_s": "from the click to the first step that the window hears of: a trainer had waited",
    "click_to_first_step_cold_s": "the same where a child is started for the round, and imports torch first",
}


def main() -> None:
    as_json = wants_json(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        found = {**figures(Path(folder)), **click_figures(Path(folder)), **stall_figures(Scenario.FINE_TUNING)}
    report("fine_tune", found, as_json, {**NOTES, **STALL_NOTES})


def figures(root: Path) -> dict[str, float]:
    """The figures, over a folder of noise written below `root` (content does not change the time)."""
    source = _folder(root / "voc")
    plain = _plain_images_per_second(source)
    ours, first = _our_images_per_second(source, root, Recipe())
    whole = Recipe(working_side=WIDTH, crop_pixels=HEIGHT * WIDTH)
    same, _ = _our_images_per_second(source, root, whole, PLAIN_STEPS)
    return {
        "speedup_over_plain": ours / plain,
        "speedup_same_pixels": same / plain,
        "images_per_s": ours,
        "plain_images_per_s": plain,
        "first_step_s": first,
    }


def click_figures(root: Path) -> dict[str, float]:
    """From a click to the first step, through the real child process, on a folder written below `root`.

    A round like the window's: it starts from a checkpoint, which is scored on two held-out images first.
    """
    source = _folder(root / "clicked")
    job = root / "job.json"
    job.write_text(json.dumps({"train": source.names[2:], "heldout": source.names[:2]}), encoding="utf-8")
    first = ["train", str(source.root), "--job", str(job), "--device", "cpu", "--events", "--max-seconds", "60"]
    network = str(root / "a.safetensors")  # left by `figures`
    arguments = [*first, "--out", str(root / "b.safetensors"), "--from", network]
    return {
        "click_to_first_step_s": _seconds_to_first_step(arguments, has_waited=True),
        "click_to_first_step_cold_s": _seconds_to_first_step(arguments, has_waited=False),
    }


def _seconds_to_first_step(arguments: list[str], has_waited: bool) -> float:
    from PySide6.QtCore import QCoreApplication

    from segstudio.services.fine_tune_process import FineTuneProcess
    from segstudio.services.warm_trainer import WarmTrainer

    app = QCoreApplication.instance() or QCoreApplication([])
    warm = WarmTrainer()
    process = FineTuneProcess(None, warm)
    heard: list[float] = []
    process.reported.connect(lambda event: heard.append(time.perf_counter()) if event["event"] == "step" else None)
    try:
        if has_waited:
            warm.warm()
            _run_until(app, lambda: warm.is_ready)
        began = time.perf_counter()
        process.start(arguments)
        _run_until(app, lambda: bool(heard) or not process.is_running)
        return heard[0] - began
    finally:
        warm.stop()
        process.stop()


def _run_until(app: QCoreApplication, done: Callable[[], bool]) -> None:
    while not done():
        app.processEvents()
        time.sleep(0.002)


def _folder(root: Path) -> VocFolder:
    for part in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / part).mkdir(parents=True)
    (root / "class_names.txt").write_text("\n".join(NAMES) + "\n", encoding="utf-8")
    palette = ClassTable.from_names(NAMES).palette().tobytes()
    random = np.random.default_rng(0)
    for number in range(IMAGES):
        coarse = random.integers(0, len(NAMES), (HEIGHT // 30, WIDTH // 30)).astype(np.uint8)
        labels = coarse.repeat(30, axis=0).repeat(30, axis=1)
        image = random.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        Image.fromarray(image).save(root / "JPEGImages" / f"n{number}.jpg")
        mask = Image.fromarray(labels)
        mask.putpalette(palette)
        mask.save(root / "SegmentationClass" / f"n{number}.png")
    return VocFolder.open(root)


def _plain_images_per_second(source: VocFolder) -> float:
    network = build_network("segnet", len(NAMES), {"width": NETWORK_WIDTH}).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    loss = nn.CrossEntropyLoss(ignore_index=255)
    began = 0.0
    for step in range(PLAIN_STEPS + 1):
        if step == 1:  # the first is for warming up
            began = time.perf_counter()
        names = [source.names[(step * BATCH + place) % IMAGES] for place in range(BATCH)]
        images = torch.stack([torch.from_numpy(source.read_image(name).copy()).permute(2, 0, 1) for name in names])
        labels = torch.stack([torch.from_numpy(source.read_label_map(name).copy()).long() for name in names])
        optimizer.zero_grad()
        loss(network(images.float() / 255), labels).backward()
        optimizer.step()
    return PLAIN_STEPS * BATCH / (time.perf_counter() - began)


def _our_images_per_second(
    source: VocFolder, root: Path, recipe: Recipe, steps: int = OUR_STEPS
) -> tuple[float, float]:
    """Images a second after the first step, and the seconds to the end of the first step."""
    times: list[float] = []

    def note(event: dict[str, Any]) -> None:
        if event["event"] in {"step", "start"}:
            times.append(time.perf_counter())

    began = time.perf_counter()
    job = Job(
        source=source,
        train=source.names,
        heldout=[],
        out=root / "a.safetensors",
        width=NETWORK_WIDTH,
        max_steps=steps + 1,
        device="cpu",
        recipe=recipe,
    )
    fine_tune(job, note, lambda: False)
    # times: start, first step, (some), last step
    return steps * recipe.batch_size / (times[-1] - times[1]), times[1] - began


if __name__ == "__main__":
    main()
