"""``torchrun``: processes that share a batch learn what one learns, stop together, and notice that one is gone."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from segstudio_training.checkpoint import load_checkpoint, save_checkpoint
from segstudio_training.distributed import joined_ranks
from segstudio_training.launch import Place, place_of_process
from tests.unit.training.conftest import tiny_checkpoint, write_voc

ROOT = Path(__file__).resolve().parents[3]
PATIENT = 180

# The command line, telling every step and where its processes are.
PROGRAM = """
import atexit
import os
import sys
from pathlib import Path
from segstudio_training import fine_tune
from segstudio_training.cli import main

fine_tune.EVENT_SECONDS = 0.0
Path(__file__).with_name(f"process-{os.environ.get('RANK', 0)}").write_text(str(os.getpid()))
atexit.register(print, "the interpreter was taken down", file=sys.stderr)
main()
"""

# The gradient by two processes, of three images and two, against that of the five by one.
GRADIENTS = """
import json
import sys
import torch
from segstudio_training.distributed import joined_ranks
from segstudio_training.engine import freeze_batch_norms
from segstudio_training.launch import end_at_once
from segstudio_training.losses import build_loss
from segstudio_training.losses.cross_entropy import label_weight
from segstudio_training.networks import build_network

torch.manual_seed(0)
network = build_network("segnet", 3, {"width": 4})
images = torch.randn(5, 3, 32, 32)
weights = torch.tensor([1.0, 2.0, 3.0])
labels = torch.full((5, 32, 32), 255)
labels[0, 0, 0] = 0
for image in (1, 3):
    labels[image, :2, :10] = 2


def gradient(model, loss, images, labels):
    network.zero_grad()
    freeze_batch_norms(model.train())
    value = loss(model(images), labels)
    value.backward()
    return value.detach(), torch.cat([parameter.grad.flatten() for parameter in network.parameters()]).clone()


loss = build_loss(sys.argv[1], weights)
whole, expected = gradient(network, loss, images, labels)
with joined_ranks("cpu") as ranks:
    mine = ranks.place.share_of(range(5))
    value, found = gradient(ranks.wrapped(network, True), ranks.shared(loss, weights), images[mine], labels[mine])
    shared = ranks.mean(value)
    each = [float(label_weight(labels[rank::2], weights)) for rank in range(2)]
    if ranks.is_first:
        said = {"weights": each, "loss": float(whole), "shared_loss": shared}
        print(json.dumps({**said, "difference": float((found - expected).norm()), "norm": float(expected.norm())}))
    ranks.agreed(0.0)
