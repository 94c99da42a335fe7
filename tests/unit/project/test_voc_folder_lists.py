"""How the lists in ImageSets/Segmentation are read and added to."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from segstudio.core.errors import InputError, SaveError
from segstudio.project.project import Project, Side, Status
from segstudio.project.voc_folder import VocFolder

from .conftest import LABELMAP, FolderMaker, UInt8Array


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("nothing", "no image"),
        ("../secret", "climbs out"),
        ("..\\secret", "climbs out"),
        ("/etc/passwd", "absolute"),
        ("C:\\x", "absolute"),
        ("sub/a", "is a path"),
    ],
)
def test_bad_lines_are_named_and_never_followed(data_set: FolderMaker, tmp_path: Path, entry: str, word: str) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "secret.jpg")
    data_set.image("a")
    data_set.split("train", "a", entry)
    folder = VocFolder.open(data_set.root)
    with pytest.raises(InputError, match=rf"train\.txt, line 2: .*{word}"):
        folder.read_list("train")
    assert folder.listed("train").names == ("a",)
    assert [problem.path for problem in folder.problems()] == ["ImageSets/Segmentation/train.txt"]


def test_a_missing_list_names_those_there_are(data_set: FolderMaker) -> None:
    data_set.image("a")
    data_set.split("train", "a")
    with pytest.raises(InputError, match="The lists are: train"):
        VocFolder.open(data_set.root).read_list("test")
    with pytest.raises(InputError, match="no list"):
        VocFolder.open(data_set.root).read_list("../../etc/passwd")


def test_adding_a_name_keeps_every_other_byte_of_a_list(data_set: FolderMaker) -> None:
    for name in ("a", "b"):
        data_set.image(name)
    train = data_set.root / "ImageSets" / "Segmentation" / "train.txt"
    data_set.split("test", "b")
    train.write_bytes(b"a\r\ngone")
    folder = VocFolder.open(data_set.root)
    folder.add_to_lists("b", "train")
    folder.add_to_lists("b", "train")
    assert train.read_bytes() == b"a\r\ngone\r\nb\r\n"
    assert folder.read_list("trainval") == ["a", "b"]
    assert folder.read_list("test") == ["b"]


# -- lists in other forms -----------------------------------------------------------------------------------

MARKED = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-16-be": "utf-16-be", "utf-32": "utf-32-le"}
"""Encodings with a byte-order mark, and those of what comes behind it."""


def _list_in(data_set: FolderMaker, split: str, data: bytes) -> Path:
    path = data_set.split(split)
    path.write_bytes(data)
    return path


def _encoded(text: str, encoding: str) -> bytes:
    return (b"\xfe\xff" if encoding == "utf-16-be" else b"") + text.encode(encoding)


@pytest.mark.parametrize("encoding", MARKED)
def test_a_list_with_a_byte_order_mark_is_read_and_keeps_its_form(data_set: FolderMaker, encoding: str) -> None:
    for name in ("a", "b"):
        data_set.image(name)
    before = _encoded("a\r\n", encoding)
    train = _list_in(data_set, "train", before)
    folder = VocFolder.open(data_set.root)
    assert folder.read_list("train") == ["a"] and list(folder.problems()) == []
    folder.add_to_lists("b", "train")
    assert train.read_bytes() == before + "b\r\n".encode(MARKED[encoding])
    folder.remove_from_list("a", "train")
    assert train.read_bytes() == _encoded("b\r\n", encoding)


@pytest.mark.parametrize(
    "data", ["a\n".encode("utf-16-le"), b"gr\xfcn\n", b"\xff\xfea"], ids=["no mark", "cp1252", "cut"]
)
@pytest.mark.parametrize("split", ["train", "val", "trainval"])
def test_a_list_that_cannot_be_read_is_never_changed(data_set: FolderMaker, data: bytes, split: str) -> None:
    data_set.image("a")
    path = _list_in(data_set, split, data)
    folder = VocFolder.open(data_set.root)
    assert [error.values["file"] for error in folder.unreadable_lists("train", "val", "trainval")] == [
        f"ImageSets/Segmentation/{split}.txt"
    ]
    for change in (folder.add_to_lists, folder.remove_from_list):
        with pytest.raises(SaveError, match=rf"{split}\.txt was not changed.*UTF-8"):
            change("a", "train")
    assert path.read_bytes() == data
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("split", ["train", "val"])
def test_while_a_list_cannot_be_read_nobody_teaches_and_nothing_is_accepted(
    data_set: FolderMaker, labels: UInt8Array, split: str
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    for name in ("a", "b"):
        data_set.image(name)
    data_set.grey_mask("a", labels)
    path = _list_in(data_set, split, b"a\nb\ngr\xfcn\n")
    project = Project.open(data_set.root)
    for ask in (project.teaching_names, project.held_out_names, project.decide_sides):
        with pytest.raises(InputError, match=rf"{split}\.txt is not a text file"):
            ask()
    with pytest.raises(SaveError, match=rf"b was not accepted.*{split}\.txt"):
        project.accept("b", labels)
    assert project.status("b") is Status.UNLABELLED and not (data_set.root / "SegmentationClass" / "b.png").exists()
    path.write_bytes(b"a\nb\n")
    project.accept("b", labels)
    names = project.held_out_names() if split == "val" else project.teaching_names()
    assert names == ["a", "b"]
    project.close()


def test_an_image_of_a_list_in_utf_16_is_held_out(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    for name in ("a", "b"):
        data_set.image(name)
    _list_in(data_set, "val", "a\r\n".encode("utf-16"))
    project = Project.open(data_set.root)
    assert project.accept("a", labels) is Side.HELD_OUT and project.accept("b", labels) is Side.TEACHING
    project.close()
