"""The journal gives back every recorded state, whatever broke off where."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from segstudio.core.class_table import VOID, ClassTable
from segstudio.core.document import Document
from segstudio.core.edits import Edit
from segstudio.core.errors import SaveError
from segstudio.core.geometry import Box
from segstudio.core.label_map import LabelMap
from segstudio.project.journal import Journal, checksum, ends_saved, replay

SHAPE = (300, 280)
CLASSES = ClassTable.from_names(["a", "b", "c", "d"])


class Scribbler:
    """A document whose every edit goes into a journal, as the window does it."""

    def __init__(self, path: Path) -> None:
        self.document = Document("image", LabelMap(*SHAPE), CLASSES)
        self.journal = Journal(path, checksum(self.labels))
        self.states = [self.labels]

    @property
    def labels(self) -> np.ndarray:
        return self.document.label_map.array.copy()

    def stroke(self, value: int, at: int) -> None:
        builder = self.document.begin("Brush stroke")
        builder.replace(Box(at, at, at + 30, at + 20), np.full((20, 30), value, dtype=np.uint8))
        edit = builder.commit()
        assert isinstance(edit, Edit)
        self.journal.append(edit)
        self.states.append(self.labels)

    def undo(self) -> None:
        assert self.document.undo() is not None
        self.journal.append_undo()
        self.states.append(self.labels)

    def redo(self) -> None:
        assert self.document.redo() is not None
        self.journal.append_redo()
        self.states.append(self.labels)


def _replayed(path: Path, base: np.ndarray) -> np.ndarray:
    label_map = LabelMap.from_array(base)
    found = replay(path.read_bytes(), checksum(base))
    assert found.is_matched
    for edit in found.pending:
        edit.apply_to(label_map)
    return label_map.array


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal" / "image.journal"


def test_edits_undos_and_redos_replay_to_the_last_state(path: Path) -> None:
    scribbler = Scribbler(path)
    blank = scribbler.labels
    scribbler.stroke(1, 0)
    scribbler.stroke(2, 240)
    scribbler.undo()
    scribbler.undo()
    scribbler.redo()
    scribbler.stroke(3, 10)
    scribbler.undo()
    scribbler.journal.close()
    assert np.array_equal(_replayed(path, blank), scribbler.labels)
    found = replay(path.read_bytes(), checksum(blank))
    assert len(found.undo) == 1 and len(found.redo) == 1


def test_a_long_way_back_is_recorded_as_so_many_steps(path: Path) -> None:
    scribbler = Scribbler(path)
    blank = scribbler.labels
    for value in range(5):
        scribbler.stroke(value % 3, 20 * value)
    scribbler.document.reverted.connect(
        lambda edits, forward: (scribbler.journal.append_redo if forward else scribbler.journal.append_undo)(len(edits))
    )
    for position, left in ((1, 1), (4, 4)):
        assert scribbler.document.go_to(position)
        assert np.array_equal(_replayed(path, blank), scribbler.labels)
        found = replay(path.read_bytes(), checksum(blank))
        assert len(found.undo) == left and len(found.redo) == 5 - left
    scribbler.journal.close()


def test_records_are_on_the_disk_before_append_returns(path: Path) -> None:
    scribbler = Scribbler(path)
    blank = scribbler.labels
    scribbler.stroke(1, 0)
    assert np.array_equal(_replayed(path, blank), scribbler.labels)
    assert scribbler.journal.needs_sync
    scribbler.journal.sync()
    assert not scribbler.journal.needs_sync
    scribbler.journal.close()


def test_cut_off_at_any_byte_some_recorded_state_comes_back_never_another(path: Path) -> None:
    scribbler = Scribbler(path)
    blank = scribbler.labels
    for value in range(3):
        scribbler.stroke(value, 20 * value)
    scribbler.undo()
    scribbler.journal.close()
    data = path.read_bytes()
    known = {checksum(state) for state in scribbler.states}
    for end in range(16, len(data), 5):
        path.write_bytes(data[:end])
        assert checksum(_replayed(path, blank)) in known


def test_a_flipped_byte_ends_the_journal_before_it(path: Path) -> None:
    scribbler = Scribbler(path)
    blank = scribbler.labels
    for value in range(3):
        scribbler.stroke(value, 20 * value)
    scribbler.journal.close()
    data = bytearray(path.read_bytes())
    known = {checksum(state) for state in scribbler.states}
    for place in range(16, len(data), 7):
        damaged = bytearray(data)
        damaged[place] ^= 0x41
        path.write_bytes(damaged)
        assert checksum(_replayed(path, blank)) in known


def test_after_a_torn_end_the_journal_goes_on(path: Path) -> None:
    scribbler = Scribbler(path)
    blank = scribbler.labels
    scribbler.stroke(1, 0)
    scribbler.journal.close()
    path.write_bytes(path.read_bytes() + b"\x01\x00torn")
    scribbler.journal = Journal(path, checksum(blank))
    scribbler.stroke(2, 50)
    scribbler.journal.close()
    assert np.array_equal(_replayed(path, blank), scribbler.labels)


def test_after_a_save_only_later_edits_are_pending_and_undo_reaches_before_it(path: Path) -> None:
    scribbler = Scribbler(path)
    scribbler.stroke(1, 0)
    saved = scribbler.labels
    mark = scribbler.journal.append_mark()
    # An edit comes in while the file is still being written.
    scribbler.stroke(2, 50)
    scribbler.journal.append_saved(mark, checksum(saved))
    scribbler.journal.append_settled(mark, checksum(saved))
    assert scribbler.journal.has_unsaved
    scribbler.undo()
    scribbler.undo()
    scribbler.journal.close()
    assert np.array_equal(_replayed(path, saved), scribbler.labels)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_power_cut_while_saving_loses_nothing_whichever_file_is_there(path: Path, replaced: bool) -> None:
    """Announced, but not settled: the old file or the new one may be on the disk."""
    scribbler = Scribbler(path)
    blank = scribbler.labels
    scribbler.stroke(1, 0)
    for _ in range(3):  # the save failed twice before
        mark = scribbler.journal.append_mark()
        scribbler.stroke(2, 60)
        announced = scribbler.labels
        mark = scribbler.journal.append_mark()
        scribbler.journal.append_saved(mark, checksum(announced))
        scribbler.undo()
    scribbler.journal.close()
    assert np.array_equal(_replayed(path, announced if replaced else blank), scribbler.labels)


def test_a_mask_changed_by_someone_else_gets_no_edits_and_a_fresh_start(path: Path) -> None:
    scribbler = Scribbler(path)
    scribbler.stroke(1, 0)
    scribbler.journal.close()
    foreign = np.full(SHAPE, 3, dtype=np.uint8)
    found = replay(path.read_bytes(), checksum(foreign))
    assert not found.is_matched and not found.pending
    scribbler.document = Document("image", LabelMap.from_array(foreign), CLASSES)
    scribbler.journal = Journal(path, checksum(foreign))
    scribbler.stroke(0, 100)
    scribbler.journal.close()
    assert np.array_equal(_replayed(path, foreign), scribbler.labels)


def test_over_a_mask_changed_by_someone_else_the_history_begins_anew(path: Path) -> None:
    scribbler = Scribbler(path)
    scribbler.stroke(1, 0)
    scribbler.stroke(2, 0)
    scribbler.undo()
    scribbler.journal.close()
    foreign = np.full(SHAPE, 3, dtype=np.uint8)
    scribbler.document = Document("image", LabelMap.from_array(foreign), CLASSES)
    scribbler.journal = Journal(path, checksum(foreign))
    scribbler.stroke(0, 100)
    scribbler.journal.close()
    found = replay(path.read_bytes(), checksum(foreign))
    assert len(found.undo) == len(found.pending) == 1 and not found.redo
    found.undo[0].apply_to(scribbler.document.label_map)
    assert np.array_equal(scribbler.labels, foreign)


def test_a_journal_that_cannot_be_synced_is_closed_all_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scribbler = Scribbler(path)
    blank = scribbler.labels
    scribbler.stroke(1, 0)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken, pytest.raises(SaveError, match="disk is full"):
        broken.setattr(os, "fsync", full)
        scribbler.journal.close()
    assert scribbler.journal.is_closed
    scribbler.journal.close()
    assert np.array_equal(_replayed(path, blank), scribbler.labels)


def test_a_full_disk_is_told_and_the_journal_begins_anew_when_the_work_is_saved(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scribbler = Scribbler(path)
    blank = scribbler.labels
    scribbler.stroke(1, 0)
    recorded = scribbler.labels
    real_write = os.write

    def half(descriptor: int, data: bytes) -> int:
        if len(data) <= 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real_write(descriptor, data[: len(data) // 2])

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(SaveError, match="disk is full"):
        scribbler.stroke(2, 10)
    monkeypatch.setattr(os, "write", real_write)
    with pytest.raises(SaveError, match="disk is full"):
        scribbler.stroke(0, 12)  # it lies over the lost one and means nothing without it
    assert np.array_equal(_replayed(path, blank), recorded)
    saved = scribbler.labels
    mark = scribbler.journal.append_mark()
    scribbler.journal.append_saved(mark, checksum(saved))
    scribbler.journal.append_settled(mark, checksum(saved))
    scribbler.stroke(2, 100)
    scribbler.journal.close()
    assert np.array_equal(_replayed(path, saved), scribbler.labels)


@pytest.mark.parametrize("is_new", [True, False])
def test_what_is_appended_together_is_taken_back_together(path: Path, is_new: bool) -> None:
    scribbler = Scribbler(path)
    if not is_new:
        scribbler.stroke(1, 0)
    before, was_unsaved = scribbler.labels, scribbler.journal.has_unsaved
    journal = scribbler.journal
    with pytest.raises(KeyError), journal.together():
        scribbler.stroke(2, 50)
        journal.append_saved(journal.append_mark(), checksum(scribbler.labels))
        raise KeyError
    assert journal.has_unsaved is was_unsaved
    np.testing.assert_array_equal(_replayed(path, np.full(SHAPE, VOID, np.uint8)), before)
    scribbler.document.undo()
    with journal.together():
        scribbler.stroke(2, 50)
        mark = journal.append_mark()
        journal.append_saved(mark, checksum(scribbler.labels))
    journal.append_settled(mark, checksum(scribbler.labels))
    journal.close()
    assert ends_saved(path) and not journal.has_unsaved


def test_what_was_announced_is_kept_where_it_was_saved_all_the_same(path: Path) -> None:
    scribbler = Scribbler(path)
    scribbler.stroke(1, 0)
    journal = scribbler.journal
    with pytest.raises(KeyError), journal.together(is_saved=lambda: True):
        scribbler.stroke(2, 50)
        journal.append_saved(journal.append_mark(), checksum(scribbler.labels))
        raise KeyError
    known = replay(path.read_bytes(), checksum(scribbler.labels))
    assert known.is_matched and not known.pending and len(known.undo) == 2
    np.testing.assert_array_equal(_replayed(path, np.full(SHAPE, VOID, np.uint8)), scribbler.labels)


def test_ends_saved_tells_without_replaying(path: Path) -> None:
    scribbler = Scribbler(path)
    assert ends_saved(path)
    scribbler.stroke(1, 0)
    assert not ends_saved(path)
    mark = scribbler.journal.append_mark()
    state = checksum(scribbler.labels)
    scribbler.journal.append_saved(mark, state)
    assert not ends_saved(path)
    scribbler.journal.append_settled(mark, state)
    assert ends_saved(path) and not scribbler.journal.has_unsaved
    scribbler.journal.close()


def test_checksum_tells_sizes_apart() -> None:
    assert checksum(np.zeros((4, 6), dtype=np.uint8)) != checksum(np.zeros((6, 4), dtype=np.uint8))


def test_a_closed_journal_takes_nothing_and_says_so_as_a_disk_would(path: Path) -> None:
    scribbler = Scribbler(path)
    scribbler.stroke(1, 10)
    scribbler.journal.close()
    before = path.read_bytes()
    with pytest.raises(SaveError, match="no more records"):
        scribbler.stroke(2, 20)
    assert path.read_bytes() == before
