"""What opening a folder costs and says: no mask is read in the window's thread, and nothing is written."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QStandardPaths

from segstudio import application
from segstudio.project.project import Project
from segstudio.project.voc_folder import UInt8Array, VocFolder
from segstudio.services.notifier import Level
from tests.gui.window_person import Person
from tests.small_folders import voc_folder, write_list


@pytest.fixture
def unlisted(tmp_path: Path) -> Path:
    """Eight masks that were there before and stand in no list, and an image without one."""
    root = voc_folder(tmp_path / "data", images=9, masks=8)
    shutil.rmtree(root / "ImageSets")
    return root


def held_out_shown(person: Person) -> list[str]:
    strip = person.parts.filmstrip
    strip.show_all()
    strip.status_filter.setCurrentText("Held out")
    return strip.model.shown_names()


def test_masks_are_read_in_the_background_and_nothing_is_written(
    person: Person, unlisted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, read, readers = threading.Event(), VocFolder.read_label_map, set[threading.Thread]()

    def recorded(folder: VocFolder, name: str) -> UInt8Array:
        readers.add(threading.current_thread())
        assert threading.current_thread() is threading.main_thread() or go_on.wait(60)
        return read(folder, name)

    monkeypatch.setattr(VocFolder, "read_label_map", recorded)
    before = sorted(unlisted.rglob("*"))
    person.open(unlisted)
    assert held_out_shown(person) == []
    with person.qtbot.waitSignal(person.window.session.tally.changed):
        go_on.set()
    project = person.window.session.project
    assert project is not None and project.held_out_names() and held_out_shown(person) == project.held_out_names()
    assert readers and threading.main_thread() not in readers
    person.trigger("close")
    person.wait(lambda: person.window.session._opener.waiting == 0)
    assert sorted(unlisted.rglob("*")) == before and person.said == []


def test_a_list_that_cannot_be_read_is_told_at_opening(person: Person, unlisted: Path) -> None:
    write_list(unlisted, "val", ["s00"]).write_bytes("s00\nöl\n".encode("cp1252"))
    person.open(unlisted)
    assert len(person.said) == 1 and "val.txt is not a text file" in person.said[0]


def test_the_filmstrip_says_how_long_the_rest_will_take(person: Person, tmp_path: Path) -> None:
    root = voc_folder(tmp_path / "data", images=9, masks=6)
    project = Project.open(root)
    for name in ("s00", "s01", "s02"):
        project.add_seconds(name, 40)
    project.close()
    person.open(root)
    strip = person.parts.filmstrip
    person.wait(strip.time_left.isVisible)
    assert strip.time_left.text() == "about 2 min left"
    person.trigger("close")
    assert strip.time_left.isHidden()


# -- the sample ---------------------------------------------------------------------------------------------


def no_room(monkeypatch: pytest.MonkeyPatch, after: int) -> list[object]:
    """The disk is full once `after` files are copied, until the list that this returns is cleared."""
    copy, full = shutil.copyfile, [object()]
    copied: list[object] = []

    def copyfile(source: object, target: object, **options: bool) -> object:
        copied.append(target)
        if full and len(copied) > after:
            raise OSError(28, "No space left on device")
        return copy(source, target, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(shutil, "copyfile", copyfile)
    return full


def test_a_sample_that_could_not_be_copied_is_told_and_copied_whole_the_next_time(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = no_room(monkeypatch, after=3)
    person.click(person.parts.start.sample_card)
    assert len(person.said) == 1 and "the disk is full" in person.said[0]
    place = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.AppDataLocation))
    assert list(place.iterdir()) == []
    full.clear()
    person.click(person.parts.start.sample_card)
    person.wait(lambda: person.name != "")
    project, source = person.window.session.project, application.resource_root() / "sample"
    assert project is not None and project.folder.root == place / "sample"
    theirs = {path.relative_to(source) for path in source.rglob("*") if path.is_file()}
    assert theirs <= {path.relative_to(place / "sample") for path in (place / "sample").rglob("*")}
    assert [notice.level for notice in person.window.notifier.history].count(Level.ERROR) == 1
