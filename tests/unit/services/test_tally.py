"""The counts of a folder whose masks must be opened first: they keep nobody waiting, and they come in the end."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from segstudio.project.project import Project
from segstudio.project.voc_folder import UInt8Array, VocFolder
from tests.small_folders import voc_folder

from .conftest import Desk

MASKS = [f"s{number:02d}" for number in range(5)]


@pytest.fixture
def unlisted(tmp_path: Path) -> Path:
    """Five masks that were there before and stand in no list, and four images without one."""
    root = voc_folder(tmp_path / "unlisted", images=9, masks=5)
    shutil.rmtree(root / "ImageSets")
    return root


class Gate:
    """Reading the mask of s01 waits here."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made, read = Gate(), VocFolder.read_label_map

    def gated(folder: VocFolder, name: str) -> UInt8Array:
        if name == "s01":
            made.reached.set()
            assert made.open.wait(60)
        return read(folder, name)

    monkeypatch.setattr(VocFolder, "read_label_map", gated)
    yield made
    made.open.set()


def test_another_folder_opens_before_all_masks_of_this_one_are_read(
    desk: Desk, unlisted: Path, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.open(unlisted)
    first = desk.session.project
    assert first is not None and gate.reached.wait(60)
    other, open_folder = voc_folder(tmp_path / "other"), Project.open
    known_then: list[bool | None] = []

    def opening(root: Path, workspace: Path | None, pixel_limit: int) -> Project:
        known_then.extend(first.is_held_out(name) for name in MASKS[-2:])
        return open_folder(root, workspace, pixel_limit)

    monkeypatch.setattr(Project, "open", opening)
    with desk.qtbot.waitSignal(desk.session.project_opened):
        desk.session.open_project(other)
        gate.open.set()
    assert known_then == [None, None]


def test_counting_goes_on_behind_a_folder_that_could_not_be_opened(
    desk: Desk, unlisted: Path, gate: Gate, tmp_path: Path
) -> None:
    desk.open(unlisted)
    assert gate.reached.wait(60)
    with desk.qtbot.waitSignal(desk.session.tally.changed):
        desk.session.open_project(tmp_path / "nowhere")
        gate.open.set()
    project, tally = desk.session.project, desk.session.tally
    assert project is not None and project.folder.root == unlisted
    assert tally.accepted == 5 and tally.teaching == len(project.teaching_names()) > 0
    assert any("nowhere" in text for text in desk.said)


def test_what_is_accepted_while_masks_are_read_is_counted_too(desk: Desk, unlisted: Path, gate: Gate) -> None:
    desk.open(unlisted)
    assert gate.reached.wait(60)
    desk.paint(1)
    assert desk.session.accept()
    desk.settle()
    gate.open.set()
    desk.qtbot.waitUntil(lambda: desk.session.tally.accepted == 6)
    assert not (unlisted / "ImageSets" / "Segmentation" / "val.txt").exists()


@pytest.mark.parametrize(("timed", "left"), [(2, None), (3, 4 * 20.0)])
def test_the_time_left_is_foreseen_from_the_third_image_on(
    desk: Desk, unlisted: Path, timed: int, left: float | None
) -> None:
    project = Project.open(unlisted)
    for number, name in enumerate(MASKS[:timed]):
        project.add_seconds(name, 10.0 * (number + 1))
    project.close()
    with desk.qtbot.waitSignal(desk.session.tally.changed):
        desk.open(unlisted)
    assert desk.session.tally.seconds_left == left
