"""Prediction: the predictor against the same network run plainly, and against the bare fastest forward.

`python -m tests.benchmarks.predict [--json]`. Width-64 SegNet, 480×360, untrained (weights do not change the time).
Rounds of the three are interleaved, so that a busy moment hits all alike; the least time of each counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from segstudio.core.class_table import ClassTable
from segstudio_training.checkpoint import Checkpoint
from segstudio_training.networks import build_network
from segstudio_training.predictor import Predictor
from tests.benchmarks._report import report, wants_json
from tests.benchmarks._stalls import STALL_NOTES, Scenario, stall_figures

HEIGHT, WIDTH, CLASSES, ROUNDS = 360, 480, 11, 7
NOTES = {
    "speedup_over_plain": "eval, float32, contiguous forward of the same network ÷ Predictor.predict, whole call",
    "overhead_over_bare": "Predictor.predict ÷ forward alone by the chosen plan, minus 1",
    "predict_s": "seconds per image, from 8-bit image to label map and confidence",
    "plain_s": "seconds per plain forward",
    "share_of_matmul": "multiplications per second of the bare forward ÷ those of a large matrix product of its type",
    "matmul_speedup": "a large matrix product in float32 ÷ the same in the type that the plan chose: what this "
    "machine's arithmetic has to give",
}
MATMUL_SIDE = 2048


def figures(width: int = 64) -> dict[str, float]:
    """The figures at network `width`."""
    arguments = {"width": width, "dropout": 0.0}
    network = build_network("segnet", CLASSES, arguments).eval()
    classes = ClassTable.from_names([f"class {index}" for index in range(CLASSES)])
    checkpoint = Checkpoint("segnet", arguments, classes, network.state_dict())
    predictor = Predictor(checkpoint, "cpu")
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    batch = torch.randn(1, 3, HEIGHT, WIDTH)
    fitted = batch.to(predictor.plan.dtype, memory_format=predictor.plan.memory_format)

    def forward(net: torch.nn.Module, images: torch.Tensor) -> None:
        with torch.inference_mode():
            net(images)

    torch.set_num_threads(predictor.threads)
    square = torch.randn(MATMUL_SIDE, MATMUL_SIDE)
    fast_square = square.to(predictor.plan.dtype)
    plain, bare, whole, matmul, fast_matmul = _least_seconds(
        lambda: forward(network, batch),
        lambda: forward(predictor.network, fitted),
        lambda: predictor.predict(image),
        lambda: square @ square,
        lambda: fast_square @ fast_square,
    )
    return {
        "share_of_matmul": (_flops(network, batch) / bare) / (2 * MATMUL_SIDE**3 / fast_matmul),
        "matmul_speedup": matmul / fast_matmul,
        "speedup_over_plain": plain / whole,
        "overhead_over_bare": whole / bare - 1,
        "predict_s": whole,
        "plain_s": plain,
    }


def _flops(network: torch.nn.Module, images: torch.Tensor) -> int:
    """Multiplications and additions of one forward pass."""
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(images)
    return counter.get_total_flops()


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
