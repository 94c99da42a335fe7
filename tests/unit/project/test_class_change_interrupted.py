"""A change of classes that a crash, a full disk or a stroke in between cut short: gone on with once, and taken back."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from segstudio.core.class_change import ClassChange
from segstudio.core.document import Document
from segstudio.core.errors import SaveError
from segstudio.core.geometry import Box
from segstudio.core.label_map import LabelMap
from segstudio.project.class_change import ImageChanger
from segstudio.project.class_change_log import Layer, Moved
from segstudio.project.journal import checksum
from segstudio.project.project import Project, Status
from tests.small_folders import WIDTH, write_mask
from tests.unit.project.class_change_stage import (
    BOX,
    MERGE,
    SWAP,
    changer_for,
    kept_log,
    masks,
    reopened,
    same,
    seen,
    varied_project,
)
from tests.unit.project.test_touched import Person


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return varied_project(tmp_path)


class Stop(BaseException):
    """The program dies here."""


@pytest.mark.parametrize(("change", "name"), [(SWAP, "s00"), (SWAP, "s03"), (MERGE, "s04")])
def test_after_a_crash_at_any_write_the_change_is_gone_on_with_and_taken_back(
    project: Project, change: ClassChange, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever call of the system is the last one: the folder opens, and the rest is done exactly once."""
    masks_before, seen_before = masks(project), seen(project)
    status, after = project.status(name), change.changed(seen_before[name])
    project.close()
    root = project.folder.root
    real = {call: getattr(os, call) for call in ("write", "replace", "fsync", "ftruncate")}
    for calls in range(60):
        folder = shutil.copytree(root, tmp_path / f"copy{calls}")
        opened = Project.open(folder)
        changer, _ = changer_for(opened, change)
        left = [calls]

        def counted(call: str, left: list[int] = left):  # type: ignore[no-untyped-def]
            def calling(*arguments, **options):  # type: ignore[no-untyped-def]
                left[0] -= 1
                if left[0] < 0:
                    raise Stop
                return real[call](*arguments, **options)

            return calling

        with monkeypatch.context() as patched:
            for call in real:
                patched.setattr(os, call, counted(call))
            try:
                changer.change(name)
                is_whole = True
            except Stop:
                is_whole = False
        # Nothing of the program is left but the files: descriptors go without another word.
        opened._label_maps._journals._open.clear()
        opened._index.close()
        again = Project.open(folder)
        log = kept_log(again)
        assert log.is_interrupted
        assert any(np.array_equal(seen(again)[name], state) for state in (seen_before[name], after)), calls
        changer = ImageChanger(again, log)
        for each in log.left:
            changer.change(each)
        log.end()
        assert same(seen(again), {each: change.changed(labels) for each, labels in seen_before.items()}), calls
        assert same(masks(again), {each: change.changed(labels) for each, labels in masks_before.items()}), calls
        assert again.status(name) is status, calls
        for each in log.changed:
            changer.take_back(each)
        assert same(seen(again), seen_before) and same(masks(again), masks_before), calls
        assert again.status(name) is status, calls
        again.close()
        shutil.rmtree(folder)
        if is_whole:
            break
    else:
        raise AssertionError("the change never came to its end")
    assert calls > 8


def test_on_a_full_disk_an_image_stays_as_it_was_and_the_journal_with_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    changer, _ = changer_for(project, MERGE)
    before, history = project.load_label_map("s00").array.copy(), project.load_history("s00")
    original = Path.replace

    def full(self: Path, other: Path) -> Path:
        if other.name == "s00.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, other)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", full)
        with pytest.raises(SaveError, match="disk is full"):
            changer.change("s00")
    assert project.status("s00") is Status.ACCEPTED
    assert np.array_equal(project.load_label_map("s00").array, before)
    assert project.load_history("s00") == history
    assert changer.change("s00").mask_changed  # there is room again
    assert np.array_equal(project.load_label_map("s00").array, MERGE.changed(before))
    assert len(project.load_history("s00")[0]) == 1
    project.close()


def test_what_was_painted_over_a_change_that_was_cut_short_is_a_draft_and_the_mask_is_changed_below(
    project: Project,
) -> None:
    """The disk was full, the person went on painting, and there is room again."""
    changer, _ = changer_for(project, SWAP)
    person, below = Person(project, "s00"), project.folder.read_label_map("s00")
    changer.begin_open(person.document, changer.prepare("s00", below, False), False)
    assert np.array_equal(person.document.label_map.array, SWAP.changed(below))
    person.stroke(Box(0, 0, WIDTH, 1), 2)  # where there was a pole before too
    assert (below[0] == 2).any()
    labels, mark = person.document.label_map.array.copy(), project.journal("s00").append_mark()
    assert changer.prepare("s00", labels, True) is None  # it is changed already
    done = changer.keep_open("s00", labels, mark, True, None)
    assert done.mask_changed and project.status("s00") is Status.DRAFT
    assert np.array_equal(project.folder.read_label_map("s00"), SWAP.changed(below))
    assert np.array_equal(project.load_label_map("s00").array, labels)
    project.journal("s00").close()
    changer.take_back("s00")
    assert np.array_equal(project.folder.read_label_map("s00"), below)
    assert (project.load_label_map("s00").array[0] == 2).all()
    project.close()


