"""Writing a file so that there is either the old one or the new one, never half of one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from segstudio.core.errors import SaveError, marked


def write_atomically(path: Path, content: bytes) -> None:
    """Replace `path` by `content`: temporary file in the same folder, fsync, rename.

    Raises:
        SaveError: the folder is missing or read-only, or the disk is full; `path` is as it was.
    """
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()
        raise SaveError(
            marked('"{path}" could not be written ({why}). Free some space or choose another place.'),
            path=path,
            why=error.strerror or error,
        ) from error
