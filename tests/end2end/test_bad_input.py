"""Bad input through the commands: exit code 1, one line on stderr that says what and where, and nothing is changed."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.cli import main
from tests.small_folders import draw_scene, tiny_checkpoint, voc_folder, write_list

Spoil = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six images, five with truth: three teach, two are held out."""
    return voc_folder(tmp_path / "data", images=6, masks=5, held_out=2)


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny.safetensors")


@pytest.fixture
def refused(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Run a command that must end with 1 and one line on stderr; returns that line."""

    def run(*arguments: object) -> str:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capfd.readouterr()
        lines = said.err.strip().splitlines()
        assert code == 1, (arguments, said.out, said.err)
        assert len(lines) == 1, said.err
        assert "Traceback" not in said.out + said.err
        return lines[0]

    yield run


def commands(folder: Path, checkpoint: Path, out: Path) -> list[list[object]]:
    return [
        ["check", folder],
        ["export", folder, "--out", out / "masks"],
        ["train", folder, "--out", out / "new.safetensors", "--max-steps", 1, "--width", 4, "--device", "cpu"],
        ["evaluate", folder, "--checkpoint", checkpoint, "--device", "cpu"],
        ["predict", folder, "--checkpoint", checkpoint, "--out", out / "predicted", "--device", "cpu"],
    ]


def nowhere(root: Path) -> None:
    root.rename(root.with_name("elsewhere"))


def a_file(root: Path) -> None:
    nowhere(root)
    root.write_text("no folder")


def no_images(root: Path) -> None:
    for path in (root / "JPEGImages").iterdir():
        path.unlink()


def nothing_like_a_voc_folder(root: Path) -> None:
    nowhere(root)
    (root / "notes").mkdir(parents=True)
    (root / "notes" / "a.txt").write_text("hello")


@pytest.mark.parametrize("spoil", [nowhere, a_file, no_images, nothing_like_a_voc_folder], ids=lambda s: s.__name__)
def test_a_folder_that_cannot_be_opened(
    folder: Path, checkpoint: Path, tmp_path: Path, refused: Callable[..., str], spoil: Spoil
) -> None:
    spoil(folder)
    for arguments in commands(folder, checkpoint, tmp_path):
        assert str(folder) in refused(*arguments), arguments
    assert not list(tmp_path.glob("new*")) and not (tmp_path / "masks").exists()


def zero_bytes(path: Path) -> None:
    path.write_bytes(b"")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def no_picture(path: Path) -> None:
    path.write_bytes(b"this is no picture")


@pytest.mark.parametrize("spoil", [zero_bytes, truncated, no_picture], ids=lambda s: s.__name__)
@pytest.mark.parametrize("part", ["JPEGImages", "SegmentationClass"])
def test_a_broken_image_or_mask(
    folder: Path, checkpoint: Path, tmp_path: Path, refused: Callable[..., str], spoil: Spoil, part: str
) -> None:
    # s00 teaches, s03 is held out: each command meets one of them.
    for name in ("s00", "s03"):
        spoil(folder / part / f"{name}.png")
    spoiled = (folder / part / "s00.png").read_bytes()
    needs_it = {"check", "train", "evaluate"} | ({"predict"} if part == "JPEGImages" else {"export"})
    for arguments in commands(folder, checkpoint, tmp_path):
        if arguments[0] in needs_it:
            line = refused(*arguments)
            assert "s00.png" in line or "s03.png" in line or arguments[0] == "check", line
    assert (folder / part / "s00.png").read_bytes() == spoiled
    assert not (tmp_path / "new.safetensors").exists()


def test_check_names_both(folder: Path, refused: Callable[..., str], capfd: pytest.CaptureFixture[str]) -> None:
    zero_bytes(folder / "JPEGImages" / "s00.png")
    truncated(folder / "SegmentationClass" / "s03.png")
    assert main(["check", str(folder), "--json"]) == 1
    told = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert [problem["path"] for problem in told["problems"]] == ["JPEGImages/s00.png", "SegmentationClass/s03.png"]


def test_a_mask_of_another_size(folder: Path, checkpoint: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    for name in ("s00", "s03"):
        Image.fromarray(np.ones((9, 11), np.uint8)).save(folder / "SegmentationClass" / f"{name}.png")
    for arguments in commands(folder, checkpoint, tmp_path)[:4]:
        line = refused(*arguments)
        assert arguments[0] == "check" or "s00" in line or "s03" in line


def rgb_folder(root: Path) -> None:
    (root / "class_names.txt").unlink()
    (root / "labelmap.txt").write_text("background:0,0,0::\nsun:250,220,40::\npole:200,30,200::\n")
    colors = np.array([(0, 0, 0), (250, 220, 40), (200, 30, 200)], np.uint8)
    for path in (root / "SegmentationClass").iterdir():
        Image.fromarray(colors[draw_scene(int(path.stem[1:]))[1]]).save(path)


def test_an_unknown_colour_in_an_rgb_mask(
    folder: Path, checkpoint: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    rgb_folder(folder)
    for name in ("s00", "s03"):
        path = folder / "SegmentationClass" / f"{name}.png"
        with Image.open(path) as picture:
            pixels = np.array(picture)
        pixels[5, 6] = (1, 2, 3)
        Image.fromarray(pixels).save(path)
    before = (folder / "SegmentationClass" / "s00.png").read_bytes()
    for arguments in commands(folder, checkpoint, tmp_path)[:4]:
        line = refused(*arguments)
        assert arguments[0] == "check" or "1, 2, 3" in line or "1,2,3" in line or "#010203" in line, line
    assert (folder / "SegmentationClass" / "s00.png").read_bytes() == before


def test_an_index_beyond_the_class_table(
    folder: Path, checkpoint: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    for name in ("s00", "s03"):
        Image.fromarray(np.full((48, 64), 9, np.uint8)).save(folder / "SegmentationClass" / f"{name}.png")
    for arguments in commands(folder, checkpoint, tmp_path)[:4]:
        line = refused(*arguments)
        assert arguments[0] == "check" or "9" in line, line


@pytest.mark.parametrize("entry", ["nobody", "../../etc/passwd", "/etc/passwd"])
def test_a_list_that_names_what_is_not_there_or_climbs_out(
    folder: Path, checkpoint: Path, tmp_path: Path, refused: Callable[..., str], entry: str
) -> None:
    write_list(folder, "extra", ["s00", entry])
    named: list[list[object]] = [
        ["check", folder],
        ["train", folder, "--out", tmp_path / "new.safetensors", "--max-steps", 1, "--split", "extra"],
        ["evaluate", folder, "--checkpoint", checkpoint, "--split", "extra"],
        ["predict", folder, "--checkpoint", checkpoint, "--out", tmp_path / "predicted", "--split", "extra"],
    ]
    for arguments in named:
        line = refused(*arguments)
        assert arguments[0] == "check" or entry in line, line
    assert not (tmp_path / "predicted").exists()


def test_an_image_over_the_pixel_limit(
    folder: Path, checkpoint: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    # 900 megapixels in a file of a few kilobytes.
    Image.new("1", (30_000, 30_000)).save(folder / "JPEGImages" / "s00.png")
    for arguments in commands(folder, checkpoint, tmp_path):
        if arguments[0] in ("check", "train", "predict"):
            line = refused(*arguments)
            assert arguments[0] == "check" or "s00.png" in line, line


def newer(good: Path, bad: Path) -> None:
    from safetensors import safe_open
    from safetensors.torch import save_file

    with safe_open(good, "pt") as opened:
        metadata = opened.metadata()
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - it is no dict
    key = next(name for name, text in metadata.items() if "format_version" in text)
    told = json.loads(metadata[key])
    told["format_version"] = 999
    save_file(tensors, bad, {**metadata, key: json.dumps(told)})


def missing(_good: Path, _bad: Path) -> None:
    pass


def cut(good: Path, bad: Path) -> None:
    bad.write_bytes(good.read_bytes()[:-64])


def other_classes(_good: Path, bad: Path) -> None:
    tiny_checkpoint(bad, ("cat", "dog"))


def not_ours(_good: Path, bad: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, bad)


@pytest.mark.parametrize("spoil", [missing, cut, newer, other_classes, not_ours], ids=lambda s: s.__name__)
def test_a_checkpoint_that_cannot_be_used(
    folder: Path,
    checkpoint: Path,
    tmp_path: Path,
    refused: Callable[..., str],
    spoil: Callable[[Path, Path], None],
) -> None:
    bad = tmp_path / "bad.safetensors"
    spoil(checkpoint, bad)
    refused("evaluate", folder, "--checkpoint", bad)
    refused("train", folder, "--out", tmp_path / "new.safetensors", "--from", bad, "--max-steps", 1)
    if spoil is not other_classes:  # predict writes masks in the checkpoint's own classes
        refused("predict", folder, "--checkpoint", bad, "--out", tmp_path / "predicted")
    assert not (tmp_path / "new.safetensors").exists() and not (tmp_path / "predicted").exists()


def test_a_hostile_pickle_is_not_run(folder: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    owned = tmp_path / "owned"
    for suffix in (".pt", ".safetensors"):
        bad = tmp_path / f"bad{suffix}"
        bad.write_bytes(f"cposix\nsystem\n(S'touch {owned}'\ntR.".encode())
        for command in ("evaluate", "predict"):
            rest = ["--out", tmp_path / "predicted"] if command == "predict" else []
            refused(command, folder, "--checkpoint", bad, *rest)
    assert not owned.exists()


def test_nothing_to_learn_from(tmp_path: Path, refused: Callable[..., str]) -> None:
    root = voc_folder(tmp_path / "data", images=3)
    line = refused("train", root, "--out", tmp_path / "new.safetensors", "--max-steps", 1)
    assert "Accept at least one image" in line


def test_one_class_only(tmp_path: Path, refused: Callable[..., str]) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=2)
    for name in ("s00", "s01"):
        Image.fromarray(np.zeros((48, 64), np.uint8)).save(root / "SegmentationClass" / f"{name}.png")
    line = refused("train", root, "--out", tmp_path / "new.safetensors", "--max-steps", 1, "--width", 4)
    assert "only one class (background)" in line


@pytest.mark.slow
def test_one_image_is_enough_to_train(tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=3, masks=1)
    out = tmp_path / "new.safetensors"
    assert main(["train", str(root), "--out", str(out), "--max-steps", "2", "--width", "4", "--device", "cpu"]) == 0
    assert out.is_file()


@pytest.mark.slow
def test_a_loss_that_is_no_number_is_told_and_writes_nothing(
    folder: Path, tmp_path: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from segstudio_training import losses

    build = losses.build_loss

    def broken(*arguments: object, **options: object) -> object:
        real = build(*arguments, **options)  # type: ignore[arg-type]
        real.forward = lambda scores, labels: scores.sum() * float("nan")  # type: ignore[method-assign]
        return real

    monkeypatch.setattr("segstudio_training.fine_tune.build_loss", broken)
    refused("train", folder, "--out", tmp_path / "new.safetensors", "--max-steps", 3, "--width", 4, "--device", "cpu")
    assert not (tmp_path / "new.safetensors").exists()


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC], ids=["read-only", "full"])
def test_a_disk_that_cannot_be_written(
    folder: Path,
    checkpoint: Path,
    tmp_path: Path,
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    number: int,
) -> None:
    real_open = os.open

    def refuse(path: object, flags: int, *rest: int, **more: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number))
        return real_open(path, flags, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)
    for arguments in commands(folder, checkpoint, tmp_path):
        if arguments[0] in ("export", "train", "predict"):
            line = refused(*arguments)
            assert "was not saved" in line or "could not be" in line, line
    monkeypatch.undo()
    left = [path.name for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(folder)]
    assert not [name for name in left if name.endswith((".png", ".safetensors"))]
