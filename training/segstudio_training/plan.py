"""The numeric plan of a network: precision, memory layout and folding, whichever is fastest on this machine.

8-bit integers are among the precisions where a network has a form for them (`EIGHT_BIT_FORMS`).

Measured once per network and machine, and remembered in the user's cache folder. Plain (float32, contiguous, nothing
folded) is among the candidates, so that the plan chosen is never slower than plain.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import itertools
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from segstudio.core.errors import SaveError
from segstudio.formats.atomic import write_atomically
from segstudio_training.device import computes_bfloat16, computes_eight_bits
from segstudio_training.eight_bits import eight_bits_work
from segstudio_training.networks.first_layer import first_convolution
from segstudio_training.networks.segnet import SegNet
from segstudio_training.networks.segnet_eight_bits import EightBitSegNet

SMALL_SIDE, FULL_SIDE = 96, 320
"""Pixels of the square images on which candidates are tried: all on the small one, the promising on the full one."""
PROMISING = 2.0
"""A candidate so many times slower than the best on the small image is not tried on the full one."""
REPEATS = 3
INSTRUCTION_LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY")


@dataclass(frozen=True)
class Plan:
    """How a network is run. The default is plain.

    Attributes:
        bfloat16: or else float32, for images and for all that is not in 8 bits.
        channels_last: the channels of a pixel lie side by side in memory.
        folded: batch norms are folded into the convolutions before them.
        eight_bits: convolutions in 8-bit integers, where the network has such a form; it is folded in any case.
    """

    bfloat16: bool = False
    channels_last: bool = False
    folded: bool = False
    eight_bits: bool = False

    @property
    def dtype(self) -> torch.dtype:
        """The type of weights and images."""
        return torch.bfloat16 if self.bfloat16 else torch.float32

    @property
    def memory_format(self) -> torch.memory_format:
        """The layout of weights and images."""
        return torch.channels_last if self.channels_last else torch.contiguous_format


PLAIN = Plan()
SAFE = Plan(channels_last=True, folded=True)
"""Exact to rounding and good everywhere; used where measuring would not pay."""
CANDIDATES = (
    PLAIN,
    Plan(folded=True),
    Plan(channels_last=True),
    SAFE,
    Plan(bfloat16=True, channels_last=True, folded=True),
    Plan(channels_last=True, folded=True, eight_bits=True),
    Plan(bfloat16=True, channels_last=True, folded=True, eight_bits=True),
)
EIGHT_BIT_FORMS: dict[type[nn.Module], Callable[..., nn.Module]] = {SegNet: EightBitSegNet}
"""Built from a network, the type of what stays floating, and the network made ready in it; gives float32 scores."""


def prepared(network: nn.Module, plan: Plan, device: torch.device) -> nn.Module:
    """`network` (which may be used up) as `plan` wants it, in evaluation mode on `device`."""
    network = network.eval()
    if plan.eight_bits:
        form = EIGHT_BIT_FORMS.get(type(network))
        if form is not None:
            floating = prepared(copy.deepcopy(network), replace(plan, eight_bits=False), device)
            return form(network, plan.dtype, floating).eval()
    if plan.folded:
        for module in network.modules():
            if isinstance(module, nn.Sequential):
                _fold(module)
    return network.to(device=device, dtype=plan.dtype, memory_format=plan.memory_format)  # type: ignore[call-overload]


def _fold(layers: nn.Sequential) -> None:
    """Fold each batch norm of `layers` into the convolution before it."""
    names = list(layers._modules)
    for first, second in itertools.pairwise(names):
        convolution, norm = layers._modules[first], layers._modules[second]
        if isinstance(convolution, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
            layers._modules[first] = fuse_conv_bn_eval(convolution, norm)
            layers._modules[second] = nn.Identity()


def fastest_plan(network: nn.Module, name: str, arguments: Mapping[str, object], device: torch.device) -> Plan:
    """The fastest of `CANDIDATES` for `network` here: remembered, or measured now (seconds) and remembered."""
    path = _cache_folder() / "plans" / f"{_machine_key(name, arguments, device)}.json"
    with contextlib.suppress(OSError, ValueError, TypeError):
        return Plan(**json.loads(path.read_text(encoding="utf-8")))
    plan = measured_plan(network, device)
    with contextlib.suppress(SaveError):  # measured again next time
        write_atomically(path, json.dumps(asdict(plan)).encode())
    return plan


def measured_plan(network: nn.Module, device: torch.device) -> Plan:
    """The fastest of `CANDIDATES` by measuring; `network` is not changed."""
    candidates = _possible_plans(network, device)
    runs = {plan: prepared(copy.deepcopy(network), plan, device) for plan in candidates}
    rough = {plan: _seconds(run, plan, SMALL_SIDE, device) for plan, run in runs.items()}
    limit = PROMISING * min(rough.values())
    full = {plan: _seconds(runs[plan], plan, FULL_SIDE, device) for plan in candidates if rough[plan] <= limit}
    return min(full, key=lambda plan: full[plan])


def _possible_plans(network: nn.Module, device: torch.device) -> list[Plan]:
    """Those of `CANDIDATES` that this device is good at, and for which `network` has a form."""
    bfloat16 = computes_bfloat16(device)
    eight_bits = type(network) in EIGHT_BIT_FORMS and computes_eight_bits(device) and eight_bits_work()
    return [plan for plan in CANDIDATES if (bfloat16 or not plan.bfloat16) and (eight_bits or not plan.eight_bits)]


def _seconds(network: nn.Module, plan: Plan, side: int, device: torch.device) -> float:
    """Least seconds of a forward pass over one square image."""
    channels = first_convolution(network).in_channels
    # Grey, which fits the 8-bit ranges of any network: what does not is done in floating numbers, and takes longer.
    image = torch.zeros(1, channels, side, side, device=device).to(plan.dtype, memory_format=plan.memory_format)
    best = float("inf")
    with torch.inference_mode():
        network(image)
        for _ in range(REPEATS):
            start = time.perf_counter()
            # Reading a value back waits for a GPU as well.
            float(network(image).flatten()[0])
            best = min(best, time.perf_counter() - start)
    return best


def _machine_key(name: str, arguments: Mapping[str, object], device: torch.device) -> str:
    """All that the choice depends on, as a short file name."""
    processor = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        processor += "".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))
    limits = [os.environ.get(variable, "") for variable in INSTRUCTION_LIMITS]
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    parts = [
        name,
        dict(arguments),
        processor,
        limits,
        gpu,
        torch.__version__,
        torch.get_num_threads(),
        repr(CANDIDATES),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:24]


def _cache_folder() -> Path:
    """The user's cache folder for segstudio, by the platform's custom."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "segstudio"
