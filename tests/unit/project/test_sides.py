"""How the sides of masks that were there before are decided: what is written when, and who waits for whom."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from segstudio.core.errors import Cancelled
from segstudio.project.project import Project, Side
from segstudio.project.voc_folder import VocFolder

from .conftest import LABELMAP, FolderMaker, UInt8Array

COUNT = 8


@pytest.fixture
def masked(data_set: FolderMaker, labels: UInt8Array) -> Path:
    """Masks that were there before and stand in no list, and two images without one."""
    data_set.text("labelmap.txt", LABELMAP)
    for index in range(COUNT + 2):
        data_set.image(f"i{index}", seed=index)
    for index in range(COUNT):
        data_set.grey_mask(f"i{index}", labels)
    return data_set.root


def test_asking_who_teaches_writes_nothing(masked: Path) -> None:
    project = Project.open(masked)
    before = sorted(masked.rglob("*"))
    project.decide_sides()
    assert len(project.teaching_names()) + len(project.held_out_names()) == COUNT
    project.close()
    assert sorted(masked.rglob("*")) == before


def test_what_was_decided_is_kept_with_the_first_accepted_image(masked: Path, labels: UInt8Array) -> None:
    project = Project.open(masked)
    first = project.teaching_names(), project.held_out_names()
    side = project.accept(f"i{COUNT}", labels)
    project.close()
    again = Project.open(masked)
    assert [again.is_held_out(name) for name in first[0] + first[1]] == [False] * len(first[0]) + [True] * len(first[1])
    assert again.is_held_out(f"i{COUNT}") is (side is Side.HELD_OUT)
    again.close()


def test_what_was_decided_is_kept_with_the_first_round(masked: Path) -> None:
    project = Project.open(masked)
    teaching = project.teaching_names()
    project.keep_teaching(teaching)
    project.close()
    again = Project.open(masked)
    assert all(again.is_held_out(name) is False for name in teaching)
    again.close()


def test_deciding_can_be_cancelled_at_every_image(masked: Path) -> None:
    project = Project.open(masked)
    asked: list[None] = []

    def cancel() -> bool:
        asked.append(None)
        return len(asked) > 3

    with pytest.raises(Cancelled):
        project.decide_sides(cancel=cancel)
    decided = [name for name in project.names[:COUNT] if project.is_held_out(name) is not None]
    assert 0 < len(decided) < COUNT
    project.decide_sides()
    assert all(project.is_held_out(name) is not None for name in project.names[:COUNT])
    project.close()


def test_an_image_is_accepted_while_masks_are_still_being_read(
    masked: Path, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.open(masked)
    reading, go_on = threading.Event(), threading.Event()
    read = VocFolder.read_label_map

    def slow(folder: VocFolder, name: str) -> UInt8Array:
        if threading.current_thread() is counting and name == "i2":
            reading.set()
            assert go_on.wait(60)
        return read(folder, name)

    monkeypatch.setattr(VocFolder, "read_label_map", slow)
    counting = threading.Thread(target=project.decide_sides)
    accepting = threading.Thread(target=project.accept, args=(f"i{COUNT}", labels))
    counting.start()
    assert reading.wait(60)
    accepting.start()
    accepting.join(20)
    was_accepted = not accepting.is_alive()
    go_on.set()
    for thread in (accepting, counting):
        thread.join(60)
    assert was_accepted, "accepting waited for the masks to be read"
    assert project.folder.read_list("trainval") == [f"i{COUNT}"]
    assert len(project.teaching_names()) + len(project.held_out_names()) == COUNT + 1
    project.close()


def test_a_mask_accepted_anew_while_it_is_being_read_keeps_its_side(
    masked: Path, labels: UInt8Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Project.open(masked)
    read = VocFolder.read_label_map
    sides: list[Side] = []

    def meanwhile(folder: VocFolder, name: str) -> UInt8Array:
        found = read(folder, name)
        if threading.current_thread() is counting and not sides:
            other = threading.Thread(target=lambda: sides.append(project.accept(name, labels)))
            other.start()
            other.join(60)
        return found

    monkeypatch.setattr(VocFolder, "read_label_map", meanwhile)
    counting = threading.Thread(target=project.decide_sides)
    counting.start()
    counting.join(60)
    assert sides and project.is_held_out("i0") is (sides[0] is Side.HELD_OUT)
    assert project.folder.read_list("trainval") == ["i0"]
    project.close()
