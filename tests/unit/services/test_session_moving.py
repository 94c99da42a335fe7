"""Moving between images and folders: in the middle of a stroke, and faster than folders open."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segstudio.core.class_table import VOID
from segstudio.core.document import EditBuilder
from segstudio.core.geometry import Box
from segstudio.project.channels import ChannelChoice
from segstudio.project.project import Project, Status
from segstudio.services import image_shelf
from tests.small_folders import deep_channel_folder, voc_folder
from tests.unit.services.conftest import LEFT, RIGHT, Desk


@pytest.fixture
def unread(desk: Desk, folder: Path) -> str:
    """The name of an image of the open folder that is not in memory, where s00 is open."""
    desk.open(folder)
    shelf = desk.session._shelf
    assert shelf is not None
    desk.qtbot.waitUntil(lambda: "s03" in shelf and not shelf._reading)
    assert "s05" not in shelf
    return "s05"


def stroke(desk: Desk, box: Box, value: int) -> EditBuilder:
    """A stroke between press and release."""
    builder = desk.document.begin("Brush stroke")
    builder.paint_mask(box, np.ones((box.height, box.width), bool), value)
    return builder


def end(desk: Desk, how: Callable[[], object]) -> None:
    """The stroke's end, which the canvas tells the session of, whatever came of it."""
    how()
    desk.session.show_wanted()


def wait_until_read(desk: Desk, name: str) -> None:
    session = desk.session
    desk.qtbot.waitUntil(lambda: session._shelf is not None and name in session._shelf)
    desk.qtbot.wait(20)


def test_an_image_that_arrives_in_the_middle_of_a_stroke_waits_for_its_end(
    desk: Desk, folder: Path, unread: str
) -> None:
    desk.paint(1, LEFT)
    desk.session.open_image(unread)
    builder = stroke(desk, Box(0, 0, 30, 20), 2)
    wait_until_read(desk, unread)
    assert desk.session.current is not None and desk.session.current.name == "s00"
    builder.paint_mask(RIGHT, np.ones((RIGHT.height, RIGHT.width), bool), 2)
    painted = desk.document.label_map.array.copy()
    end(desk, builder.commit)
    desk.wait_for(unread)
    desk.session.close_project()
    desk.open(folder)
    desk.go_to("s00")
    assert np.array_equal(desk.document.label_map.array, painted)
    desk.session.undo()
    assert (desk.document.label_map.read(LEFT) == 1).all() and (desk.document.label_map.read(RIGHT) == VOID).all()
    desk.session.undo()
    assert desk.document.label_map.holds_only(VOID) and not desk.document.can_undo


def test_a_stroke_given_up_lets_the_waiting_image_in_too(desk: Desk, unread: str) -> None:
    desk.session.open_image(unread)
    builder = stroke(desk, LEFT, 2)
    wait_until_read(desk, unread)
    end(desk, builder.cancel)
    desk.wait_for(unread)
    assert desk.session.status("s00") is Status.UNLABELLED


def test_a_stroke_that_changes_nothing_lets_the_waiting_image_in_too(desk: Desk, unread: str) -> None:
    desk.session.open_image(unread)
    builder = desk.document.begin("Brush stroke")
    wait_until_read(desk, unread)
    end(desk, builder.commit)
    desk.wait_for(unread)


def test_an_image_in_memory_waits_for_the_end_of_a_stroke_as_well(desk: Desk, unread: str) -> None:
    builder = stroke(desk, LEFT, 2)
    desk.session.open_image("s01")
    assert desk.session.current is not None and desk.session.current.name == "s00"
    end(desk, builder.commit)
    desk.wait_for("s01")
    desk.settle()
    assert desk.session.status("s00") is Status.DRAFT


def test_of_two_images_wanted_in_one_stroke_the_last_one_comes(desk: Desk, unread: str) -> None:
    builder = stroke(desk, LEFT, 2)
    desk.session.open_image("s01")
    desk.session.open_image("s02")
    end(desk, builder.commit)
    desk.wait_for("s02")
    assert "s00" in [opened.name for opened in desk.session._shelf or ()]