end_at_once(0)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="torchrun is used on Linux and macOS"),
]


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A round from an untrained checkpoint on six teaching and four held-out images."""
    folder = write_voc(tmp_path / "voc", 10)
    start = save_checkpoint(tmp_path / "old.safetensors", tiny_checkpoint())
    job = tmp_path / "job.json"
    names = folder.joinpath("JPEGImages").glob("*.png")
    ordered = sorted(path.stem for path in names)
    job.write_text(json.dumps({"train": ordered[:6], "heldout": ordered[6:]}))
    return ["train", str(folder), "--job", str(job), "--from", str(start), "--device", "cpu", "--events"]


@contextlib.contextmanager
def started(
    tmp_path: Path, processes: int, arguments: list[str], code: str = PROGRAM
) -> Iterator[subprocess.Popen[str]]:
    program = tmp_path / "program.py"
    program.write_text(code)
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "training")])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, *(launcher if processes > 1 else []), str(program), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        try:
            yield child
        finally:
            child.terminate()


def ran(
    tmp_path: Path, processes: int, arguments: list[str], code: str = PROGRAM
) -> tuple[int, list[dict[str, object]], str]:
    """Exit code, events and stderr."""
    with started(tmp_path, processes, arguments, code) as child:
        stdout, stderr = child.communicate(timeout=PATIENT)
    return child.returncode, [json.loads(line) for line in stdout.splitlines()], stderr


def wait_for_step(child: subprocess.Popen[str]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        if json.loads(line)["event"] == "step":
            return


def losses(events: list[dict[str, object]]) -> list[float]:
    return [float(str(event["loss"])) for event in events if event["event"] == "step"]


def test_two_processes_learn_what_one_learns(arguments: list[str], tmp_path: Path) -> None:
    # With seed 0 two neighbours of one batch's poolings are equal within rounding, and its unpooling chooses the other.
    arguments = [*arguments, "--max-steps", "6", "--freeze-batch-norm", "--seed", "1"]
    code, alone, _ = ran(tmp_path, 1, [*arguments, "--out", str(tmp_path / "one.safetensors")])
    assert code == 0
    code, together, stderr = ran(tmp_path, 2, [*arguments, "--out", str(tmp_path / "two.safetensors")])
    assert code == 0, stderr
    assert len(losses(alone)) == 6
    assert losses(together)[0] == pytest.approx(losses(alone)[0], rel=1e-6)
    # Muon makes the weakest directions of a gradient as strong as the others, and their rounding with them.
    assert losses(together) == pytest.approx(losses(alone), rel=5e-5)
    assert [event["event"] for event in together] == [event["event"] for event in alone]
    assert (together[0]["processes"], together[0]["batch_norm"]) == (2, "fixed")
    before, after = (load_checkpoint(tmp_path / f"{name}.safetensors").state_dict for name in ("old", "two"))
    # What gloo's threads still hold then would abort the process.
    assert "taken down" not in stderr
    kept = [name for name in before if "running" in name]
    assert kept and all(torch.equal(before[name], after[name]) for name in kept)


@pytest.mark.parametrize("loss", ["cross_entropy", "cross_entropy_dice"])
def test_gradients_of_two_processes_are_those_of_the_whole_batch(tmp_path: Path, loss: str) -> None:
    """Adam hides a wrong scale, and equal losses a wrong gradient; so the gradient itself is compared."""
    code, told, stderr = ran(tmp_path, 2, [loss], GRADIENTS)
    assert code == 0, stderr
    assert told[0]["weights"] == pytest.approx([1.0, 120.0])  # one share weighs little: a plain mean would be far off
    assert float(str(told[0]["difference"])) < 1e-5 * float(str(told[0]["norm"]))
    assert told[0]["shared_loss"] == pytest.approx(told[0]["loss"], rel=1e-6)


def test_without_frozen_batch_norm_each_process_has_its_own(arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "new.safetensors"
    code, events, stderr = ran(tmp_path, 2, [*arguments, "--max-steps", "2", "--out", str(out)])
    assert code == 0, stderr
    assert events[0]["batch_norm"] == "process" and out.exists()


def test_a_killed_process_ends_the_round_and_spares_the_checkpoint(arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "old.safetensors"  # the new one was to take the old one's place
    before = out.read_bytes()
    with started(tmp_path, 2, [*arguments, "--max-seconds", "600", "--out", str(out)]) as child:
        wait_for_step(child)
        os.kill(int((tmp_path / "process-1").read_text()), signal.SIGKILL)
        stdout, stderr = child.communicate(timeout=PATIENT)
    assert child.returncode == 1
    last = json.loads(stdout.splitlines()[-1])
    assert last["event"] == "error" and last["message"].startswith("One of the 2 processes that work together ended")
    assert stderr.count(last["message"]) == 1 and "RuntimeError" not in stderr
    assert out.read_bytes() == before
    assert out.with_name(out.name + ".state").exists()


def test_cancelling_the_first_cancels_all(arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "new.safetensors"
    with started(tmp_path, 2, [*arguments, "--max-seconds", "600", "--out", str(out)]) as child:
        wait_for_step(child)
        out.with_name(out.name + ".cancel").touch()
        stdout, stderr = child.communicate(timeout=PATIENT)
    assert child.returncode == 1
    assert json.loads(stdout.splitlines()[-1]) == {"event": "error", "message": "Cancelled."}
    assert stderr.count("Cancelled.") == 1 and not out.exists()


def test_more_processes_than_images_in_a_batch_are_refused(arguments: list[str], tmp_path: Path) -> None:
    out = tmp_path / "new.safetensors"
    code, events, stderr = ran(tmp_path, 5, [*arguments, "--max-steps", "2", "--out", str(out)])
    assert code == 1
    assert events[-1]["message"] == "A batch of 4 images cannot be shared by 5 processes. Start at most 4."
    assert f"process 3: {events[-1]['message']}" in stderr


def test_masks_of_two_processes_are_those_of_one(tmp_path: Path) -> None:
    folder = write_voc(tmp_path / "voc", 5)
    checkpoint = save_checkpoint(tmp_path / "a.safetensors", tiny_checkpoint())
    arguments = ["predict", str(folder), "--checkpoint", str(checkpoint), "--device", "cpu", "--json"]
    masks = {}
    for processes in (1, 2):
        out = tmp_path / f"masks-{processes}"
        code, told, stderr = ran(tmp_path, processes, [*arguments, "--out", str(out)])
        assert code == 0, stderr
        assert len(told) == 1 and told[0]["images"] == 5
        masks[processes] = {path.name: path.read_bytes() for path in out.iterdir()}
    assert len(masks[1]) == 5 and masks[2] == masks[1]


def test_more_processes_than_images_predict_them_all(tmp_path: Path) -> None:
    folder = write_voc(tmp_path / "voc", 1)
    checkpoint = save_checkpoint(tmp_path / "a.safetensors", tiny_checkpoint())
    out = tmp_path / "masks"
    arguments = ["predict", str(folder), "--checkpoint", str(checkpoint), "--out", str(out), "--device", "cpu"]
    code, told, stderr = ran(tmp_path, 2, [*arguments, "--json"])
    assert code == 0, stderr
    assert told[0]["images"] == 1 and [path.name for path in out.iterdir()] == ["s00.png"]


def test_shares_differ_by_one_at_most() -> None:
    shares = [Place(rank, 3).share_of(range(8)) for rank in range(3)]
    assert sorted(itertools.chain(*shares)) == list(range(8))
    assert [len(share) for share in shares] == [3, 3, 2]


def test_a_cluster_that_sets_some_of_the_environment_makes_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setenv("WORLD_SIZE", "4")
    monkeypatch.setenv("RANK", "2")
    assert place_of_process() == Place(0, 1, 0)
    with joined_ranks("cpu") as ranks:
        assert ranks.is_first and ranks.agreed(0.5, True) == (0.5, True)
