"""How a command is started and tells its caller what happens: JSON lines, one line on stderr, exit codes, cancelling.

Imports no torch.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from segstudio.core.errors import Cancelled, InputError, SegStudioError, marked
from segstudio_training.launch import LostRankError, place_of_process

INPUT_PROBLEM = 1
WAITING_COMMAND = "wait-for-job"
"""The hidden command that imports what a round needs and then waits for one."""
READY_EVENT = "ready"
"""What it says when it has."""
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 0.8
"""A cancelled command that is still inside one long operation after this time is ended from outside it."""
PATIENCE_AMONG_SEVERAL = 20.0
"""The same where it may wait for other processes; torchrun, which gives 30 s, then still finds its first one ended."""


def own_command(arguments: Sequence[str]) -> list[str]:
    """The command line that runs this very program with `arguments`, in a frozen bundle too; no shell is involved."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *arguments]
    return [sys.executable, "-m", "segstudio", *arguments]


def own_environment() -> dict[str, str]:
    """What `own_command` needs in its environment, beside this process's own, to find the same program."""
    found = {} if getattr(sys, "frozen", False) else {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return {**found, "PYTHONUNBUFFERED": "1"}


def print_json(content: Mapping[str, Any]) -> None:
    """One JSON object as one line on stdout, at once; in ASCII, which every encoding that stdout may have can write."""
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


def awaited_arguments() -> list[str] | None:
    """The arguments in the first line of standard input, ``{"arguments": [...]}``; None where it ends before that.

    Nothing beyond that line is read: who waits there for the end of standard input (`CancelWatch`) still sees it.
    """
    line = bytearray()
    while not line.endswith(b"\n"):
        read = os.read(0, 1)
        if not read:
            return None
        line += read
    arguments = json.loads(line)["arguments"]
    return [str(argument) for argument in arguments]


@contextlib.contextmanager
def told_errors(events: bool = False) -> Iterator[None]:
    """Turn a `SegStudioError` into one line on stderr (and an "error" event where `events`) and exit code 1.

    Of several processes the first speaks. Another one tells only of a problem of its own, with its number, and not of
    what the first says as well: that the command was cancelled, or that a process is gone.
    """
    place = place_of_process()
    try:
        yield
    except SegStudioError as error:
        if place.is_first:
            if events:
                print_json({"event": "error", "message": error.message})
            typer.echo(error.message, err=True)
        elif not isinstance(error, Cancelled | LostRankError):
            typer.echo(f"process {place.rank}: {error.message}", err=True)
        raise typer.Exit(INPUT_PROBLEM) from error


@contextlib.contextmanager
def cancel_watch(out: Path, watch_stdin: bool, events: bool = False) -> Iterator[Callable[[], bool]]:
    """A `CancelWatch`, as the question to ask; of several processes only the first watches, and tells the others.

    Args:
        out: what the command is going to write; the file that is watched for lies beside it (`cancel_file`).
        watch_stdin, events: as in `CancelWatch`.

    Raises:
        InputError: nothing can be written there.
    """
    place = place_of_process()
    if place.is_first:
        patience = PATIENCE_SECONDS if place.count == 1 else PATIENCE_AMONG_SEVERAL
        with CancelWatch(cancel_file(out), watch_stdin, events, patience) as watch:
            yield watch.cancelled
        return
    # torchrun signals all of them; those that ended at once would look lost to the first, and not cancelled.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    yield lambda: False


def cancel_file(out: Path) -> Path:
    """The file that says, by being there, that the command which writes `out` should stop."""
    named = out.absolute()  # the working folder has no name as "."
    return named.with_name(f"{named.name}.cancel") if named.name else named / ".cancel"


class CancelWatch:
    """Notices a wish to stop: SIGTERM, a file, or (where `watch_stdin`) the end of standard input.

    A command usually sees `cancelled` within a step. One step of a large network may take seconds, and cannot be
    interrupted; then the process ends itself, which is safe because files are only ever replaced whole.
    Use as a context manager.
    """

    def __init__(self, file: Path, watch_stdin: bool, events: bool = False, patience: float = PATIENCE_SECONDS) -> None:
        self._file = file
        self._watch_stdin = watch_stdin and _stdin_is_pipe()
        self._events = events
        self._patience = patience
        self._wished = threading.Event()
        self._over = threading.Event()

    def __enter__(self) -> CancelWatch:
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(
                marked('Nothing can be written to "{folder}": {reason}. Name another place with --out.'),
                folder=self._file.parent,
                reason=error.strerror or type(error).__name__,
            ) from error
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_signal)
        if self._watch_stdin:
            threading.Thread(target=self._wait_for_stdin, name="stdin", daemon=True).start()
        threading.Thread(target=self._watch, name="cancel", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._forget_wish()

    def cancelled(self) -> bool:
        """Whether the command should stop."""
        return self._wished.is_set()

    def _forget_wish(self) -> None:
        """Nobody else removes the file, and the next round would meet it."""
        with contextlib.suppress(OSError):
            self._file.unlink(missing_ok=True)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._wished.set()

    def _wait_for_stdin(self) -> None:
        # The descriptor, not the buffered sys.stdin, whose lock the interpreter wants at its end.
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        self._wished.set()

    def _watch(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            if self._wished.is_set() or self._file.exists():
                self._wished.set()
                break
        if self._wished.is_set() and not self._over.wait(self._patience):
            if self._events:
                print_json({"event": "error", "message": "Cancelled."})
            self._forget_wish()
            os._exit(INPUT_PROBLEM)


def _stdin_is_pipe() -> bool:
    """Whether somebody holds the other end; a terminal or /dev/null says nothing by being at its end."""
    try:
        return stat.S_ISFIFO(os.fstat(0).st_mode) or stat.S_ISSOCK(os.fstat(0).st_mode)
    except OSError:
        return False