@pytest.mark.parametrize(("name", "is_draft"), [("s00", False), ("s04", True)])
def test_a_file_that_was_replaced_before_its_write_failed_keeps_its_history(
    project: Project, name: str, is_draft: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder could not be synced after the file had its new name: the journal must know what is there now."""
    person = Person(project, name)
    person.stroke(Box(0, 0, 8, 8), 2)
    labels, mark = person.document.label_map.array.copy(), project.journal(name).append_mark()
    if is_draft:
        project.save_draft(name, labels, mark)
    else:
        project.accept(name, labels, mark)
    steps = len(project.load_history(name)[0])
    changer, log = changer_for(project, SWAP)

    def fail(folder: Path) -> None:
        if folder.name in ("SegmentationClass", "drafts"):
            raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("segstudio.formats.atomic.sync_folder", fail)
        with pytest.raises(SaveError):
            changer.change(name)
    for opened in (project, reopened(project)):
        assert np.array_equal(opened.load_label_map(name).array, SWAP.changed(labels))
        assert len(opened.load_history(name)[0]) == steps + 1
    changer = ImageChanger(opened, log)
    changer.change(name)
    assert opened.status(name) is (Status.DRAFT if is_draft else Status.ACCEPTED)
    assert np.array_equal(opened.load_label_map(name).array, SWAP.changed(labels))
    assert len(opened.load_history(name)[0]) == steps + 1
    opened.close()


def test_an_index_that_cannot_be_written_costs_no_change(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it keeps of a mask's classes is there to decide by later on; the mask and its history are the work."""
    person = Person(project, "s00")
    person.stroke(BOX, 2)
    labels, mark = person.document.label_map.array.copy(), project.journal("s00").append_mark()
    project.accept("s00", labels, mark)
    changer, _ = changer_for(project, MERGE)

    def fail(_name: str, _labels: np.ndarray) -> None:
        raise SaveError("The index cannot be written.")

    monkeypatch.setattr(project._sides, "note_classes", fail)
    assert changer.change("s00").mask_changed
    assert len(project.load_history("s00")[0]) == 2
    assert np.array_equal(project.folder.read_label_map("s00"), MERGE.changed(labels))
    assert project.status("s00") is Status.ACCEPTED
    project.close()


@pytest.mark.parametrize("change", [MERGE, SWAP])
@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("is_accepted", [False, True])
def test_an_image_that_was_begun_and_painted_but_never_changed_is_gone_on_with(
    project: Project, change: ClassChange, is_open: bool, is_accepted: bool
) -> None:
    """The program died between the record and the file, and somebody painted before going on."""
    changer, log = changer_for(project, change)
    below = project.folder.read_label_map("s00")
    changer._begin(Document("s00", project.load_label_map("s00"), project.classes), is_draft=False)
    assert log.changed == ["s00"]
    person = Person(project, "s00")
    person.stroke(Box(0, 0, WIDTH, 5), 2)
    labels = person.document.label_map.array.copy()
    mark = project.journal("s00").append_mark()
    if is_accepted:
        project.accept("s00", labels, mark)
    else:
        project.save_draft("s00", labels, mark)
    status = project.status("s00")
    if is_open:
        is_draft = status is Status.DRAFT
        prepared = changer.prepare("s00", labels, is_draft)
        assert prepared is not None
        changer.begin_open(person.document, prepared, is_draft)
        mark = project.journal("s00").append_mark()
        done = changer.keep_open("s00", person.document.label_map.array.copy(), mark, is_draft, prepared)
    else:
        project.journal("s00").close()
        done = changer.change("s00")
    assert done.changed and done.mask_changed and project.status("s00") is status
    assert np.array_equal(project.load_label_map("s00").array, change.changed(labels))
    assert np.array_equal(project.folder.read_label_map("s00"), change.changed(labels if is_accepted else below))
    project.journal("s00").close()
    assert changer.take_back("s00").kept == 0
    assert np.array_equal(project.load_label_map("s00").array, labels)
    assert np.array_equal(project.folder.read_label_map("s00"), labels if is_accepted else below)
    project.close()


def test_a_mask_below_a_draft_that_was_begun_and_replaced_but_never_changed_is_gone_on_with(project: Project) -> None:
    changer, log = changer_for(project, MERGE)
    below = LabelMap.from_array(project.folder.read_label_map("s03"))
    log.begin_layer("s03", Layer.MASK, Moved(MERGE.moves(below), checksum(below.array), was_draft=True))
    other = below.array.copy()
    other[:5] = 0
    write_mask(project.folder.root, "s03", other)
    assert changer.change("s03").mask_changed
    assert np.array_equal(project.folder.read_label_map("s03"), MERGE.changed(other))
    project.close()


def test_an_accepted_image_that_was_drafted_while_its_change_was_cut_short_is_accepted_again(project: Project) -> None:
    """The mask could not be written, so leaving the image kept what it held as a draft."""
    changer, _ = changer_for(project, SWAP)
    person, below = Person(project, "s00"), project.folder.read_label_map("s00")
    changer.begin_open(person.document, changer.prepare("s00", below, False), False)
    person.save()
    project.journal("s00").close()
    assert project.status("s00") is Status.DRAFT
    assert changer.change("s00").mask_changed
    again = reopened(project)
    assert again.status("s00") is Status.ACCEPTED and len(again.load_history("s00")[0]) == 1
    assert np.array_equal(again.folder.read_label_map("s00"), SWAP.changed(below))
    again.close()