def test_an_image_that_is_written_from_elsewhere_is_not_read_because_channels_change(
    desk: Desk, tmp_path: Path
) -> None:
    desk.open(deep_channel_folder(tmp_path / "deep", images=6))
    session, shelf = desk.session, desk.session._shelf
    assert shelf is not None
    assert session.set_aside("s05")
    session.open_image("s05")
    session.set_channels(ChannelChoice((4,)))
    assert not shelf._reading, "nobody may read it before it is put back"
    session.put_back("s05")
    desk.wait_for("s05")


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Nothing is read anew before it is set."""
    made, read = threading.Event(), image_shelf._pixels

    def pixels(project: Project, name: str) -> Any:
        assert made.wait(60)
        return read(project, name)

    monkeypatch.setattr(image_shelf, "_pixels", pixels)
    yield made
    made.set()


def test_other_channels_read_the_image_in_sight_alone_and_others_when_they_are_taken(
    desk: Desk, tmp_path: Path, gate: threading.Event
) -> None:
    desk.open(deep_channel_folder(tmp_path / "deep"))
    session, shelf = desk.session, desk.session._shelf
    assert shelf is not None
    for name in ("s01", "s02"):
        desk.go_to(name)
    tasks = []
    for choice in ((4,), (3,), (2,)):
        session.set_channels(ChannelChoice(choice))
        assert list(shelf._renewing) == ["s02"]
        tasks.append(shelf._renewing["s02"])
    assert [task.is_cancelled for task in tasks] == [True, True, False], "nobody waits for what is outdated"
    gate.set()
    with desk.qtbot.waitSignal(session.image_renewed):
        pass
    before = shelf.get("s00")
    assert before is not None
    outdated = before.image
    with desk.qtbot.waitSignal(session.image_renewed):
        desk.go_to("s00")
    assert before.image is not outdated
    assert (before.image[..., 0] == before.image[..., 1]).all(), "one channel is shown in grey"


def test_closing_the_folder_gives_up_what_is_read_anew(desk: Desk, tmp_path: Path, gate: threading.Event) -> None:
    desk.open(deep_channel_folder(tmp_path / "deep"))
    shelf = desk.session._shelf
    assert shelf is not None
    desk.session.set_channels(ChannelChoice((4,)))
    task = shelf._renewing["s00"]
    gate.set()
    desk.session.close_project()
    assert task.is_cancelled


def test_a_failure_while_an_image_is_read_offers_to_show_where(
    desk: Desk, unread: str, disk_full: Callable[[], Callable[[], None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    come, load = threading.Event(), image_shelf._load

    def late(project: Project, name: str) -> Any:
        assert come.wait(60)
        return load(project, name)

    monkeypatch.setattr(image_shelf, "_load", late)
    desk.paint(1, LEFT)
    make_room = disk_full()
    desk.session.open_image(unread)  # it takes its time, and the draft of the one before cannot be kept
    desk.qtbot.waitUntil(lambda: bool(desk.said))
    assert desk.session.current is None
    assert desk.notifier.history[-1].remedy_text == "Show image"
    make_room()
    come.set()
    desk.wait_for(unread)


def test_a_folder_of_which_nothing_can_be_read_says_that_nothing_is_left(desk: Desk, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "broken", images=2)
    for path in (root / "JPEGImages").iterdir():
        path.write_bytes(b"")
    with desk.qtbot.waitSignal(desk.session.stranded):
        desk.session.open_project(root)
    assert desk.session.current is None and len(desk.said) == 2


def test_a_journal_closed_behind_its_image_costs_no_work_and_lets_the_folder_close(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    opened = desk.session.current
    assert opened is not None and opened.journal is not None
    desk.paint(1, LEFT)
    opened.journal.close()
    desk.paint(2, RIGHT)
    desk.session.close_project()
    assert desk.session.project is None
    desk.open(folder)
    desk.go_to("s00")
    assert (desk.document.label_map.read(LEFT) == 1).all() and (desk.document.label_map.read(RIGHT) == 2).all()


def test_closing_in_the_middle_of_a_stroke_keeps_what_whoever_makes_it_made_of_it(desk: Desk, folder: Path) -> None:
    desk.open(folder)
    desk.paint(1, LEFT)
    builder = stroke(desk, RIGHT, 2)
    desk.session.leaving.connect(builder.commit)
    desk.session.close_project()
    desk.open(folder)
    assert (desk.document.label_map.read(RIGHT) == 2).all() and (desk.document.label_map.read(LEFT) == 1).all()
    desk.session.undo()
    desk.session.undo()
    assert desk.document.label_map.holds_only(VOID)


class SlowFolders:
    """Folders that open only when they may, each time they are asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: list[Project] = []
        self.may_open = threading.Event()
        real_open = Project.open

        def open_slowly(root: Path, *rest: Any) -> Project:
            project = real_open(root, *rest)
            self.opened.append(project)
            assert self.may_open.wait(30)
            return project

        monkeypatch.setattr(Project, "open", open_slowly)


def test_a_folder_asked_for_twice_while_it_opens_is_opened_once(
    desk: Desk, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowFolders(monkeypatch)
    desk.session.open_project(folder)
    desk.session.open_project(folder / "JPEGImages" / "..")
    slow.may_open.set()
    desk.wait_for("s00")
    first = desk.session.project
    desk.paint(1, LEFT)
    desk.settle()
    desk.qtbot.waitUntil(lambda: not desk.session._opener.waiting)
    assert len(slow.opened) == 1 and desk.session.project is first
    desk.session.close_project()
    desk.open(folder)
    assert (desk.document.label_map.read(LEFT) == 1).all()


def test_of_two_folders_asked_for_the_last_one_opens(
    desk: Desk, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = voc_folder(tmp_path / "other", images=2)
    shown: list[Path] = []
    desk.session.project_opened.connect(lambda project: shown.append(project.folder.root))
    slow = SlowFolders(monkeypatch)
    desk.session.open_project(folder)
    desk.session.open_project(other)
    slow.may_open.set()
    desk.qtbot.waitUntil(lambda: desk.session.current is not None and not desk.session._opener.waiting)
    assert shown == [other] and desk.said == []


def test_a_folder_that_failed_is_told_only_where_it_is_still_wanted(desk: Desk, folder: Path, tmp_path: Path) -> None:
    desk.session.open_project(tmp_path / "nowhere")
    desk.session.open_project(folder)
    desk.wait_for("s00")
    assert desk.said == []
    desk.session.open_project(tmp_path / "nowhere")
    desk.qtbot.waitUntil(lambda: len(desk.said) == 1)
    desk.session.open_project(tmp_path / "nowhere")
    desk.qtbot.waitUntil(lambda: len(desk.said) == 2)
    assert desk.session.project is not None
