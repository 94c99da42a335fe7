"""The journals of one folder: where they lie, which are open, and which hold edits that no saved label map has.

Owns `.segstudio/journal`. Journals are listed once, at opening; nothing is written before the first edit.
"""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from segstudio.project.folder_layout import stems_in
from segstudio.project.journal import Journal, Replay, ends_saved, replay


class JournalStore:
    """One open journal for an image at most. Usable from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._open: dict[str, Journal] = {}
        # True and False are known; None: there is a journal that nobody looked into yet.
        self._unsaved: dict[str, bool | None] = dict.fromkeys(stems_in(folder, ".journal"))

    def __contains__(self, name: str) -> bool:
        return name in self._open or self._path(name).exists()

    def get(self, name: str, base: int, pending: int) -> Journal:
        """The open journal of `name`, or a new one on the label map of the checksum `base`; see `Journal`."""
        with self._lock:
            journal = self._open.get(name)
            if journal is None or journal.is_closed:
                journal = self._open[name] = Journal(self._path(name), base, pending)
            return journal

    def replay(self, name: str, base: int) -> Replay:
        """What the journal of `name` says about the label map of the checksum `base`."""
        path = self._path(name)
        return replay(path.read_bytes(), base) if path.exists() else Replay()

    def has_unsaved(self, name: str) -> bool:
        """Whether the journal of `name` holds edits that no saved label map has."""
        journal = self._open.get(name)
        if journal is not None:
            return journal.has_unsaved
        known = self._unsaved.get(name, False)
        if known is None:
            known = self._unsaved[name] = not ends_saved(self._path(name))
        return known

    def close_one(self, name: str) -> None:
        """Close the journal of `name`: the next one asks anew which label map it is about. Raises SaveError."""
        journal = self._open.get(name)
        if journal is not None:
            journal.close()

    def close(self) -> None:
        """Close them all; then SaveError tells of one that could not be synced."""
        with self._lock, contextlib.ExitStack() as closing:
            for journal in self._open.values():
                closing.callback(journal.close)
            self._open = {}

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.journal"
