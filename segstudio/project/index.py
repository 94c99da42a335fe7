"""The index `.segstudio/project.sqlite`: sides, what nobody reviewed, time spent, looks and rounds.

Owns the SQL. The index is made at the first write, so a folder that may not be written to can still be looked at; what
can be seen from the files (statuses) is not kept here. An index of an older version is read as it is and brought up to
date with the first write. One connection under a lock: usable from several threads.
"""

from __future__ import annotations

import errno
import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from segstudio.core.errors import InputError, SaveError, marked
from segstudio.formats.atomic import make_folder, save_error
from segstudio.project.held_out import Side
from segstudio.project.looks import Look
from segstudio.project.rounds import Round, Taught

SCHEMA_VERSION = 2

_SCHEMA = """
CREATE TABLE images (
    name TEXT PRIMARY KEY,
    held_out INTEGER,
    seconds REAL NOT NULL DEFAULT 0,
    look BLOB,
    classes TEXT,
    unreviewed INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE rounds (
    id TEXT PRIMARY KEY,
    checkpoint TEXT NOT NULL,
    parent TEXT,
    created TEXT NOT NULL,
    images INTEGER NOT NULL,
    seconds REAL NOT NULL,
    scores TEXT,
    kept INTEGER NOT NULL,
    note TEXT NOT NULL,
    judgement TEXT
);
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

_MIGRATIONS = {
    1: """
    ALTER TABLE images ADD COLUMN unreviewed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE rounds ADD COLUMN judgement TEXT;
    """,
}
"""From each older version to the next one."""

_CURRENT_ROUND = "current round"
_TAUGHT = "taught "
"""With a round's id behind it: how that round was taught, as JSON."""


@dataclass
class ImageRecord:
    """What the index keeps of one image; `classes` are names, None where they are not known.

    `unreviewed` says that its label map was accepted in bulk and nobody has looked at it since.
    """

    name: str
    side: Side | None = None
    seconds: float = 0.0
    look: Look | None = None
    classes: frozenset[str] | None = None
    unreviewed: bool = False


