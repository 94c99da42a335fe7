"""A project: a VOC folder together with what segstudio keeps about it in `.segstudio`.

Owns how far each image is, which ones teach, and the rounds; `LabelMaps` keeps the work on each image. Statuses are
read off the files as they were at opening, and kept in step with all that is written through here; the index keeps
what no file says, as that nobody has looked at a mask yet. Opening a folder and looking writes nothing: which of the
masks that stand in no list teach is decided in memory, and kept with the first accepted image or the first round.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from pathlib import Path

from segstudio.core.class_table import ClassTable
from segstudio.core.edits import Edit
from segstudio.core.errors import InputError, marked
from segstudio.core.label_map import LabelMap
from segstudio.formats.atomic import make_folder, write_atomically
from segstudio.formats.picture_file import DEFAULT_PIXEL_LIMIT
from segstudio.project.folder_layout import STATE_FOLDER
from segstudio.project.held_out import Side
from segstudio.project.index import ProjectIndex
from segstudio.project.journal import Journal
from segstudio.project.kept_maps import Proposal, ProposalStore
from segstudio.project.label_maps import LabelMaps, Work
from segstudio.project.rounds import Round, fresh_names
from segstudio.project.sides import Sides
from segstudio.project.voc_folder import UInt8Array, VocFolder

__all__ = ["Project", "Proposal", "Side", "Status"]


class Status(Enum):
    """How far an image is."""

    UNLABELLED = "unlabelled"
    PROPOSED = "proposed"
    DRAFT = "draft"
    UNREVIEWED = "unreviewed"
    """Accepted in bulk: there is a mask, but nobody has looked at it."""
    ACCEPTED = "accepted"


class Project:
    """An open folder. Usable from several threads; writing raises SaveError, reading InputError."""

    def __init__(self, folder: VocFolder) -> None:
        """Use `open`."""
        self.folder = folder
        self.state_dir = folder.workspace / STATE_FOLDER
        self.checkpoints_dir = self.state_dir / "checkpoints"
        self._index = ProjectIndex(self.state_dir / "project.sqlite")
        self._sides = Sides(folder, self._index)
        self._label_maps = LabelMaps(folder, self._sides, self.state_dir)
        self._proposals = ProposalStore(self.state_dir / "proposals", folder.pixel_limit)

    @classmethod
    def open(cls, root: Path, workspace: Path | None = None, pixel_limit: int = DEFAULT_PIXEL_LIMIT) -> Project:
        """Open the folder `root`, writing under `workspace` where one is named.

        Raises:
            InputError: as `VocFolder.open`; or the index is damaged or of a newer version.
        """
        return cls(VocFolder.open(root, workspace, pixel_limit))

    @property
    def names(self) -> list[str]:
        """The image names, in natural order."""
        return self.folder.names

    @property
    def classes(self) -> ClassTable:
        """The class table."""
        return self.folder.classes

    def set_classes(self, classes: ClassTable) -> None:
        """Use another class table; see `VocFolder.set_classes`."""
        self.folder.set_classes(classes)

    # -- statuses and sides ---------------------------------------------------------------------------------

    def status(self, name: str, recorded: bool = True) -> Status:
        """How far the image is. A mask that was there before counts as accepted, until it is edited again.

        Without `recorded` edits that are in its journal alone do not count: for who knows that all are taken back.
        """
        if self._label_maps.is_draft(name) if recorded else self._label_maps.has_draft(name):
            return Status.DRAFT
        if self.folder.has_mask(name):
            return Status.UNREVIEWED if self._sides.is_unreviewed(name) else Status.ACCEPTED
        return Status.PROPOSED if name in self._proposals.names else Status.UNLABELLED

    def has_labels(self, name: str) -> bool:
        """Whether there is a mask, a draft or recorded edits."""
        return self.status(name) in (Status.DRAFT, Status.UNREVIEWED, Status.ACCEPTED)

    def is_held_out(self, name: str) -> bool | None:
        """Whether the image never teaches; None where its side is not decided yet or it is unreviewed."""
        side = self._sides.side(name)
        return None if side is None or self._sides.is_unreviewed(name) else side is Side.HELD_OUT

    def decide_sides(
        self, progress: Callable[[int, int], None] | None = None, cancel: Callable[[], bool] | None = None
    ) -> None:
        """Decide the sides of the masks that were there before and stand in no list, now instead of when needed.

        It opens each of them once, so run it in the background. Raises Cancelled.
        """
        self._sides.decide_missing(progress, cancel)

    def teaching_names(self, include_unreviewed: bool = False) -> list[str]:
        """The images with an accepted mask that teach. A draft over an accepted mask changes nothing until accepted.

        Unreviewed ones only where `include_unreviewed` says so; before they teach, tell `keep_teaching`.
        """
        teaching = set(self._sides.names_on(Side.TEACHING))
        if include_unreviewed:
            teaching.update(self._sides.unreviewed_names())
        return [name for name in self.names if name in teaching]

    def keep_teaching(self, names: Sequence[str]) -> None:
        """Keep that `names` are about to teach: the unreviewed ones are never held out then. Raises SaveError."""
        self._sides.keep_teaching(names)

    def teaching_drafts(self) -> list[str]:
        """The drafts whose touched pixels may teach: of images without a mask, and none that is held out.

        A draft's side is decided here where it is not yet, by the rule for accepted images, and kept: what has taught
        can never judge, and what looks like a held-out image must not teach either.

        Raises SaveError.
        """
        drafts = [name for name in self.names if self.status(name) is Status.DRAFT and not self.folder.has_mask(name)]
        return [name for name in drafts if self._sides.decide_on_draft(name) is Side.TEACHING]

    def held_out_names(self) -> list[str]:
        """The images with an accepted mask that never teach."""
        return self._sides.names_on(Side.HELD_OUT)

    def move_to_side(self, name: str, side: Side) -> None:
        """Move an image deliberately; scores are then not comparable with earlier ones.

        Raises SaveError, or InputError where it is unreviewed.
        """
        self._sides.move(name, side)

    # -- label maps -----------------------------------------------------------------------------------------

    def load_label_map(self, name: str) -> LabelMap:
        """The label map of `name` as it was last seen; see `LabelMaps.load`. Raises InputError."""
        return self.load_work(name).label_map

    def load_work(self, name: str) -> Work:
        """The label map of `name` as `load_label_map` gives it, and the edits that led there. Raises InputError."""
        return self._label_maps.load(name)

    def accepted_labels(self, name: str) -> UInt8Array | None:
        """(H, W) uint8: the mask that a person accepted; see `LabelMaps.accepted_labels`. Raises InputError."""
        return self._label_maps.accepted_labels(name)

    def touched_labels(self, name: str) -> UInt8Array:
        """(H, W) uint8: what the person touched, void elsewhere; see `LabelMaps.touched_labels`. Raises InputError."""
        return self._label_maps.touched_labels(name)

    def load_history(self, name: str) -> tuple[list[Edit], list[Edit]]:
        """(what can be undone, what can be redone) from the loaded label map on, as the journal has it; newest last."""
        work = self.load_work(name)
        return work.undo, work.redo

    def save_draft(self, name: str, labels: UInt8Array, mark: int | None = None) -> None:
        """Keep `labels` (H, W) as the draft of `name`; see `LabelMaps.save_draft`. Raises SaveError."""
        self._label_maps.save_draft(name, labels, mark)

    def accept(self, name: str, labels: UInt8Array, mark: int | None = None) -> Side:
        """Write `labels` (H, W) as the mask of `name`, enter it in the lists, drop draft and proposal.

        See `LabelMaps.accept`. Raises SaveError, InputError.
        """
        with self.lock_of(name):
            side = self._label_maps.accept(name, labels, mark)
            self._proposals.drop(name)
            return side

    def accept_unreviewed(
        self,
        names: Sequence[str],
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> list[str]:
        """Write the proposals of `names` as their masks, marked as unreviewed; return the names that were written.

        They get no side and stand in no list until somebody accepts them, so that neither segstudio nor another
        program learns from them or is scored on them by accident. A name that has no proposal, or anything better than
        one, is passed over. Where `cancel` says so the rest is left as it was.

        Raises:
            SaveError: a mask or the index could not be written; those before it stay.
            InputError: an image is broken.
        """
        written: list[str] = []
        for done, name in enumerate(names):
            if cancel is not None and cancel():
                break
            with self.lock_of(name):
                proposal = self.load_proposal(name) if self.status(name) is Status.PROPOSED else None
                if proposal is not None:
                    self._label_maps.write_unreviewed(name, proposal.labels)
                    self._proposals.drop(name)
                    written.append(name)
            if progress is not None:
                progress(done + 1, len(names))
        return written

    def save_edit(self, name: str, edit: Edit, labels: UInt8Array) -> None:
        """Keep `edit` and `labels` (H, W), what came of it; see `LabelMaps.save_edit`. Raises SaveError, InputError."""
        self._label_maps.save_edit(name, edit, labels)

    def rewrite(self, name: str, labels: UInt8Array, is_draft: bool, mark: int | None = None) -> None:
        """Keep `labels` (H, W) as a draft or as the mask that there is; see `LabelMaps.rewrite`.

        Raises SaveError, InputError.
        """
        self._label_maps.rewrite(name, labels, is_draft, mark)

    def rewrite_below_draft(self, name: str, labels: UInt8Array) -> None:
        """Write `labels` (H, W) as the mask below a draft; see `LabelMaps.rewrite_below_draft`.

        Raises SaveError, InputError.
        """
        self._label_maps.rewrite_below_draft(name, labels)

    def journal(self, name: str) -> Journal:
        """The journal of `name`, to be told every edit of its label map; see `LabelMaps.journal`. Raises InputError."""
        return self._label_maps.journal(name)

    def lock_of(self, name: str) -> threading.RLock:
        """One image's lock, for several steps that belong together; writing one does not keep the others waiting."""
        return self._label_maps.lock_of(name)

    # -- proposals ------------------------------------------------------------------------------------------

    def save_proposal(self, name: str, labels: UInt8Array, confidence: UInt8Array, round_id: str | None) -> None:
        """Keep a proposal: `labels` and `confidence`, both (H, W) uint8. Raises SaveError."""
        self._proposals.save(name, Proposal(labels, confidence, round_id, self.classes.names))

    def load_proposal(self, name: str) -> Proposal | None:
        """The proposal of `name`; None also where the image is broken, or of another size than it was then."""
        proposal = self._proposals.load(name, self.classes)
        try:
            fits = proposal is not None and proposal.labels.shape == self.folder.frame_size(name)
        except InputError:
            return None
        return proposal if fits else None

    def proposed_names(self) -> list[str]:
        """The images that have a proposal, in no order."""
        return list(self._proposals.names)

    def drop_proposals(self, names: Iterable[str] | None = None) -> None:
        """Forget the proposals of `names`, or all, because better ones will be made. Raises SaveError."""
        if names is None:
            self._proposals.drop_all()
        else:
            for name in names:
                self._proposals.drop(name)

    # -- rounds ---------------------------------------------------------------------------------------------

    def rounds(self) -> list[Round]:
        """All rounds, the oldest first."""
        return self._index.rounds()

    def add_round(self, made: Round) -> None:
        """Keep a round; `use_round` puts it in use. Raises SaveError."""
        self._index.save_round(made)

    def current_round(self) -> Round | None:
        """The round whose checkpoint is in use, or None."""
        current = self._index.current_round_id()
        return next((made for made in self.rounds() if made.id == current), None)

    def use_round(self, round_id: str) -> None:
        """Put the checkpoint of a round in use, the newest one or any earlier one. Raises InputError, SaveError."""
        if all(made.id != round_id for made in self.rounds()):
            raise InputError(marked("There is no round {round}. Choose one that is listed."), round=round_id)
        self._index.set_current_round_id(round_id)

    def use_no_round(self) -> None:
        """Put no checkpoint in use, so that the next round teaches a new network; all rounds stay. Raises SaveError."""
        self._index.set_current_round_id("")

    def set_note(self, round_id: str, note: str) -> None:
        """Keep what the person wrote about a round. Raises SaveError."""
        made = next((made for made in self.rounds() if made.id == round_id), None)
        if made is not None and made.note != note:
            self._index.save_round(replace(made, note=note))

    def write_job(self, round_id: str, job: Mapping[str, Sequence[str] | bool]) -> Path:
        """Write the job file of a round, {"train": names, "heldout": names, …}, and return it.

        Raises:
            SaveError: it could not be written.
        """
        make_folder(self.checkpoints_dir)
        path = self._job_path(round_id)
        content = {key: value if isinstance(value, bool) else list(value) for key, value in job.items()}
        write_atomically(path, json.dumps(content, indent=1).encode())
        return path

    def fresh_names(self, teaching: Sequence[str]) -> list[str]:
        """Those of `teaching` that the current round's network has not learnt from; see `rounds.fresh_names`."""
        current = self.current_round()
        return fresh_names(teaching, self._job_path(current.id) if current is not None else None)

    # -- time -----------------------------------------------------------------------------------------------

    def add_seconds(self, name: str, seconds: float) -> None:
        """Add to the time spent on an image. Raises SaveError."""
        self._index.add_seconds(name, seconds)

    def seconds(self, name: str) -> float:
        """The time spent on an image so far."""
        return self._index.seconds(name)

    def seconds_spent(self) -> dict[str, float]:
        """The time spent on each image that a person was at."""
        return self._index.seconds_spent()

    def close(self) -> None:
        """Sync and close journals and index, all of them; a SaveError tells of one that could not be synced."""
        try:
            self._label_maps.close()
        finally:
            self._index.close()

    def _job_path(self, round_id: str) -> Path:
        return self.state_dir / "jobs" / f"{round_id}.json"
