"""How masks and classes are written: originals, full disks, workspaces, plain folders."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from segstudio.core.class_table import ClassTable
from segstudio.core.errors import SaveError
from segstudio.formats.class_sources import ClassSource
from segstudio.formats.mask_code import MaskCode
from segstudio.project.voc_folder import VocFolder

from .conftest import LABELMAP, FolderMaker, UInt8Array

# -- writing ------------------------------------------------------------------------------------------------


def test_the_mask_before_the_first_overwriting_is_kept_once(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    path = data_set.grey_mask("a", np.zeros_like(labels))
    original = path.read_bytes()
    for value in (1, 2):
        VocFolder.open(data_set.root).write_label_map("a", np.full_like(labels, value))
    assert (data_set.root / ".segstudio" / "originals" / "a.png").read_bytes() == original


def test_segstudios_own_first_mask_is_no_original(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    for value in (1, 2):
        VocFolder.open(data_set.root).write_label_map("a", np.full_like(labels, value))
    assert not (data_set.root / ".segstudio" / "originals" / "a.png").exists()


def test_a_full_disk_leaves_the_mask_as_it_was(
    data_set: FolderMaker, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    path = data_set.grey_mask("a", np.zeros_like(labels))
    before = path.read_bytes()
    folder = VocFolder.open(data_set.root)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(SaveError, match="disk is full"):
        folder.write_label_map("a", labels)
    monkeypatch.undo()
    assert path.read_bytes() == before
    folder.write_label_map("a", labels)
    assert np.array_equal(folder.read_label_map("a"), labels)


def test_with_a_workspace_the_folder_itself_is_never_written(
    data_set: FolderMaker, labels: UInt8Array, tmp_path: Path
) -> None:
    data_set.text("labelmap.txt", LABELMAP)
    data_set.image("a")
    data_set.grey_mask("a", np.zeros_like(labels))
    data_set.split("train", "a")
    before = {path: path.stat().st_mtime_ns for path in data_set.root.rglob("*")}
    workspace = tmp_path / "work"
    folder = VocFolder.open(data_set.root, workspace)
    folder.write_label_map("a", labels)
    folder.add_to_lists("a", "val")
    assert {path: path.stat().st_mtime_ns for path in data_set.root.rglob("*")} == before
    again = VocFolder.open(data_set.root, workspace)
    assert np.array_equal(again.read_label_map("a"), labels)
    assert again.read_list("val") == ["a"] and again.read_list("train") == ["a"]


# -- plain folders ------------------------------------------------------------------------------------------


def test_a_plain_folder_becomes_a_voc_folder_with_the_first_mask(data_set: FolderMaker, labels: UInt8Array) -> None:
    for name in ("a", "b"):
        data_set.plain_image(name)
    folder = VocFolder.open(data_set.root)
    assert not folder.is_voc and folder.class_source is ClassSource.NONE and len(folder.classes) == 0
    folder.set_classes(ClassTable.from_names(["background", "cell", "wall"]))
    assert sorted(path.name for path in data_set.root.iterdir()) == ["a.jpg", "b.jpg"]
    folder.write_label_map("a", labels)
    assert (data_set.root / "a.jpg").read_bytes() == (data_set.root / "JPEGImages" / "a.jpg").read_bytes()
    assert (data_set.root / "ImageSets" / "Segmentation").is_dir()
    again = VocFolder.open(data_set.root)
    assert again.is_voc and again.names == ["a", "b"]
    assert again.classes == folder.classes
    assert np.array_equal(again.read_label_map("a"), labels)


def test_classes_are_set_without_waiting_for_a_mask_that_is_being_encoded(
    data_set: FolderMaker, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are set in the thread of the window; the mask is then written in the new colours."""
    data_set.plain_image("a")
    folder = VocFolder.open(data_set.root)
    names = ["background", "cell", "wall"]
    folder.set_classes(ClassTable.from_names(names, [(0, 0, 0), (1, 2, 3), (9, 9, 9)]))
    wanted = ClassTable.from_names(names, [(0, 0, 0), (200, 0, 0), (0, 200, 0)])
    real, setting = MaskCode.encode, threading.Thread(target=folder.set_classes, args=(wanted,), daemon=True)

    def encode(code: MaskCode, labels: UInt8Array, file: str) -> bytes:
        if not setting.ident:
            setting.start()
            setting.join(30)
            assert not setting.is_alive()
        return real(code, labels, file)

    monkeypatch.setattr(MaskCode, "encode", encode)
    folder.write_label_map("a", labels)
    assert np.array_equal(folder.read_label_map("a"), labels)
    again = VocFolder.open(data_set.root)
    assert again.classes == wanted and np.array_equal(again.read_label_map("a"), labels)


def test_where_links_are_impossible_images_are_copied(
    data_set: FolderMaker, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impossible(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    data_set.plain_image("a")
    monkeypatch.setattr(os, "link", impossible)
    folder = VocFolder.open(data_set.root)
    folder.set_classes(ClassTable.from_names(["background", "cell", "wall"]))
    folder.write_label_map("a", labels)
    assert (data_set.root / "JPEGImages" / "a.jpg").stat().st_size == (data_set.root / "a.jpg").stat().st_size


def test_an_added_class_goes_into_the_class_file(data_set: FolderMaker, labels: UInt8Array) -> None:
    data_set.text("class_names.txt", "background\ncell\nwall\n")
    data_set.image("a")
    folder = VocFolder.open(data_set.root)
    folder.set_classes(ClassTable.from_names([*folder.classes.names, "pore"], [*folder.classes.colors, (1, 1, 1)]))
    labels[0] = 3
    folder.write_label_map("a", labels)
    assert (data_set.root / "class_names.txt").read_text() == "background\ncell\nwall\npore\n"
    assert np.array_equal(VocFolder.open(data_set.root).read_label_map("a"), labels)
    assert (data_set.root / ".segstudio" / "originals" / "class_names.txt").read_text() == "background\ncell\nwall\n"
