"""What becomes new to learn while a round runs: its job file, read again whenever it has changed.

Who runs the round may write the job file anew at any time, whole. Names that are new in "train" teach from then on;
names that are appended to "corrected" have another label map than before, which is read again; while "paused" is true
the round rests. What is held out, and what was taught from the start, stays as it was when the round began.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOOK_SECONDS = 1.0
"""The file is looked at at most so often."""


@dataclass(frozen=True)
class News:
    """What a look at the job file found: names that teach from now on, and names whose label map is to be read anew."""

    added: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.corrected)


class Newcomers:
    """Watches the job file of one round; without a file there is never any news."""

    def __init__(self, job_file: Path | None, teaching: Collection[str], held_out: Collection[str]) -> None:
        self._file = job_file
        self._teaching = set(teaching)
        self._held_out = frozenset(held_out)
        self._seen: tuple[int, int, int] | None = None  # the file may be another one already than the round was given
        self._corrections_seen = len(self._read("corrected"))
        self._next_look = 0.0
        self.is_paused = False
        """Whether the round is to rest, by the last look."""

    def look(self) -> News:
        """What is new since the last look; costs nothing where the last one is less than `LOOK_SECONDS` ago."""
        now = time.monotonic()
        if self._file is None or now < self._next_look:
            return News()
        self._next_look = now + LOOK_SECONDS
        stamp = self._stamp()
        if stamp is None or stamp == self._seen:
            return News()
        self._seen = stamp
        added = [name for name in self._read("train") if name not in self._teaching and name not in self._held_out]
        corrections = self._read("corrected")
        corrected = [name for name in corrections[self._corrections_seen :] if name in self._teaching]
        self._corrections_seen = max(self._corrections_seen, len(corrections))
        self._teaching.update(added)
        self.is_paused = self._content().get("paused") is True
        return News(tuple(dict.fromkeys(added)), tuple(dict.fromkeys(corrected)))

    def _stamp(self) -> tuple[int, int, int] | None:
        """What changes when the file does: it is replaced whole, so its number tells what a coarse clock may not."""
        try:
            found = self._file.stat() if self._file is not None else None
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino) if found is not None else None

    def _read(self, key: str) -> list[str]:
        """The names under `key`; none where the file makes no sense: the round goes on with what it has."""
        names = self._content().get(key, [])
        return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []

    def _content(self) -> dict[str, Any]:
        if self._file is None:
            return {}
        try:
            content: Any = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}
