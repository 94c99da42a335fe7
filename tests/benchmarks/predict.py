"""Prediction: the predictor against the same network run plainly, and against the bare fastest forward.

`python -m tests.benchmarks.predict [--json]`. Width-64 SegNet, 480×360, untrained, but its batch norms know their input
as after a training: what one learns does not change the time, and what does not fit the 8-bit ranges does.
Rounds of the three are interleaved, so that a busy moment hits all alike; the least time of each counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.resources import resource_root
from segstudio.project.voc_folder import VocFolder
from segstudio_training.checkpoint import Checkpoint, load_checkpoint
from segstudio_training.networks import build_network
from segstudio_training.normalisation import IMAGENET_MEAN, IMAGENET_STD
from segstudio_training.plan import SAFE, Plan
from segstudio_training.predictor import Predictor
from tests.benchmarks._report import report, wants_json
from tests.benchmarks._stalls import STALL_NOTES, Scenario, stall_figures

HEIGHT, WIDTH, CLASSES, ROUNDS = 360, 480, 11, 7
NOTES = {
    "speedup_over_plain": "eval, float32, contiguous forward of the same network ÷ Predictor.predict, whole call",
    "overhead_over_bare": "Predictor.predict ÷ forward alone by the chosen plan, minus 1",
    "predict_s": "seconds per image, from 8-bit image to label map and confidence",
    "plain_s": "seconds per plain forward",
    "same_labels": "share of the sample's pixels that the starter labels as in float32, by the chosen plan",
    "right_labels": "share of the sample's labelled pixels that the starter labels right, by the chosen plan",
    "right_labels_float32": "the same in float32",
}


def figures(width: int = 64) -> dict[str, float]:
    """The figures at network `width`."""
    arguments = {"width": width, "dropout": 0.0}
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    network = build_network("segnet", CLASSES, arguments)
    _settle(network, image)
    classes = ClassTable.from_names([f"class {index}" for index in range(CLASSES)])
    checkpoint = Checkpoint("segnet", arguments, classes, network.state_dict())
    predictor = Predictor(checkpoint, "cpu")
    batch = _normalised(image)
    fitted = batch.to(predictor.plan.dtype, memory_format=predictor.plan.memory_format)

    def forward(net: torch.nn.Module, images: torch.Tensor) -> None:
        with torch.inference_mode():
            net(images)

    torch.set_num_threads(predictor.threads)
    plain, bare, whole = _least_seconds(
        lambda: forward(network, batch),
        lambda: forward(predictor.network, fitted),
        lambda: predictor.predict(image),
    )
    return {
        "speedup_over_plain": plain / whole,
        "overhead_over_bare": whole / bare - 1,
        "predict_s": whole,
        "plain_s": plain,
        **_faithfulness(predictor.plan),
    }


def _normalised(image: np.ndarray) -> torch.Tensor:
    """(1, 3, H, W) float32, contiguous, as the predictor gives it to the network."""
    values = (image / 255 - np.array(IMAGENET_MEAN)) / np.array(IMAGENET_STD)
    return torch.from_numpy(values.transpose(2, 0, 1)[None].astype(np.float32))


def _settle(network: torch.nn.Module, image: np.ndarray) -> None:
    """Give the batch norms the statistics of `image`, and set `network` to evaluation."""
    norms = [module for module in network.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = None  # the mean over all that is seen
    with torch.no_grad():
        network.train()(_normalised(image))
    network.eval()


def _faithfulness(plan: Plan) -> dict[str, float]:
    """What `plan` makes of the sample with the starter, beside float32."""
    checkpoint = load_checkpoint(resource_root() / "starter.safetensors")
    sample = VocFolder.open(resource_root() / "sample")
    exact, chosen = Predictor(checkpoint, "cpu", SAFE), Predictor(checkpoint, "cpu", plan)
    same, right, right_exact = [], [], []
    for name in filter(sample.has_mask, sample.names):
        image, truth = sample.read_image(name), sample.read_label_map(name)
        ours, theirs = chosen.predict(image).labels, exact.predict(image).labels
        same.append(np.mean(ours == theirs))
        right.append(np.mean((ours == truth)[truth != VOID]))
        right_exact.append(np.mean((theirs == truth)[truth != VOID]))
    return {
        "same_labels": float(np.mean(same)),
        "right_labels": float(np.mean(right)),
        "right_labels_float32": float(np.mean(right_exact)),
    }


def _least_seconds(*calls: Callable[[], object]) -> list[float]:
    least = [float("inf")] * len(calls)
    for one_round in range(ROUNDS + 1):
        for index, call in enumerate(calls):
            start = time.perf_counter()
            call()
            if one_round:  # the first is for warming up
                least[index] = min(least[index], time.perf_counter() - start)
    return least


def main() -> None:
    as_json = wants_json(__doc__)
    found = {**figures(), **stall_figures(Scenario.PROPOSING)}
    report("predict", found, as_json, {**NOTES, **STALL_NOTES})


if __name__ == "__main__":
    main()
