from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from segstudio.core.errors import SaveError
from segstudio.formats.atomic import write_atomically


def _fail_with(number: int):
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("seam", "number", "word"),
    [
        ("write", errno.ENOSPC, "full"),
        ("fsync", errno.ENOSPC, "full"),
        ("fsync", errno.EIO, "Input/output"),
        ("open", errno.EACCES, "--workspace"),
        ("open", errno.EROFS, "--workspace"),
    ],
)
def test_failure_keeps_the_old_file_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seam: str, number: int, word: str
) -> None:
    target = tmp_path / "mask.png"
    target.write_bytes(b"old")
    monkeypatch.setattr(os, seam, _fail_with(number))
    with pytest.raises(SaveError) as caught:
        write_atomically(target, b"new")
    monkeypatch.undo()
    assert target.read_bytes() == b"old"
    assert not list(tmp_path.glob(".*segstudio-*"))
    assert "mask.png" in caught.value.message and word in caught.value.message


def test_replaces_and_makes_folders(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b" / "file.txt"
    write_atomically(target, b"one")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


def test_keeps_the_permissions_of_the_replaced_file(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"one")
    target.chmod(0o640)
    write_atomically(target, b"two")
    assert target.stat().st_mode & 0o777 == 0o640


def test_many_small_writes_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems may take less than they were given."""
    real_write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real_write(descriptor, data[:3]))
    write_atomically(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on file sizes")
def test_a_real_limit_of_the_system_is_reported_like_a_full_disk(tmp_path: Path) -> None:
    """Not a patched seam: the kernel itself refuses to write further."""
    target = tmp_path / "mask.png"
    target.write_bytes(b"old")
    code = (
        "import sys, pathlib\n"
        "from segstudio.core.errors import SaveError\n"
        "from segstudio.formats.atomic import write_atomically\n"
        "try:\n    write_atomically(pathlib.Path(sys.argv[1]), bytes(100_000))\n"
        "except SaveError as error:\n    sys.exit(3 if 'full' in error.message else 4)\n"
    )

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))

    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, str(target)], preexec_fn=limit, env=environment, check=False
    )
    assert done.returncode == 3
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.glob("*mask*")] == ["mask.png"]
    assert not list(tmp_path.glob(".*segstudio-*"))
