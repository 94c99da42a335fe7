"""Merging and swapping classes in many images behind the window's back, with what is open and what is being painted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from segstudio.core.class_change import ChangeKind, ClassChange
from segstudio.core.class_table import VOID
from segstudio.core.edits import Edit
from segstudio.project.class_change_log import LOG_NAME, ClassChangeLog
from segstudio.project.project import Project, Status
from segstudio.services.class_changes import ChangeReport, ClassChanges
from segstudio.services.class_survey import ClassSurvey, SmallPicture
from tests.small_folders import HEIGHT, WIDTH, voc_folder
from tests.unit.services.conftest import LEFT, RIGHT, Desk, mask_of

MERGE = ClassChange(ChangeKind.MERGE, 2, 1)
SWAP = ClassChange(ChangeKind.SWAP, 2, 1)
NAMES = ["s00", "s01", "s02", "s03"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return voc_folder(tmp_path / "data", images=6, masks=4, held_out=1)


@pytest.fixture
def changes(desk: Desk, folder: Path) -> ClassChanges:
    """The folder is open with its first image, s04, which is the first that is not accepted."""
    made = ClassChanges(desk.session, desk.session)
    desk.open(folder)
    desk.settle()
    return made


def run(desk: Desk, changes: ClassChanges, begin: Callable[[], None]) -> ChangeReport:
    with desk.qtbot.waitSignal(changes.finished) as finished:
        begin()
    desk.settle()
    report = finished.args[0]
    assert isinstance(report, ChangeReport)
    return report


def project_of(desk: Desk) -> Project:
    assert desk.session.project is not None
    return desk.session.project


def masks(folder: Path) -> dict[str, np.ndarray]:
    return {name: mask_of(folder, name) for name in NAMES}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("change", [MERGE, SWAP])
def test_all_images_change_and_one_undo_brings_them_all_back_even_after_a_restart(
    desk: Desk, changes: ClassChanges, folder: Path, change: ClassChange
) -> None:
    before = masks(folder)
    report = run(desk, changes, lambda: changes.start(change, NAMES))
    assert report.images == 4 and not report.failed and report.stopped_by is None and changes.revocable == 4
    assert same(masks(folder), {name: change.changed(labels) for name, labels in before.items()})
    assert all(desk.session.status(name) is Status.ACCEPTED for name in NAMES)
    with desk.qtbot.waitSignal(changes.record_changed, check_params_cb=lambda: True):
        desk.session.close_project()
    assert changes.revocable == 0
    desk.open(folder)
    desk.qtbot.waitUntil(lambda: changes.revocable == 4)
    report = run(desk, changes, changes.take_back)
    assert report.is_taking_back and report.images == 4 and report.kept_in == 0
    assert same(masks(folder), before) and changes.revocable == 0
    assert not (folder / ".segstudio" / LOG_NAME).exists()


def test_the_open_accepted_image_is_changed_in_its_document_and_stays_accepted(
    desk: Desk, changes: ClassChanges, folder: Path
) -> None:
    desk.go_to("s01")
    before = desk.document.label_map.array.copy()
    document = desk.document
    run(desk, changes, lambda: changes.start(MERGE, NAMES))
    assert desk.document is document and document.history.undo_name == MERGE.name
    assert np.array_equal(document.label_map.array, MERGE.changed(before))
    assert desk.session.status("s01") is Status.ACCEPTED and not document.is_modified
    assert np.array_equal(mask_of(folder, "s01"), document.label_map.array)
    run(desk, changes, changes.take_back)
    assert np.array_equal(document.label_map.array, before) and np.array_equal(mask_of(folder, "s01"), before)
    assert desk.session.status("s01") is Status.ACCEPTED
    desk.session.undo()  # each image's own history goes on
    assert np.array_equal(document.label_map.array, MERGE.changed(before))


def test_a_draft_in_memory_and_one_on_the_disk_stay_drafts(desk: Desk, changes: ClassChanges, folder: Path) -> None:
    desk.paint(2, LEFT)
    desk.go_to("s05")
    desk.paint(2, RIGHT)
    run(desk, changes, lambda: changes.start(MERGE, [*NAMES, "s04", "s05"]))
    assert changes.revocable == 6
    assert desk.session.status("s04") is desk.session.status("s05") is Status.DRAFT
    labels = project_of(desk).load_label_map("s04").array
    assert (labels[LEFT.slices] == 1).all() and (labels[RIGHT.slices] == VOID).all()
    assert (desk.document.label_map.array[RIGHT.slices] == 1).all()
    desk.paint(0, RIGHT)  # painted since: it stays
    report = run(desk, changes, changes.take_back)
    assert report.images == 5 and report.kept_in == 1
    assert (desk.document.label_map.array[RIGHT.slices] == 0).all()
    assert (project_of(desk).load_label_map("s04").array[LEFT.slices] == 2).all()


def test_an_image_in_mid_stroke_waits_for_the_strokes_end(desk: Desk, changes: ClassChanges, folder: Path) -> None:
    desk.go_to("s00")
    before = desk.document.label_map.array.copy()
    builder = desk.document.begin("Brush stroke")
    builder.paint_mask(LEFT, np.ones((LEFT.height, LEFT.width), bool), 2)
    changes.start(MERGE, NAMES)
    desk.qtbot.waitUntil(lambda: (mask_of(folder, "s03") != 2).all() and (mask_of(folder, "s02") != 2).all())
    desk.settle()
    assert changes.is_running and desk.document.is_editing and np.array_equal(mask_of(folder, "s00"), before)
    builder.commit()
    desk.qtbot.waitUntil(lambda: not changes.is_running)
    desk.settle()
    assert (desk.document.label_map.array[LEFT.slices] == 1).all() and not (desk.document.label_map.array == 2).any()
    assert desk.session.status("s00") is Status.DRAFT
    assert np.array_equal(mask_of(folder, "s00"), MERGE.changed(before))  # the mask below teaches until it is accepted


def test_what_is_painted_while_it_is_worked_out_is_changed_too(desk: Desk, changes: ClassChanges, folder: Path) -> None:
    desk.go_to("s00")
    may_go_on, blocks = threading.Event(), list[bool]()

    def hold_up(_done: int, _of: int) -> None:
        if not blocks:
            blocks.append(True)
            desk.session.write(lambda: may_go_on.wait(60), lambda _: None, lambda _: None)

    changes.advanced.connect(hold_up)
    changes.start(MERGE, ["s00"])
    desk.qtbot.waitUntil(lambda: bool(blocks))
    desk.paint(2, LEFT)
    may_go_on.set()
    desk.qtbot.waitUntil(lambda: not changes.is_running)
    desk.settle()
    assert (desk.document.label_map.array[LEFT.slices] == 1).all() and not (desk.document.label_map.array == 2).any()
    assert desk.session.status("s00") is Status.DRAFT and not (mask_of(folder, "s00") == 2).any()
    desk.session.undo()
    assert (desk.document.label_map.array[LEFT.slices] == 2).all()


def test_another_image_is_opened_and_painted_meanwhile(desk: Desk, changes: ClassChanges, folder: Path) -> None:
    changes.start(SWAP, NAMES)
    desk.go_to("s02")
    desk.paint(0, LEFT)
    desk.qtbot.waitUntil(lambda: not changes.is_running)
    desk.settle()
    desk.session.accept(allow_void=True)
    desk.qtbot.waitUntil(lambda: desk.session.status("s02") is Status.ACCEPTED)
    desk.settle()
    assert (mask_of(folder, "s02")[LEFT.slices] == 0).all()
    assert changes.revocable == 4


def test_cancelled_it_leaves_the_rest_and_what_is_done_is_taken_back(
    desk: Desk, changes: ClassChanges, folder: Path
) -> None:
    before = masks(folder)
    changes.advanced.connect(lambda done, _of: changes.cancel() if done == 2 else None)
    report = run(desk, changes, lambda: changes.start(MERGE, NAMES))
    assert report.is_cancelled and report.images == changes.revocable == 2
    after = masks(folder)
    assert sum(np.array_equal(after[name], before[name]) for name in NAMES) == 2
    run(desk, changes, changes.take_back)
    assert same(masks(folder), before)


def test_a_broken_mask_costs_that_image_and_the_rest_goes_on(desk: Desk, changes: ClassChanges, folder: Path) -> None:
    (folder / "SegmentationClass" / "s02.png").write_bytes(b"no picture")
    report = run(desk, changes, lambda: changes.start(MERGE, NAMES))
    assert report.images == 3 and [name for name, _ in report.failed] == ["s02"]
    assert "s02.png" in str(report.failed[0][1])


def test_an_image_that_cannot_be_written_for_a_reason_of_its_own_costs_that_one_and_the_rest_goes_on(
    desk: Desk, changes: ClassChanges, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = masks(folder), Project.save_edit

    def save_edit(project: Project, name: str, edit: Edit, labels: np.ndarray) -> None:
        if name == "s01":
            raise ValueError("whatever nobody thought of")
        real(project, name, edit, labels)

    with monkeypatch.context() as patched:
        patched.setattr(Project, "save_edit", save_edit)
        report = run(desk, changes, lambda: changes.start(MERGE, NAMES))
    assert report.stopped_by is None and [name for name, _ in report.failed] == ["s01"]
    assert report.images == 3 and not report.can_go_on
    assert same(masks(folder), {n: labels if n == "s01" else MERGE.changed(labels) for n, labels in before.items()})
    run(desk, changes, changes.take_back)
    assert same(masks(folder), before) and changes.revocable == 0


def test_a_class_that_masks_cannot_say_fails_in_every_image_and_stops_nothing(desk: Desk, folder: Path) -> None:
    """Two classes of one colour, in a folder whose masks tell classes by colour."""
    (folder / "class_names.txt").unlink()
    colors = [(0, 0, 0), (9, 9, 9), (200, 0, 0), (1, 2, 3), (1, 2, 3)]
    names = ["background", "sun", "pole", "mast", "rod"]
    lines = [f"{name}:{r},{g},{b}::\n" for name, (r, g, b) in zip(names, colors, strict=True)]
    (folder / "labelmap.txt").write_text("# label:color_rgb:parts:actions\n" + "".join(lines))
    for name in NAMES:
        Image.fromarray(np.array(colors[:3], np.uint8)[mask_of(folder, name)]).save(
            folder / "SegmentationClass" / f"{name}.png"
        )
    files = {name: (folder / "SegmentationClass" / f"{name}.png").read_bytes() for name in NAMES}
    changes = ClassChanges(desk.session, desk.session)
    desk.open(folder)
    desk.settle()
    report = run(desk, changes, lambda: changes.start(ClassChange(ChangeKind.MERGE, 2, 3), NAMES))
    assert report.stopped_by is None and report.images == 0 and not report.can_go_on
    assert [name for name, _ in report.failed] == NAMES and "shares its colour" in str(report.failed[0][1])
    assert files == {name: (folder / "SegmentationClass" / f"{name}.png").read_bytes() for name in NAMES}


def test_a_full_disk_stops_it_with_nothing_half_written_and_it_goes_on_later(
    desk: Desk, changes: ClassChanges, folder: Path, disk_full: Callable[[], Callable[[], None]]
) -> None:
    desk.go_to("s00")
    before = masks(folder)
    empty: list[Callable[[], None]] = []
    changes.advanced.connect(lambda done, _of: empty.append(disk_full()) if done == 2 and not empty else None)
    report = run(desk, changes, lambda: changes.start(SWAP, NAMES))
    assert report.stopped_by is not None and "disk is full" in str(report.stopped_by) and report.can_go_on
    after = masks(folder)
    for name in NAMES:
        assert np.array_equal(after[name], before[name]) or np.array_equal(after[name], SWAP.changed(before[name]))
    assert report.images == sum(not np.array_equal(after[name], before[name]) for name in NAMES)
    assert changes.log is not None and changes.log.is_interrupted
    empty[0]()
    report = run(desk, changes, changes.go_on)
    assert report.stopped_by is None and report.images == 4
    assert same(masks(folder), {name: SWAP.changed(labels) for name, labels in before.items()})
    assert all(desk.session.status(name) is Status.ACCEPTED for name in NAMES)
    run(desk, changes, changes.take_back)
    assert same(masks(folder), before)


def test_a_full_disk_under_the_open_image_keeps_its_edit_and_it_is_accepted_later(
    desk: Desk, changes: ClassChanges, folder: Path, disk_full: Callable[[], Callable[[], None]]
) -> None:
    desk.go_to("s00")
    before = masks(folder)
    make_room = disk_full()
    report = run(desk, changes, lambda: changes.start(SWAP, NAMES))
    assert report.stopped_by is not None and report.images == 0 and same(masks(folder), before)
    assert not report.can_go_on
    make_room()
    run(desk, changes, lambda: changes.start(SWAP, NAMES))
    assert same(masks(folder), {name: SWAP.changed(labels) for name, labels in before.items()})


def test_a_change_that_cannot_be_begun_leaves_the_one_before_to_be_taken_back(
    desk: Desk, changes: ClassChanges, folder: Path, disk_full: Callable[[], Callable[[], None]]
) -> None:
    before = masks(folder)
    run(desk, changes, lambda: changes.start(MERGE, NAMES[:3]))
    make_room = disk_full()
    report = run(desk, changes, lambda: changes.start(SWAP, NAMES))
    assert report.stopped_by is not None and report.images == 0 and changes.revocable == 3
    assert not report.can_go_on
    make_room()
    run(desk, changes, changes.take_back)
    assert same(masks(folder), before)


def test_the_folder_closed_in_the_middle_tells_of_it_when_it_is_opened_again(
    desk: Desk, changes: ClassChanges, folder: Path
) -> None:
    before = masks(folder)
    changes.advanced.connect(lambda done, _of: desk.session.close_project() if done == 2 else None)
    changes.start(SWAP, NAMES)
    desk.qtbot.waitUntil(lambda: desk.session.project is None)
    assert not changes.is_running
    changes.advanced.disconnect()
    with desk.qtbot.waitSignal(changes.interrupted) as interrupted:
        desk.open(folder)
    assert interrupted.args[0].change == SWAP
    report = run(desk, changes, changes.go_on)
    assert report.images == 4
    assert same(masks(folder), {name: SWAP.changed(labels) for name, labels in before.items()})
    run(desk, changes, changes.take_back)
    assert same(masks(folder), before)


def test_changed_masks_are_counted_and_learnt_anew(desk: Desk, changes: ClassChanges, folder: Path) -> None:
    with desk.qtbot.waitSignal(desk.session.masks_changed) as told:
        run(desk, changes, lambda: changes.start(MERGE, NAMES))
    assert told.args[0] == NAMES


def test_the_next_change_replaces_the_one_that_could_be_taken_back(
    desk: Desk, changes: ClassChanges, folder: Path
) -> None:
    run(desk, changes, lambda: changes.start(MERGE, NAMES))
    report = run(desk, changes, lambda: changes.start(MERGE, NAMES))
    assert report.images == 0 and changes.revocable == 0  # there is no pixel of the class left
    assert ClassChangeLog.open(folder / ".segstudio" / LOG_NAME) is None


def test_the_survey_counts_and_makes_pictures_of_before_and_after(
    desk: Desk, changes: ClassChanges, folder: Path
) -> None:
    survey, project = ClassSurvey(desk.session), project_of(desk)
    with desk.qtbot.waitSignal(survey.counted_all) as counted:
        survey.count(project)
    assert [image.name for image in counted.args[0]] == NAMES
    with desk.qtbot.waitSignal(survey.pictured) as pictured, desk.qtbot.waitSignal(survey.counted_one) as one:
        survey.look_at(project, "s04", np.full((HEIGHT, WIDTH), 2, np.uint8), 32)
    assert one.args[0] == {2: HEIGHT * WIDTH}
    picture = pictured.args[0]
    assert isinstance(picture, SmallPicture) and picture.labels.shape == (24, 32)
    before, after = picture.before_and_after(MERGE, project.classes)
    assert before.width() == after.width() == 32 and before != after
    survey.forget()
    survey.stop()
