"""What every test shares: no leaked threads or windows, no dialog that waits for nobody, settings of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "2")

DATA = os.environ.get("SEGSTUDIO_TEST_DATA", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "qtbot" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.gui)


@pytest.fixture
def real_data() -> Path:
    """The folder of real images with truth that SEGSTUDIO_TEST_DATA names."""
    if not DATA or not Path(DATA).is_dir():
        pytest.skip("SEGSTUDIO_TEST_DATA names no folder")
    return Path(DATA)


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all tests: measuring what is fastest on this machine takes seconds for each network."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the person's own settings and caches."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    for variable, folder in (("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")):
        monkeypatch.setenv(variable, str(tmp_path / f".{folder}"))


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """A Python thread that outlives its test is named and fails it."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(timeout=5)
    still = [thread.name for thread in left if thread.is_alive()]
    assert not still, f"threads left running: {still}"
