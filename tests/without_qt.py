"""Run the tests of everything below the services with PySide6 and pyqtgraph not importable."""

from __future__ import annotations

import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec

import pytest

FORBIDDEN = ("PySide6", "shiboken6", "pyqtgraph")
BELOW_QT = ("tests/unit/core", "tests/unit/formats", "tests/unit/project", "tests/unit/tools", "tests/unit/training")


class _Refuse(MetaPathFinder):
    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.split(".")[0] in FORBIDDEN:
            raise ImportError(f"{name} must not be imported below the services")
        return None


if __name__ == "__main__":
    sys.meta_path.insert(0, _Refuse())
    sys.exit(pytest.main(["-q", "-p", "no:pytest-qt", *BELOW_QT]))
