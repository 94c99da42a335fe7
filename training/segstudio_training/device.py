"""Which device the network runs on, with how many threads, and what follows from that."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

from segstudio.core.errors import InputError, marked

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is the GPU where there is one that unpools, else the processor.

    Raises:
        InputError: an unknown name, or a device that this machine does not have.
    """
    if name not in DEVICES:
        raise InputError(
            marked('There is no device called "{name}". Choose one of: {known}.'), name=name, known=", ".join(DEVICES)
        )
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        available["mps"] = available["mps"] and unpools(torch.device("mps"))
        return torch.device(next(kind for kind in ("cuda", "mps", "cpu") if available[kind]))
    if not available[name]:
        raise InputError(marked('This machine cannot compute on "{name}". Use --device auto.'), name=name)
    return torch.device(name)


def unpools(device: torch.device) -> bool:
    """Whether this torch can do on `device` what SegNet's decoder is made of; on Apple's GPUs torch learnt it late."""
    try:
        pooled, places = torch.nn.functional.max_pool2d(torch.zeros(1, 1, 2, 2, device=device), 2, return_indices=True)
        torch.nn.functional.max_unpool2d(pooled, places, [2, 2])
    except (NotImplementedError, RuntimeError):
        return False
    return True


def usable_cores() -> int:
    """Processor cores that this process may use: a container or `taskset` may allow fewer than there are.

    OMP_NUM_THREADS, where a person has set it, is a limit too.
    """
    cores = os.cpu_count() or 1
    with contextlib.suppress(AttributeError, OSError):
        cores = len(os.sched_getaffinity(0))
    limit = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, min(cores, int(limit)) if limit.isdigit() else cores)


@contextlib.contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Compute with `count` threads inside the block, and with as many as before behind it."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, count))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def computes_bfloat16(device: torch.device) -> bool:
    """Whether `device` multiplies bfloat16 faster than float32, by what it says of itself.

    Without AMX or AVX512-BF16 a processor computes bfloat16 many times slower than float32.
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not _allowed("BF16", "AMX"):
        return False
    ask = getattr(torch.cpu, "get_capabilities", None)
    if ask is not None:
        return _has("amx_bf16", "avx512_bf16", "amx_tile")
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def computes_eight_bits(device: torch.device) -> bool:
    """Whether `device` is a processor that adds up products of 8-bit integers in 32 bits in one go (VNNI, AMX)."""
    # oneDNN's limits name sets of instructions, each with all before it: BF16 comes after VNNI.
    return device.type == "cpu" and _allowed("VNNI", "BF16", "AMX") and _has("avx512_vnni", "avx_vnni", "amx_int8")


def _has(*instructions: str) -> bool:
    """Whether the processor says that it has any of `instructions`; False where this torch cannot tell."""
    ask = getattr(torch.cpu, "get_capabilities", None)
    return ask is not None and any(bool(ask().get(name)) for name in instructions)


def _allowed(*names: str) -> bool:
    """Whether oneDNN may use all instructions, or was limited to a set whose name has one of `names` in it."""
    limit = (os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "DEFAULT").upper()
    return limit in {"DEFAULT", "ALL"} or any(name in limit for name in names)


@contextlib.contextmanager
def quick_denormals() -> Iterator[None]:
    """Numbers below 1e-38 count as zero meanwhile: processors are slow with them, and nothing depends on them."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)