class ProjectIndex:
    """The index of one folder; `path` is its SQLite file, which need not be there yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._version = SCHEMA_VERSION
        if path.exists():
            self._connection = self._connected(path)

    def images(self) -> dict[str, ImageRecord]:
        """Every image that the index knows of, by name."""
        unreviewed_column = "unreviewed" if self._version >= 2 else "0"
        rows = self._rows(f"SELECT name, held_out, seconds, look, classes, {unreviewed_column} FROM images")
        records = {}
        for name, held_out, seconds, look, classes, unreviewed in rows:
            side = None if held_out is None else Side.HELD_OUT if held_out else Side.TEACHING
            names = None if classes is None else frozenset(json.loads(classes))
            records[name] = ImageRecord(name, side, seconds, Look.from_bytes(look), names, bool(unreviewed))
        return records

    def save_images(self, records: Iterable[ImageRecord]) -> None:
        """Keep what is known of `records`, time spent excepted. Raises SaveError."""
        rows = [
            (
                record.name,
                None if record.side is None else int(record.side is Side.HELD_OUT),
                None if record.look is None else record.look.data,
                None if record.classes is None else json.dumps(sorted(record.classes)),
                int(record.unreviewed),
            )
            for record in records
        ]
        with self._writing() as connection:
            connection.executemany(
                "INSERT INTO images (name, held_out, look, classes, unreviewed) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (name) DO UPDATE "
                "SET held_out = excluded.held_out, look = excluded.look, classes = excluded.classes, "
                "unreviewed = excluded.unreviewed",
                rows,
            )

    def add_seconds(self, name: str, seconds: float) -> None:
        """Add to the time spent on an image. Raises SaveError."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO images (name, seconds) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET seconds = seconds + excluded.seconds",
                (name, seconds),
            )

    def seconds(self, name: str) -> float:
        """The time spent on an image."""
        rows = self._rows("SELECT seconds FROM images WHERE name = ?", (name,))
        return float(rows[0][0]) if rows else 0.0

    def seconds_spent(self) -> dict[str, float]:
        """The time spent on each image that a person was at."""
        return dict(self._rows("SELECT name, seconds FROM images WHERE seconds > 0"))

    def rounds(self) -> list[Round]:
        """All rounds, the oldest first. Checkpoints lie beside the index where their path is relative."""
        judgement_column = "judgement" if self._version >= 2 else "NULL"
        rows = self._rows(
            "SELECT id, checkpoint, parent, created, images, seconds, scores, kept, note, "
            f"{judgement_column} FROM rounds ORDER BY rowid"
        )
        taught = dict(self._rows("SELECT name, value FROM facts WHERE name LIKE ?", (f"{_TAUGHT}%",)))
        return [
            Round(
                id=row[0],
                checkpoint=self.path.parent / row[1],
                parent=row[2],
                created=row[3],
                images=row[4],
                seconds=row[5],
                scores=None if row[6] is None else json.loads(row[6]),
                kept=bool(row[7]),
                note=row[8],
                judgement=None if row[9] is None else json.loads(row[9]),
                taught=_taught(taught.get(_TAUGHT + row[0])),
            )
            for row in rows
        ]

    def save_round(self, made: Round) -> None:
        """Keep a round, or overwrite the one of its id. Raises SaveError."""
        base = self.path.parent
        inside = made.checkpoint.is_relative_to(base)
        # Relative, so that the whole folder can be moved or copied.
        checkpoint = made.checkpoint.relative_to(base).as_posix() if inside else str(made.checkpoint)
        scores, judgement = (None if each is None else json.dumps(each) for each in (made.scores, made.judgement))
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO rounds (id, checkpoint, parent, created, images, seconds, scores, kept, note, judgement) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET checkpoint = excluded.checkpoint, "
                "parent = excluded.parent, created = excluded.created, images = excluded.images, "
                "seconds = excluded.seconds, scores = excluded.scores, kept = excluded.kept, note = excluded.note, "
                "judgement = excluded.judgement",
                (
                    made.id,
                    checkpoint,
                    made.parent,
                    made.created,
                    made.images,
                    made.seconds,
                    scores,
                    int(made.kept),
                    made.note,
                    judgement,
                ),
            )
            _put_fact(connection, _TAUGHT + made.id, json.dumps(asdict(made.taught)))

    def current_round_id(self) -> str | None:
        """The id of the round whose checkpoint is in use."""
        rows = self._rows("SELECT value FROM facts WHERE name = ?", (_CURRENT_ROUND,))
        return str(rows[0][0]) if rows else None

    def set_current_round_id(self, round_id: str) -> None:
        """Remember which round's checkpoint is in use. Raises SaveError."""
        with self._writing() as connection:
            _put_fact(connection, _CURRENT_ROUND, round_id)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _rows(self, query: str, values: tuple[object, ...] = ()) -> list[tuple]:
        with self._lock:
            if self._connection is None:
                return []
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.DatabaseError as error:
                raise self._unreadable() from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction in the index, which is made where it is missing."""
        with self._lock:
            if self._connection is None:
                self._connection = self._made()
            try:
                self._migrate(self._connection)
                with self._connection:
                    yield self._connection
            except sqlite3.DatabaseError as error:
                raise self._not_saved(error) from error

    def _migrate(self, connection: sqlite3.Connection) -> None:
        """Bring the file up to this version: not before something is written, as looking writes nothing."""
        while self._version < SCHEMA_VERSION:
            steps, version = _MIGRATIONS[self._version], self._version + 1
            try:
                connection.executescript(f"BEGIN IMMEDIATE; {steps} PRAGMA user_version = {version}; COMMIT;")
            except sqlite3.DatabaseError:
                connection.rollback()
                raise
            self._version = version

    def _made(self) -> sqlite3.Connection:
        make_folder(self.path.parent)
        connection: sqlite3.Connection | None = None
        try:
            connection = _connect(self.path)
            if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
                connection.executescript(f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;")
        except sqlite3.DatabaseError as error:
            if connection is not None:
                connection.close()
            raise self._not_saved(error) from error
        return connection

    def _connected(self, path: Path) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = None
        try:
            connection = _connect(path)
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            empty = version == 0 and not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.DatabaseError as error:
            if connection is not None:
                connection.close()
            raise self._unreadable() from error
        if version > SCHEMA_VERSION:
            connection.close()
            raise InputError(
                marked("{file} was written by a newer segstudio. Open the folder with that version."), file=path
            )
        if empty:
            # A crash between making the file and filling it: make it again with the first write.
            connection.close()
            return self._made()
        self._version = version
        return connection

    def _unreadable(self) -> InputError:
        return InputError(
            marked(
                "{file} is damaged. Move it away and open the folder again; masks and lists are not touched by that."
            ),
            file=self.path,
        )

    def _not_saved(self, error: sqlite3.DatabaseError) -> SaveError:
        text = str(error)
        if "full" in text:
            return save_error(self.path, OSError(errno.ENOSPC, text))
        if "readonly" in text or "unable to open" in text:
            return save_error(self.path, OSError(errno.EROFS, text))
        return save_error(self.path, OSError(errno.EIO, text))


def _put_fact(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute(
        "INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def _taught(text: str | None) -> Taught:
    """How a round was taught; empty for rounds made before that was kept, or where it makes no sense."""
    try:
        kept = json.loads(text or "{}")
        always = {name: kept[name] for name in ("rule", "loss", "augmentation", "class_weights", "before")}
        return Taught(**always, automatic=bool(kept.get("automatic", False)))
    except (ValueError, TypeError, KeyError):
        return Taught()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10.0, check_same_thread=False)
    # Views and triggers in a file from elsewhere must not call functions with side effects.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection
