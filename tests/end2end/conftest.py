"""The whole program: its window with a person at it, and its commands as child processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import patience  # noqa: F401 - imported for its effect

# pytest takes fixtures by name from here: the window's leak checks hold for these tests too.
from tests.gui.conftest import _no_leaks, _no_waiting_dialogs  # noqa: F401
from tests.window_fixture import person  # noqa: F401

ROOT = Path(__file__).resolve().parents[2]

Ended = subprocess.CompletedProcess[str]


@pytest.fixture
def segstudio() -> Callable[..., Ended]:
    """Run ``segstudio`` with arguments in a process of its own, from this checkout."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "training")])
    environment = {**os.environ, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen"}

    def run(*arguments: object, timeout: float = 300) -> Ended:
        command = [sys.executable, "-m", "segstudio", *(str(argument) for argument in arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=timeout, check=False)

    return run
