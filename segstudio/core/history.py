"""The chain of edits of one document, bounded in bytes. It moves between states; it never writes pixels itself."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from segstudio.core.edits import Edit

DEFAULT_BYTE_BUDGET = 64 * 1024 * 1024


class EditHistory:
    """Undo and redo stacks and the saved position.

    "Modified" is derived: the document is modified unless it stands at the saved position. When the budget is
    exceeded the oldest edits are forgotten; the newest one is always kept.
    """

    def __init__(
        self, byte_budget: int = DEFAULT_BYTE_BUDGET, done: Sequence[Edit] = (), undone: Sequence[Edit] = ()
    ) -> None:
        """`done` and `undone` are what an earlier history left to undo and to redo, newest last."""
        self.byte_budget = byte_budget
        self._done = deque(done)
        self._undone = list(undone)
        self._forgotten = 0
        self._saved: int | None = len(self._done)
        self._nbytes = sum(edit.nbytes for edit in (*done, *undone))

    @property
    def nbytes(self) -> int:
        """What undo and redo together keep, in bytes."""
        return self._nbytes

    @property
    def position(self) -> int:
        """How many edits lie behind the present state, forgotten ones included."""
        return self._forgotten + len(self._done)

    @property
    def steps(self) -> list[Edit]:
        """The edits that are kept, the oldest first: those that are done, then those that Redo would make again."""
        return [*self._done, *reversed(self._undone)]

    @property
    def forgotten(self) -> int:
        """How many edits before the kept ones were forgotten."""
        return self._forgotten

    @property
    def saved(self) -> int | None:
        """The position that the disk holds, which may be a forgotten one; None where it holds none of this chain."""
        return self._saved

    @property
    def is_modified(self) -> bool:
        """Whether the present state is another one than the saved one."""
        return self.position != self._saved

    @property
    def undo_name(self) -> str | None:
        """The name of the edit that Undo would undo."""
        return self._done[-1].name if self._done else None

    @property
    def redo_name(self) -> str | None:
        """The name of the edit that Redo would redo."""
        return self._undone[-1].name if self._undone else None

    def push(self, edit: Edit) -> None:
        """Take up an edit that was just made; what was undone before it cannot be redone any more."""
        if self._saved is not None and self._saved > self.position:
            self._saved = None  # the saved state lay in the branch that is now given up
        self._nbytes -= sum(undone.nbytes for undone in self._undone)
        self._undone.clear()
        self._done.append(edit)
        self._nbytes += edit.nbytes
        while self._nbytes > self.byte_budget and len(self._done) > 1:
            self._nbytes -= self._done.popleft().nbytes
            self._forgotten += 1

    def step_back(self) -> Edit | None:
        """The edit to apply for Undo, now moved to the redo side; None where there is none."""
        if not self._done:
            return None
        self._undone.append(self._done.pop())
        return self._undone[-1]

    def step_forward(self) -> Edit | None:
        """The edit to apply for Redo, now moved to the undo side; None where there is none."""
        if not self._undone:
            return None
        self._done.append(self._undone.pop())
        return self._done[-1]

    def mark_saved(self, position: int | None = None) -> None:
        """The state at `position` (the present one where it is None) is what the disk holds."""
        self._saved = self.position if position is None else position

    def mark_unsaved(self) -> None:
        """No state of this chain is what the disk holds."""
        self._saved = None
