"""The document: one image's label map, its classes and its history. The only writer of pixels."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from types import TracebackType

import numpy as np
import numpy.typing as npt
from psygnal import Signal

from segstudio.core.class_table import ClassTable
from segstudio.core.edits import Edit, edit_from
from segstudio.core.geometry import EMPTY_BOX, Box
from segstudio.core.guard import NO_GUARD, Guard, Refusal
from segstudio.core.history import EditHistory
from segstudio.core.label_map import TILE, LabelMap, Labels, TileIndex
from segstudio.core.raster import Region


class Document:
    """What is being edited. Everything that changes pixels goes through `begin`, `undo` or `redo`.

    `guard` says which pixels no edit that is begun from now on may change; undo and redo know no guard.

    Signals (psygnal):
        changed(Box): pixels within the box may have changed; sent during a stroke too.
        edited(Edit): an edit was finished; sent once an edit, when it is already in the history.
        reverted(tuple[Edit, ...], bool): edits were undone (False) or redone (True), in this order; at least one.
        refused(Refusal): an edit was finished that has changed nothing, as the guard kept it from it.
        history_changed(): what Undo and Redo would do, or `is_modified`, may have changed.
    """

    changed = Signal(Box)
    edited = Signal(Edit)
    reverted = Signal(tuple, bool)
    refused = Signal(Refusal)
    history_changed = Signal()

    def __init__(self, name: str, label_map: LabelMap, classes: ClassTable, history: EditHistory | None = None) -> None:
        self.name = name
        self.label_map = label_map
        self.classes = classes
        self.history = history or EditHistory()
        self.guard: Guard = NO_GUARD
        self._open: EditBuilder | None = None

    @property
    def is_editing(self) -> bool:
        """Whether an edit is being made right now (a stroke between press and release)."""
        return self._open is not None

    @property
    def is_modified(self) -> bool:
        """Whether the pixels differ from the saved state, as far as the history knows."""
        return self.history.is_modified

    @property
    def can_undo(self) -> bool:
        """Whether there is an edit to undo, and none being made."""
        return self.history.undo_name is not None and not self.is_editing

    @property
    def can_redo(self) -> bool:
        """Whether there is an edit to redo, and none being made."""
        return self.history.redo_name is not None and not self.is_editing

    def begin(self, name: str, guarded: bool = True) -> EditBuilder:
        """Start an edit called `name` (marked). It must be committed or cancelled before the next one.

        Without `guarded` it may change every pixel: for what fills void alone.

        Raises:
            RuntimeError: another edit is being made.
        """
        if self._open is not None:
            raise RuntimeError("an edit is being made already")
        self._open = EditBuilder(self, name, self.guard if guarded else NO_GUARD)
        return self._open

    def apply_labels(self, name: str, labels: Labels, guarded: bool = True) -> Edit | None:
        """Replace all pixels by `labels`, (height, width) uint8, as one edit: a proposal, a clearing, a fill."""
        builder = self.begin(name, guarded)
        with builder:
            builder.replace(self.label_map.box, labels)
        return builder.edit

    def take_up(self, edit: Edit) -> None:
        """Make `edit`, worked out elsewhere on a copy of the pixels as they are now, whatever is guarded.

        Raises:
            RuntimeError: an edit is being made.
            EditFormatError: it is damaged, or of a map of another size.
        """
        if self._open is not None:
            raise RuntimeError("an edit is being made already")
        self.changed.emit(edit.apply_to(self.label_map))
        self._finish(edit)

    def undo(self) -> Edit | None:
        """Undo the last edit and return it; None where there is none or one is being made."""
        return self._step(forward=False)

    def redo(self) -> Edit | None:
        """Redo the edit undone last and return it; None where there is none or one is being made."""
        return self._step(forward=True)

    def go_to(self, position: int, within: float = math.inf) -> bool:
        """Undo or redo until the history stands at `position`, told as one change.

        Where that takes longer than `within` seconds it stops on the way, one step further at least: call again.
        Returns whether there is nothing left to do: it stands there, or as near as the kept edits reach, or an edit is
        being made, which nothing may move.
        """
        if self.is_editing:
            return True
        until, taken = time.perf_counter() + within, list[Edit]()
        forward, has_arrived = position > self.history.position, False
        while not taken or time.perf_counter() < until:
            edit = self._next(forward) if position != self.history.position else None
            if edit is None:
                has_arrived = True
                break
            edit.apply_to(self.label_map)
            taken.append(edit)
        if taken:
            self._tell(taken, forward)
        return has_arrived or position == self.history.position

    def mark_saved(self, position: int | None = None) -> None:
        """The disk holds the pixels as they were at `position` of the history (None: as they are now)."""
        self.history.mark_saved(position)
        self.history_changed.emit()

    def _step(self, forward: bool) -> Edit | None:
        edit = self._next(forward) if not self.is_editing else None
        if edit is not None:
            edit.apply_to(self.label_map)
            self._tell([edit], forward)
        return edit

    def _next(self, forward: bool) -> Edit | None:
        return self.history.step_forward() if forward else self.history.step_back()

    def _tell(self, taken: list[Edit], forward: bool) -> None:
        for box in [taken[0].box] if len(taken) == 1 else _boxes_of(taken):
            self.changed.emit(box)
        self.reverted.emit(tuple(taken), forward)
        self.history_changed.emit()

    def _finish(self, edit: Edit | None) -> None:
        self._open = None
        if edit is not None:
            self.history.push(edit)
            self.edited.emit(edit)
            self.history_changed.emit()


def _boxes_of(edits: Iterable[Edit]) -> list[Box]:
    """What `edits` changed, a box a tile: a pixel that many of them changed is looked at once."""
    by_tile: dict[TileIndex, Box] = {}
    for edit in edits:
        for patch in edit.patches:
            tile = TileIndex(patch.box.y0 // TILE, patch.box.x0 // TILE)
            by_tile[tile] = by_tile.get(tile, EMPTY_BOX).union(patch.box)
    return list(by_tile.values())


class EditBuilder:
    """An edit being made: pixels change at once, and the first touch of each tile keeps its old pixels.

    As a context manager it commits on leaving, and cancels where an exception leaves it.
    """

    def __init__(self, document: Document, name: str, guard: Guard = NO_GUARD) -> None:
        self._document = document
        self._name = name
        self._guard = guard
        self._before: dict[TileIndex, tuple[Box, Labels]] = {}
        self._touched = EMPTY_BOX
        self._is_done = False
        self._first: Edit | None = None
        self._refusal: Refusal | None = None
        self.edit: Edit | None = None
        """The edit, once committed; None where nothing changed."""

    def __enter__(self) -> EditBuilder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_done:
            return
        if kind is None:
            self.commit()
        else:
            self.cancel()

    def paint_region(self, region: Region, value: int) -> Box:
        """Give the pixels of `region` the label `value`; return the touched box."""
        label_map = self._document.label_map
        box = region.box.intersection(label_map.box)
        for tile, whole in label_map.tiles_in(box):
            part = whole.intersection(box)
            target = label_map.writable(part)
            free = self._free(part, target, region.mask(part), value)
            if free.any():
                self._keep(tile, whole)
                np.copyto(target, np.uint8(value), where=free)
        return self._announce(box)

    def paint_mask(self, box: Box, mask: npt.NDArray[np.bool_], value: int) -> Box:
        """Give the pixels of `box` where `mask` (its height × width, bool) holds the label `value`."""
        label_map = self._document.label_map
        inner = box.intersection(label_map.box)
        for tile, whole in label_map.tiles_in(inner):
            part = whole.intersection(inner)
            self._keep(tile, whole)
            target = label_map.writable(part)
            inside = mask[part.translated(-box.x0, -box.y0).slices]
            np.copyto(target, np.uint8(value), where=self._free(part, target, inside, value))
        return self._announce(inner)

    def replace(self, box: Box, values: Labels) -> Box:
        """Give the pixels of `box` (within the map) the labels `values`, its height × width, uint8.

        Raises:
            ValueError: `values` has another shape than the box, or the box leaves the map.
        """
        label_map = self._document.label_map
        if values.shape != (box.height, box.width) or box.intersection(label_map.box) != box:
            raise ValueError(f"values of shape {values.shape} do not fit {box}")
        for tile, whole in label_map.tiles_in(box):
            part = whole.intersection(box)
            new = values[part.translated(-box.x0, -box.y0).slices]
            target = label_map.writable(part)
            if self._guard.guards:
                new = np.where(self._free(part, target, target != new), new, target)
            if not np.array_equal(target, new):
                self._keep(tile, whole)
                target[...] = new
        return self._announce(box)

    def precede(self, name: str, labels: Labels) -> None:
        """Give all pixels `labels` first, as an edit of its own, called `name`, that stands and falls with this one.

        No guard holds for it. Call it before anything else. Raises ValueError where the size is another.
        """
        guard, self._guard = self._guard, NO_GUARD
        self.replace(self._document.label_map.box, labels)
        self._guard = guard
        self._first = edit_from(name, self._document.label_map, self._before.values())
        self._before.clear()

    def commit(self) -> Edit | None:
        """Finish: the edit goes into the history and is returned; None where no pixel changed.

        What was to precede it goes there before it, and is taken back where no pixel changed after it.
        """
        edit = edit_from(self._name, self._document.label_map, self._before.values())
        if edit is None and self._first is not None:
            self.cancel()
        else:
            self._close()
            self._finish(edit)
        if edit is None and self._refusal is not None:
            self._document.refused.emit(self._refusal)
        return edit

    def _finish(self, edit: Edit | None) -> None:
        label_map = self._document.label_map
        if edit is not None and self._first is not None:
            edit.apply_to(label_map)  # whoever keeps the first edit finds its pixels, not those of the second
            self._document._finish(self._first)
            self._document.changed.emit(edit.apply_to(label_map))
        self.edit = edit
        self._document._finish(edit)

    def cancel(self) -> None:
        """Put every pixel back; nothing goes into the history."""
        self._close()
        label_map = self._document.label_map
        for box, old in self._before.values():
            label_map.writable(box)[...] = old
        if self._first is not None:
            self._first.apply_to(label_map)
        self._document._finish(None)
        if not self._touched.is_empty:
            self._document.changed.emit(self._touched)

    def _close(self) -> None:
        if self._is_done:
            raise RuntimeError("this edit is finished already")
        self._is_done = True

    def _free(
        self, box: Box, present: Labels, mask: npt.NDArray[np.bool_], value: int | None = None
    ) -> npt.NDArray[np.bool_]:
        """`mask` over `box`, but for the pixels that are guarded; `present` are their labels, `value` what they get.

        The first one that the guard keeps from changing is remembered. Without `value` all of `mask` would change.
        """
        if not self._guard.guards:
            return mask
        free = mask & self._guard.free(present, box)
        if self._refusal is None:
            kept = mask & ~free if value is None else mask & ~free & (present != value)
            if kept.any():
                row, column = divmod(int(kept.argmax()), box.width)
                self._refusal = self._guard.refusal(int(present[row, column]), box.x0 + column, box.y0 + row)
        return free

    def _keep(self, tile: TileIndex, whole: Box) -> None:
        if tile not in self._before:
            self._before[tile] = (whole, self._document.label_map.read(whole).copy())

    def _announce(self, box: Box) -> Box:
        self._touched = self._touched.union(box)
        if not box.is_empty:
            self._document.changed.emit(box)
        return box
