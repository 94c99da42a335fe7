"""Writing files so that a reader sees the old file or the new one, never half of either, even after a power cut.

Owns the sentence for every reason a write can fail. It must not know what the bytes are.
"""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from segstudio.core.errors import SaveError, marked

TEMPORARY_MARK = ".segstudio-"
"""Part of the names of temporary files, which are hidden files beside the one being written."""


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file at `path` by `data`: temporary file in the same folder, fsync, rename, fsync of the folder.

    Missing folders are made. On failure the old file is untouched and no temporary file stays.

    Raises:
        SaveError: what was not written, why, and what to do.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.parent / f".{path.name[:80]}{TEMPORARY_MARK}{secrets.token_hex(6)}"
        _write_durably(temporary, data)
        # The bits of a file that is being replaced stay as they are.
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            _remove_quietly(temporary)
        raise save_error(path, error) from error


def make_folder(path: Path) -> None:
    """Make the folder `path` and its parents where they are missing. Raises SaveError as `write_atomically`."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise save_error(path, error) from error


def remove_file(path: Path) -> None:
    """Remove the file at `path`, or do nothing where there is none. Raises SaveError as `write_atomically`."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise save_error(path, error) from error


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; systems that cannot open folders (Windows) do it by themselves."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot sync folders and say so by EINVAL; nothing is lost by that.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however many pieces the system takes it in. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def save_error(path: Path, error: OSError) -> SaveError:
    """The sentence for `error` while writing `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return SaveError(
            marked("{file} was not saved: the disk is full. Make room on it, then save again; the work is kept here."),
            file=path,
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return SaveError(
            marked(
                "{file} was not saved: the folder may not be written to. Change its permissions, or start segstudio "
                "with --workspace and another folder to write to."
            ),
            file=path,
        )
    return SaveError(
        marked("{file} was not saved: {reason}. Check the disk, then save again; the work is kept here."),
        file=path,
        reason=error.strerror or type(error).__name__,
    )


def _write_durably(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_quietly(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # The first failure is the one to tell; a hidden temporary file does no harm.
        return
